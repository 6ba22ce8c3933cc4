import { randomUUID } from 'node:crypto';
import { basename, dirname } from 'node:path';
import process from 'node:process';
import type { Files, Processes } from '../core/ports.ts';
import { takeLock, verifyUnlocked } from './file-lock.ts';
import { replaceBytes, verifyOwnerKept, verifyTriedOut } from './file-replace.ts';
import { holdRules } from './file-rules.ts';
import { type FileSystem, nodeFileSystem, toFileError } from './file-system.ts';
import { type FileTarget, findFileTarget, readTarget, verifyWritableFile } from './file-target.ts';
import { createProcesses } from './processes.ts';
import { takeTurn } from './turn.ts';

/** How long another run's lock is waited for: longer than a run needs to write a file, shorter than a person's patience. */
const WAIT_MS = 5_000;

const GIT_TIMEOUT_MS = 5_000;

/** The repository is somebody else's: its configuration may name programs that git starts when it only looks. */
const NO_PROGRAMS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];

const GIT_ENV = {
  // A path is a path here, even where git would read `*` and `:` as more.
  GIT_LITERAL_PATHSPECS: '1',
  // A partial clone would fetch what it lacks, through a program that the repository names.
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
};

export interface FilesOptions {
  /** Default: Node's own. */
  readonly fs?: FileSystem;
  /** How long another run's lock is waited for, in milliseconds. */
  readonly waitMs?: number;
  /** For git and cp. Default: children get this process's environment. */
  readonly processes?: Processes;
  /** Gets what the reader should know, in sentences. */
  readonly say?: (note: string) => void;
}

/** The machine's files. */
export function createFiles(options: FilesOptions = {}): Files {
  const { fs = nodeFileSystem, waitMs = WAIT_MS, processes = createProcesses(process.env), say } = options;

  async function findWritable(path: string): Promise<FileTarget> {
    const target = await findFileTarget(fs, path);
    await verifyWritableFile(fs, target);
    await verifyOwnerKept(fs, target, `${target.path}.lock.${randomUUID()}`);
    await verifyTriedOut(fs, target, `${target.path}.lock.${randomUUID()}`);
    return target;
  }

  return {
    async read(path) {
      try {
        const target = await findFileTarget(fs, path);
        return target.stats === null ? null : await readTarget(fs, target);
      } catch (thrown) {
        throw toFileError(thrown, path, 'read');
      }
    },

    async verifyWritable(path) {
      try {
        const target = await findWritable(path);
        await verifyUnlocked(fs, target.path, waitMs);
        await (await holdRules(fs, processes, target, `${target.path}.lock.${randomUUID()}~`))?.drop();
      } catch (thrown) {
        throw toFileError(thrown, path, 'written');
      }
    },

    async replace(path, before, after) {
      try {
        const target = await findWritable(path);
        const lock = await takeLock(fs, target.path, waitMs);
        for (const name of lock.removed)
          say?.(`${name} was removed: a run that was killed had left it beside ${path}.`);
        try {
          // Other runs may have written it while the lock was waited for.
          const current = await findFileTarget(fs, target.path);
          await replaceBytes({ fs, processes }, { ...current, shown: path }, lock, before, after);
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
        {
          file: 'git',
          args: [...NO_PROGRAMS, 'ls-files', '--error-unmatch', '--', basename(target.path)],
          cwd: dirname(target.path),
        },
        { signal: new AbortController().signal, timeoutMs: GIT_TIMEOUT_MS, env: GIT_ENV },
      );
      return exitCode === 0 ? true : exitCode === 1 ? false : null;
    },
  };
}
