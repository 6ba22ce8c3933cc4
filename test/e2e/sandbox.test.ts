import { describe, expect, test } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { runSandboxed, type SandboxedRun } from '../support/sandboxed.ts';

/** Neither secret stands in any form in output or files, but for the IAT in the one line of the compose file. */
function verifyNoLeak({ adminToken, iat, files, stdout, stderr, composeAfter }: SandboxedRun): void {
  const masker = new Masker();
  const secrets = [adminToken, ...(iat === null ? [] : [iat])];
  for (const secret of secrets) masker.add(new Secret(secret, 'secret'));
  // What else stands in sandbox/ is not of this tool: the log as Docker would keep it, the keys volume of the BFF.
  const written = [...files].filter(([path]) => !path.startsWith('sandbox/'));
  expect(written.length).toBeGreaterThan(3);
  const compose = Buffer.from(composeAfter.replace(`"${iat}"`, '""'));
  const output = [stdout, stderr].map((text, index): [string, Buffer] => [`output ${index}`, Buffer.from(text)]);
  for (const [path, bytes] of [...written, ...output, ['compose file', compose] as const]) {
    expect(masker.find(bytes), path).toEqual([]);
    // And once without the masker's own eyes.
    const text = bytes.toString('utf8');
    for (const secret of secrets) {
      expect(text.includes(secret), path).toBe(false);
      expect(text.includes(encodeURIComponent(secret)), path).toBe(false);
      expect(text.includes(Buffer.from(secret).toString('base64').slice(0, -4)), path).toBe(false);
    }
  }
}

describe('from failing to healthy', () => {
  test('registers, and changes only the lines it names', async () => {
    const result = await runSandboxed(['--json']);
    expect(result.run.exitCode, result.stderr).toBe(0);
    expect(result.document).toMatchObject({
      schema: 1,
      command: 'iat',
      verdict: 'healthy',
      exitCode: 0,
      steps: ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'].map((name) => ({
        name,
        status: 'passed',
      })),
      token: { handle: expect.stringMatching(/^sha256:[0-9a-f]{8}$/), maxUsages: 1 },
      compose: { service: 'bff', wrote: 'compose', changed: expect.arrayContaining(['DCR_IAT']) },
      diagnosis: { code: 'registered' },
      error: null,
    });
    expect(Object.fromEntries(result.run.facts)['Registration']).toContain('Client registered: bff-server');
    const added = result.composeAfter.split('\n').filter((line) => !result.composeBefore.split('\n').includes(line));
    expect(added).toEqual([expect.stringMatching(/^\s+DCR_IAT: /)]);
    expect(result.iat).not.toBeNull();
    const reports = [...result.files.keys()].filter((path) => path.startsWith('reports/'));
    for (const name of ['index.html', 'junit.xml', 'result.json']) {
      expect(reports.some((path) => path.endsWith(`-iat/${name}`))).toBe(true);
    }
    expect(reports).toContain('reports/index.html');
    verifyNoLeak(result);
  });

  test('a stale token is replaced, and a BFF that logs its token does not leak it', async () => {
    const result = await runSandboxed(['--verbose'], { staleIat: true, fault: 'leaks-token' });
    expect(result.run.exitCode, result.stdout).toBe(0);
    expect(result.composeAfter.split('\n')).toHaveLength(result.composeBefore.split('\n').length);
    expect(result.stdout).toMatch(/✔ health +2 of 2 requests pass/);
    verifyNoLeak(result);
  });
});

