import type { BigIntStats, Stats } from 'node:fs';
import * as promises from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { AppError } from '../core/errors.ts';

/** The calls that files are written with. Tests stand between them to end the process at each. */
export type FileSystem = Pick<
  typeof promises,
  'access' | 'lstat' | 'open' | 'readFile' | 'readlink' | 'realpath' | 'rename' | 'stat' | 'unlink'
>;

export const nodeFileSystem: FileSystem = promises;

export type FileHandle = Awaited<ReturnType<FileSystem['open']>>;

/** Node's code of a failed call: ENOENT, ENOSPC …; '' where it was something else. */
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

/** Removes a file that may be gone already; a failure to do so is not what the caller failed for. */
export async function discard(fs: FileSystem, path: string): Promise<void> {
  await fs.unlink(path).catch(() => {});
}

/** A rename is on the disk when its folder is. Windows has no such call, and some file systems refuse it. */
export async function syncFolder(fs: FileSystem, path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await fs.open(dirname(path), 'r');
  try {
    await folder.sync();
  } catch (thrown) {
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(codeOf(thrown))) throw thrown;
  } finally {
    await folder.close();
  }
}

/** The name of what is at a path, for people. */
export function kindOf(stats: Stats | BigIntStats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return 'not a regular file';
}

/** A failed call in our words; the system's message names paths, and ours are the user's own. */
export function toFileError(thrown: unknown, path: string, doing: 'read' | 'written'): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = codeOf(thrown);
  if (code === '') throw thrown;
  const where = { file: path };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('file-io', `No space left on the device of ${path}; the file is as it was.`, {
      hint: 'Make room there, then run again.',
      where,
      cause: thrown,
    });
  }
  if (doing === 'written' && ['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new AppError('file-not-writable', `${path} cannot be written (${code}).`, {
      hint:
        code === 'EROFS'
          ? 'Its file system is mounted read-only.'
          : 'Give yourself write permission on the file and its folder.',
      where,
      cause: thrown,
    });
  }
  const why = WORDS[code] ?? code;
  return new AppError('file-io', `${path} could not be ${doing}: ${why}.`, {
    hint: code === 'EACCES' ? 'Give yourself read permission on it.' : 'Check the path and the disk, then run again.',
    where,
    cause: thrown,
  });
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EIO: 'the disk failed (EIO)',
  ELOOP: 'its symbolic links go in a circle',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder does not exist',
};
