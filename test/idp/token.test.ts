import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import { jwtExpiry } from '../../scripts/idp/expiry.ts';
import { readToken } from '../../scripts/idp/token.ts';
import { thrownBy } from '../support/builders.ts';

const TOKEN = 'test-only-initial-access-token';
const NOW = new Date('2026-01-01T00:00:00Z');
const RULES = {
  path: null,
  header: null,
  variable: null,
  authorization: '',
  adminToken: new Secret('test-only-admin-token', 'admin token'),
  current: null,
  now: NOW,
  isLifeAsked: false,
};

function read(body: unknown, rules: Partial<typeof RULES> = {}, variables = {}, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readToken({ body: text, type, headers: [], variables }, { ...RULES, ...rules });
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

  test('JSON behind a byte order mark, as .NET writes it', () => {
    expect(read(`\ufeff{"token":"${TOKEN}"}`).secret.reveal()).toBe(TOKEN);
  });

  test('a pointer beats what is under a known name', () => {
    const body = { token: TOKEN, deep: { 'a/b': 'test-only-the-deep-token' } };
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
    ['an empty list', '[]', 'token-missing'],
    ['a text', JSON.stringify(TOKEN), 'idp-not-json'],
    ['null', 'null', 'idp-not-json'],
    ['blanks', ' \r\n', 'idp-not-json'],
  ] as const)('%s', ([, body, code]) => {
    const error = thrownBy(() => read(body));
    expect(error).toMatchObject({ code });
    expect(String(error) + JSON.stringify(error)).not.toMatch(/test-only-ini|test only|test\$only/);
  });

  test.for(['text/json', 'text/plain', '', 'application/octet-stream', 'application/x-javascript'])(
    'JSON as %j is read, and noted',
    (type) => {
      const { secret, notes } = read({ token: TOKEN }, {}, {}, type);
      expect(secret.reveal()).toBe(TOKEN);
      expect(notes).toEqual([expect.stringContaining(`sent as ${type || 'no named type'}`)]);
    },
  );

  test.for([
    ['text/plain', 'not found', /9 characters of text\/plain instead of JSON/],
    ['text/plain', '12345', /5 characters of text\/plain instead of JSON/],
    ['text/html', '{"token": "x"}', /14 characters of text\/html instead of JSON/],
    ['application/json', '', /^The IdP's answer is empty \(application\/json\)/],
    ['', '', /^The IdP's answer is empty \(no named type\)/],
  ] as const)('%s %j is not', ([type, body, words]) => {
    expect(thrownBy(() => read(body, {}, {}, type))).toMatchObject({
      code: 'idp-not-json',
      message: expect.stringMatching(words),
    });
  });

  test('in a list: the way to it is named', () => {
    expect(thrownBy(() => read([{ other: TOKEN }]))).toMatchObject({
      hint: { text: expect.stringMatching(/a list of 1.*"other".*--token-path \/0\/MEMBER/) },
    });
    expect(read([{ other: TOKEN }], { path: '/0/other' as never }).secret.reveal()).toBe(TOKEN);
    const path = '/constructor/name' as never;
    expect(thrownBy(() => read([{ token: TOKEN }], { path }))).toMatchObject({ code: 'token-missing' });
  });

  test('a software statement is a token of its own kind', () => {
    expect(read({ ssa: TOKEN }).warnings).toEqual([expect.stringMatching(/software statement/)]);
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
    const { facts, secret, warnings } = read(body);
    expect(warnings).toEqual([]);
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
    const { facts, warnings } = read(`{"token": "${TOKEN}", ${member}}`);
    expect(facts.expiresAt).toBeNull();
    expect(warnings).toEqual([expect.stringMatching(/does not expire/)]);
  });

  test('an empty expires_at says nothing', () => {
    expect(read({ token: TOKEN, expires_at: '', expires_in: null })).toMatchObject({
      facts: { expiresAt: null },
      warnings: [],
    });
  });

  test.for([
    ['"expires_at": 0', /expires_at is 0, as for a token that does not expire/],
    ['"expiration": 0', /expiration is 0/],
    ['"expires_at": -1', /expires_at holds no time/],
    ['"expires_in": -3600', /expires_in holds no time/],
    ['"expires_in": NaN', /expires_in holds no time/],
    ['"expires_in": -Infinity', /expires_in holds no time/],
    ['"expires_in": "an hour"', /expires_in holds no time/],
    ['"expires_at": "never"', /expires_at holds no time/],
    ['"expires_at": "foo 12"', /expires_at holds no time/],
    ['"expires_at": "2026-13-40T00:00:00"', /expires_at holds no time/],
    ['"expires_at": [2026, 1, 1]', /expires_at holds no time/],
    ['"expires_in": {"a": 1}', /expires_in holds no time/],
  ] as const)('%s is odd: no known expiry, and a warning', ([member, words]) => {
    const { facts, warnings, secret } = read(`{"a": "NaN \\" Infinity", "token": "${TOKEN}", ${member}}`);
    expect([secret.reveal(), facts.expiresAt]).toEqual([TOKEN, null]);
    expect(warnings).toEqual([expect.stringMatching(words)]);
  });

  test('what is odd does not hide what can be read', () => {
    const { facts, warnings } = read({ token: TOKEN, expires_in: -1, expires_at: 1_767_225_660 });
    expect([facts.expiresAt?.toISOString(), warnings]).toEqual(['2026-01-01T00:01:00.000Z', []]);
  });

  test.for([
    ['expires_in', '60'],
    ['expires_in', ' 60 '],
    ['expires_in', '60.0'],
    ['expiresIn', 60],
    ['expires_at', '1767225660'],
    ['expires_at', '1767225660000'],
    ['expires_at', '2026-01-01T00:01:00'],
    ['expires_at', '2026-01-01 00:01:00'],
    ['expires_at', '2026-01-01T00:01'],
    ['expires_at', '2026-01-01T00:01:00.000123'],
    ['expires_at', '2026-01-01 00:01:00,000123'],
    ['expires_at', '2026-01-01t00:01:00z'],
    ['expires_at', '2026-01-01 00:01:00 UTC'],
    ['expires_at', '2026-01-01 00:01:00.000123 +0000 UTC'],
    ['expires_at', '2026-01-01T05:31:00+05:30'],
    ['expires_at', '2025-12-31T19:01:00-0500'],
    ['expires_at', '2026-01-01 01:01:00.5+01'],
    ['expires_at', '2026-01-01T01:01:00+01:00[Europe/Berlin]'],
    ['expires_at', 'Thu, 01 Jan 2026 00:01:00 GMT'],
    ['expires_at', 'Thu Jan  1 00:01:00 2026'],
    ['expires_at', 'Thu, 01 Jan 2026 01:01:00 +0100'],
  ] as const)('%s %j is in a minute, in any time zone', ([member, value]) => {
    const zone = process.env['TZ'];
    try {
      for (const other of ['UTC', 'Asia/Kolkata', 'America/New_York', 'Pacific/Kiritimati']) {
        process.env['TZ'] = other;
        expect(new Date(0).getTimezoneOffset() === 0).toBe(other === 'UTC');
        const { facts, warnings } = read({ token: TOKEN, [member]: value });
        expect(warnings).toEqual([]);
        expect(facts.expiresAt?.toISOString().slice(0, 19)).toBe('2026-01-01T00:01:00');
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  test('beside a token that is inside of another member', () => {
    const { facts } = read({ data: { token: TOKEN, expires_in: 60, max_uses: '3' } });
    expect([facts.expiresAt?.toISOString(), facts.maxUsages]).toEqual(['2026-01-01T00:01:00.000Z', 3]);
    const deep = read([{ iat: TOKEN, expires_in: 60 }], { path: '/0/iat' as never });
    expect([deep.secret.reveal(), deep.facts.expiresAt?.toISOString()]).toEqual([TOKEN, '2026-01-01T00:01:00.000Z']);
  });

  test.for([
    ['2025-12-31T23:59:00', 1],
    ['2025-12-31T19:00:00', 300],
    ['2025-12-31T23:59:59Z', 1],
  ] as const)('asked for a life and answered with %s: a warning, no stop', ([expires_at, minutes]) => {
    const { facts, warnings } = read({ token: TOKEN, expires_at }, { isLifeAsked: true });
    expect(facts.expiresAt).toBeNull();
    expect(warnings).toEqual([expect.stringContaining(`expired ${minutes} min ago`)]);
    expect(warnings[0]).toMatch(/clocks or time zones .* differ/);
  });

  test('what expired days ago has expired, whatever was asked for', () => {
    const body = { token: TOKEN, expires_at: '2025-12-30T23:59:59Z' };
    expect(thrownBy(() => read(body, { isLifeAsked: true }))).toMatchObject({ code: 'token-expired' });
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
