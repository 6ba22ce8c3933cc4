import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../scripts/sandbox/start.ts';
import { documentOf, runCommand } from '../support/command.ts';
import { runInSandbox, runSandboxed } from '../support/sandboxed.ts';
import { createHome, createStandIn } from '../support/stand-in.ts';

const NEVER = new AbortController().signal;
const fixture = (name: string) => new URL(`../fixtures/logs/${name}.log`, import.meta.url).pathname;

const iat = (sandbox: Sandbox, home: string) => runInSandbox('iat', ['--json'], { sandbox, home });

/** Gives the service another environment, by compose as a person would, and waits until the log has all of a failed start. */
async function restartWith(sandbox: Sandbox, from: string | RegExp, to: string): Promise<void> {
  const text = await readFile(sandbox.composeFile, 'utf8');
  await writeFile(sandbox.composeFile, text.replace(from, to));
  await sandbox.stack.up('bff', NEVER);
}

async function untilLogged(sandbox: Sandbox, words: string): Promise<void> {
  const container = await sandbox.stack.container('bff', NEVER);
  for await (const { text } of sandbox.stack.logs(container?.id ?? '', { follow: true, signal: NEVER })) {
    if (text.includes(words)) return;
  }
}

/** Its process has ended then, for the sandbox waits for that before it says where the log ends. */
async function untilFailed({ stack }: Sandbox): Promise<void> {
  const container = await stack.container('bff', NEVER);
  for await (const _ of stack.logs(container?.id ?? '', { follow: true, signal: NEVER }));
}

