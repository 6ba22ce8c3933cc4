import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ADMIN, call, idp, json, MINT, mint, POWERLESS } from './support.ts';

const REGISTER = '/api/oidc/register';
const CLIENT = { client_id: 'bff-server', redirect_uris: ['https://bff.example/auth/callback'] };

function jwks(kid: string) {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  return { keys: [{ ...jwk, kid, use: 'sig', alg: 'ES256' }] };
}

describe('minting', () => {
  test('answers 201 with the token and its terms', async () => {
    const { url } = await idp();
    const before = Date.now();
    const answer = await call('POST', url + MINT, ADMIN, {
      label: 'ms-bff bootstrap',
      expires_in: 3600,
      max_usages: 1,
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { id, token, expires_at: expiresAt, ...rest } = json(answer);
    expect(rest).toEqual({ label: 'ms-bff bootstrap', expires_in: 3600, max_usages: 1 });
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(token).not.toContain(id);
    expect(Date.parse(expiresAt) - before).toBeGreaterThanOrEqual(3_599_000);
  });

  test.each([
    ['no token', null, 401, 'invalid_token'],
    ['a wrong token', 'test-only-wrong-admin-token', 401, 'invalid_token'],
    ['a token without the right', POWERLESS, 403, 'insufficient_scope'],
  ])('refuses %s', async (_case, token, status, error) => {
    const { url } = await idp();
    const answer = await call('POST', url + MINT, token, { label: 'x' });
    expect(answer.status).toBe(status);
    expect(json(answer).error).toBe(error);
    expect(answer.headers['www-authenticate']).toContain(`error="${error}"`);
    expect(answer.headers['www-authenticate']?.includes('scope="dcr:admin"')).toBe(status === 403);
  });

  test.each([{ expires_in: 0 }, { expires_in: '3600' }, { max_usages: 1.5 }, { max_uses: -1 }, { label: 7 }])(
    'refuses %o',
    async (terms) => {
      const { url } = await idp();
      const answer = await call('POST', url + MINT, ADMIN, terms);
      expect(answer.status).toBe(400);
      expect(json(answer).error_description).toMatch(/label|expires_in|max_usages/);
    },
  );

  test('speaks Keycloak as well', async () => {
    const { url } = await idp();
    const path = '/admin/realms/lab/clients-initial-access';
    expect((await call('POST', url + path, null, {})).status).toBe(401);
    const answer = await call('POST', url + path, ADMIN, { expiration: 60, count: 2 });
    expect(answer.status).toBe(200);
    expect(json(answer)).toMatchObject({ expiration: 60, count: 2, remainingCount: 2 });
    expect((await call('POST', url + REGISTER, json(answer).token, CLIENT)).status).toBe(201);
  });
});

describe('registering', () => {
  test.each([REGISTER, '/api/oidc/dcr/register'])('at %s works once with a token of one use', async (path) => {
    const { url } = await idp();
    const token = await mint(url);
    const first = await call('POST', url + path, token, CLIENT);
    expect(first.status).toBe(201);
    expect(json(first)).toMatchObject({
      client_id: 'bff-server',
      registration_client_uri: `${url}${REGISTER}/bff-server`,
    });
    const second = await call('POST', url + path, token, CLIENT);
    expect(second.status).toBe(401);
    expect(json(second).error).toBe('invalid_token');
  });

  test('works as often as the token may be used', async () => {
    const { url } = await idp();
    const token = await mint(url, { max_usages: undefined, max_uses: 3 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await call('POST', url + REGISTER, token, CLIENT)).status);
    expect(statuses).toEqual([201, 201, 201, 401]);
  });

  test('counts uses also when many come at once', async () => {
    const { url } = await idp();
    const token = await mint(url);
    const answers = await Promise.all(Array.from({ length: 12 }, () => call('POST', url + REGISTER, token, CLIENT)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  test('a registration that is refused does not use the token up', async () => {
    const { url } = await idp({ policy: { allowedScopes: ['openid'] } });
    const token = await mint(url);
    const refused = await call('POST', url + REGISTER, token, { ...CLIENT, scope: 'openid profile' });
    expect(refused.status).toBe(400);
    expect(json(refused).error).toBe('invalid_scope');
    expect((await call('POST', url + REGISTER, token, CLIENT)).status).toBe(201);
  });

  test('is refused from the second in which the token expires', async () => {
    const { url } = await idp();
    const token = await mint(url, { expires_in: 1 });
    const expired = Math.floor(Date.now() / 1000) * 1000 + 2_000;
    let status = 201;
    while (Date.now() < expired && status === 201) {
      status = (await call('POST', url + REGISTER, token, { ...CLIENT, redirect_uris: ['not a uri'] })).status;
      if (status === 400) status = 201;
    }
    expect(status).toBe(401);
  });

  test('needs a token', async () => {
    const { url } = await idp();
    expect((await call('POST', url + REGISTER, null, CLIENT)).status).toBe(400);
    expect((await call('POST', url + REGISTER, 'test-only-unknown-token', CLIENT)).status).toBe(401);
  });
});

describe('managing a client', () => {
  async function registered() {
    const { url } = await idp();
    const answer = await call('POST', url + REGISTER, await mint(url), {
      ...CLIENT,
      client_name: 'BFF',
      jwks: jwks('old'),
    });
    return { url, client: `${url}${REGISTER}/bff-server`, rat: json(answer).registration_access_token as string };
  }

  test('PATCH replaces the JWKS and keeps the rest', async () => {
    const { client, rat } = await registered();
    const answer = await call('PATCH', client, rat, { jwks: jwks('new') });
    expect(answer.status).toBe(200);
    // The update has brought a new registration access token, and the old one is void.
    expect((await call('GET', client, rat)).status).toBe(401);
    const stored = json(await call('GET', client, json(answer).registration_access_token));
    expect(stored.jwks.keys).toMatchObject([{ kid: 'new' }]);
    expect(stored).toMatchObject({ client_name: 'BFF', redirect_uris: CLIENT.redirect_uris });
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])('%s needs the registration access token', async (method) => {
    const { client } = await registered();
    const answer = await call(method, client, 'test-only-unknown-token', method === 'GET' ? undefined : {});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('invalid_token');
  });

  test('a client that was removed is gone, and its token with it', async () => {
    const { client, rat } = await registered();
    expect((await call('DELETE', client, rat)).status).toBe(204);
    expect((await call('GET', client, rat)).status).toBe(401);
  });

  test('an admin can renew the registration access token', async () => {
    const { url, client } = await registered();
    const tokens = (id: string) => `${url}/api/admin/dcr/clients/${id}/tokens`;
    expect((await call('POST', tokens('bff-server'), null)).status).toBe(401);
    expect((await call('POST', tokens('nobody'), ADMIN)).status).toBe(404);
    const renewed = await call('POST', tokens('bff-server'), ADMIN);
    expect(renewed.status).toBe(201);
    expect((await call('GET', client, json(renewed).token)).status).toBe(200);
  });
});

test('discovery names the given issuer, and endpoints at the address that was asked', async () => {
  const { url } = await idp({ issuer: 'http://idp-app:8002/api/oidc' });
  const discovery = json(await call('GET', `${url}/api/oidc/.well-known/openid-configuration`, null));
  expect(discovery).toMatchObject({
    issuer: 'http://idp-app:8002/api/oidc',
    registration_endpoint: `${url}/api/oidc/register`,
    token_endpoint: `${url}/api/oidc/token`,
  });
  expect(json(await call('GET', discovery['jwks_uri'], null)).keys).toHaveLength(1);
  expect((await call('GET', `${url}/health`, null)).status).toBe(200);
});
