import { randomUUID } from 'node:crypto';
import { basename, dirname } from 'node:path';
import process from 'node:process';
import type { Files, Processes } from '../core/ports.ts';
import { takeLock } from './file-lock.ts';
import { replaceBytes, verifyOwnerKept } from './file-replace.ts';
import { type FileSystem, nodeFileSystem, toFileError } from './file-system.ts';
import { type FileTarget, findFileTarget, verifyWritableFile } from './file-target.ts';
import { createProcesses } from './processes.ts';
import { takeTurn } from './turn.ts';

/** How long another run's lock is waited for: longer than a run needs to write a file, shorter than a person's patience. */
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

  async function findWritable(path: string): Promise<FileTarget> {
    const target = await findFileTarget(fs, path);
    await verifyWritableFile(fs, target);
    await verifyOwnerKept(fs, target, `${target.path}.lock.${randomUUID()}`);
    return target;
  }

  return {
    async read(path) {
      try {
        const target = await findFileTarget(fs, path);
        return target.stats === null ? null : await fs.readFile(target.path);
      } catch (thrown) {
        throw toFileError(thrown, path, 'read');
      }
    },

    async verifyWritable(path) {
      await findWritable(path).catch((thrown: unknown) => {
        throw toFileError(thrown, path, 'written');
      });
    },

    async replace(path, before, after) {
      try {
        const target = await findWritable(path);
        const lock = await takeLock(fs, target.path, waitMs);
        try {
          // Other runs may have written it while the lock was waited for.
          const current = await findFileTarget(fs, target.path);
          await replaceBytes(fs, { ...current, shown: path }, lock, before, after);
        } finally {
          await lock.release();
        }
      } catch (thrown) {
        throw toFileError(thrown, path, 'written');
      }
    },

    takeTurn: (path, onWait, signal) => takeTurn(fs, path, onWait, signal),

    async isTracked(path) {
      const target = await findFileTarget(fs, path).catch(() => null);
      if (target === null) return null;
      const { exitCode } = await processes.run(
        { file: 'git', args: ['ls-files', '--error-unmatch', '--', basename(target.path)], cwd: dirname(target.path) },
        // A path is a path here, even where git would read `*` and `:` as more.
        { signal: new AbortController().signal, timeoutMs: GIT_TIMEOUT_MS, env: { GIT_LITERAL_PATHSPECS: '1' } },
      );
      return exitCode === 0 ? true : exitCode === 1 ? false : null;
    },
  };
}