describe('npm run doctor against the sandbox', () => {
  test('no IAT: says so, that one helps, and changes nothing', async () => {
    const result = await runSandboxed(['--json'], {}, { command: 'doctor', before: untilFailed });
    expect(result.run.exitCode, result.stderr).toBe(1);
    expect(result.document).toMatchObject({
      schema: 1,
      command: 'doctor',
      verdict: 'unhealthy',
      exitCode: 1,
      steps: [
        { name: 'settings', status: 'passed' },
        { name: 'container', status: 'failed', summary: expect.stringContaining('exited with code 3') },
        { name: 'log', status: 'failed' },
        {
          name: 'idp',
          status: 'passed',
          summary: expect.stringMatching(/^from the BFF it answers .* from here it answers/),
        },
        { name: 'health', status: 'failed', summary: expect.stringContaining('ECONNREFUSED') },
      ],
      token: null,
      compose: null,
      diagnosis: { code: 'iat-missing', iatHelps: true, evidence: [expect.stringContaining('No cached credentials')] },
      error: { code: 'fault-found' },
    });
    expect(result.composeAfter).toBe(result.composeBefore);
    expect(
      [...result.files.keys()].filter((path) => /-doctor\/(?:index\.html|junit\.xml|result\.json)$/.test(path)),
    ).toHaveLength(3);
  });

  test('a stale one: cause, evidence, fix and whether an IAT helps fit on one screen', async () => {
    const result = await runSandboxed([], { staleIat: true }, { command: 'doctor', before: untilFailed });
    expect(result.run.diagnosis, result.stdout).toMatchObject({ code: 'iat-invalid', iatHelps: true });
    expect(result.stdout).toMatch(
      /mis-pasted\.\n( {2}\| .*\n)+ {2}Run npm run iat.*\n(.*\n)? {2}A fresh IAT helps: npm run iat\n/,
    );
    const lines = result.stdout.split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([]);
  });

  test('registered and healthy: exit 0, and npm run iat stops before it mints; --force goes on', async () => {
    let stopped: Awaited<ReturnType<typeof iat>> | null = null;
    const result = await runSandboxed(
      [],
      {},
      {
        command: 'doctor',
        async before(sandbox, home) {
          await iat(sandbox, home);
          const written = await readFile(sandbox.composeFile, 'utf8');
          stopped = await iat(sandbox, home);
          expect(await readFile(sandbox.composeFile, 'utf8')).toBe(written);
          const dry = await runInSandbox('iat', ['--dry-run'], { sandbox, home });
          expect(dry.run, dry.stdout).toMatchObject({
            exitCode: 0,
            warnings: [expect.stringContaining('It needs no IAT now.')],
          });
          const forced = await runInSandbox('iat', ['--force'], { sandbox, home });
          expect(forced.run, forced.stdout).toMatchObject({
            exitCode: 0,
            warnings: [expect.stringContaining('will not help')],
          });
        },
      },
    );
    expect(stopped).toMatchObject({
      run: {
        exitCode: 1,
        verdict: 'failed',
        token: null,
        error: {
          code: 'iat-does-not-help',
          message: expect.stringContaining('It needs no IAT now.'),
          hint: expect.stringContaining('--force'),
        },
      },
    });
    expect(result.run, result.stdout).toMatchObject({ exitCode: 0, verdict: 'healthy', error: null });
    expect(result.run.diagnosis?.code).toMatch(/^(?:registered|credentials-cached)$/);
    expect(result.stdout).toContain('Nothing is wrong. The BFF ');
  });

  test('up and healthy, but unregistered (ALLOW_BOOTSTRAP_FAILURE): not fine', async () => {
    const result = await runSandboxed(
      [],
      {},
      {
        command: 'doctor',
        async before(sandbox) {
          await restartWith(sandbox, 'ALLOW_BOOTSTRAP_FAILURE: "false"', 'ALLOW_BOOTSTRAP_FAILURE: "true"');
          await untilLogged(sandbox, 'startup complete');
        },
      },
    );
    expect(result.run.steps.find(({ name }) => name === 'health')?.status).toBe('passed');
    expect(result.run, result.stdout).toMatchObject({
      exitCode: 1,
      diagnosis: { code: 'iat-missing', iatHelps: true },
    });
  });

  test('an IdP that cannot be reached: found by the log and by asking it; iat stops, and goes on once it answers', async () => {
    const away = 'IDP_BASE_URL: http://127.0.0.1:1/api/oidc';
    let stopped: Awaited<ReturnType<typeof iat>> | null = null;
    let went: Awaited<ReturnType<typeof iat>> | null = null;
    const result = await runSandboxed(
      [],
      { staleIat: true },
      {
        command: 'doctor',
        async before(sandbox, home) {
          const there = /IDP_BASE_URL: .*/.exec(await readFile(sandbox.composeFile, 'utf8'))?.[0] ?? '';
          await restartWith(sandbox, there, away);
          await untilLogged(sandbox, 'Application startup failed');
          stopped = await iat(sandbox, home);
          const text = await readFile(sandbox.composeFile, 'utf8');
          await writeFile(sandbox.composeFile, text.replace(away, there));
          went = await iat(sandbox, home);
          await restartWith(sandbox, there, away);
          await untilLogged(sandbox, 'Errno');
        },
      },
    );
    expect(stopped).toMatchObject({ run: { exitCode: 1, token: null, error: { code: 'iat-does-not-help' } } });
    expect(went).toMatchObject({ run: { exitCode: 0 } });
    expect(result.run, result.stdout).toMatchObject({
      exitCode: 1,
      diagnosis: { code: 'idp-unreachable', iatHelps: false },
    });
    expect(result.stdout).toMatch(/✖ idp .*from the BFF it cannot be reached: the connection is refused;/);
  });

  test('no container yet', async () => {
    const result = await runSandboxed([], { startBff: false }, { command: 'doctor' });
    expect(result.run, result.stdout).toMatchObject({ exitCode: 1, diagnosis: { code: 'unknown', iatHelps: null } });
    expect(result.stdout).toContain('The service has no container');
  });
});

