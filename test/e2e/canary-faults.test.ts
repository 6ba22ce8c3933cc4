import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { workOf } from '../../scripts/cli/main.ts';
import type { readCommandLine } from '../../scripts/cli/session.ts';
import type { Sandboxed } from '../../scripts/cli/wiring.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { FAULTS, type Fault, formatFault, isBffFault, isIdpFault, parseFault } from '../../scripts/sandbox/faults.ts';
import { findFreePort } from '../../scripts/sandbox/http.ts';
import { startIdp } from '../../scripts/sandbox/idp-server.ts';
import { createStack } from '../../scripts/sandbox/sandbox-stack.ts';
import { ENV_FILE, renderComposeFile } from '../../scripts/sandbox/stack/template.ts';
import { openCaptured } from '../support/in-process.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';

type RunName = Parameters<typeof workOf>[0];

/** Every command but the demo, which brings a sandbox of its own (canary-demo), with what it needs; in the order in which they run. */
const COMMANDS: readonly RunName[] = ['doctor', 'iat', 'health', 'collection', 'clear'];
const ARGUMENTS = {
  iat: ['--stable-for', '0', '--health-timeout', '2', '--timeout', '10'],
  clear: ['--stable-for', '0', '--health-timeout', '2', '--timeout', '6'],
  doctor: ['--timeout', '6'],
  health: ['--timeout', '3'],
  collection: ['BFF Health', '--timeout', '3'],
} as const satisfies Record<Exclude<Parameters<typeof readCommandLine>[0], 'demo'>, readonly string[]>;

/** How many sandboxes there are at a time: a machine of CI has two cores, and most of a fault is waiting. */
const AT_ONCE = 6;

test('no command shows a secret, whatever goes wrong', { timeout: 300_000 }, async () => {
  expect(COMMANDS).toHaveLength(Object.keys(ARGUMENTS).length);
  const waiting = Object.keys(FAULTS);
  const traces: string[] = [];
  let minted = 0;
  const work = async () => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      const found = await traceIn(fault);
      traces.push(...found.traces);
      if (found.isMinted) minted += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(traces).toEqual([]);
  // Most faults come after the mint: a run that ended before it would have nothing to show.
  expect(minted).toBeGreaterThan(15);
});

/** Every command in a sandbox with one fault, and where a secret can be seen afterwards. */
async function traceIn(name: string): Promise<{ readonly traces: readonly string[]; readonly isMinted: boolean }> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const sandbox = await openSandbox(join(home, 'sandbox'), parseFault(name));
  const texts: Record<string, string> = {};
  try {
    const secrets = new Set([sandbox.adminToken.reveal()]);
    for (const command of COMMANDS) {
      Object.assign(texts, await run(command, home, sandbox));
      const compose = await readFile(sandbox.composeFile, 'utf8');
      const [line = '', iat] = /^ *DCR_IAT: *"?([^"\s]+)"?$/m.exec(compose) ?? [];
      if (iat !== undefined) secrets.add(iat);
      texts[`compose file after ${command}`] = compose.replace(line, '');
    }
    const traces = [...secrets].flatMap((secret) => findLeaks(secret, texts)).map((trace) => `${name}: ${trace}`);
    return { traces, isMinted: secrets.size > 1 };
  } finally {
    await sandbox.close();
  }
}

/** As `startSandbox`, with the IdP in this process: forty processes of it would take a minute of two cores. */
async function openSandbox(dir: string, fault: Fault): Promise<Sandboxed> {
  const adminToken = new Secret(`test-only-${randomBytes(24).toString('base64url')}`, 'admin token');
  const idp = await startIdp({
    tokens: { admin: adminToken, powerless: null },
    fault: isIdpFault(fault) ? fault : null,
  });
  const port = await findFreePort();
  const composeFile = join(dir, 'docker-compose-authzen4.yml');
  await mkdir(dir);
  const iat = fault.name === 'leaks-token' ? 'test-only-initial-access-token-of-yesterday' : null;
  await writeFile(composeFile, renderComposeFile({ idpBaseUrl: `${idp.url}/api/oidc`, port, restart: 'no', iat }));
  await writeFile(join(dir, ENV_FILE), 'LOG_LEVEL=info\n');
  const stack = createStack({ composeFile, dir, fault: isBffFault(fault) ? formatFault(fault) : null, log: 'plain' });
  const close = async () => void (await Promise.all([stack.close(), idp.close()]));
  return { stack, adminToken, idpUrl: idp.url, bffUrl: `http://127.0.0.1:${port}`, composeFile, close };
}

async function run(command: RunName, home: string, sandbox: Sandboxed): Promise<Record<string, string>> {
  const collection = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;
  const reports = join(home, command);
  const args = ['--collection', collection, '--reports', reports, '--verbose', ...ARGUMENTS[command]];
  const { session, read, output } = await openCaptured(command, args, {
    cwd: home,
    env: { PATH: process.env['PATH'] },
  });
  await execute(session, { ...workOf(command, session, read), sandbox });
  session.outside.host.interruption.release();
  const { stdout, stderr } = output();
  expect(stdout).not.toBe('');
  return { [`${command} stdout`]: stdout, [`${command} stderr`]: stderr, ...(await readAllFiles(reports)) };
}
