import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';

/**
 * Writes a file that only its owner can read, whole or not at all. Folders above it are made.
 *
 * @param name of the file where the path is a folder
 * @returns where it is
 * @throws AppError `file-not-writable`
 */
export async function writePrivate(path: string, name: string, text: string): Promise<string> {
  const isFolder = /[/\\]$/.test(path) || (await stat(path).catch(() => null))?.isDirectory() === true;
  const target = isFolder ? join(path, name) : path;
  const fresh = `${target}.${randomUUID()}.new`;
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
    await rename(fresh, target);
    return target;
  } catch (cause) {
    await rm(fresh, { force: true });
    throw new AppError('file-not-writable', `${target} cannot be written.`, { hint: 'Name another file.', cause });
  }
}
