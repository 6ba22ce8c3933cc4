import { describe, expect, test } from 'vitest';
import type { Secret } from '../../scripts/core/secret.ts';
import { parseCollection } from '../../scripts/postman/collection.ts';
import { authParametersOf, declarationsOf } from '../../scripts/postman/declarations.ts';
import { declaredSecrets, secretsInAuth } from '../../scripts/secrets/declared.ts';
import { FoundSecrets, type Message } from '../../scripts/secrets/found.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { maskerOf } from './samples.ts';

const T = 'test-only-0001';

function foundBy(use: (found: FoundSecrets) => void): string[] {
  const registered: Secret[] = [];
  use(new FoundSecrets((secret) => registered.push(secret)));
  return registered.map((secret) => `${secret.label}: ${secret.reveal()}`);
}

const foundIn = (message: Partial<Message>) => foundBy((found) => found.addFrom({ headers: [], body: '', ...message }));

describe('values in the places of secrets are found', () => {
  test.each([
    ['Authorization', `Bearer ${T}`, [`Authorization: ${T}`]],
    ['authorization', `DPoP ${T}`, [`authorization: ${T}`]],
    ['Proxy-Authorization', T, [`Proxy-Authorization: ${T}`]],
    [
      'Authorization',
      `Basic ${Buffer.from(`someone:${T}`).toString('base64')}`,
      [`Authorization: ${Buffer.from(`someone:${T}`).toString('base64')}`, `Authorization: ${T}`],
    ],
    [
      'Authorization',
      'Digest username="someone", realm="the realm of 1", response="0123456789abcdef01"',
      ['Authorization: 0123456789abcdef01'],
    ],
    [
      'Authorization',
      'AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/x, SignedHeaders=host;x-date, Signature=00112233445566778899aabb',
      ['Authorization: AKIATEST/20260101/x', 'Authorization: 00112233445566778899aabb'],
    ],
    ['X-Api-Key', T, [`X-Api-Key: ${T}`]],
    ['Cookie', `sid=${T}; theme=dark; n=1`, [`Cookie: ${T}`]],
    [
      'Set-Cookie',
      `sid=test%2Fonly%2F0001; Path=/secret-path-0001`,
      ['Set-Cookie: test%2Fonly%2F0001', 'Set-Cookie: test/only/0001'],
    ],
    ['Location', `https://a.test/cb?code=${T}&state=5#id_token=x${T}`, [`code: ${T}`, `id_token: x${T}`]],
  ])('header %s: %s', (name, value, secrets) => {
    expect(foundIn({ headers: [{ name, value }] })).toEqual(secrets);
  });

  test.each([
    ['https://a.test/x?access_token=a%2Fb-0001&page=20261125', ['access_token: a/b-0001']],
    ['https://someone:p%40ss-0001@a.test/x', ['password: p%40ss-0001', 'password: p@ss-0001']],
  ])('URL %s', (url, secrets) => {
    expect(foundIn({ url })).toEqual(secrets);
  });

  test.each([
    [`{"access_token":"${T}","token_type":"Bearer","x":"abc-12345"}`, [`access_token: ${T}`]],
    ['{"client_secret":"a\\"b\\u002f-0001"}', ['client_secret: a"b/-0001']],
    [`{"data":{"registration_access_token":"${T}`, [`registration_access_token: ${T}`]],
    [`{"token":{"value":"${T}"}}`, [`token: ${T}`]],
    [`client_assertion=${T}.x.y&grant_type=client_credentials`, [`client_assertion: ${T}.x.y`]],
  ])('body %s', (body, secrets) => {
    expect(foundIn({ body })).toEqual(secrets);
  });

  test('body of plain text: none', () => {
    expect(foundIn({ body: `<p>token=${T}</p>` })).toEqual([]);
  });
});

describe('words and addresses are no secrets', () => {
  test.each([
    'true',
    'Bearer',
    'client_credentials',
    'application/json',
    'not-found',
    'ms-bff bootstrap',
    'correct horse',
    '2026-11-25',
    '20261125181012',
    'secret7',
    '{{admin_token}}',
    'http://127.0.0.1:8000/auth/callback',
    'https%3A%2F%2Fidp.test%2Fx',
    '{"theme":"dark","size":12}',
  ])('%s', (value) => {
    expect(foundBy((found) => found.add(value, 'x'))).toEqual([]);
  });

  test('of a structure only the parts that look random are', () => {
    const value = `{"user":"someone","session":"${T}-${T}","path":"/a"}`;
    expect(foundBy((found) => found.add(value, 'x'))).toEqual([`x: ${T}-${T}`]);
  });

  test('each is found once, up to a limit, and a very long value takes no long time', () => {
    const many = Array.from({ length: 3_000 }, (_, index) => `test-only-${index}`);
    const secrets = foundBy((found) => {
      for (const value of [...many, ...many]) found.add(value, 'x');
      found.add(`${'ab-'.repeat(200_000)}1`, 'x');
    });
    expect(new Set(secrets).size).toBe(secrets.length);
    expect(secrets.length).toBeGreaterThan(1_000);
    expect(secrets.length).toBeLessThan(1_500);
  });
});

test('a long value leaves room for others, and its beginning is known', () => {
  const long = Array.from({ length: 8_000 }, (_, at) => (at * 7_919).toString(36)).join('');
  const secrets = foundBy((found) => {
    found.add(long, 'long');
    found.add(T, 'short');
  });
  expect(secrets).toEqual([`long: ${long.slice(0, 4_096)}`, `short: ${T}`]);
  const masker = maskerOf(long.slice(0, 4_096));
  expect(masker.mask(`a ${long} b`)).toBe('a ‹IAT sha256:1a2b3c4d› b');
});

