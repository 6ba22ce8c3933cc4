import { describe, expect, test } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import { jwtExpiry, readToken } from '../../scripts/idp/token.ts';
import { thrownBy } from '../support/builders.ts';

const TOKEN = 'test-only-initial-access-token';
const NOW = new Date('2026-01-01T00:00:00Z');
const RULES = { path: null, adminToken: new Secret('test-only-admin-token', 'admin token'), current: null, now: NOW };

function read(body: unknown, rules: Partial<typeof RULES> = {}, variables = {}, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readToken({ body: text, type, variables }, { ...RULES, ...rules });
}

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

describe('where the token is', () => {
  test.for([
    [{ token: TOKEN }],
    [{ access_token: TOKEN, expires_in: 60 }],
    [{ data: { token: TOKEN } }],
    [{ initial_access_token: { value: TOKEN } }],
    [{ iat: TOKEN }],
    [{ iat: 1_700_000_000, token: TOKEN }],
    [{ token: TOKEN, value: TOKEN }],
    [{ token: TOKEN, registration_access_token: 'test-only-another', id_token: 'test-only-a-third' }],
  ])('%j', ([body]) => {
    expect(read(body).secret.reveal()).toBe(TOKEN);
  });

  test('a variable that a script set beats the answer, a pointer beats both', () => {
    const body = { token: TOKEN, deep: { 'a/b': 'test-only-the-deep-token' } };
    expect(read(body, {}, { dcr_iat: 'test-only-from-a-script' }).secret.reveal()).toBe('test-only-from-a-script');
    expect(read(body, { path: '/deep/a~1b' as never }).secret.reveal()).toBe('test-only-the-deep-token');
  });

  test('two candidates are refused by name', () => {
    expect(thrownBy(() => read({ token: TOKEN, value: `${TOKEN}2` }))).toMatchObject({
      code: 'token-ambiguous',
      message: expect.stringContaining('/token, /value'),
    });
  });
});

describe('what is not a token', () => {
  test.for([
    ['none', { id: 'x' }, 'token-missing'],
    ['only other tokens', { registration_access_token: TOKEN, refresh_token: TOKEN }, 'token-missing'],
    ['a short one', { token: 'short' }, 'token-malformed'],
    ['a long one', { token: 'x'.repeat(16_385) }, 'token-malformed'],
    ['one with blanks', { token: 'test only a token' }, 'token-malformed'],
    ['one with a dollar', { token: 'test$only$a$token$$' }, 'token-malformed'],
    ['one with a line break', { token: `${TOKEN}\n` }, 'token-malformed'],
    ['the admin token', { token: 'test-only-admin-token' }, 'token-malformed'],
    ['an expired one', { token: TOKEN, expires_at: '2025-12-31T23:59:59Z' }, 'token-expired'],
    ['an expired JWT', { token: jwt({ exp: 1_700_000_000 }) }, 'token-expired'],
    ['broken JSON', '{"token": "test-only-ini', 'idp-not-json'],
    ['an empty body', '', 'idp-not-json'],
    ['a list', '[]', 'idp-not-json'],
  ] as const)('%s', ([, body, code]) => {
    const error = thrownBy(() => read(body));
    expect(error).toMatchObject({ code });
    expect(String(error) + JSON.stringify(error)).not.toMatch(/test-only-ini|test only|test\$only/);
  });

  test('HTML', () => {
    expect(thrownBy(() => read('<html></html>', {}, {}, 'text/html'))).toMatchObject({ code: 'idp-not-json' });
  });

  test('the value that the service has already', () => {
    expect(thrownBy(() => read({ token: TOKEN }, { current: TOKEN as never }))).toMatchObject({
      code: 'token-malformed',
    });
  });
});

