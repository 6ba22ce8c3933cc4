import { describe, expect, test } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import { type MintAnswer, readToken, type TokenRules } from '../../scripts/idp/token.ts';
import { thrownBy } from '../support/builders.ts';

/* The answers of IdPs and gateways that people have, a row each. */

/** 43 characters, as nanoid makes them. */
const BARE = 'q7Zr2LxW0aKd9VtBn4YcHs1Mf8PjGu5Ei3OoTkRyXwA';
const OTHER = 'Zx8Yb1Nc5Mv0Lk2Jh7Gf4Ds9Ap3Qw6ErTyUiOpCdFgH';
const ADMIN = 'test-only-admin-token-0123456789';
const NOW = new Date('2026-01-01T00:00:00Z');
const IN_AN_HOUR = '2026-01-01T01:00:00.000Z';
const S = 1_767_229_200;

const jwt = (claims: object) => `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const JWT = jwt({ jti: 'a', exp: S });

interface Shape {
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly variables?: MintAnswer['variables'];
  readonly rules?: Partial<TokenRules>;
}

function read({ body = '', type = 'application/json', headers = {}, variables = {}, rules = {} }: Shape) {
  const answer = {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    type,
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    variables,
  };
  return readToken(answer, {
    path: null,
    header: null,
    variable: null,
    adminToken: new Secret(ADMIN, 'admin token'),
    authorization: `Bearer ${ADMIN}-as-sent`,
    current: null,
    now: NOW,
    isLifeAsked: false,
    ...rules,
  });
}

describe('read', () => {
  test.for<[name: string, shape: Shape, token?: string, expiresAt?: string | null, uses?: number | null]>([
    ['EmpowerNow', { body: { id: 'a', token: BARE, expires_in: 3600, max_usages: 1 } }, BARE, IN_AN_HOUR, 1],
    [
      'Keycloak',
      { body: { id: 'a', token: JWT, timestamp: S - 3600, expiration: 3600, count: 1, remainingCount: 1 } },
      JWT,
      IN_AN_HOUR,
      1,
    ],
    ['bare text', { body: BARE, type: 'text/plain' }],
    ['bare text with a line end', { body: `${BARE}\r\n`, type: 'text/plain' }],
    ['bare text without a type', { body: BARE, type: '' }],
    ['bare text sent as JSON', { body: BARE }],
    [
      'a UUID',
      { body: '5f0c6d2e-9a41-4b7c-8d3e-1f2a3b4c5d6e', type: 'text/plain' },
      '5f0c6d2e-9a41-4b7c-8d3e-1f2a3b4c5d6e',
    ],
    ['a JSON string', { body: JSON.stringify(BARE) }],
    ['a JSON string as text', { body: JSON.stringify(BARE), type: 'text/plain' }],
    ['a JWT as text', { body: JWT, type: 'text/plain' }, JWT, IN_AN_HOUR],
    ['a JWT as application/jwt', { body: JWT, type: 'application/jwt' }, JWT, IN_AN_HOUR],
    ['OAuth', { body: { access_token: BARE, token_type: 'Bearer', expires_in: 3600 } }, BARE, IN_AN_HOUR],
    [
      'OAuth as a form',
      { body: `access_token=${BARE}&expires_in=3600`, type: 'application/x-www-form-urlencoded' },
      BARE,
      IN_AN_HOUR,
    ],
    ['with id_token and refresh_token', { body: { access_token: BARE, id_token: JWT, refresh_token: OTHER } }],
    ['expires_in as text', { body: { access_token: BARE, expires_in: '3600', expires_on: '1' } }, BARE, IN_AN_HOUR],
    ['expires_on alone', { body: { access_token: BARE, expires_on: String(S) } }, BARE, IN_AN_HOUR],
    ['in data', { body: { success: true, data: { access_token: BARE, expires_in: 3600 } } }, BARE, IN_AN_HOUR],
    [
      'in data, its life around',
      { body: { expires_in: 3600, max_uses: 3, data: { token: BARE } } },
      BARE,
      IN_AN_HOUR,
      3,
    ],
    ['in data, its life in meta', { body: { data: { token: BARE }, meta: { expires_in: 3600 } } }, BARE, IN_AN_HOUR],
    [
      'in data, rows counted around',
      { body: { count: 1, data: [{ token: BARE, expires_in: 3600 }] } },
      BARE,
      IN_AN_HOUR,
    ],
    ['in data[0]', { body: { data: [{ token: BARE, expires_in: 3600, max_usages: 2 }] } }, BARE, IN_AN_HOUR, 2],
    ['in data.data', { body: { data: { data: { token: BARE } } } }],
    ['a list', { body: [{ token: BARE, expires_in: 3600 }] }, BARE, IN_AN_HOUR],
    [
      'a list and a pointer',
      { body: [{ token: BARE, expires_in: 3600 }, { token: OTHER }], rules: { path: '/0/token' } },
      BARE,
      IN_AN_HOUR,
    ],
    ['a list of the same twice', { body: [{ token: BARE }, { token: BARE }] }],
    [
      'JSON:API',
      { body: { data: { type: 'tokens', id: '1', attributes: { token: BARE, expires_in: 3600 } } } },
      BARE,
      IN_AN_HOUR,
    ],
    [
      'JSON:API and a pointer',
      { body: { data: { attributes: { token: BARE, ttl: 3600 } } }, rules: { path: '/data/attributes/token' } },
      BARE,
      IN_AN_HOUR,
    ],
    ['JSON as text', { body: { token: BARE }, type: 'text/plain' }],
    ['JSON without a type', { body: { token: BARE }, type: '' }],
    ['a byte order mark', { body: `\ufeff{"token":"${BARE}"}` }],
    ['two that are equal', { body: { token: BARE, access_token: BARE } }],
    ['beside a numeric iat', { body: { token: JWT, iat: S - 3600, exp: S } }, JWT, IN_AN_HOUR],
    ['beside an iat in text', { body: { token: BARE, iat: '1767225600' } }],
    ['beside an iat that is a date', { body: { token: BARE, iat: '2026-01-01T00:00:00Z' } }],
    ['initialAccessToken', { body: { initialAccessToken: BARE, expiresIn: 3600, maxUsages: 4 } }, BARE, IN_AN_HOUR, 4],
    ['accessToken', { body: { accessToken: BARE, expiresAt: '2026-01-01T01:00:00Z' } }, BARE, IN_AN_HOUR],
    ['AccessToken', { body: { AccessToken: BARE, ExpiresIn: 3600 } }, BARE, IN_AN_HOUR],
    [
      'initial_access_token: {token}',
      { body: { initial_access_token: { token: BARE, expires_in: 3600 } } },
      BARE,
      IN_AN_HOUR,
    ],
    ['initialAccessToken: {value}', { body: { initialAccessToken: { value: BARE } } }],
    ['token: {value}', { body: { token: { id: 1, value: BARE, ttl: 3600 } } }, BARE, IN_AN_HOUR],
    ['result.token', { body: { result: { token: BARE }, error: null, errors: [] } }],
    ['response.payload.token', { body: { response: { payload: { token: BARE } } } }],
    ['a header', { type: '', headers: { 'X-IAT': BARE }, rules: { header: 'x-iat' } }],
    [
      'a header, its life in the body',
      { body: { expires_in: 3600, count: 1 }, headers: { 'X-IAT': ` ${BARE} ` }, rules: { header: 'X-IAT' } },
      BARE,
      IN_AN_HOUR,
      1,
    ],
    ['a header beats the body', { body: { token: OTHER }, headers: { 'X-IAT': BARE }, rules: { header: 'X-IAT' } }],
    [
      'the header Authorization',
      { type: '', headers: { Authorization: `Bearer ${BARE}` }, rules: { header: 'authorization' } },
    ],
    ['a header and DCR_IAT', { type: '', headers: { 'X-IAT': BARE }, variables: { DCR_IAT: BARE } }],
    ['text and DCR_IAT', { body: JWT, type: 'text/plain', variables: { DCR_IAT: JWT } }, JWT, IN_AN_HOUR],
    ['XML and DCR_IAT', { body: `<t><iat>${BARE}</iat></t>`, type: 'application/xml', variables: { DCR_IAT: BARE } }],
    [
      'a page and a named variable',
      { body: `<html>${BARE}`, type: 'text/html', variables: { a: BARE }, rules: { variable: 'a' } },
    ],
    [
      'an unknown member and DCR_IAT',
      { body: { geheim: BARE, expires_in: 3600, max_usages: 1 }, variables: { DCR_IAT: BARE } },
      BARE,
      IN_AN_HOUR,
      1,
    ],
    ['an unknown member and iat', { body: { geheim: BARE }, variables: { iat: BARE } }],
    ['a variable of its own', { body: { geheim: BARE }, variables: { mine: BARE }, rules: { variable: 'mine' } }],
    ['a numeric variable iat', { body: { token: BARE }, variables: { iat: '1767225600' } }],
    ['a variable that the body agrees with', { body: { token: BARE }, variables: { DCR_IAT: BARE } }],
    ['a pointer, though there are two', { body: { token: BARE, access_token: OTHER }, rules: { path: '/token' } }],
    [
      'a named variable, though the body differs',
      { body: { token: OTHER }, variables: { v: BARE }, rules: { variable: 'v' } },
    ],
    ['expires_at in milliseconds', { body: { token: BARE, expires_at: S * 1000 } }, BARE, IN_AN_HOUR],
    ['expires_at as text of seconds', { body: { token: BARE, expires_at: String(S) } }, BARE, IN_AN_HOUR],
    ['expires_at without a zone', { body: { token: BARE, expires_at: '2026-01-01T01:00:00' } }, BARE, IN_AN_HOUR],
    ['expiration that is a moment', { body: { token: BARE, expiration: S } }, BARE, IN_AN_HOUR],
    ['Janssen', { body: { token: BARE, one_time_use: true, lifetime: 3600 } }, BARE, IN_AN_HOUR, 1],
    ['signs of base64', { body: { token: `${BARE}+/==` } }, `${BARE}+/==`],
    ['an own admin token is not needed', { body: { token: BARE }, rules: { adminToken: null, authorization: '' } }],
  ])('%s', ([, shape, token = BARE, expiresAt = null, uses = null]) => {
    const { secret, facts, warnings } = read(shape);
    expect(secret.reveal()).toBe(token);
    expect([facts.expiresAt?.toISOString() ?? null, facts.maxUsages]).toEqual([expiresAt, uses]);
    expect(warnings).toEqual([]);
  });
});

describe('refused, and nothing of it quoted', () => {
  test.for<[name: string, shape: Shape, code: string, words?: RegExp]>([
    ['two that differ', { body: { token: BARE, access_token: OTHER } }, 'token-ambiguous', /\/token, \/access_token/],
    [
      'two on two levels',
      { body: { token: BARE, data: { token: OTHER } } },
      'token-ambiguous',
      /\/token, \/data\/token/,
    ],
    ['a list of two', { body: [{ token: BARE }, { token: OTHER }] }, 'token-ambiguous', /\/0\/token, \/1\/token/],
    [
      'a variable and the body',
      { body: { token: BARE }, variables: { DCR_IAT: OTHER } },
      'token-ambiguous',
      /variable DCR_IAT, \/token/,
    ],
    [
      'a variable and the text',
      { body: BARE, type: 'text/plain', variables: { iat: OTHER } },
      'token-ambiguous',
      /variable iat, the whole answer/,
    ],
    ['two variables', { type: '', variables: { DCR_IAT: BARE, iat: OTHER } }, 'token-ambiguous'],
    [
      'two options',
      { body: { token: BARE }, headers: { 'X-IAT': OTHER }, rules: { path: '/token', header: 'X-IAT' } },
      'token-ambiguous',
      /\/token, the header X-IAT/,
    ],
    ['a page', { body: '<!doctype html><title>Sign in</title>', type: 'text/html' }, 'idp-not-json'],
    ['a page that says it is text', { body: `<html>${BARE}</html>`, type: 'text/plain' }, 'idp-not-json'],
    [
      'a page, and a script that read it',
      { body: `<html>${BARE}`, type: 'text/html', variables: { DCR_IAT: BARE } },
      'idp-not-json',
    ],
    ['XML', { body: `<iat>${BARE}</iat>`, type: 'application/xml' }, 'idp-not-json'],
    ['an error', { body: { error: 'invalid_request', error_description: 'no' } }, 'token-missing', /is an error/],
    [
      'an error with a token',
      { body: { error: 'invalid_request', token: BARE } },
      'token-missing',
      /is an error.*"token"/,
    ],
    ['errors of GraphQL', { body: { errors: [{ message: 'no' }], data: { token: null } } }, 'token-missing'],
    [
      'a problem',
      { body: { type: 'about:blank', title: 'no', status: 400 }, type: 'application/problem+json' },
      'token-missing',
    ],
    [
      'other tokens',
      { body: { registration_access_token: BARE, id_token: JWT, refresh_token: OTHER } },
      'token-missing',
    ],
    ['a numeric iat', { body: { iat: S } }, 'token-missing'],
    ['a numeric variable iat', { body: { iat: S }, variables: { iat: String(S) } }, 'token-missing'],
    [
      'an ID token',
      { body: { x: jwt({ typ: 'ID', exp: S }) }, rules: { path: '/x' } },
      'token-malformed',
      /an ID token/,
    ],
    ['a Registration Access Token', { body: { token: jwt({ typ: 'RegistrationAccessToken' }) } }, 'token-malformed'],
    ['the admin token', { body: { token: ADMIN } }, 'token-malformed', /your admin token/],
    [
      'what was sent as Bearer',
      { body: { token: `${ADMIN}-as-sent` }, rules: { adminToken: null } },
      'token-malformed',
      /your admin token/,
    ],
    ['the token of today', { body: BARE, type: 'text/plain', rules: { current: BARE } }, 'token-malformed'],
    ['a scheme before it', { body: { token: `Bearer ${BARE}` } }, 'token-malformed'],
    ['a scheme in a text', { body: `Bearer ${BARE}`, type: 'text/plain' }, 'idp-not-json'],
    ['a short one', { body: { token: 'Ab1Cd2Ef3Gh4' } }, 'token-malformed', /12 characters/],
    ['a short text', { body: 'Ab1Cd2Ef3Gh4', type: 'text/plain' }, 'idp-not-json'],
    ['a sentence', { body: 'The request id is 0a1b2c3d4e5f6a7b', type: 'text/plain' }, 'idp-not-json'],
    ['two lines', { body: `${BARE}\n${OTHER}`, type: 'text/plain' }, 'idp-not-json'],
    ['a word', { body: 'maintenance-mode-enabled', type: 'text/plain' }, 'idp-not-json'],
    ['an error of one word', { body: 'request-denied-0a1b2c3d4e5f6a7b', type: 'text/plain' }, 'idp-not-json'],
    ['a number', { body: '17672256001767225600', type: 'text/plain' }, 'idp-not-json'],
    ['the name of a host', { body: 'idp-node-17.prod.internal.example', type: 'text/plain' }, 'idp-not-json'],
    ['a path', { body: '/var/log/a1b2c3d4e5f6a7b8/idp', type: 'text/plain' }, 'idp-not-json'],
    ['JSON that was cut off', { body: `{"token":"${BARE}` }, 'idp-not-json'],
    ['nothing', { type: '' }, 'idp-not-json', /is empty/],
    [
      'nothing, with a header',
      { type: '', headers: { 'X-IAT': BARE } },
      'idp-not-json',
      /is empty.*"X-IAT": --token-header NAME/,
    ],
    [
      'an unknown member, with a variable',
      { body: { geheim: BARE }, variables: { mine: BARE } },
      'token-missing',
      /"mine": --token-variable NAME/,
    ],
    [
      'another header',
      { type: '', headers: { 'X-IAT': BARE }, rules: { header: 'X-Token' } },
      'token-missing',
      /no header X-Token.*"X-IAT"/,
    ],
    [
      'another variable',
      { body: {}, variables: { mine: BARE }, rules: { variable: 'yours' } },
      'token-missing',
      /variable yours.*"mine"/,
    ],
    [
      'a header twice',
      { type: '', headers: { 'X-IAT': BARE, 'x-iat': OTHER }, rules: { header: 'X-IAT' } },
      'token-ambiguous',
    ],
    [
      'a pointer into a text',
      { body: BARE, type: 'text/plain', rules: { path: '/token' } },
      'token-missing',
      /one text/,
    ],
    ['an expired one in data', { body: { data: { token: BARE }, expires_at: '2020-01-01' } }, 'token-expired'],
    ['an expired JWT as text', { body: jwt({ exp: 1_700_000_000 }), type: 'text/plain' }, 'token-expired'],
  ])('%s', ([, shape, code, words = /./]) => {
    const error = thrownBy(() => read(shape)) as Error & { hint?: { text: string } };
    expect(error).toMatchObject({ code });
    const said = `${error.message} ${error.hint?.text}`;
    expect(said).toMatch(words);
    expect(said).not.toMatch(new RegExp(`${BARE}|${OTHER}|0a1b2c3d|invalid_request`));
  });
});

describe('warned of', () => {
  test.for<[name: string, shape: Shape, words: RegExp]>([
    [
      'Keycloak, for ever',
      { body: { id: 'a', token: BARE, timestamp: S, expiration: 0, count: 1, remainingCount: 1 } },
      /expiration is 0/,
    ],
    [
      'the same with a JWT',
      { body: { token: jwt({ exp: 0, typ: 'InitialAccessToken' }), expiration: 0 } },
      /expiration is 0/,
    ],
    ['an ssa', { body: { ssa: JWT } }, /software statement/],
    [
      'a JWT about software',
      { body: jwt({ software_id: 'a', exp: S }), type: 'application/jwt' },
      /software statement/,
    ],
  ])('%s', ([, shape, words]) => {
    expect(read(shape).warnings).toEqual([expect.stringMatching(words)]);
  });
});
