import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../core/errors.ts';
import { codeOf, discard, type FileSystem, orNull } from './file-system.ts';
import { isDead, newOwner, parseOwner } from './lock-owner.ts';

/** A lock that this process holds. */
export interface Lock {
  /** A run that is dead had left it, and it was taken over. */
  readonly wasLeft: boolean;
  release(): Promise<void>;
}

/** Time between two looks at a lock that somebody else holds, with some chance in it. */
const LOOK_MS = 20;

/** A lock without an owner is being written, which takes no time at all, unless its owner died just then. */
const NAMELESS_MS = 2_000;

/**
 * Takes the lock file at `path` (`O_EXCL`), which says who holds it. It never holds the new bytes: who reads it must find its
 * owner at any time, or could not tell a dead one's.
 *
 * A lock whose owner is dead is removed under a lock of its own (`<path>.lock`, the same again), so that of two takers none
 * removes what the other has just made.
 *
 * @throws `file-busy` when a living owner keeps it for `waitMs`
 */
export async function takeLock(fs: FileSystem, path: string, waitMs: number): Promise<Lock> {
  const start = performance.now();
  let wasLeft = false;
  let namelessSince: number | null = null;
  for (;;) {
    const refusal = await makeLock(fs, path);
    if (refusal === null) {
      wasLeft = (await removeLeftGuard(fs, path, waitMs)) || wasLeft;
      return { wasLeft, release: () => discard(fs, path) };
    }
    const text = await orNull(fs.readFile(path, 'utf8'));
    const now = performance.now();
    namelessSince = text === '' ? (namelessSince ?? now) : null;
    const patience = waitMs + (namelessSince === null ? 0 : NAMELESS_MS);
    if (text !== null && isLeft(text, namelessSince === null ? 0 : now - namelessSince)) {
      wasLeft = (await removeLock(fs, path, text, waitMs)) || wasLeft;
    } else if (now - start > patience) throw text === null ? refusal : busy(path, text);
    else if (text !== null || codeOf(refusal) !== 'EEXIST') await delay(LOOK_MS * (0.5 + Math.random()));
  }
}

/** null: the lock is made. Else why not: somebody else has it, or Windows is still removing the last one. */
async function makeLock(fs: FileSystem, path: string): Promise<Error | null> {
  const owner = newOwner();
  try {
    const file = await fs.open(path, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(owner));
    } catch (thrown) {
      await discard(fs, path);
      throw thrown;
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const mayPass = process.platform === 'win32' ? ['EEXIST', 'EPERM', 'EACCES', 'EBUSY'] : ['EEXIST'];
    if (thrown instanceof Error && mayPass.includes(codeOf(thrown))) return thrown;
    throw thrown;
  }
  // Stopped for long between the calls, this process may have been taken for dead.
  const text = await orNull(fs.readFile(path, 'utf8'));
  return parseOwner(text ?? '')?.id === owner.id ? null : new Error('The lock was taken for left.');
}

function isLeft(text: string, namelessMs: number): boolean {
  const owner = parseOwner(text);
  return owner === null ? namelessMs > NAMELESS_MS : isDead(owner);
}

/** Removes the guard of a taker that was killed. */
async function removeLeftGuard(fs: FileSystem, path: string, waitMs: number): Promise<boolean> {
  const guard = `${path}.lock`;
  const text = await orNull(fs.readFile(guard, 'utf8'));
  return text !== null && isLeft(text, 0) && (await removeLock(fs, guard, text, waitMs));
}

/** Removes the lock if it still is the one that was seen; false: somebody else was first. */
async function removeLock(fs: FileSystem, path: string, seen: string, waitMs: number): Promise<boolean> {
  const guard = await takeLock(fs, `${path}.lock`, waitMs);
  try {
    if ((await orNull(fs.readFile(path, 'utf8'))) !== seen) return false;
    await fs.unlink(path);
    return true;
  } finally {
    await guard.release();
  }
}

function busy(path: string, text: string): AppError {
  const owner = parseOwner(text);
  const file = path.replace(/(\.lock)+$/, '');
  if (owner === null) {
    return new AppError(
      'file-busy',
      `Something holds ${file}: there is a file ${path} that no run of this tool wrote.`,
      {
        hint: 'Wait until the program that made it has ended, or remove it if none is running.',
        where: { file },
      },
    );
  }
  return new AppError('file-busy', `Another run is writing ${file}: process ${owner.pid} on ${owner.host}.`, {
    hint: `Wait for it and run again. If there is no such process, remove ${path}.`,
    where: { file },
  });
}
