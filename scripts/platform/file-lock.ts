import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppError } from '../core/errors.ts';
import { codeOf, discard, type FileSystem, fileError, orNull } from './file-system.ts';

/** `<file>.lock`, which this process made. */
export interface FileLock {
  /** Where the new bytes are written before they are renamed: `<file>.lock.<id>`, a name that no other run uses. */
  readonly fresh: string;
  /** False when another run took the lock over because this one seemed to have ended. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** Time between two looks at a lock that another run holds; up to half of it goes by chance, so that runs get out of step. */
const LOOK_MS = 20;

/** Windows says more than "it exists" while a file is being removed. */
const LOCKED = process.platform === 'win32' ? ['EEXIST', 'EPERM', 'EACCES', 'EBUSY'] : ['EEXIST'];

/**
 * Takes the lock of a file: `<file>.lock`, opened exclusively, with `pid@host id` in it. A lock is left over when its process
 * on this machine has ended, and then it is removed together with the unfinished copy of its id. Two runs may both see that,
 * and the slower one may remove the faster one's new lock: so the holder asks `isHeld` right before it renames.
 *
 * @param file the file's own path, without symbolic links
 * @throws AppError `file-busy` when another run keeps the lock for longer than `waitMs`
 */
export async function takeLock(fs: FileSystem, file: string, waitMs: number): Promise<FileLock> {
  const path = `${file}.lock`;
  const id = randomUUID();
  const own = `${process.pid}@${hostname()} ${id}`;
  const isHeld = async () => (await orNull(fs.readFile(path, 'utf8'))) === own;
  const release = async () => {
    if (await isHeld().catch(() => true)) await discard(fs, path);
  };
  const start = performance.now();
  while (!(await makeLock(fs, path, own))) {
    const text = await orNull(fs.readFile(path, 'utf8'));
    const owner = parseOwner(text ?? '');
    const isLate = performance.now() - start > waitMs;
    // An empty lock is about to be written, unless its process was killed just then.
    if (owner === null ? text === '' && isLate : isDead(owner)) {
      if (owner !== null) await discard(fs, `${path}.${owner.id}`);
      await orNull(fs.unlink(path));
    } else if (isLate) throw busy(file, owner);
    else await delay(LOOK_MS * (1 - Math.random() / 2));
  }
  return { fresh: `${path}.${id}`, isHeld, release };
}

/** false: there is one. */
async function makeLock(fs: FileSystem, path: string, text: string): Promise<boolean> {
  const file = await fs.open(path, 'wx', 0o600).catch((thrown: unknown) => {
    if (LOCKED.includes(codeOf(thrown))) return null;
    throw thrown;
  });
  try {
    await file?.writeFile(text);
  } catch (thrown) {
    await discard(fs, path);
    throw thrown;
  } finally {
    await file?.close();
  }
  return file !== null;
}

interface LockOwner {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

/** null: no run of this tool wrote it. */
function parseOwner(text: string): LockOwner | null {
  const [, pid, host, id] = /^([1-9]\d{0,9})@(\S+) ([0-9a-f-]{36})$/.exec(text) ?? [];
  return pid === undefined || host === undefined || id === undefined ? null : { pid: Number(pid), host, id };
}

/** Whether the owner has ended for certain. That cannot be known of a process on another machine. */
function isDead({ pid, host }: LockOwner): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    return codeOf(thrown) === 'ESRCH';
  }
}

function busy(file: string, owner: LockOwner | null): AppError {
  const message = owner
    ? `Another run is writing ${file}: process ${owner.pid} on ${owner.host}.`
    : `${file} is locked: there is a file ${file}.lock that no run of this tool wrote.`;
  const hint = `Wait for it to end and run again. If nothing is writing the file, remove ${file}.lock.`;
  return fileError('file-busy', file, message, hint);
}
