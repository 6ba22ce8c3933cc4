import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { FAULTS, formatFault, type IdpFaultName, parseFault } from '../../scripts/sandbox/faults.ts';
import { ask } from '../../scripts/sandbox/http.ts';
import { ADMIN, call, fault, idp, json, MINT } from './support.ts';

test('a fault is named, with a number where one is wanted', () => {
  for (const text of ['mint-500', 'mint-500:3', 'dies-later:0.5']) expect(formatFault(parseFault(text))).toBe(text);
  expect(parseFault('mint-500:3')).toEqual({ name: 'mint-500', number: 3 });
  for (const text of ['mint-50', 'mint-500:', 'mint-500:x', 'toString', '']) {
    expect(() => parseFault(text)).toThrow(AppError);
  }
  expect(() => parseFault('mint-50')).toThrow(
    expect.objectContaining({ hint: { text: expect.stringContaining('mint-500') } }),
  );
});

const REDIRECT = { status: 302, location: /^http:\/\/127\.0\.0\.1:\d+\/login$/ };

/** Answers of the mint request, one after the other. */
const MINT_ANSWERS: Record<Exclude<Extract<IdpFaultName, `mint-${string}`>, 'mint-hang' | 'mint-reset'>, unknown[]> = {
  'mint-400': [{ status: 400, error: 'invalid_request' }],
  'mint-401': [{ status: 401, error: 'invalid_token', challenge: /error="invalid_token"/ }],
  'mint-403': [{ status: 403, error: 'insufficient_scope', challenge: /scope="dcr:admin"/ }],
  'mint-404': [{ status: 404 }],
  'mint-409': [{ status: 409 }, { status: 201 }],
  'mint-429': [{ status: 429, retryAfter: '1' }, { status: 201 }],
  'mint-500': [{ status: 500 }, { status: 500 }, { status: 201 }],
  'mint-html': [{ status: 200, type: /^text\/html/ }],
  'mint-redirect': [REDIRECT],
  'mint-no-token': [{ status: 201, keys: ['id', 'label', 'expires_in', 'expires_at', 'max_usages'] }],
  'mint-two-tokens': [{ status: 201, keys: expect.arrayContaining(['token', 'access_token']) }],
  'mint-bad-json': [{ status: 201, keys: 'broken' }],
  'mint-expired-token': [{ status: 201, expiresAt: /^2020/ }],
};

describe('the IdP', () => {
  test.each(Object.entries(MINT_ANSWERS))('%s', async (name, expected) => {
    const { url } = await idp({ fault: fault(name as IdpFaultName) });
    for (const wanted of expected) {
      const answer = await call('POST', url + MINT, ADMIN, { label: 'x' });
      const body = parse(answer.text);
      const seen = {
        status: answer.status,
        type: answer.headers['content-type'],
        location: answer.headers.location,
        challenge: answer.headers['www-authenticate'],
        retryAfter: answer.headers['retry-after'],
        error: body?.['error'],
        expiresAt: body?.['expires_at'],
        keys: body === null ? 'broken' : Object.keys(body),
      };
      expect(seen).toMatchObject(
        Object.fromEntries(
          Object.entries(wanted as object).map(([key, value]) => [
            key,
            value instanceof RegExp ? expect.stringMatching(value) : value,
          ]),
        ),
      );
    }
  });

  test('mint-two-tokens: two different ones', async () => {
    const { url } = await idp({ fault: fault('mint-two-tokens') });
    const { token, access_token: other } = json(await call('POST', url + MINT, ADMIN, {}));
    expect(other).not.toBe(token);
  });

  test('mint-500 breaks as often as its number says, and starts again when it is set again', async () => {
    const started = await idp({ fault: fault('mint-500', 1) });
    const status = async () => (await call('POST', started.url + MINT, ADMIN, {})).status;
    expect([await status(), await status()]).toEqual([500, 201]);
    started.setFault(fault('mint-500', 1));
    expect([await status(), await status()]).toEqual([500, 201]);
    started.setFault(null);
    expect(await status()).toBe(201);
  });

  test('mint-redirect: requests to its page are recorded', async () => {
    const started = await idp({ fault: fault('mint-redirect') });
    const { headers } = await call('POST', started.url + MINT, ADMIN, {});
    await ask(headers.location ?? '', { headers: { Authorization: 'Bearer test-only' } });
    expect(started.received.at(-1)).toEqual({ server: 'elsewhere', method: 'GET', path: '/login', authorized: true });
  });

  test('mint-hang never answers', async () => {
    const { url } = await idp({ fault: fault('mint-hang') });
    await expect(ask(url + MINT, { method: 'POST', timeoutMs: 100 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  test('mint-reset resets the connection', async () => {
    const { url } = await idp({ fault: fault('mint-reset') });
    await expect(call('POST', url + MINT, ADMIN, {})).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('keycloak-shape works', async () => {
    const { url } = await idp({ fault: fault('keycloak-shape') });
    const answer = await call('POST', url + MINT, ADMIN, { expires_in: 60, max_usages: 1 });
    expect(answer.status).toBe(200);
    expect(Object.keys(json(answer)).sort()).toEqual([
      'count',
      'expiration',
      'id',
      'remainingCount',
      'timestamp',
      'token',
    ]);
  });
});

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

test('every fault of minting is tried here', () => {
  const ofMinting = Object.keys(FAULTS).filter((name) => name.startsWith('mint-'));
  expect([...Object.keys(MINT_ANSWERS), 'mint-hang', 'mint-reset'].sort()).toEqual(ofMinting.sort());
});
