import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../core/errors.ts';
import { replaceNow } from './latest-report.ts';
import { fileAt } from './report-folder.ts';

/**
 * Writes a file that only its owner can read, whole or not at all. Folders above it are made.
 *
 * @param name of the file where the path is a folder
 * @returns where it is
 * @throws AppError `file-not-writable`
 */
export async function writePrivate(path: string, name: string, text: string): Promise<string> {
  const target = await fileAt(path, name);
  try {
    await mkdir(dirname(target), { recursive: true });
    replaceNow(target, text, 0o600);
    return target;
  } catch (cause) {
    throw new AppError('file-not-writable', `${target} cannot be written.`, { hint: 'Name another file.', cause });
  }
}
