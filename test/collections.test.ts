import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readToken } from '../scripts/idp/token.ts';
import { parseCollection, requestsIn } from '../scripts/postman/collection.ts';
import type { Item } from '../scripts/postman/collection-format.ts';
import { createCollections } from '../scripts/postman/newman.ts';
import { planHealth, toRun } from '../scripts/postman/request-plan.ts';
import { findFolder, findRequest } from '../scripts/postman/selection.ts';
import { sendJson, serve } from './support/server.ts';
import { startSharedWorker } from './support/shared-worker.ts';
import { openStory } from './support/story.ts';

const folder = new URL('../collections/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const FILE = 'EmpowerNow.postman_collection.json';

const COLLECTIONS = readdirSync(folder).filter((name) => name.endsWith('.postman_collection.json'));

test.for(COLLECTIONS)('%s is v2.1, and every item, script and variable has an id of its own', (file) => {
  const raw = JSON.parse(read(file).toString());
  expect(raw.info.schema).toBe('https://schema.getpostman.com/json/collection/v2.1.0/collection.json');
  const ids: string[] = [];
  const visit = (item: Item) => {
    ids.push(item.id ?? '');
    for (const event of item.event ?? []) ids.push((event.script as { id?: string }).id ?? '');
    for (const child of item.item ?? []) visit(child);
  };
  for (const item of raw.item) visit(item);
  for (const variable of raw.variable) ids.push(variable.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id))).toBe(true);
});

describe('the supplied collection', () => {
  const raw = JSON.parse(read(FILE).toString());
  const collection = parseCollection(read(FILE), FILE);

  test('mints as the runbook says: method, route, body, Bearer', () => {
    expect(findRequest(collection, 'IdP Admin/DCR IAT', FILE).item.request).toMatchObject({
      method: 'POST',
      url: { raw: '{{idp_url}}/api/admin/dcr/initial-access-tokens' },
      auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{admin_token}}' }] },
    });
    const values = Object.fromEntries(raw.variable.map(({ key, value }: Record<string, string>) => [key, value]));
    expect(values).toMatchObject({
      idp_url: 'https://idp.ocg.labs.empowernow.ai',
      bff_url: 'http://localhost:8000',
      bff_health_path: 'health',
      iat_label: 'ms-bff bootstrap',
      iat_expires_in: '3600',
      iat_max_usages: '1',
    });
  });

  test('checks health and keys of the BFF', () => {
    const requests = requestsIn(findFolder(collection, 'BFF Health', FILE), collection);
    expect(requests.map(({ item }) => item.name)).toEqual(['Health', 'JWKS']);
  });
});

test.for([
  [undefined, ['GET /health', 'GET /.well-known/jwks.json']],
  ['auth/health', ['GET /auth/health', 'GET /.well-known/jwks.json']],
])("the health folder asks the BFF's own path, bff_health_path %s", async ([path, asked]) => {
  const heard: string[] = [];
  const url = await serve(({ method, url: target }, response) => {
    heard.push(`${method} ${target}`);
    sendJson(response, 200, { components: {}, keys: [{ kid: 'bff-sig-001' }] });
  });
  const values = path === undefined ? [] : [{ name: 'bff_health_path', value: path, isSecret: false }];
  const none = { environmentName: '', globals: [], data: null, facts: [], warnings: [] };
  const source = { ...none, collection: parseCollection(read(FILE), FILE), file: FILE, values };
  const engine = createCollections(() => {}, {}, [], startSharedWorker);
  onTestFinished(() => engine.close());
  const plan = planHealth(source, { healthFolder: 'BFF Health', bffUrl: url });
  const limits = { requestTimeoutMs: 5_000, signal: new AbortController().signal };
  const { exchanges } = await engine.run(toRun(plan, { caFile: null, insecure: false }, limits));
  expect(heard).toEqual(asked);
  expect(exchanges.flatMap(({ assertions }) => assertions.map(({ status }) => status))).not.toContain('failed');
});

test('no file of the folder holds a secret: what is marked secret is empty', () => {
  const environments = readdirSync(folder).filter((name) => name.endsWith('.postman_environment.json'));
  expect(environments.length).toBeGreaterThan(1);
  for (const name of environments) {
    const { values } = JSON.parse(read(name).toString()) as { values: { key: string; value: string; type: string }[] };
    const secrets = values.filter(({ type }) => type === 'secret');
    expect(secrets.map(({ key, value }) => [key, value])).toContainEqual([
      name.startsWith('Keycloak') ? 'client_secret' : 'admin_token',
      '',
    ]);
    expect(secrets.filter(({ value }) => value !== '')).toEqual([]);
    expect(values.filter(({ key, type }) => /secret|password|token/.test(key) && type !== 'secret')).toEqual([]);
  }
});

