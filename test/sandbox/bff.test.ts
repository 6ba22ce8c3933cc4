import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ADMIN, bffProcess, call, idp, json, listening, mint, temporaryFolder } from './support.ts';

const CREDENTIALS = 'app/keys/bff_client.json';
const KEY = 'app/keys/bff-sig-001.pem';
const ADVICE = 'Get new RAT/IAT from /api/admin/dcr/initial-access-tokens and update DCR_IAT';

/** An IdP and a BFF that has registered at it and was stopped. */
async function registered() {
  const { url } = await idp();
  const root = temporaryFolder();
  const env = { SANDBOX_ROOT: root, IDP_BASE_URL: `${url}/api/oidc` };
  const bff = bffProcess({ ...env, DCR_IAT: await mint(url) });
  await listening(bff);
  bff.child.kill('SIGTERM');
  await bff.ended;
  return { url, root, env };
}

describe.concurrent('without cached credentials', () => {
  test.each([
    ['no IAT', '', 'No cached credentials and DCR_IAT is not set'],
    ['a malformed IAT', 'a token with blanks', 'invalid token format'],
    ['an unknown IAT', 'test-only-unknown-token', '401 Unauthorized {"error":"invalid_token"'],
  ])('and with %s it gives advice and exits', async (_case, iat, line) => {
    const { url } = await idp();
    const root = temporaryFolder();
    const bff = bffProcess({ SANDBOX_ROOT: root, IDP_BASE_URL: url, DCR_IAT: iat });
    expect(await bff.ended).toBe(3);
    expect(bff.output()).toContain(line);
    expect(bff.output()).toContain(ADVICE);
    expect(bff.output()).toContain('ERROR:    Application startup failed. Exiting.');
    if (iat !== '') expect(bff.output()).not.toContain(iat);
    expect(existsSync(join(root, CREDENTIALS))).toBe(false);
    expect(existsSync(join(root, KEY))).toBe(false);
  });

  test.each(['', '/api/oidc', '/api/oidc/'])('it registers with an IAT at the base URL with "%s"', async (suffix) => {
    const { url } = await idp();
    const root = temporaryFolder();
    const iat = await mint(url);
    const bff = bffProcess({ SANDBOX_ROOT: root, IDP_BASE_URL: url + suffix, DCR_IAT: iat });
    const address = await listening(bff);
    expect(bff.output()).toContain('Client registered: bff-server');
    expect(bff.output()).toContain('"HTTP/1.1 201 Created"');
    expect(bff.output()).not.toContain(iat);
    for (const file of [CREDENTIALS, KEY]) expect(statSync(join(root, file)).mode & 0o777).toBe(0o600);
    expect(json(await call('GET', `${address}/.well-known/jwks.json`, null)).keys).toMatchObject([
      { kid: 'bff-sig-001' },
    ]);
    const health = await call('GET', `${address}/health`, null);
    expect(health.status).toBe(200);
    expect(json(health)).toMatchObject({
      status: 'healthy',
      components: { redis: { status: 'healthy' }, idp: { status: 'healthy' } },
    });
  });

  test('it starts without registration where failures are allowed', async () => {
    const { url } = await idp();
    const bff = bffProcess({ SANDBOX_ROOT: temporaryFolder(), IDP_BASE_URL: url, ALLOW_BOOTSTRAP_FAILURE: 'true' });
    const address = await listening(bff);
    expect(bff.output()).toContain(ADVICE);
    expect((await call('GET', `${address}/health`, null)).status).toBe(200);
  });

  test.each([
    [{ DCR_ENABLED: 'false' }, 'DCR disabled'],
    [{ SKIP_DCR_BOOTSTRAP: 'true' }, 'DCR bootstrap skipped'],
  ])('%o does without registration', async (env, line) => {
    const { url } = await idp();
    const bff = bffProcess({ SANDBOX_ROOT: temporaryFolder(), IDP_BASE_URL: url, ...env });
    await listening(bff);
    expect(bff.output()).toContain(line);
  });
});

