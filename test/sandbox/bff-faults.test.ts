import { describe, expect, test } from 'vitest';
import { type BffFaultName, FAULTS, type IdpFaultName } from '../../scripts/sandbox/faults.ts';
import { findFreePort } from '../../scripts/sandbox/http.ts';
import type { Idp } from '../../scripts/sandbox/idp-server.ts';
import { type BffProcess, bffProcess, call, fault, idp, json, listening, mint, temporaryFolder } from './support.ts';

/** What the BFF says, how it ends (null: it goes on), and what is asked of it while it runs. */
interface Expected {
  readonly says?: readonly string[];
  readonly exit?: number | null;
  readonly check?: (bff: BffProcess, address: string) => Promise<void>;
}

const statusOf = async (url: string) => (await call('GET', url, null)).status;

const REGISTRATION: Record<Extract<IdpFaultName, `register-${string}`>, string> = {
  'register-invalid-scope': '400 Bad Request {"error":"invalid_scope"',
  'register-invalid-redirect-uri': '400 Bad Request {"error":"invalid_redirect_uri"',
  'register-invalid-client-metadata': '400 Bad Request {"error":"invalid_client_metadata"',
  'register-401': '401 Unauthorized {"error":"invalid_token"',
  'register-500': '500 Internal Server Error {"error":"server_error"',
};

/** `never-starts` is the stack's: see test/e2e/faults.test.ts. */
const OWN_TESTS = ['leaks-token', 'never-logs', 'never-starts', 'port-in-use', 'silent-hang', 'slow-start'] as const;
const ask = async (url: string) => {
  const { status, text } = await call('GET', url, null);
  return `${status} ${text}`;
};

const BFF: Record<Exclude<BffFaultName, (typeof OWN_TESTS)[number]>, Expected> = {
  'exits-at-once': { exit: 3 },
  'crash-loop': { says: ['Client registered: bff-server', 'RuntimeError: session store'], exit: 1 },
  'dies-later': {
    check: async (bff, address) => {
      expect(await statusOf(`${address}/health`)).toBe(200);
      expect(await bff.ended).toBe(1);
    },
  },
  unhealthy: {
    check: async (_bff, address) => {
      const answer = await call('GET', `${address}/health`, null);
      expect(answer.status).toBe(503);
      expect(json(answer).components).toMatchObject({ sessions: { status: 'unhealthy' }, idp: { status: 'healthy' } });
    },
  },
  flapping: {
    check: async (_bff, address) => {
      const statuses = [];
      for (let turn = 0; turn < 4; turn++) statuses.push(await statusOf(`${address}/health`));
      expect(statuses).toEqual([200, 503, 200, 503]);
    },
  },
  'redis-down': {
    check: async (bff, address) => {
      const answer = await call('GET', `${address}/health`, null);
      expect(answer.status).toBe(503);
      expect(json(answer).components.redis).toMatchObject({ status: 'unhealthy' });
      expect(await statusOf(`${address}/api/v1/health/ready`)).toBe(503);
      expect(await statusOf(`${address}/api/v1/health/live`)).toBe(200);
      expect(bff.output()).toContain('Error 111 connecting to 127.0.0.1:1');
    },
  },
  'kafka-unconfigured': { says: ["Unable to bootstrap from [('localhost', 9092,"] },
  'idp-unreachable': { says: ['Traceback', 'httpx.ConnectError: [Errno 111] Connection refused'], exit: 3 },
  // A resolver that does not answer in time is as good.
  dns: { says: ['Traceback', 'httpx.Connect'], exit: 3 },
  tls: { says: ['[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate'], exit: 3 },
  'jwks-missing-kid': {
    check: async (_bff, address) => {
      const { keys } = json(await call('GET', `${address}/.well-known/jwks.json`, null));
      expect(keys).toMatchObject([{ kid: 'bff-sig-000' }]);
    },
  },
  'invalid-client': { says: ['at /token: 401', 'invalid_client', 'must be jwt-bearer'], exit: 3 },
  'rat-invalid': { says: ['(RAT) is invalid or expired: 401', 'an admin must act'], exit: 3 },
  'log-flood': { says: ['cache entry refreshed', 'Client registered: bff-server'] },
  'log-line': { says: ['x'.repeat(1024 * 1024), 'Client registered: bff-server'] },
  'log-garbage': { says: ['::error::not for the CI', 'Client registered: bff-server'] },
  // Its end by a signal has no code.
  'out-of-memory': { says: ['Client registered: bff-server'], exit: 137 },
  'dies-in-bootstrap': { says: ['DCR bootstrap starting', 'PermissionError: [Errno 13]'], exit: 1 },
  'health-404': {
    check: async (_bff, address) => expect(await ask(`${address}/health`)).toMatch(/^404/),
  },
  'health-html': {
    check: async (_bff, address) => expect(await ask(`${address}/health`)).toMatch(/^200 <title>/),
  },
  'health-redirect': {
    check: async (_bff, address) => expect(await statusOf(`${address}/health`)).toBe(302),
  },
  'health-hang': {
    check: async (_bff, address) => {
      const asked = fetch(`${address}/health`, { signal: AbortSignal.timeout(300) });
      await expect(asked).rejects.toThrow(/timeout/);
    },
  },
  'idp-silent': { says: ['httpx.ConnectTimeout: timed out'], exit: 3 },
  'iat-ignored': { says: ['No cached credentials and DCR_IAT is not set'], exit: 3 },
  'iat-mangled': { says: ['DCR_IAT has an invalid token format'], exit: 3 },
  'bootstrap-skipped': { says: ['DCR bootstrap skipped'] },
  'bootstrap-swallowed': { says: ['Client registration failed: 401', 'Continuing without client registration'] },
};

