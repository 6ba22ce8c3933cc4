import { describe, expect, test } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import { readToken } from '../../scripts/idp/token.ts';
import { thrownBy } from '../support/builders.ts';

const TOKEN = 'test-only-initial-access-token';
const NOW = new Date('2026-01-01T00:00:00Z');
const RULES = { path: null, adminToken: new Secret('test-only-admin-token', 'admin token'), current: null, now: NOW };

function read(body: unknown, rules: Partial<typeof RULES> = {}, variables = {}, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readToken({ body: text, type, variables }, { ...RULES, ...rules });
}

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

describe('where the token stands', () => {
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
  ] as const)('%s', ([, body, expiresAt, maxUsages]) => {
    const { facts, secret } = read(body);
    expect(facts.expiresAt?.toISOString() ?? null).toBe(expiresAt);
    expect(facts.maxUsages).toBe(maxUsages);
    expect(facts.handle).toMatch(/^sha256:[0-9a-f]{8}$/);
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('*** {"secret":"***"}');
  });
});