describe.concurrent('with cached credentials', () => {
  test('it starts without an IAT', async () => {
    const { env } = await registered();
    const bff = bffProcess(env);
    await listening(bff);
    expect(bff.output()).toContain('Cached client credentials found: bff-server');
    expect(bff.output()).toContain('nothing to do');
  });

  test('it leaves an IAT unused', async () => {
    const { url, env } = await registered();
    const iat = await mint(url);
    const bff = bffProcess({ ...env, DCR_IAT: iat });
    await listening(bff);
    const client = { client_id: 'other', redirect_uris: ['https://bff.example/auth/callback'] };
    expect((await call('POST', `${url}/api/oidc/register`, iat, client)).status).toBe(201);
  });

  test('it publishes a new key when its own is lost', async () => {
    const { root, env } = await registered();
    rmSync(join(root, KEY));
    const bff = bffProcess(env);
    await listening(bff);
    expect(bff.output()).toContain('JWKS rotated successfully');
    expect(existsSync(join(root, KEY))).toBe(true);

    const next = bffProcess(env);
    await listening(next);
    expect(next.output()).toContain('nothing to do');
  });

  test('force replace needs an IAT, and then replaces the client', async () => {
    const { url, root, env } = await registered();
    const before = readFileSync(join(root, CREDENTIALS), 'utf8');
    const failing = bffProcess({ ...env, DCR_FORCE_REPLACE: 'true' });
    expect(await failing.ended).toBe(3);
    expect(readFileSync(join(root, CREDENTIALS), 'utf8')).toBe(before);

    const bff = bffProcess({ ...env, DCR_FORCE_REPLACE: 'true', DCR_IAT: await mint(url) });
    await listening(bff);
    expect(bff.output()).toContain('"HTTP/1.1 204 No Content"');
    expect(bff.output()).toContain('Client registered: bff-server');
    expect(readFileSync(join(root, CREDENTIALS), 'utf8')).not.toBe(before);
  });

  test('a registration access token that is refused is renewed by the admin token, or not at all', async () => {
    const { root, env } = await registered();
    const credentials = { client_id: 'bff-server', registration_access_token: 'test-only-stale-rat' };
    writeFileSync(join(root, CREDENTIALS), JSON.stringify(credentials));
    const failing = bffProcess(env);
    expect(await failing.ended).toBe(3);
    expect(failing.output()).toContain('Registration access token (RAT) is invalid or expired: 401');
    expect(failing.output()).toContain('an admin must act');

    const bff = bffProcess({ ...env, BOOTSTRAP_ADMIN_TOKEN: ADMIN });
    await listening(bff);
    expect(bff.output()).toContain('RAT renewed for bff-server');
    expect(readFileSync(join(root, CREDENTIALS), 'utf8')).not.toContain('test-only-stale-rat');
  });

  test('another auth method than the registered one is refused at the token endpoint', async () => {
    const { env } = await registered();
    const bff = bffProcess({ ...env, MS_BFF_TOKEN_AUTH_METHOD: 'client_secret_post' });
    expect(await bff.ended).toBe(3);
    expect(bff.output()).toContain('invalid_client');
  });
});

test.concurrent.each(['client_secret_basic', 'client_secret_post'])('registers with %s as well', async (method) => {
  const { url } = await idp();
  const env = { SANDBOX_ROOT: temporaryFolder(), IDP_BASE_URL: url, MS_BFF_TOKEN_AUTH_METHOD: method };
  await listening(bffProcess({ ...env, DCR_IAT: await mint(url) }));
});

test.concurrent('logs JSON lines on request', async () => {
  const { url } = await idp();
  const bff = bffProcess({ SANDBOX_ROOT: temporaryFolder(), IDP_BASE_URL: url, SANDBOX_BFF_LOG: 'json' });
  await bff.ended;
  const events = bff
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ event }) => event)).toContain(ADVICE);
  expect(events.every(({ logger, level, timestamp }) => logger && level && timestamp)).toBe(true);
});

test.concurrent('serves the other health endpoints', async () => {
  const { url } = await idp();
  const env = { SANDBOX_ROOT: temporaryFolder(), IDP_BASE_URL: url, DCR_IAT: await mint(url) };
  const address = await listening(bffProcess(env));
  for (const path of [
    '/auth/health',
    '/api/v1/health',
    '/api/v1/health/live',
    '/api/v1/health/ready',
    '/api/v1/health/redis',
  ]) {
    expect([path, (await call('GET', address + path, null)).status]).toEqual([path, 200]);
  }
  expect((await call('GET', `${address}/nothing`, null)).status).toBe(404);
});

test.concurrent('ends when the process that started it is gone', async () => {
  const { url } = await idp();
  const env = {
    SANDBOX_ROOT: temporaryFolder(),
    IDP_BASE_URL: url,
    DCR_IAT: await mint(url),
    SANDBOX_LIFELINE: 'stdin',
  };
  const bff = bffProcess(env);
  await listening(bff);
  bff.child.stdin?.end();
  expect(await bff.ended).toBe(1);
});
