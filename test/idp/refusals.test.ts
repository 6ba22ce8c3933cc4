import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../scripts/core/exchange.ts';
import { refusalOf, retryDelayMs } from '../../scripts/idp/refusals.ts';

const URL_OF_IDP = new URL('https://idp.test/api/admin/dcr/initial-access-tokens?x=test-only-query');
const NOW = new Date('2026-01-01T00:00:00Z');

function answer(status: number, body: unknown = '', headers: Record<string, string> = {}): Exchange {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    name: 'DCR IAT',
    folders: [],
    startedAt: NOW,
    request: { method: 'POST', url: URL_OF_IDP.href, headers: [], body: null },
    response: {
      status,
      reason: '',
      headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
      body: text === '' ? null : { text, bytes: text.length, type: 'application/json' },
      timeMs: 1,
    },
    assertions: [],
    console: [],
    error: null,
  };
}

function silence(code: string, kind: 'network' | 'script' = 'network'): Exchange {
  return { ...answer(0), response: null, error: { kind, code, message: 'test-only-message' } };
}

const refusal = (exchange: Exchange, caFile: string | null = null) =>
  refusalOf(exchange, URL_OF_IDP, NOW, { limitMs: 30_000, caFile });

describe('where another authorization than an admin token was refused, that is named', () => {
  test.for([
    [401, 'The IdP refused the authorization from the collection, basic (401).'],
    [403, 'The authorization from the collection, basic may not mint (403).'],
    [302, 'The IdP redirects (302) to idp.test instead of minting.'],
  ] as const)('%i', ([status, message]) => {
    const asked = { limitMs: 30_000, caFile: null, authorization: 'from the collection, basic' };
    const refused = refusalOf(answer(status), URL_OF_IDP, NOW, asked);
    expect(refused?.message).toBe(message);
    expect(refused?.hint?.text).not.toMatch(/^The admin token|fresh admin/);
  });
});

describe('through a proxy', () => {
  const via = 'HTTPS_PROXY (proxy.test:3128)';
  test.for([
    [
      silence('PROXY_ANSWERED_407'),
      'idp-unreachable',
      /proxy of HTTPS_PROXY \(proxy\.test:3128\) refuses .*idp\.test: 407/,
    ],
    [silence('ENOTFOUND'), 'idp-unreachable', /proxy of HTTPS_PROXY .* cannot be reached.*ENOTFOUND/],
    [silence('ECONNREFUSED'), 'idp-unreachable', /proxy of HTTPS_PROXY .* cannot be reached.*ECONNREFUSED/],
    [silence('ETIMEDOUT'), 'idp-timeout', /through the proxy of HTTPS_PROXY/],
    [silence('HPE_INVALID_CONSTANT'), 'idp-not-http', /answered through the proxy of HTTPS_PROXY/],
    [answer(403), 'idp-forbidden', /came through the proxy of HTTPS_PROXY/],
  ] as const)('%#: %s', ([exchange, code, words]) => {
    const error = refusal({ ...exchange, via });
    expect(error?.code).toBe(code);
    expect(`${error?.message} ${error?.hint?.text}`).toMatch(words);
  });
});

test('an answer in broken HTTP: a token may have been minted', () => {
  const error = refusal(silence('HPE_HEADER_OVERFLOW'));
  expect(error).toMatchObject({ code: 'idp-not-http', message: expect.stringContaining('not in valid HTTP') });
  expect(error?.hint?.text).toMatch(/may have been minted/);
});

