import { describe, expect, it } from 'vitest';
import { diagnoseKeys, nameComponents, publishedThumbprint } from '../../scripts/bff/health-answers.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';

describe('nameComponents', () => {
  it.each<[string, unknown, string[]]>([
    ['words in a map', { status: 'degraded', components: { redis: 'down', idp: 'up' } }, ['redis']],
    ['entries in a map', { checks: { redis: { status: 'unhealthy' }, idp: { status: 'fail' } } }, ['redis', 'idp']],
    ['flags', { status: 'error', dependencies: { redis: false, kafka: true } }, ['redis']],
    ['words beside the status', { status: 'unhealthy', redis: 'unhealthy', idp: 'healthy' }, ['redis']],
    ['entries with flags', { checks: { redis: { healthy: false, latency_ms: 3 } } }, ['redis']],
    [
      'a list of entries',
      {
        checks: [
          { name: 'redis', status: 'DOWN' },
          { name: 'idp', status: 'UP' },
        ],
      },
      ['redis'],
    ],
    ['the health+json draft', { status: 'fail', checks: { 'redis:ping': [{ status: 'fail' }] } }, ['redis:ping']],
    ["FastAPI's detail around it", { detail: { status: 'unhealthy', components: { redis: 'down' } } }, ['redis']],
    ['components in components', { components: { db: { status: 'up', components: { redis: 'down' } } } }, ['redis']],
    ['everything up', { status: 'ok', components: { redis: 'ok', idp: 'ok' } }, []],
    ['unknown words', { components: { redis: 'test-only-password-0001' } }, []],
    ['a name that is no name', { components: { 'test only value with spaces': 'down' } }, []],
    ['no object', ['down'], []],
  ])('%s', (_what, body, names) => {
    expect(nameComponents(JSON.stringify(body))).toEqual(names);
  });

  it('finds nothing in what is not JSON', () => {
    expect(nameComponents('<html>503 Service Unavailable</html>')).toEqual([]);
    expect(nameComponents('')).toEqual([]);
  });
});

/** What a BFF publishes that has these keys. */
function jwks(...keys: readonly object[]): Exchange[] {
  const text = JSON.stringify({ keys });
  const body = { text, bytes: text.length, type: 'application/json' };
  return [
    {
      name: 'JWKS',
      folders: [],
      startedAt: new Date(0),
      request: { method: 'GET', url: 'http://bff.test/', headers: [], body: null },
      response: { status: 200, reason: 'OK', headers: [], body, timeMs: 1 },
      assertions: [],
      error: null,
      console: [],
    },
  ];
}

describe('publishedThumbprint', () => {
  // RFC 7638 section 3.1
  const rsa = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  };
  const PRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

  it('is that of RFC 7638', () => {
    expect(publishedThumbprint(jwks(rsa), {})).toBe(PRINT);
  });

  it('is of the key that the environment names', () => {
    const other = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'other' };
    expect(publishedThumbprint(jwks(other, rsa), { BFF_KID: '2011-04-29' })).toBe(PRINT);
    expect(publishedThumbprint(jwks(other, rsa), { BFF_KID: 'none' })).toBeNull();
  });

  it('is unknown for a key of another kind', () => {
    expect(publishedThumbprint(jwks({ kty: 'oct', k: 'test-only-key', kid: 'a' }), {})).toBeNull();
  });
});

describe('diagnoseKeys', () => {
  it('two keys differ; one that is not known differs from none', () => {
    const keys = [
      { name: 'bff-1', key: 'aaaaaaaaaa' },
      { name: 'bff-2', key: null },
    ];
    expect(diagnoseKeys(keys)).toBeNull();
    const found = diagnoseKeys([...keys, { name: 'bff-3', key: 'bbbbbbbbbb' }]);
    expect(found).toMatchObject({ code: 'keys-differ', iatHelps: false });
    expect(found?.cause).toContain('bff-1 with aaaaaaaa, bff-3 with bbbbbbbb');
  });
});
