import { Buffer } from 'node:buffer';
import type { Stats } from 'node:fs';
import process from 'node:process';
import type { AppError } from '../core/errors.ts';
import type { Processes } from '../core/ports.ts';
import type { FileLock } from './file-lock.ts';
import { holdRules } from './file-rules.ts';
import {
  codeOf,
  discard,
  type FileHandle,
  type FileSystem,
  fileError,
  HELD,
  patiently,
  syncFolder,
} from './file-system.ts';
import { type FileTarget, mountRefusal, readTarget } from './file-target.ts';

/**
 * Writes the bytes whole into a file beside the target and renames that over it. Only its owner may read that file: it gets
 * the target's mode and access rules after the rename. The caller holds the lock.
 *
 * @throws AppError `file-changed` when the target does not hold `before`, or another run took the lock; nothing is written then
 */
export async function replaceBytes(
  { fs, processes }: { readonly fs: FileSystem; readonly processes: Processes },
  target: FileTarget,
  lock: FileLock,
  before: Uint8Array | null,
  after: Uint8Array,
): Promise<void> {
  await verifyUnchanged(fs, target, before);
  if (before !== null && Buffer.compare(before, after) === 0) return;
  const rules = await holdRules(fs, processes, target, `${lock.fresh}~`);
  try {
    await writeFresh(fs, target, lock.fresh, after);
    await verifyUnchanged(fs, target, before);
    if (!(await lock.isHeld())) throw changed(target, 'is being written');
    await renameOver(fs, lock.fresh, target);
  } catch (thrown) {
    await discard(fs, lock.fresh);
    await rules?.drop();
    throw thrown;
  }
  // Where the rules cannot be given back, the file stays its owner's alone.
  if (target.stats !== null && rules === null) await fs.chmod(target.path, target.stats.mode & 0o7777);
  await rules?.giveBack();
  await rules?.drop();
  await syncFolder(fs, target.path);
}

/**
 * Whether a file beside the target can be given the target's owner. Only root can do that for any owner, so it is tried out
 * with an empty file where the owner is another user or group.
 *
 * @throws AppError `file-not-writable`
 */
export async function verifyOwnerKept(fs: FileSystem, { shown, stats }: FileTarget, probe: string): Promise<void> {
  if (stats === null || process.getuid === undefined) return;
  if (stats.uid === process.getuid() && stats.gid === process.getgid?.()) return;
  const file = await fs.open(probe, 'wx', 0o600);
  try {
    await copyOwner(file, stats, shown);
  } finally {
    await file.close();
    await discard(fs, probe);
  }
}

/**
 * Windows keeps rights in no mode, and asking for them tells less than they do. So it is tried out whether a file can be made
 * there, and whether the present one can be opened for writing: before a token is minted for it.
 *
 * @throws AppError `file-busy`; else what the system says
 */
export async function verifyTriedOut(fs: FileSystem, target: FileTarget, probe: string): Promise<void> {
  if (fs.platform !== 'win32') return;
  await (await fs.open(probe, 'wx', 0o600)).close();
  await discard(fs, probe);
  if (target.stats === null) return;
  try {
    await (await patiently(fs, () => fs.open(target.path, 'r+'))).close();
  } catch (thrown) {
    throw HELD.includes(codeOf(thrown)) ? held(target, thrown) : thrown;
  }
}

async function verifyUnchanged(fs: FileSystem, target: FileTarget, before: Uint8Array | null): Promise<void> {
  const now = await readTarget(fs, target);
  if (before === null ? now === null : now?.equals(before)) return;
  throw changed(target, now === null ? 'was removed' : before === null ? 'was created' : 'was changed');
}

function changed({ shown }: FileTarget, how: string): AppError {
  const message = `${shown} ${how} by another program during this run; nothing was written.`;
  return fileError('file-changed', shown, message, 'Run again: it begins with what the file holds now.');
}

async function writeFresh(
  fs: FileSystem,
  { shown, stats }: FileTarget,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const file = await fs.open(path, 'wx', 0o600);
  try {
    if (stats !== null) await copyOwner(file, stats, shown);
    await file.writeFile(bytes);
    await file.sync();
    // On a full disk some file systems keep a part and report no error.
    if ((await file.stat()).size === bytes.length) return;
  } finally {
    await file.close();
  }
  const message = `${shown} could not be written: the disk did not keep all of it.`;
  throw fileError('file-io', shown, message, 'Check the free space and the health of the disk, then run again.');
}

async function copyOwner(file: FileHandle, { uid, gid }: Stats, shown: string): Promise<void> {
  const own = await file.stat();
  if (own.uid === uid && own.gid === gid) return;
  await file.chown(uid, gid).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'EPERM') throw thrown;
    const message = `${shown} belongs to user ${uid} and group ${gid}, and a new file in its place would not.`;
    throw fileError('file-not-writable', shown, message, `Run as user ${uid}, or make the file your own.`, thrown);
  });
}

async function renameOver(fs: FileSystem, from: string, target: FileTarget): Promise<void> {
  try {
    await patiently(fs, () => fs.rename(from, target.path));
  } catch (thrown) {
    const code = codeOf(thrown);
    // Another run took the lock over and removed the copy.
    if (code === 'ENOENT') throw changed(target, 'is being written');
    if (fs.platform === 'win32' && HELD.includes(code)) throw held(target, thrown);
    throw ['EBUSY', 'EXDEV'].includes(code) ? mountRefusal(target.shown) : thrown;
  }
}

function held({ shown }: FileTarget, thrown: unknown): AppError {
  const message = `${shown} cannot be replaced (${codeOf(thrown)}): another program has it open, or you may not change it.`;
  const hint =
    'Close it in editors and viewers, let the virus scanner or cloud folder finish with it, and run again. If that does not help, look at the permissions in its properties.';
  return fileError('file-busy', shown, message, hint, thrown);
}