describe.concurrent('the BFF', () => {
  const start = async ({ url }: Idp, env: Record<string, string>) => {
    const basic = { SANDBOX_ROOT: temporaryFolder(), IDP_BASE_URL: url, KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092' };
    return bffProcess({ ...basic, DCR_IAT: await mint(url), ...env });
  };

  test.each(Object.entries(REGISTRATION))('%s', async (name, line) => {
    const bff = await start(await idp({ fault: fault(name as IdpFaultName) }), {});
    expect(await bff.ended).toBe(3);
    expect(bff.output()).toContain(`Client registration failed: ${line}`);
    expect(bff.output()).toContain('Get new RAT/IAT');
  });

  const NUMBERS: Record<string, string> = { 'dies-later': ':0.1', 'log-flood': ':2', 'log-line': ':2' };

  test.each(Object.entries(BFF))('%s', async (name, { says = [], exit, check }) => {
    const bff = await start(await idp(), { SANDBOX_BFF_FAULT: name + (NUMBERS[name] ?? '') });
    if (exit === undefined) {
      const address = await listening(bff);
      await check?.(bff, address);
    } else {
      expect(await bff.ended).toBe(exit);
    }
    for (const text of says) expect(bff.output()).toContain(text);
  });

  test('rat-invalid: replacing the client by force is the way out', async () => {
    const env = { SANDBOX_BFF_FAULT: 'rat-invalid', SANDBOX_ROOT: temporaryFolder() };
    const started = await idp();
    expect(await (await start(started, env)).ended).toBe(3);
    await listening(await start(started, { ...env, DCR_FORCE_REPLACE: 'true' }));
  });

  test('leaks-token: the token itself is in the log, and only with this fault', async () => {
    const started = await idp();
    const iat = await mint(started.url);
    const bff = await start(started, { SANDBOX_BFF_FAULT: 'leaks-token', DCR_IAT: iat });
    await listening(bff);
    expect(bff.output()).toContain(`Bearer ${iat}`);
  });

  test('slow-start starts late, and then works', async () => {
    const before = performance.now();
    const bff = await start(await idp(), { SANDBOX_BFF_FAULT: 'slow-start:1' });
    await bff.wrote('Started server process');
    expect(performance.now() - before).toBeGreaterThan(1_000);
    await listening(bff);
    expect(bff.output()).toContain('Client registered: bff-server');
    expect(bff.output()).not.toContain('Unable to bootstrap');
  });

  test('port-in-use: it registers, and cannot listen', async () => {
    const port = String(await findFreePort());
    const bff = await start(await idp(), { SANDBOX_BFF_FAULT: 'port-in-use', BFF_PORT: port });
    expect(await bff.ended).toBe(1);
    expect(bff.output()).toMatch(/Client registered[\s\S]*\[Errno 98\] error while attempting to bind/);
  });

  test('never-logs works and says nothing', async () => {
    const started = await idp();
    const port = await findFreePort();
    const bff = await start(started, { SANDBOX_BFF_FAULT: 'never-logs', BFF_PORT: String(port) });
    await expect.poll(() => statusOf(`http://127.0.0.1:${port}/health`).catch(() => 0), { timeout: 60_000 }).toBe(200);
    expect(bff.output()).toBe('');
    expect(started.received).toContainEqual(expect.objectContaining({ method: 'POST', path: '/api/oidc/register' }));
  });

  test('silent-hang neither logs nor listens, and ends when its stdin closes', async () => {
    const bff = await start(await idp(), { SANDBOX_BFF_FAULT: 'silent-hang', SANDBOX_LIFELINE: 'stdin' });
    await hasStarted(bff);
    bff.child.stdin?.end();
    expect(await bff.ended).toBe(1);
    expect(bff.output()).toBe('');
  });
});

/** Resolves when the process reads its stdin, which it begins to do right before its work: more than a pipe holds is gone. */
function hasStarted({ child }: BffProcess): Promise<void> {
  return new Promise((resolve) => child.stdin?.write(' '.repeat(2_000_000), () => resolve()));
}

test.concurrent('every fault of the BFF is tried here', () => {
  const ofBff = Object.keys(FAULTS).filter((name) => FAULTS[name as BffFaultName].in === 'bff');
  expect([...Object.keys(BFF), ...OWN_TESTS].sort()).toEqual(ofBff.sort());
});
