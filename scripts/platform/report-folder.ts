import { access, constants, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { ReportFiles } from '../core/ports.ts';

/** The file system's own folders and files. */
export const reportFiles: ReportFiles = {
  async verify(folder) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
    } catch (error) {
      throw notWritable(folder, error);
    }
  },
  async makeRunFolder(folder, name) {
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw notWritable(folder, error);
    });
    for (let count = 1; ; count++) {
      const path = join(folder, count === 1 ? name : `${name}-${count}`);
      try {
        await mkdir(path);
        return path;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || count > 100) throw notWritable(folder, error);
      }
    }
  },
  write: (path, text) => writeFile(path, text),
  read: (path) => readFile(path),
  remove: (path) => rm(path, { force: true }),
  async runs(folder) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return Promise.all(
      entries
        .filter((entry) => entry.isDirectory())
        .map(async ({ name }) => ({
          name,
          result: await readFile(join(folder, name, 'result.json'), 'utf8').catch(() => null),
        })),
    );
  },
};

function notWritable(folder: string, cause: unknown): AppError {
  return new AppError('file-not-writable', `The reports cannot be written to ${folder}.`, {
    hint: 'Name another folder with --reports DIR.',
    cause,
  });
}
