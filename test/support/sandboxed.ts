import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { workOf } from '../../scripts/cli/main.ts';
import type { Run } from '../../scripts/core/result.ts';
import { type SandboxOptions, startSandbox } from '../../scripts/sandbox/sandbox.ts';
import { openCaptured } from './in-process.ts';

export interface SandboxedRun {
  readonly run: Run;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed; null without. */
  readonly document: Record<string, unknown> | null;
  /** Every file of the run's folder: path below it, and bytes. The compose file is in `sandbox/`. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly composeBefore: string;
  readonly composeAfter: string;
  readonly adminToken: string;
  /** What stands in the compose file's DCR_IAT afterwards; null: nothing. */
  readonly iat: string | null;
}

/**
 * `npm run iat` in this process against a sandbox with a fault: real IdP and BFF processes, real files, captured output.
 *
 * @param args further options; the sandbox, `--collection` and `--reports` are given
 */
export async function runSandboxed(
  args: readonly string[],
  options: Partial<SandboxOptions> = {},
  change: { during?: (home: string) => Promise<void>; adminToken?: string } = {},
): Promise<SandboxedRun> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const signal = new AbortController().signal;
  const sandbox = await startSandbox({ dir: join(home, 'sandbox'), signal, restart: 'no', startBff: true, ...options });
  try {
    const composeBefore = await readFile(sandbox.composeFile, 'utf8');
    const collection = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;
    const { session, read, output } = await openCaptured(
      'iat',
      ['--collection', collection, '--stable-for', '0', ...args],
      { cwd: home, env: { PATH: process.env['PATH'] } },
    );
    await change.during?.(home);
    const run = await execute(session, { ...workOf('iat', session, read), sandbox });
    const composeAfter = await readFile(sandbox.composeFile, 'utf8');
    const { stdout, stderr } = output();
    return {
      run,
      stdout,
      stderr,
      document: args.includes('--json') ? JSON.parse(stdout) : null,
      files: await readAll(home),
      composeBefore,
      composeAfter,
      adminToken: sandbox.adminToken.reveal(),
      iat: /^\s*DCR_IAT: *"?([^"\s]+)"?/m.exec(composeAfter)?.[1] ?? null,
    };
  } finally {
    await sandbox.close();
  }
}

async function readAll(home: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (path) => [path.slice(home.length + 1), await readFile(path)] as const)),
  );
}