describe('refusalOf', () => {
  test.for([200, 201, 202, 203, 204])('%i is none', (status) => {
    expect(refusal(answer(status))).toBeNull();
  });

  test.for([
    [
      answer(400, { error: 'invalid_request', error_description: 'max_uses is missing' }),
      'idp-bad-request',
      /invalid_request.*max_uses is missing/,
    ],
    [
      answer(401, '', { 'WWW-Authenticate': 'Bearer error="invalid_token", error_description="expired"' }),
      'idp-unauthorized',
      /invalid_token.*expired/,
    ],
    [
      answer(403, '', { 'www-authenticate': 'Bearer error="insufficient_scope", scope="dcr:admin"' }),
      'idp-forbidden',
      /insufficient_scope/,
    ],
    [answer(404, '<html>'), 'idp-not-found', /https:\/\/idp\.test\/api\/admin\/dcr\/initial-access-tokens /],
    [answer(405), 'idp-not-found', /405/],
    [answer(400, '\ufeff{"error":"invalid_request"}'), 'idp-bad-request', /invalid_request/],
    [answer(409), 'idp-conflict', /409/],
    [answer(429), 'idp-rate-limited', /429/],
    [
      answer(302, '', { Location: 'https://login.test/?secret=test-only' }),
      'idp-redirect',
      /redirects \(302\) to login\.test instead/,
    ],
    [answer(503), 'idp-unavailable', /503/],
    [answer(418), 'idp-unexpected-status', /418/],
    [answer(206), 'idp-unexpected-status', /206/],
    [silence('ECONNREFUSED'), 'idp-unreachable', /idp\.test/],
    [silence('ENOTFOUND'), 'idp-unreachable', /idp\.test/],
    [silence('ECONNRESET'), 'idp-unreachable', /ECONNRESET/],
    [silence('ESOCKETTIMEDOUT'), 'idp-timeout', /did not answer/],
    [silence('DEPTH_ZERO_SELF_SIGNED_CERT'), 'idp-tls', /DEPTH_ZERO_SELF_SIGNED_CERT/],
    [silence('ERR_TLS_CERT_ALTNAME_INVALID'), 'idp-tls', /not trusted/],
    [silence('CERT_HAS_EXPIRED'), 'idp-tls', /CERT_HAS_EXPIRED/],
    [silence('Error', 'script'), 'script-failed', /pre-request script/],
  ] as const)('case %#: %s', ([exchange, code, message]) => {
    const error = refusal(exchange);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: { text: expect.any(String) } });
    // Neither a query nor a foreign message: both may hold anything.
    expect(`${error?.message} ${error?.hint?.text}`).not.toMatch(/test-only/);
  });

  test('says which right is missing, and cuts what the IdP writes', () => {
    expect(refusal(answer(403, { scope: 'dcr:admin' }))?.hint?.text).toContain('scope dcr:admin');
    expect(refusal(answer(400, { error_description: `a\u001b[31m${'x'.repeat(5_000)}` }))?.message).toMatch(
      /It says: a \[31mx+$/,
    );
    expect(refusal(answer(400, { error_description: 'x'.repeat(5_000) }))?.message.length).toBeLessThan(400);
  });
});

test('a request that a script skips was not sent', () => {
  const skipped: Exchange = { ...answer(0), response: null, isSkipped: true };
  expect(refusal(skipped)).toMatchObject({ code: 'script-failed', message: expect.stringMatching(/skips/) });
  expect(retryDelayMs(skipped, 1, NOW)).toBeNull();
});

test.for([
  ['SELF_SIGNED_CERT_IN_CHAIN', null, /--ca-file FILE/],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'ca.pem', /None of the certificates in ca\.pem .* signed it.* -connect idp\.test:443$/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ca.pem', /None of the certificates in ca\.pem/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ca.pem', /None of the certificates in ca\.pem/],
  ['UNABLE_TO_GET_ISSUER_CERT', 'ca.pem', /^ca\.pem .* does not have the CA at the top/],
  ['CERT_HAS_EXPIRED', 'ca.pem', /has expired/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'ca.pem', /another host name/],
] as const)('%s with the CA file %s', ([code, caFile, hint]) => {
  expect(refusal(silence(code), caFile)).toMatchObject({ hint: { text: expect.stringMatching(hint) } });
});

test('silence says how long was waited', () => {
  const error = refusal(silence('ESOCKETTIMEDOUT'));
  expect(error?.message).toBe('idp.test did not answer within 30 s.');
  expect(error?.hint?.text).toContain('--timeout-request 60000 gives it 60 s.');
});

describe('retryDelayMs', () => {
  test.for([
    ['429 with seconds', answer(429, '', { 'Retry-After': '7' }), 1, 7_000],
    ['429 with a date', answer(429, '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }), 1, 9_000],
    ['429 for longer than anybody waits', answer(429, '', { 'Retry-After': '3600' }), 1, null],
    ['401', answer(401), 1, null],
    ['400', answer(400), 1, null],
    ['302', answer(302), 1, null],
    ['501', answer(501), 1, null],
    ['an unknown name', silence('ENOTFOUND'), 1, null],
    ['silence: something may have been minted', silence('ESOCKETTIMEDOUT'), 1, null],
    ['a reset for the second time', silence('ECONNRESET'), 2, null],
    ['a broken script', silence('', 'script'), 1, null],
  ] as const)('%s', ([, exchange, tries, wanted]) => {
    expect(retryDelayMs(exchange, tries, NOW)).toBe(wanted);
  });

  test.for([
    answer(429),
    answer(500),
    answer(503),
    silence('ECONNREFUSED'),
    silence('EAI_AGAIN'),
    silence('ECONNRESET'),
  ])('transient, case %#: after a short random time', (exchange) => {
    const delay = retryDelayMs(exchange, 1, NOW);
    expect(delay).toBeGreaterThanOrEqual(0);
    expect(delay).toBeLessThanOrEqual(4_000);
  });
});