describe("Keycloak's", () => {
  const FILE = 'Keycloak.postman_collection.json';
  /** As Keycloak signs them: a JWT whose `typ` says what it is. */
  const token = (typ: string) =>
    `e30.${Buffer.from(JSON.stringify({ typ, jti: 'test-only' })).toString('base64url')}.c2ln`;
  const ADMIN = token('Bearer');
  const IAT = token('InitialAccessToken');
  const GRANTS = [
    { grant_type: 'client_credentials', client_id: 'bff-iat', client_secret: 'test-only-client-secret' },
    { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'test-only-password' },
  ];

  test.for([
    ['a service account', { client_secret: 'test-only-client-secret' }, '3600'],
    [
      'a person',
      { grant_type: 'password', client_id: 'admin-cli', admin_username: 'admin', admin_password: 'test-only-password' },
      '3600',
    ],
    ['a token that does not expire', { client_secret: 'test-only-client-secret' }, '0'],
  ] as const)('logs in, and mints with what it got: %s', async ([, given, expiration]) => {
    const timestamp = Math.floor(Date.now() / 1_000);
    const url = await serve(({ method, url, headers, text }, response) => {
      const line = `${method} ${url}`;
      if (line === 'POST /realms/master/protocol/openid-connect/token') {
        const form = Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== ''));
        const isKnown = GRANTS.some((grant) => JSON.stringify(grant) === JSON.stringify(form));
        if (!isKnown) return sendJson(response, 401, { error: 'unauthorized_client' });
        return sendJson(response, 200, { access_token: ADMIN, expires_in: 60, token_type: 'Bearer' });
      }
      if (line !== 'POST /admin/realms/my-realm/clients-initial-access') return sendJson(response, 404, {});
      if (headers.authorization !== `Bearer ${ADMIN}`)
        return sendJson(response, 401, { error: 'HTTP 401 Unauthorized' });
      const asked = JSON.parse(text) as { expiration: number; count: number };
      sendJson(response, 201, { id: 'a', token: IAT, timestamp, ...asked, remainingCount: asked.count });
    });
    const collection = parseCollection(read(FILE), FILE);
    const environment = JSON.parse(read('Keycloak.postman_environment.json').toString()) as {
      values: { key: string; value: string }[];
    };
    const engine = createCollections(() => {}, {}, [], startSharedWorker);
    onTestFinished(() => engine.close());
    const places = [findFolder(collection, 'Login', FILE), findRequest(collection, 'IdP Admin/DCR IAT', FILE)];
    const own = { idp_url: url, realm: 'my-realm', iat_expires_in: expiration, ...given };
    const { exchanges, variables, lastBody } = await engine.run({
      collection: collection as object,
      items: places.map(({ item }) => item.id ?? ''),
      requests: 2,
      variables: Object.entries({
        ...Object.fromEntries(environment.values.map(({ key, value }) => [key, value])),
        ...own,
      }).map(([name, value]) => ({ name, value })),
      ...{ tls: { caFile: null, insecure: false }, requestTimeoutMs: 5_000, isBounded: true, local: null },
      ...{ origins: [url], signal: new AbortController().signal },
    });
    expect(exchanges.map(({ name, response }) => [name, response?.status])).toEqual([
      ['Admin Token', 200],
      ['DCR IAT', 201],
    ]);
    expect(exchanges.flatMap(({ assertions }) => assertions.filter(({ status }) => status !== 'passed'))).toEqual([]);
    expect(variables).toEqual({ admin_token: ADMIN });
    const { secret, facts, warnings } = readToken(
      { body: lastBody ?? '', type: 'application/json', headers: [], variables },
      {
        ...{
          path: null,
          header: null,
          variable: null,
          adminToken: null,
          authorization: `Bearer ${ADMIN}`,
          current: null,
        },
        ...{ now: new Date(), isLifeAsked: true },
      },
    );
    expect([secret.reveal(), facts.maxUsages]).toEqual([IAT, 1]);
    const isForEver = expiration === '0';
    expect(facts.expiresAt?.getTime()).toBe(isForEver ? undefined : (timestamp + 3_600) * 1_000);
    expect(warnings).toEqual(isForEver ? [expect.stringMatching(/expiration is 0/)] : []);
  });
});

test("oidc-provider's mints at the real one of the sandbox, by the sandbox's route", async () => {
  const story = await openStory({ startBff: false });
  const file = new URL('oidc-provider.postman_collection.json', folder).pathname;
  const { exitCode, run, all } = await story.run('iat', '--collection', file, '--no-restart');
  expect([exitCode, run.token?.maxUsages], all).toEqual([0, 1]);
  expect(await story.written()).toMatch(/^[\w-]{43}$/);
});
