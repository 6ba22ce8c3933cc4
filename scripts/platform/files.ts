import { basename, dirname } from 'node:path';
import process from 'node:process';
import type { Files, Processes } from '../core/ports.ts';
import { repair, sideFilesOf } from './file-in-place.ts';
import { takeLock } from './file-lock.ts';
import { replaceBytes } from './file-replace.ts';
import { type FileSystem, nodeFileSystem, orNull, toFileError } from './file-system.ts';
import { findTarget, type Target, verifyWritableTarget } from './file-target.ts';
import { createProcesses } from './processes.ts';

/** How long a living run's lock is waited for: longer than any run needs to write a file, shorter than patience. */
const WAIT_MS = 5_000;

const GIT_TIMEOUT_MS = 5_000;

export interface FilesOptions {
  /** Default: Node's own. */
  readonly fs?: FileSystem;
  /** How long another run's lock is waited for, in milliseconds. */
  readonly waitMs?: number;
  /** For git. Default: children get this process's environment. */
  readonly processes?: Processes;
}

/** The machine's files. */
export function createFiles(options: FilesOptions = {}): Files {
  const { fs = nodeFileSystem, waitMs = WAIT_MS, processes = createProcesses(process.env) } = options;
  /** What `read` has repaired, until somebody can be told. */
  const repaired = new Map<string, string>();

  async function locked<T>(target: Target, action: () => Promise<T>): Promise<T> {
    const side = sideFilesOf(target.path);
    const lock = await takeLock(fs, side.lock, waitMs);
    try {
      const done = await repair(fs, target, side);
      if (lock.wasLeft || done !== null) {
        const what = done ?? 'removed its lock';
        repaired.set(target.path, `An earlier run was ended while it wrote ${target.shown}: ${what}.`);
      }
      return await action();
    } finally {
      await lock.release();
    }
  }

  return {
    async read(path) {
      try {
        const target = await findTarget(fs, path);
        if (target.stats === null) return null;
        // Half old and half new, until the run that writes it in place has ended or was cleaned up after.
        const isInDoubt = (await orNull(fs.lstat(sideFilesOf(target.path).journal))) !== null;
        return isInDoubt ? await locked(target, () => fs.readFile(target.path)) : await fs.readFile(target.path);
      } catch (thrown) {
        throw toFileError(thrown, path, 'read');
      }
    },

    async verifyWritable(path) {
      try {
        await verifyWritableTarget(fs, await findTarget(fs, path));
      } catch (thrown) {
        throw toFileError(thrown, path, 'written');
      }
    },

    async replace(path, before, after) {
      try {
        const target = await findTarget(fs, path);
        await verifyWritableTarget(fs, target);
        return await locked(target, async () => {
          // Others may have written it while the lock was waited for.
          const current = await findTarget(fs, target.path);
          const side = sideFilesOf(target.path);
          const inPlace = await replaceBytes(fs, { ...current, shown: path }, side, before, after);
          const note = repaired.get(target.path) ?? null;
          repaired.delete(target.path);
          return { repaired: note, inPlace, hardLinks: current.stats?.nlink ?? 1 };
        });
      } catch (thrown) {
        throw toFileError(thrown, path, 'written');
      }
    },

    async isTracked(path) {
      const target = await findTarget(fs, path).catch(() => null);
      if (target === null) return null;
      const { exitCode } = await processes.run(
        {
          file: 'git',
          args: ['ls-files', '--error-unmatch', '--', basename(target.path)],
          cwd: dirname(target.path),
        },
        // A path is a path here, whatever `*` and `:` are to git.
        { signal: new AbortController().signal, timeoutMs: GIT_TIMEOUT_MS, env: { GIT_LITERAL_PATHSPECS: '1' } },
      );
      return exitCode === 0 ? true : exitCode === 1 ? false : null;
    },
  };
}
