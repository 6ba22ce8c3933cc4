import { Buffer } from 'node:buffer';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../core/errors.ts';
import { notKept, type SideFiles, writeInPlace } from './file-in-place.ts';
import { codeOf, discard, type FileHandle, type FileSystem, orNull, syncFolder } from './file-system.ts';
import type { Target } from './file-target.ts';

/** Windows: virus scanners and editors hold a file for a moment, a second in all. */
const RENAME_TRIES = 20;
const RENAME_PAUSE_MS = 50;

/**
 * Writes the bytes whole into a file beside the target, and renames that over it; or into the target itself, where it cannot
 * be renamed over, or where other names of it (hard links) must stay the same file. The caller holds the lock.
 *
 * @returns whether it was written in place
 * @throws `file-changed` when the target does not hold `before`; nothing is written then
 */
export async function replaceBytes(
  fs: FileSystem,
  target: Target,
  side: SideFiles,
  before: Uint8Array | null,
  after: Uint8Array,
): Promise<boolean> {
  const verify = () => verifyUnchanged(fs, target, before);
  await verify();
  if (before !== null && Buffer.compare(before, after) === 0) return false;
  const isAlone = target.stats === null || target.stats.nlink === 1;
  if (isAlone && (await replaceByRename(fs, target, side, after, verify))) return false;
  if (before === null) throw cannotReplace(target.shown);
  await writeInPlace(fs, target, side, before, after, verify);
  return true;
}

async function verifyUnchanged(fs: FileSystem, target: Target, before: Uint8Array | null): Promise<void> {
  const now = await orNull(fs.readFile(target.path));
  if (before === null ? now === null : now?.equals(before)) return;
  const how = now === null ? 'was removed' : before === null ? 'was created' : 'was changed';
  throw new AppError(
    'file-changed',
    `${target.shown} ${how} by somebody else while this run was at it; nothing was written.`,
    { hint: 'Run again: it begins with what the file holds now.', where: { file: target.shown } },
  );
}

/** false: the target cannot be renamed over, or a new file not be given its owner. */
async function replaceByRename(
  fs: FileSystem,
  target: Target,
  side: SideFiles,
  bytes: Uint8Array,
  verify: () => Promise<void>,
): Promise<boolean> {
  let isDone = false;
  try {
    if (!(await writeFresh(fs, target, side.fresh, bytes))) return false;
    await verify();
    isDone = await renameOver(fs, side.fresh, target.path);
  } finally {
    if (!isDone) await discard(fs, side.fresh);
  }
  if (isDone) await syncFolder(fs, target.path);
  return isDone;
}

async function writeFresh(fs: FileSystem, target: Target, path: string, bytes: Uint8Array): Promise<boolean> {
  const file = await fs.open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    if (target.stats !== null) {
      if (!(await copyOwner(file, target.stats))) return false;
      await file.chmod(target.stats.mode & 0o7777);
    }
    await file.sync();
    if ((await file.stat()).size !== bytes.length) throw notKept(target.shown);
  } finally {
    await file.close();
  }
  if (!(await fs.readFile(path)).equals(bytes)) throw notKept(target.shown);
  return true;
}

async function copyOwner(file: FileHandle, owner: { readonly uid: number; readonly gid: number }): Promise<boolean> {
  const own = await file.stat();
  if (own.uid === owner.uid && own.gid === owner.gid) return true;
  try {
    await file.chown(owner.uid, owner.gid);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EPERM') return false;
    throw thrown;
  }
}

/** false: the target is a mount of its own, or another program holds it. */
async function renameOver(fs: FileSystem, from: string, to: string): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await fs.rename(from, to);
      return true;
    } catch (thrown) {
      const code = codeOf(thrown);
      if (!['EBUSY', 'EXDEV', 'EPERM', 'EACCES', 'ETXTBSY'].includes(code)) throw thrown;
      if (process.platform !== 'win32' || code === 'EXDEV' || tries === RENAME_TRIES) return false;
    }
    await delay(RENAME_PAUSE_MS);
  }
}

function cannotReplace(path: string): AppError {
  return new AppError('file-not-writable', `${path} cannot be made: its folder lets files be made, but not renamed.`, {
    hint: 'Make the file yourself, empty, and run again.',
    where: { file: path },
  });
}
