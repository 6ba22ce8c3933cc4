import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { type readCommandLine, workOf } from '../../scripts/cli/main.ts';
import { FAULTS } from '../../scripts/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../scripts/sandbox/start.ts';
import { openCaptured } from '../support/in-process.ts';
import { readAllFiles } from '../support/leaks.ts';
import { findTraces } from '../support/traces.ts';

type RunName = Parameters<typeof workOf>[0];

/** Every command but the demo, which brings a sandbox of its own, with what it needs; in the order in which they run. */
const COMMANDS: readonly RunName[] = ['iat', 'health', 'collection'];
const ARGUMENTS = {
  iat: ['--stable-for', '0', '--health-timeout', '2', '--timeout', '6'],
  health: ['--timeout', '3'],
  collection: ['BFF Health', '--timeout', '3'],
} as const satisfies Record<Exclude<Parameters<typeof readCommandLine>[0], 'demo'>, readonly string[]>;

/** How many sandboxes there are at a time: a machine of CI has two cores, and most of a fault is waiting. */
const AT_ONCE = 4;

test('no command shows a secret, whatever goes wrong', { timeout: 240_000 }, async () => {
  expect(COMMANDS).toHaveLength(Object.keys(ARGUMENTS).length);
  const waiting = Object.keys(FAULTS);
  const traces: string[] = [];
  const work = async () => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift())
      traces.push(...(await traceIn(fault)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(traces).toEqual([]);
});

/** Every command in a sandbox with one fault, and where a secret can be seen afterwards. */
async function traceIn(fault: string): Promise<string[]> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const { signal } = new AbortController();
  const started = { dir: join(home, 'sandbox'), signal, restart: 'no', fault, startBff: true } as const;
  const sandbox = await startSandbox({ ...started, staleIat: fault === 'leaks-token' });
  const texts: Record<string, string> = {};
  try {
    for (const command of COMMANDS) Object.assign(texts, await run(command, home, sandbox));
    const compose = await readFile(sandbox.composeFile, 'utf8');
    const line = /^ *DCR_IAT: *"?([^"\s]+)"?$/m.exec(compose);
    texts['compose file'] = compose.replace(line?.[0] ?? '', '');
    const secrets = [sandbox.adminToken.reveal(), ...(line?.[1] ? [line[1]] : [])];
    return secrets.flatMap((secret) => findTraces(secret, texts)).map((trace) => `${fault}: ${trace}`);
  } finally {
    await sandbox.close();
  }
}

async function run(command: RunName, home: string, sandbox: Sandbox): Promise<Record<string, string>> {
  const collection = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;
  const reports = join(home, command);
  const args = ['--collection', collection, '--reports', reports, '--verbose', ...ARGUMENTS[command]];
  const { session, read, output } = await openCaptured(command, args, {
    cwd: home,
    env: { PATH: process.env['PATH'] },
  });
  await execute(session, { ...workOf(command, session, read), sandbox });
  const { stdout, stderr } = output();
  expect(stdout).not.toBe('');
  return { [`${command} stdout`]: stdout, [`${command} stderr`]: stderr, ...(await readAllFiles(reports)) };
}
