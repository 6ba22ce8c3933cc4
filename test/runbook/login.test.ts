import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Collection, Item } from '../../scripts/postman/collection-format.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import type { Job } from '../../scripts/runbook/job.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { iat } from '../support/iat-run.ts';
import { sendJson, serve } from '../support/server.ts';

const IAT = 'test-only-initial-access-token-of-the-idp';
const GIVEN = 'test-only-admin-token-that-was-given';
const LOGGED_IN = 'test-only-admin-7Yq2Kd9w-of-the-login';

/** What an IdP got, a request a line: method, path, what lets it in, body. */
type Line = string;

interface Terms {
  readonly items: readonly Item[];
  readonly collection?: Partial<Collection>;
  /** A Postman environment beside `idp_url`. */
  readonly values?: Readonly<Record<string, string>>;
  readonly job?: Partial<Job>;
  /** How an admin token is handed over. */
  readonly given?: 'file' | 'variable' | 'prompt';
  /** What the IdP answers to each request, by its path; default: a token. */
  readonly answers?: (path: string, count: number) => { readonly status: number; readonly body: unknown } | null;
}

/** The main job up to the written token, with Newman, against an IdP of its own. */
async function run({ items, collection, values = {}, job, given, answers = () => null }: Terms) {
  const lines: Line[] = [];
  const url = await serve(({ method, url: path = '', headers, text }, response) => {
    const credentials = headers.authorization ?? headers['x-api-key'] ?? '-';
    lines.push(`${method} ${path} ${credentials}${text === '' ? '' : ` ${text}`}`);
    const other = answers(path, lines.filter((line) => line.includes(path)).length);
    if (other !== null) return sendJson(response, other.status, other.body);
    if (path === '/token') return sendJson(response, 200, { access_token: LOGGED_IN, token_type: 'Bearer' });
    if (credentials === '-' && !text.includes('password')) return sendJson(response, 401, { error: 'invalid_token' });
    return sendJson(response, 201, { token: IAT, expires_in: 600 });
  });
  const files: Record<string, Uint8Array> = {
    '/c.json': collectionBytes(items, collection),
    '/e.json': Buffer.from(
      JSON.stringify({ values: Object.entries({ idp_url: url, ...values }).map(([key, value]) => ({ key, value })) }),
    ),
  };
  const learned: string[] = [];
  const collections = createCollections((secret) => learned.push(secret.reveal()));
  const { result } = await iat({
    job: { restart: false, collection: '/c.json', environment: '/e.json', idpUrl: null, bffUrl: null, ...job },
    tools: {
      collections,
      learn: (secret) => learned.push(secret.reveal()),
      adminTokenFrom: given === undefined || given === 'prompt' ? null : given,
      async adminToken() {
        if (given !== undefined) return new Secret(GIVEN, 'admin token');
        throw new AppError('admin-token-missing', 'There is no admin token.', { hint: 'Give one.' });
      },
      files: {
        read: async (path) => files[path] ?? null,
        async verifyWritable() {},
        replace: () => Promise.reject(new Error('No step writes a file itself.')),
        takeTurn: async () => ({ release: async () => {} }),
        isTracked: async () => false,
      },
    },
  });
  collections.close();
  const { error, token, facts, warnings } = result;
  return {
    result,
    error,
    token,
    url,
    lines: lines.map((line) => line.replaceAll(url, '')),
    learned,
    facts: new Map(facts),
    warnings,
  };
}

const bearer = (token: string) => ({ type: 'bearer', bearer: [{ key: 'token', value: token }] });
const script = (listen: string, ...exec: string[]) => ({ listen, script: { exec } });
const mint = (request: object = { auth: bearer('{{admin_token}}') }, item: Item = {}): Item => ({
  name: 'DCR IAT',
  request: { method: 'POST', url: '{{idp_url}}/mint', ...request },
  ...item,
});
const login = (...exec: string[]): Item => ({
  name: 'Get admin token',
  event: [script('test', ...exec)],
  request: {
    method: 'POST',
    url: '{{idp_url}}/token',
    body: { mode: 'urlencoded', urlencoded: [{ key: 'grant_type', value: 'client_credentials' }] },
  },
});
const SETS = "pm.environment.set('admin_token', pm.response.json().access_token);";
const TOKEN_OF = 'pm.response.json().access_token';
const setsToken = login(SETS);
const LOGIN = { login: ['Get admin token'] };
const TOKEN_LINE = 'POST /token - grant_type=client_credentials';

