import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { workOf } from '../../scripts/cli/main.ts';
import type { Run } from '../../scripts/core/result.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../scripts/sandbox/sandbox.ts';
import { openCaptured } from './in-process.ts';

/** Several commands against one sandbox, one after the other. */
export interface Story {
  readonly home: string;
  readonly sandbox: Sandbox;
  /** Runs a command in this process; reports stay in `home` from run to run. */
  run(command: 'iat' | 'clear' | 'doctor', ...args: string[]): Promise<StoryRun>;
  compose(): Promise<string>;
  /** The token's value in the container that runs now; undefined: none. */
  token(): Promise<string | undefined>;
}

export interface StoryRun {
  readonly run: Run;
  /** Everything that was printed. */
  readonly output: string;
}

const COLLECTION = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;

export async function openStory(options: Partial<SandboxOptions> = {}): Promise<Story> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  const signal = new AbortController().signal;
  const sandbox = await startSandbox({ dir: join(home, 'sandbox'), signal, restart: 'no', startBff: true, ...options });
  onTestFinished(async () => {
    await sandbox.close();
    await rm(home, { recursive: true, force: true });
  });
  return {
    home,
    sandbox,
    compose: () => readFile(sandbox.composeFile, 'utf8'),
    token: async () => (await sandbox.stack.instances(signal))[0]?.env['DCR_IAT'],
    async run(command, ...args) {
      const fixed = ['--collection', COLLECTION, ...(command === 'doctor' ? [] : ['--stable-for', '0'])];
      const { session, read, output } = await openCaptured(command, [...fixed, ...args], {
        cwd: home,
        env: { PATH: process.env['PATH'] },
      });
      const run = await execute(session, { ...workOf(command, session, read), sandbox });
      const { stdout, stderr } = output();
      return { run, output: stdout + stderr };
    },
  };
}