describe('what may be said about it', () => {
  test.for([
    ['expires_in', { token: TOKEN, expires_in: 60, max_usages: 1 }, '2026-01-01T00:01:00.000Z', 1],
    ['Keycloak', { token: TOKEN, expiration: 60, timestamp: 1_767_225_610, count: 2 }, '2026-01-01T00:01:10.000Z', 2],
    ['expires_at', { token: TOKEN, expires_at: 1_767_225_660 }, '2026-01-01T00:01:00.000Z', null],
    ['JWT', { token: jwt({ exp: 1_767_225_660 }) }, '2026-01-01T00:01:00.000Z', null],
    ['nothing', { token: TOKEN }, null, null],
    ['expires_at as text', { token: TOKEN, expires_at: '2026-01-01T00:01:00Z' }, '2026-01-01T00:01:00.000Z', null],
    ['expires_at in milliseconds', { token: TOKEN, expires_at: 1_767_225_660_000 }, '2026-01-01T00:01:00.000Z', null],
    ['in microseconds', { token: TOKEN, expires_at: 1_767_225_660_000_000 }, '2026-01-01T00:01:00.000Z', null],
    ['in nanoseconds', { token: TOKEN, expires_at: '1767225660000000000' }, '2026-01-01T00:01:00.000Z', null],
    ['a JWT in milliseconds', { token: jwt({ exp: 1_767_225_660_000 }) }, '2026-01-01T00:01:00.000Z', null],
    [
      'a timestamp in milliseconds',
      { token: TOKEN, expiration: 60, timestamp: 1_767_225_610_000 },
      '2026-01-01T00:01:10.000Z',
      null,
    ],
  ] as const)('%s', ([, body, expiresAt, maxUsages]) => {
    const { facts, secret, note } = read(body);
    expect(note).toBeNull();
    expect(facts.expiresAt?.toISOString() ?? null).toBe(expiresAt);
    expect(facts.maxUsages).toBe(maxUsages);
    expect(facts.handle).toMatch(/^sha256:[0-9a-f]{8}$/);
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('*** {"secret":"***"}');
  });

  test.for([
    ['"expires_in": 9223372036854775807'],
    ['"expires_in": 1e300'],
    ['"expiration": 1e300, "timestamp": 1e300'],
    ['"expires_at": 9223372036854775807'],
    ['"expires_at": "9223372036854775807"'],
    ['"expires_at": "9999-12-31T23:59:59Z"'],
    ['"expires_at": 253402300799'],
  ])('%s is so far away that the token does not expire', ([member]) => {
    const { facts, note } = read(`{"token": "${TOKEN}", ${member}}`);
    expect(facts.expiresAt).toBeNull();
    expect(note).toMatch(/does not expire/);
  });

  test.for([0, -1, '', 'never'])('expires_at %j says nothing', (expires_at) => {
    const { facts, note } = read({ token: TOKEN, expires_at });
    expect([facts.expiresAt, note]).toEqual([null, null]);
  });

  test.for(['expires_at', 'exp'])('%s in milliseconds and in the past has expired', (member) => {
    const body = member === 'exp' ? { token: jwt({ exp: 1_700_000_000_000 }) } : { token: TOKEN, [member]: 1.7e12 };
    expect(thrownBy(() => read(body))).toMatchObject({ code: 'token-expired' });
  });
});

describe('when a JWT expires', () => {
  test.for([
    [{ exp: 1_767_225_660 }, '2026-01-01T00:01:00.000Z'],
    [{ exp: 1e300 }, undefined],
    [{ exp: 'soon' }, undefined],
    [{}, undefined],
  ] as const)('%j: %s', ([claims, at]) => {
    expect(jwtExpiry(jwt(claims))?.toISOString()).toBe(at);
  });

  test('what is no JWT says nothing', () => {
    expect(jwtExpiry('a.b')).toBeNull();
    expect(jwtExpiry(`e30.${Buffer.from('[]').toString('base64url')}.c2ln`)).toBeNull();
    expect(jwtExpiry('e30.e30x.c2ln')).toBeNull();
  });
});
