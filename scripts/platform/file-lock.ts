import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../core/errors.ts';
import { codeOf, discard, type FileSystem, HELD, orNull, patiently } from './file-system.ts';
import { readRegular } from './regular-file.ts';

/** `<file>.lock`, which this process made. */
export interface FileLock {
  /**
   * Where the new bytes are written before they are renamed: `<file>.lock.<id>~`, a name that no other run uses and that rules
   * for what git ignores often cover.
   */
  readonly fresh: string;
  /** What killed runs left beside the file, by name; it is gone now. */
  readonly removed: readonly string[];
  /** False when another run took the lock over because this one seemed to have ended. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** Time between two looks at a lock that another run holds; up to half of it goes by chance, so that runs get out of step. */
const LOOK_MS = 20;

/**
 * Takes the lock of a file: `<file>.lock`, opened exclusively, with `pid@host id` in it. A lock is left over when its process
 * on this machine has ended, and then it is removed. Two runs may both see that, and the slower one may remove the faster
 * one's new lock: so the holder asks `isHeld` right before it renames. Unfinished copies beside the file are nobody's then,
 * and go.
 *
 * @param file the file's own path, without symbolic links
 * @throws AppError `file-busy` when another run keeps the lock for longer than `waitMs`, or something else lies in its place
 */
export async function takeLock(fs: FileSystem, file: string, waitMs: number): Promise<FileLock> {
  const path = `${file}.lock`;
  const id = randomUUID();
  const own = `${process.pid}@${hostname()} ${id}`;
  const isHeld = async () => (await readLock(fs, path)) === own;
  const release = async () => {
    if (await isHeld().catch(() => true)) await discard(fs, path);
  };
  const start = performance.now();
  const isLate = () => performance.now() - start > waitMs;
  while (!(await makeLock(fs, path, own, isLate()))) {
    if ((await lookAt(fs, file, isLate())) === 'left') await orNull(patiently(fs, () => fs.unlink(path)));
  }
  return { fresh: `${path}.${id}~`, removed: await removeCopies(fs, file), isHeld, release };
}

/**
 * Whether the lock could be taken, without taking it.
 *
 * @throws AppError `file-busy`, as `takeLock`
 */
export async function verifyUnlocked(fs: FileSystem, file: string, waitMs: number): Promise<void> {
  const start = performance.now();
  while ((await lookAt(fs, file, performance.now() - start > waitMs)) === 'held');
}

/** Whether the lock's owner has ended or the lock is gone; where it is held, after a moment. */
async function lookAt(fs: FileSystem, file: string, isLate: boolean): Promise<'gone' | 'left' | 'held'> {
  const text = await readLock(fs, `${file}.lock`);
  if (text === null) return 'gone';
  const owner = parseOwner(text);
  // An empty lock is about to be written, unless its process was killed just then.
  if (owner === null ? text === '' && isLate : isDead(owner)) return 'left';
  if (isLate || (owner === null && text !== '')) throw new LockHeld(file, owner);
  await delay(LOOK_MS * (1 - Math.random() / 2));
  return 'held';
}

/** The text of a lock; null: there is none. What no run of this tool makes, such as a link or a pipe, has another text. */
async function readLock(fs: FileSystem, path: string): Promise<string | null> {
  const stats = await orNull(fs.lstat(path));
  if (stats === null) return null;
  if (!stats.isFile()) return FOREIGN;
  const read = await orNull(readRegular(fs, path, { bytes: LARGEST_LOCK, isLinkFollowed: false }));
  return typeof read === 'string' ? FOREIGN : (read?.toString('utf8') ?? null);
}

const FOREIGN = 'not a lock';
const LARGEST_LOCK = 4_096;

/** What other runs have left: only the holder of the lock writes beside the file. */
async function removeCopies(fs: FileSystem, file: string): Promise<string[]> {
  const names = await fs.readdir(dirname(file)).catch(() => []);
  const start = `${basename(file)}.lock.`;
  const left = names.filter((name) => name.startsWith(start) && COPY.test(name.slice(start.length)));
  for (const name of left) await discard(fs, join(dirname(file), name));
  return left;
}

/** An id, and what stands behind it in the name of a copy. */
const COPY = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[.a-z~]{0,16}$/;

/**
 * @param isLate Windows refuses the name of a file that is just being removed, too: that does not last
 * @returns false: there is one
 */
async function makeLock(fs: FileSystem, path: string, text: string, isLate: boolean): Promise<boolean> {
  const file = await fs.open(path, 'wx', 0o600).catch(async (thrown: unknown) => {
    if (codeOf(thrown) === 'EEXIST') return null;
    if (fs.platform !== 'win32' || isLate || !HELD.includes(codeOf(thrown))) throw thrown;
    await delay(LOOK_MS);
    return null;
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
}

/** null: no run of this tool wrote it. */
function parseOwner(text: string): LockOwner | null {
  const [, pid, host] = /^([1-9]\d{0,9})@(\S{1,255}) [0-9a-f-]{36}$/.exec(text) ?? [];
  return pid === undefined || host === undefined ? null : { pid: Number(pid), host };
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

/** `file-busy`, with who holds the lock. */
export class LockHeld extends AppError {
  /** "process 4711 on ci"; null: something lies there that no run of this tool wrote. */
  readonly owner: string | null;

  constructor(file: string, by: LockOwner | null) {
    const owner = by && `process ${by.pid} on ${by.host}`;
    const message = owner
      ? `Another run is writing ${file}: ${owner}.`
      : `${file} is locked: there is something at ${file}.lock that no run of this tool wrote.`;
    const hint = `Wait for it to end and run again. If nothing is writing the file, remove ${file}.lock.`;
    super('file-busy', message, { hint, where: { file } });
    this.owner = owner;
  }
}