describe('variables of a service count by name and by value', () => {
  const variable = (name: string, value: string) => foundBy((found) => found.addVariable(name, value));
  const random = 'q7Zp2Lx9Vb4Tn8Kd1Hs6';

  test.each([
    ['FERNET_KEY', T, T],
    ['ANYTHING', random, random],
    ['REDIS_URL', `redis://user:${T}@redis:6379/0`, T],
    ['GIT_URL', `https://${random}@git.test/x`, random],
    ['STORAGE', `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${random}==;EndpointSuffix=x`, `${random}==`],
    ['DATABASE', `Server=db;User Id=sa;Password=${T};Encrypt=true`, T],
    ['LIBPQ', `host=db user=sa password=${T} sslmode=require`, T],
    ['GOOGLE', JSON.stringify({ type: 'x', private_key_id: 'y', client_secret: T }), T],
  ])('%s=%s', (name, value, secret) => {
    expect(variable(name, value).map((each) => each.replace(/^[^:]*: /, ''))).toContain(secret);
  });

  test.each([
    ['BFF_CLIENT_CRED_PATH', '/app/keys/bff_client.json'],
    ['DCR_SIGNING_KEY', '/app/keys/bff-sig-001.pem'],
    ['PYTHON_SHA256', '07ab25f1c6a5ad1b1b3ee6d7e1d8e3a1c2e5f4d3b2a190'],
    ['DCR_IAT', '<paste_token_here>'],
    ['DCR_IAT', 'changeme'],
    ['DCR_IAT', 'bootstrap'],
    ['DB_PASSWORD', 'The database does not ask'],
    ['CLIENT_ID', '6f9619ff-8b86-d011-b42d-00c04fc964ff'],
    ['DCR_REDIRECT_URIS', 'https://bff.test/auth/callback'],
    ['SERVER_SOFTWARE', 'uvicorn-with-standard-extras'],
  ])('%s=%s is none', (name, value) => {
    expect(variable(name, value)).toEqual([]);
  });
});

describe('secrets that collection and environment declare', () => {
  test('auth at every level with its variables, variables, passphrases', () => {
    const auth = (type: string, key: string, value: string) => ({
      type,
      [type]: [
        { key, value },
        { key: 'username', value: 'someone' },
      ],
    });
    const inner = request('R', 'https://a.test', {
      request: {
        url: 'https://a.test',
        auth: auth('basic', 'password', '{{pw}}-{{n}}'),
        certificate: { passphrase: 'test-only-5' },
      },
      variable: [{ key: 'pw', value: 'inner' }],
    });
    const bytes = collectionBytes([{ ...folder('F', inner), auth: auth('hawk', 'authKey', '{{pw}}') }], {
      auth: { type: 'apikey', apikey: { value: 'test-only-2', key: 'X-Key', in: 'header' } },
      variable: [
        { key: 'pw', value: 'outer' },
        { key: 'own', value: 'test-only-3', type: 'secret' },
        { key: 'idp_client_secret', value: 'test-only-4' },
        { key: 'token_url', value: 'https://a.test/token' },
      ],
    });
    const values = [
      { name: 'n', value: '7', isSecret: false },
      { name: 'BFF_DCR_IAT', value: 'test-only-6', isSecret: false },
      { name: 'marked', value: 'a b', isSecret: true },
    ];
    expect(
      declaredSecrets(declarationsOf(parseCollection(bytes, 'c.json'), values)).map(({ label, value, isMarked }) => [
        label,
        value,
        isMarked,
      ]),
    ).toEqual([
      ['BFF_DCR_IAT', 'test-only-6', false],
      ['marked', 'a b', true],
      ['own', 'test-only-3', true],
      ['idp_client_secret', 'test-only-4', false],
      ['apikey value', 'test-only-2', false],
      ['hawk authKey', 'outer', false],
      ['basic password', 'inner-7', false],
      ['passphrase', 'test-only-5', false],
    ]);
  });

  test.each([
    ['basic', 'username', 'password'],
    ['bearer', '', 'token'],
    ['apikey', 'key', 'value'],
    ['digest', 'realm', 'password'],
    ['ntlm', 'domain', 'password'],
    ['oauth1', 'consumerKey', 'consumerSecret tokenSecret token privateKey'],
    ['oauth2', 'clientId accessTokenUrl tokenName', 'accessToken clientSecret password refreshToken'],
    ['hawk', 'authId', 'authKey'],
    ['awsv4', 'region', 'secretKey sessionToken'],
    ['edgegrid', 'baseURL', 'accessToken clientToken clientSecret'],
    ['jwt', 'algorithm payload', 'secret privateKey'],
    ['asap', 'kid iss', 'privateKey'],
  ])('auth %s: not %s, but %s', (type, open, secret) => {
    const names = (text: string) => text.split(' ').filter(Boolean);
    const block = [...names(open), ...names(secret)].map((key) => ({ key, value: `the ${key}` }));
    expect(secretsInAuth(authParametersOf({ type, [type]: block })).map(({ label }) => label)).toEqual(
      names(secret).map((key) => `${type} ${key}`),
    );
    expect(
      secretsInAuth(
        authParametersOf({ type, [type]: Object.fromEntries(block.map(({ key, value }) => [key, value])) }),
      ),
    ).toHaveLength(names(secret).length);
  });
});