describe('a login before the mint', () => {
  test.for(['collectionVariables', 'globals', 'variables'])(
    'runs first in the same run, and what it sets in pm.%s is there for the mint',
    async (scope) => {
      const items = [folder('IdP', mint(), login(`pm.${scope}.set('admin_token', ${TOKEN_OF});`))];
      const { error, token, lines, facts, result } = await run({ items, job: LOGIN });
      expect([error, token?.maxUsages]).toEqual([null, null]);
      expect(lines).toEqual([TOKEN_LINE, `POST /mint Bearer ${LOGGED_IN}`]);
      expect(facts.get('Authorization')).toBe('from the login "IdP/Get admin token"');
      expect(result.steps[0]?.summary).toContain('; authorization from the login "IdP/Get admin token"');
    },
  );

  test('polls until a person has agreed (RFC 8628), and its last answer counts', async () => {
    const poll = login(
      "pm.test('a token', () => pm.response.to.have.status(200));",
      `if (pm.response.code === 200) pm.environment.set('admin_token', ${TOKEN_OF});`,
      "else setTimeout(() => pm.execution.setNextRequest('Get admin token'), 1);",
    );
    const { error, lines } = await run({
      items: [poll, mint()],
      job: LOGIN,
      answers: (path, count) =>
        path === '/token' && count < 4 ? { status: 400, body: { error: 'authorization_pending' } } : null,
    });
    expect(error).toBeNull();
    expect(lines).toEqual([...Array(4).fill(TOKEN_LINE), `POST /mint Bearer ${LOGGED_IN}`]);
  });

  test('is a folder that holds the mint as well, and what was named last runs last', async () => {
    const items = [folder('IdP', mint(), setsToken), request('First', '{{idp_url}}/first?password=x')];
    const { error, lines } = await run({
      items,
      job: { login: ['First', ' IdP'] },
      answers: (path) => (path.startsWith('/first') ? { status: 200, body: {} } : null),
    });
    expect(error).toBeNull();
    expect(lines).toEqual(['GET /first?password=x -', TOKEN_LINE, `POST /mint Bearer ${LOGGED_IN}`]);
  });

  test('that the mint goes back to does not run again: its answer would be taken for the token', async () => {
    const back = { event: [script('test', "pm.execution.setNextRequest('Get admin token');")] };
    const items = [setsToken, mint(undefined, back)];
    const { error, token, lines } = await run({ items, job: LOGIN });
    expect(lines).toEqual([TOKEN_LINE, `POST /mint Bearer ${LOGGED_IN}`]);
    expect([error, token?.handle]).toEqual([null, new Secret(IAT, '').handle]);
  });

  test.for([
    [
      'with a status',
      setsToken,
      401,
      /^The login "Get admin token" failed: it was answered with 401 invalid_client It says: no\.$/,
    ],
    [
      'with a check',
      login(SETS, "pm.test('has a token', () => { throw new Error('none'); });"),
      200,
      /failed: its check "has a token" failed\.$/,
    ],
    ['with a script', login(SETS, 'nowhere();'), 200, /failed: its script broke: .*nowhere is not defined\.$/],
    [
      'with an end',
      login(SETS, 'pm.execution.setNextRequest(null);'),
      200,
      /^A script of the login ended the run after "Get admin token"\.$/,
    ],
    [
      'without an end',
      login(SETS, "pm.execution.setNextRequest('Get admin token');"),
      200,
      /failed: its script broke: not sent: 200 requests have already run/,
    ],
  ] as const)('that fails %s: nothing is minted', async ([, item, status, message]) => {
    const { error, lines, learned } = await run({
      items: [item, mint()],
      job: LOGIN,
      answers: (path) =>
        path === '/token'
          ? { status, body: { error: 'invalid_client', error_description: 'no', data: LOGGED_IN } }
          : null,
    });
    expect(error).toMatchObject({ code: 'login-failed', message: expect.stringMatching(message) });
    expect(lines.filter((line) => line.includes('/mint'))).toEqual([]);
    expect(learned).toContain(LOGGED_IN);
  });

  test('that is not there is named', async () => {
    const { error } = await run({ items: [mint()], job: { login: ['Sign in'] } });
    expect(error).toMatchObject({ code: 'request-not-found', hint: { text: expect.stringContaining('--login') } });
    const itself = await run({ items: [mint()], job: { login: ['DCR IAT'] } });
    expect(itself.error).toMatchObject({ code: 'bad-value' });
  });

  test('is advised where there is no admin token and a request sets it', async () => {
    const items = [folder('IdP', mint(), setsToken)];
    const { error, lines } = await run({ items });
    const text =
      '"IdP/Get admin token" sets {{admin_token}}: run it first with --login "IdP/Get admin token". Give one.';
    expect(error).toMatchObject({ code: 'admin-token-missing', hint: { text } });
    expect(lines).toEqual([]);
  });
});