describe('what the IdP can do', () => {
  test.for([
    ['mint-400', 'idp-bad-request'],
    ['mint-401', 'idp-unauthorized'],
    ['mint-403', 'idp-forbidden'],
    ['mint-404', 'idp-not-found'],
    ['mint-html', 'idp-not-json'],
    ['mint-redirect', 'idp-redirect'],
    ['mint-no-token', 'token-missing'],
    ['mint-two-tokens', 'token-ambiguous'],
    ['mint-bad-json', 'idp-not-json'],
    ['mint-expired-token', 'token-expired'],
    ['mint-reset', 'idp-unreachable'],
  ] as const)('%s: exit 3, %s, and nothing is changed', async ([fault, code]) => {
    const result = await runSandboxed([], { fault, startBff: false });
    expect(result.run, result.stdout).toMatchObject({
      exitCode: 3,
      verdict: 'failed',
      error: { code, hint: { text: expect.any(String) } },
    });
    expect(result.composeAfter).toBe(result.composeBefore);
    expect(result.run.steps.map(({ status }) => status)).toEqual([
      'passed',
      'failed',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
    ]);
    verifyNoLeak(result);
  });

  test.for(['mint-500', 'mint-429', 'keycloak-shape'] as const)('%s: goes on to healthy', async (fault) => {
    const result = await runSandboxed([], { fault });
    expect(result.run.exitCode, result.stdout).toBe(0);
  });
});

describe('what the BFF can do: exit 1, and the token stays written', () => {
  test.for([
    ['register-invalid-scope', 'invalid-scope', 'bootstrap-failed'],
    ['register-invalid-redirect-uri', 'invalid-redirect-uri', 'bootstrap-failed'],
    ['register-invalid-client-metadata', 'invalid-client-metadata', 'bootstrap-failed'],
    ['register-401', 'iat-invalid', 'bootstrap-failed'],
    ['register-500', 'idp-error', 'bootstrap-failed'],
    ['idp-unreachable', 'idp-unreachable', 'bootstrap-failed'],
    ['exits-at-once', 'unknown', 'container-exited'],
  ] as const)('%s', async ([fault, diagnosis, code]) => {
    const result = await runSandboxed([], { fault });
    expect(result.run, result.stdout).toMatchObject({
      exitCode: 1,
      verdict: 'unhealthy',
      diagnosis: { code: diagnosis, iatHelps: diagnosis === 'unknown' ? null : diagnosis === 'iat-invalid' },
      error: { code },
    });
    expect(result.iat).not.toBeNull();
    verifyNoLeak(result);
  });

  test('a crash loop is noticed as one', async () => {
    const result = await runSandboxed([], { fault: 'crash-loop', restart: 'always' });
    expect(result.run, result.stdout).toMatchObject({ exitCode: 1, error: { code: 'container-crash-loop' } });
  });

  test('an unhealthy one: what is down by name, as a diagnosis and not as the end of the time', async () => {
    const result = await runSandboxed(['--health-timeout', '600'], { fault: 'redis-down' });
    expect(result.run, result.stdout).toMatchObject({
      exitCode: 1,
      diagnosis: { code: 'redis-unavailable', iatHelps: false },
      error: {
        code: 'bff-unhealthy',
        message: expect.stringMatching(/redis/i),
        hint: { text: expect.stringMatching(/REDIS_URL/) },
      },
    });
    const health = result.run.steps.find(({ name }) => name === 'health');
    expect(health?.attempts.length).toBeGreaterThan(2);
    verifyNoLeak(result);
  });

  test('one that dies while it is watched', async () => {
    const result = await runSandboxed(['--stable-for', '20'], { fault: 'dies-later:1' });
    expect(result.run, result.stdout).toMatchObject({ exitCode: 1, error: { code: 'container-exited' } });
    expect(result.run.steps.at(-1)).toMatchObject({ name: 'health', status: 'failed' });
  });
});

describe('stopping early', () => {
  test('--dry-run changes and mints nothing, and says the commands', async () => {
    const result = await runSandboxed(['--dry-run']);
    expect(result.run).toMatchObject({ exitCode: 0, verdict: 'planned', token: null });
    expect(result.composeAfter).toBe(result.composeBefore);
    expect(result.stdout).toMatch(/\+ +DCR_IAT: .*\n(.*\n)*.*up -d bff/);
  });

  test('--no-restart stops after writing', async () => {
    const result = await runSandboxed(['--no-restart']);
    expect(result.run).toMatchObject({ exitCode: 0, verdict: 'planned' });
    expect(result.iat).not.toBeNull();
    expect(result.run.steps.slice(3).map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
    verifyNoLeak(result);
  });
});
