import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { bundle } from '../support/bundle.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Writer {
  (...args: readonly string[]): ChildProcess;
  /** As another user, which root may do. */
  as(uid: number, ...args: readonly string[]): ChildProcess;
}

/** Puts test/platform/file-writer.ts into one file in `folder` and returns how to start it. */
export async function compileWriter(folder: string): Promise<Writer> {
  await bundle(folder, [fileURLToPath(new URL('file-writer.ts', import.meta.url))]);
  const entry = join(folder, 'file-writer.mjs');
  const start = (args: readonly string[], uid?: number) =>
    spawn(process.execPath, [entry, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(uid === undefined ? {} : { WRITER_USER: String(uid) }) },
    });
  return Object.assign((...args: readonly string[]) => start(args), {
    as: (uid: number, ...args: readonly string[]) => start(args, uid),
  });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const out: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (chunk) => (out[name] += String(chunk)));
  const [code, signal] = await once(child, 'close');
  return { code, signal, ...out };
}

/** The pid of a process that has ended. */
export async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  if (child.pid === undefined) throw new Error('no process');
  return child.pid;
}