const BASIC = {
  type: 'basic',
  basic: [
    { key: 'username', value: '{{user}}' },
    { key: 'password', value: '{{pass}}' },
  ],
};
const API_KEY = {
  type: 'apikey',
  apikey: [
    { key: 'key', value: 'X-API-Key' },
    { key: 'value', value: 'key-0123456789abcdef' },
  ],
};
const oauth2 = (accessToken: string) => ({
  type: 'oauth2',
  oauth2: [
    { key: 'accessToken', value: accessToken },
    { key: 'clientSecret', value: '{{nowhere}}' },
  ],
});
const FORM = { mode: 'urlencoded', urlencoded: [{ key: 'password', value: '{{pass}}' }] };
const VALUES = { user: 'u', pass: 'test-only-p4ssword', admin_token: LOGGED_IN };
const ASKS = script(
  'prerequest',
  "pm.sendRequest({ url: pm.variables.get('idp_url') + '/token', method: 'POST' }, (_, answer) => pm.collectionVariables.set('admin_token', answer.json().access_token));",
);
const BASIC_LINE = `POST /mint Basic ${Buffer.from('u:test-only-p4ssword').toString('base64')}`;
const GIVEN_LINE = `POST /mint Bearer ${GIVEN}`;
const LOGIN_LINE = `POST /mint Bearer ${LOGGED_IN}`;
const setsRealm = login("pm.environment.set('realm', 'master');");
const realm = mint({ url: '{{idp_url}}/{{realm}}/mint', auth: bearer('{{admin_token}}') });
const { admin_token: _, ...NO_TOKEN } = VALUES;

