import * as promises from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, type ErrorCode, type Hint } from '../core/errors.ts';

/** The calls that files are written with. Tests put themselves in between: to fail at each, and to stop at each. */
export interface FileSystem
  extends Pick<
    typeof promises,
    | 'access'
    | 'chmod'
    | 'lstat'
    | 'open'
    | 'readdir'
    | 'readFile'
    | 'readlink'
    | 'realpath'
    | 'rename'
    | 'stat'
    | 'unlink'
  > {
  /** Whose rules hold: for rights, and for files that are open. */
  readonly platform: NodeJS.Platform;
}

export const nodeFileSystem: FileSystem = { ...promises, platform: process.platform };

export type FileHandle = Awaited<ReturnType<FileSystem['open']>>;

/** Node's code of a failed call: ENOENT, ENOSPC …; '' for any other error. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** What `promise` gives, or null where there is no such file. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(thrown))) return null;
    throw thrown;
  }
}

/** What Windows says of a file that another program has open. It says the same where the right to change it is missing. */
export const HELD = ['EBUSY', 'EPERM', 'EACCES'];

/**
 * On Windows a virus scanner, an indexer or an editor may have a file open for a moment, and nobody can replace or remove it
 * then: it is tried again for a second in all.
 */
export async function patiently<T>({ platform }: Pick<FileSystem, 'platform'>, call: () => Promise<T>): Promise<T> {
  for (let tries = platform === 'win32' ? 20 : 1; ; tries--) {
    try {
      return await call();
    } catch (thrown) {
      if (tries === 1 || !HELD.includes(codeOf(thrown))) throw thrown;
    }
    await delay(50);
  }
}

/** The same for what has to be done before anything else happens. */
export function patientlyNow<T>({ platform }: Pick<FileSystem, 'platform'>, call: () => T): T {
  for (let tries = platform === 'win32' ? 20 : 1; ; tries--) {
    try {
      return call();
    } catch (thrown) {
      if (tries === 1 || !HELD.includes(codeOf(thrown))) throw thrown;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

/** Removes a file that may be gone already. A failure is ignored: the caller has a better error to report. */
export async function discard(fs: FileSystem, path: string): Promise<void> {
  await patiently(fs, () => fs.unlink(path)).catch(() => {});
}

/** A rename is on the disk when its folder is. Windows has no such call, and some file systems refuse it. */
export async function syncFolder(fs: FileSystem, path: string): Promise<void> {
  if (fs.platform === 'win32') return;
  const folder = await fs.open(dirname(path), 'r');
  try {
    await folder.sync();
  } catch (thrown) {
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(codeOf(thrown))) throw thrown;
  } finally {
    await folder.close();
  }
}

/** An error about one file, `file`, named as the user named it. */
export function fileError(code: ErrorCode, file: string, message: string, hint: string | Hint, cause?: unknown) {
  return new AppError(code, message, { hint, where: { file }, cause });
}

/** A failed call in our words; the system's message names paths of its own, and ours are the user's. */
export function toFileError(thrown: unknown, path: string, doing: 'read' | 'written'): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = codeOf(thrown);
  if (code === '') throw thrown;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `No space left on the device of ${path}; the file is as it was.`;
    return fileError('file-io', path, message, 'Free some space there, then run again.', thrown);
  }
  if (doing === 'written' && ['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    const hint = 'Give yourself write permission on the file and its folder.';
    return fileError('file-not-writable', path, `${path} cannot be written (${code}).`, hint, thrown);
  }
  const hint =
    code === 'EACCES' || code === 'EPERM'
      ? 'Give yourself read permission on it.'
      : 'Check the path and the disk, and run again.';
  return fileError('file-io', path, `${path} could not be ${doing}: ${WORDS[code] ?? code}.`, hint, thrown);
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'another program has it open (EBUSY)',
  EIO: 'the disk failed (EIO)',
  ELOOP: 'its symbolic links go in a circle',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder does not exist',
  EPERM: 'permission denied',
};
