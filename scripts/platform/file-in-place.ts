import { Buffer } from 'node:buffer';
import { AppError } from '../core/errors.ts';
import { discard, type FileSystem, orNull, syncFolder } from './file-system.ts';
import type { Target } from './file-target.ts';

/** Files beside the target, which only the lock's owner touches. They may hold secrets: 0600. */
export interface SideFiles {
  readonly lock: string;
  /** New bytes, until they are renamed to where they belong. */
  readonly fresh: string;
  /** Old and new bytes while the file is written in place. Where it exists, it is whole. */
  readonly journal: string;
}

export function sideFilesOf(path: string): SideFiles {
  return { lock: `${path}.lock`, fresh: `${path}.lock.new`, journal: `${path}.lock.old` };
}

/**
 * Writes into the file itself. A journal keeps the old bytes until the new ones are seen to be there.
 *
 * @param verify called at the last moment; nothing was written if it throws
 */
export async function writeInPlace(
  fs: FileSystem,
  target: Target,
  side: SideFiles,
  before: Uint8Array,
  after: Uint8Array,
  verify: () => Promise<void>,
): Promise<void> {
  try {
    await writeJournal(fs, side, before, after);
    await syncFolder(fs, target.path);
    await verify();
  } catch (thrown) {
    await discard(fs, side.fresh);
    await discard(fs, side.journal);
    throw thrown;
  }
  try {
    await overwrite(fs, target.path, after);
  } catch (thrown) {
    await overwrite(fs, target.path, before).catch((second: unknown) => {
      throw new AppError('file-io', `${target.shown} is half written, and its old bytes could not be put back.`, {
        hint: `Mend the disk and run again: the old bytes are kept in ${side.journal} and will be put back.`,
        where: { file: target.shown },
        cause: second,
      });
    });
    await discard(fs, side.journal);
    throw thrown;
  }
  await fs.unlink(side.journal);
}

/**
 * What a run that was killed has left is removed, and a file that it was writing in place gets its old bytes back. The
 * caller holds the lock.
 *
 * @returns what was done, for the user; null: nothing was left
 */
export async function repair(fs: FileSystem, target: Target, side: SideFiles): Promise<string | null> {
  const hadFresh = (await orNull(fs.lstat(side.fresh))) !== null;
  if (hadFresh) await fs.unlink(side.fresh);
  const journal = await readJournal(fs, side);
  if (journal === null) return hadFresh ? 'its unfinished copy is removed' : null;
  const { before, after } = journal;
  const now = await orNull(fs.readFile(target.path));
  // What is neither old nor new nor a mix of them is someone's own edit since, and not ours to undo.
  const isTorn = now !== null && !now.equals(before) && !now.equals(after) && isMix(now, before, after);
  if (isTorn) await overwrite(fs, target.path, before);
  await fs.unlink(side.journal);
  await syncFolder(fs, target.path);
  return isTorn ? 'the file was half written, and its old bytes are put back' : 'its copy of the old bytes is removed';
}

/** The beginning of the new bytes over the old ones. */
function isMix(now: Buffer, before: Buffer, after: Buffer): boolean {
  let same = 0;
  while (same < now.length && same < after.length && now[same] === after[same]) same++;
  return now.subarray(same).equals(before.subarray(same));
}

async function overwrite(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, 'r+');
  try {
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    await file.truncate(bytes.length);
    await file.sync();
  } finally {
    await file.close();
  }
  if (!(await fs.readFile(path)).equals(bytes)) throw notKept(path);
}

/** A line of sizes, then the bytes before and the bytes after. */
async function writeJournal(fs: FileSystem, side: SideFiles, before: Uint8Array, after: Uint8Array): Promise<void> {
  const file = await fs.open(side.fresh, 'wx', 0o600);
  try {
    const bytes = Buffer.concat([Buffer.from(`${before.length} ${after.length}\n`), before, after]);
    await file.writeFile(bytes);
    await file.sync();
    if ((await file.stat()).size !== bytes.length) throw notKept(side.fresh);
  } finally {
    await file.close();
  }
  await fs.rename(side.fresh, side.journal);
}

async function readJournal(
  fs: FileSystem,
  side: SideFiles,
): Promise<{ readonly before: Buffer; readonly after: Buffer } | null> {
  const bytes = await orNull(fs.readFile(side.journal));
  if (bytes === null) return null;
  const start = bytes.indexOf('\n') + 1;
  const [before = 0, after = 0] = bytes.toString('latin1', 0, start).split(' ').map(Number);
  return {
    before: bytes.subarray(start, start + before),
    after: bytes.subarray(start + before, start + before + after),
  };
}

/** A short write is no error everywhere (notes: reliability.md M17). */
export function notKept(path: string): AppError {
  return new AppError('file-io', `${path} could not be written: the disk did not keep what was written to it.`, {
    hint: 'Look for room and for errors of the disk, then run again.',
    where: { file: path },
  });
}