describe('what lets the mint in', () => {
  test.for<[string, Terms, readonly string[], string]>([
    [
      'a value of the environment',
      { items: [mint()], values: VALUES },
      [LOGIN_LINE],
      'from the environment (admin_token)',
    ],
    ['Basic', { items: [mint({ auth: BASIC })], values: VALUES }, [BASIC_LINE], 'from the collection, basic'],
    [
      'an API key',
      { items: [mint({ auth: API_KEY })] },
      ['POST /mint key-0123456789abcdef'],
      'from the collection, apikey',
    ],
    [
      'an API key in a header',
      { items: [mint({ header: [{ key: 'X-API-Key', value: 'key-0123456789abcdef' }] })] },
      ['POST /mint key-0123456789abcdef'],
      'from the collection, X-API-Key in its header',
    ],
    [
      'a form',
      { items: [mint({ body: FORM })], values: VALUES },
      ['POST /mint - password=test-only-p4ssword'],
      'from the collection, password in its body',
    ],
    [
      'OAuth 2.0 around it',
      { items: [mint({})], collection: { auth: oauth2('{{admin_token}}') }, values: VALUES },
      [LOGIN_LINE],
      'from the collection, oauth2',
    ],
    [
      'a script around it',
      { items: [mint()], collection: { event: [ASKS] } },
      ['POST /token -', LOGIN_LINE],
      'from a pre-request script of the collection',
    ],
    [
      'IAT_ADMIN_TOKEN, before the environment',
      { items: [mint()], values: VALUES, given: 'variable' },
      [GIVEN_LINE],
      'from IAT_ADMIN_TOKEN',
    ],
    [
      'IAT_ADMIN_TOKEN, for OAuth 2.0 without a token',
      { items: [mint({ auth: oauth2('') })], given: 'variable' },
      [GIVEN_LINE],
      'from IAT_ADMIN_TOKEN',
    ],
    [
      'IAT_ADMIN_TOKEN, after a login for something else',
      { items: [setsRealm, realm], job: LOGIN, given: 'variable' },
      [TOKEN_LINE, GIVEN_LINE.replace('/mint', '/master/mint')],
      'from IAT_ADMIN_TOKEN',
    ],
    [
      'a file, before Basic',
      { items: [mint({ auth: BASIC })], values: VALUES, given: 'file' },
      [GIVEN_LINE],
      'from --admin-token-file',
    ],
    [
      'a file, before a login',
      { items: [setsToken, mint()], job: LOGIN, given: 'file' },
      [TOKEN_LINE, GIVEN_LINE],
      'from --admin-token-file',
    ],
  ])('%s', async ([, terms, lines, from]) => {
    const ended = await run(terms);
    expect(ended.error).toBeNull();
    expect(ended.lines).toEqual(lines);
    expect(ended.facts.get('Authorization')).toBe(from);
    expect(ended.warnings.join()).not.toContain('IAT_ADMIN_TOKEN');
  });

  test('is a token that a script puts in the place of IAT_ADMIN_TOKEN, and never in that of a file', async () => {
    const asks = script(
      'prerequest',
      "pm.sendRequest({ url: pm.variables.get('idp_url') + '/token', method: 'POST' }, (_, answer) => pm.environment.set('admin_token', answer.json().access_token));",
    );
    const terms = { items: [mint()], collection: { event: [asks] } };
    const replaced = await run({ ...terms, given: 'variable' });
    expect(replaced.lines).toEqual(['POST /token -', LOGIN_LINE]);
    expect(replaced.facts.get('Authorization')).toBe('from a pre-request script of the collection');
    const fixed = await run({ ...terms, given: 'file' });
    expect(fixed.lines).toEqual(['POST /token -', GIVEN_LINE]);
    expect(fixed.facts.get('Authorization')).toBe('from --admin-token-file');
  });

  test('is not an OAuth 2.0 without a token: Newman gets none', async () => {
    const { error } = await run({ items: [mint({ auth: oauth2('') })] });
    const hint = {
      text: expect.stringMatching(/^The OAuth 2\.0 of the collection has no access token, .* Give one\.$/),
    };
    expect(error).toMatchObject({ code: 'admin-token-missing', hint });
  });

  test.for<[string, Terms, readonly string[]]>([
    ['Basic', { items: [mint({ auth: BASIC })], values: VALUES }, [BASIC_LINE]],
    ['a login', { items: [setsToken, mint()], job: LOGIN }, [TOKEN_LINE, LOGIN_LINE]],
  ])('%s of the collection counts although IAT_ADMIN_TOKEN is set, and the run says so', async ([, terms, lines]) => {
    const ended = await run({ ...terms, given: 'variable' });
    expect([ended.error, ended.lines]).toEqual([null, lines]);
    expect(ended.warnings.join()).toMatch(
      /^IAT_ADMIN_TOKEN is not used: the authorization of the mint comes from the /,
    );
  });

  test('is not said to be the admin token where it is refused', async () => {
    const answers = () => ({ status: 401, body: {} });
    const { error } = await run({ items: [mint({ auth: BASIC })], values: VALUES, answers });
    expect(error).toMatchObject({
      code: 'idp-unauthorized',
      message: 'The IdP refused the authorization from the collection, basic (401).',
    });
  });

  test('has to have its values', async () => {
    const { error, lines } = await run({ items: [mint({ auth: BASIC })], values: { user: 'u' } });
    expect([error?.code, lines]).toEqual(['variable-unresolved', []]);
  });

  test('is known before the first request', async () => {
    const { learned, result } = await run({
      items: [mint({ header: [{ key: 'X-API-Key', value: 'key-0123456789abcdef' }] })],
      job: { dryRun: true },
    });
    expect(learned).toContain('key-0123456789abcdef');
    expect(result.next[0]?.text).toMatch(
      /^mint: POST http:\S+\/mint with the authorization from the collection, X-API-Key in its header$/,
    );
  });

  test('goes with a login in the plan of a dry run', async () => {
    const { result, lines } = await run({
      items: [setsToken, mint()],
      values: NO_TOKEN,
      job: { ...LOGIN, dryRun: true },
    });
    expect(result.next.slice(0, 2).map(({ text }) => text)).toEqual([
      'login: Get admin token',
      expect.stringMatching(/^mint: POST \S+ with the authorization from the login "Get admin token"$/),
    ]);
    expect(lines).toEqual([]);
  });
});