describe('npm run doctor, where it cannot look', () => {
  test('no Docker: exit 3, and the parts that could be looked at are there', async () => {
    const standIn = await createStandIn([]);
    const args = standIn.args.slice(0, 4);
    const ended = await runCommand([...args, '--json'], { command: 'doctor', cwd: standIn.home, env: standIn.env });
    const document = documentOf(ended);
    expect(document, ended.stderr).toMatchObject({ exitCode: 3, verdict: 'failed', error: { code: 'docker-missing' } });
    const steps = document.steps.map(({ name, status }) => `${name} ${status}`);
    expect(steps).toEqual(['settings failed', 'container skipped', 'log skipped', 'idp passed', 'health passed']);
    expect(ended.stderr).toContain('--log-file FILE');
  });

  test('no compose file: exit 2', async () => {
    const ended = await runCommand(['--json'], { command: 'doctor', cwd: await createHome(), env: {} });
    expect(documentOf(ended), ended.stderr).toMatchObject({ exitCode: 2, error: { code: 'compose-file-missing' } });
  });
});

describe('npm run doctor -- --log-file', () => {
  // Neither Docker nor a compose file is there.
  const doctor = async (args: readonly string[], input?: string, env: Readonly<Record<string, string>> = {}) => {
    const cwd = await createHome();
    const ended = await runCommand(['--json', ...args], {
      command: 'doctor',
      cwd,
      env,
      ...(input === undefined ? {} : { input }),
    });
    return { ...ended, document: documentOf(ended), cwd };
  };

  test.for([
    ['idp-unreachable.httpx-traceback', 1, { code: 'idp-unreachable', iatHelps: false }],
    ['iat-invalid.powershell-utf16', 1, { code: 'iat-invalid', iatHelps: true }],
    ['registered.plain', 0, { code: 'registered' }],
    ['unknown.quiet-start', 1, { code: 'unknown', iatHelps: null }],
  ] as const)('%s: exit %i', async ([name, exitCode, diagnosis]) => {
    const { document, stderr } = await doctor(['--log-file', fixture(name)]);
    expect(document, stderr).toMatchObject({ exitCode, diagnosis });
    expect(document.steps.map((step) => step.name)).toEqual(['log']);
  });

  test('standard input is read to its end, whatever comes after what decides', async () => {
    const noise = 'INFO:     10.0.0.1:1 - "GET /health HTTP/1.1" 200 OK\n'.repeat(100_000);
    const { document, stderr } = await doctor(
      ['--log-file', '-'],
      `${await readFile(fixture('iat-invalid.plain-httpx'), 'utf8')}${noise}`,
    );
    expect(document, stderr).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-invalid' } });
    expect(document.steps[0]?.summary).toMatch(/^100009 lines of standard input/);
  });

  test('a file of 150 MB is read with a heap of 48 MB, and its token is not shown', async () => {
    const cwd = await createHome();
    const path = join(cwd, 'bff.log');
    const file = await open(path, 'w');
    const block = 'INFO:     10.0.0.1:1 - "GET /api/v1/items?page=2 HTTP/1.1" 200 OK\n'.repeat(15_000);
    const secret = 'Authorization: Bearer test-only-0123456789abcdef';
    for (let written = 0; written < 150; written++) {
      await file.write(written === 75 ? `ERROR dcr registration failed: 401 invalid_token (${secret})\n` : block);
    }
    await file.close();
    const env = { NODE_OPTIONS: '--max-old-space-size=48' };
    const ended = await runCommand(['--log-file', 'bff.log'], { command: 'doctor', cwd, env });
    expect(ended.exitCode, ended.all).toBe(1);
    expect(ended.all).toContain('The IdP does not accept the IAT');
    expect(ended.all).toContain('invalid_token');
    expect(ended.all).not.toContain('0123456789abcdef');
    const [folder = ''] = (await readdir(join(cwd, 'reports'))).filter((name) => name.endsWith('-doctor'));
    expect(await readFile(join(cwd, 'reports', folder, 'index.html'), 'utf8')).not.toContain('0123456789abcdef');
  });

  test('there is none: exit 2, and how to save one', async () => {
    const { document } = await doctor(['--log-file', 'none.log']);
    expect(document).toMatchObject({
      exitCode: 2,
      error: { code: 'bad-value', hint: expect.stringContaining('logs') },
    });
  });
});
