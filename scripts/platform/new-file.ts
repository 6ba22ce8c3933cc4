import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toFileError } from './file-system.ts';

/**
 * Writes a file that is not there yet, with the folders above it; everybody may read it, as the umask allows.
 *
 * @throws AppError where there is something of that name, a link that leads nowhere included
 */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'wx');
    try {
      await file.writeFile(bytes);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw toFileError(error, path, 'written');
  }
}
