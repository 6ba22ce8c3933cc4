import {
  access,
  appendFile,
  constants,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { AppError } from '../core/errors.ts';
import type { ReportFiles } from '../core/report-files.ts';

/** What a run's folder holds. `result.json` is removed last: by it the next run recognizes the folder. */
const OURS = ['index.html', 'junit.xml', 'result.json'];

/** A `result.json` larger than this was not written by this tool. */
const LARGEST_RESULT = 4_000_000;

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
  async replace(path, text) {
    const beside = `${path}.${process.pid}.new`;
    try {
      await writeFile(beside, text);
      await rename(beside, path);
    } catch {
      // On Windows no file can be renamed over one that is open.
      await rm(beside, { force: true });
      await writeFile(path, text);
    }
  },
  append: (path, text) => appendFile(path, text),
  read: (path) => readFile(path),
  remove: (path) => rm(path, { force: true }),
  async runs(folder) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return Promise.all(
      entries
        .filter((entry) => entry.isDirectory())
        .map(async ({ name }) => ({
          name,
          result: (await isFile(join(folder, name, 'result.json'), LARGEST_RESULT))
            ? await readFile(join(folder, name, 'result.json'), 'utf8').catch(() => null)
            : null,
          hasPage: await isFile(join(folder, name, 'index.html')),
        })),
    );
  },
  async removeRun(folder) {
    try {
      if (!(await lstat(folder)).isDirectory()) return false;
      const entries = await readdir(folder, { withFileTypes: true });
      if (!entries.every((entry) => entry.isFile() && OURS.includes(entry.name))) return false;
      // One by one and never recursively: a file that was added meanwhile keeps the folder.
      for (const name of OURS) await unlink(join(folder, name)).catch(ignoreMissing);
      await rmdir(folder);
      return true;
    } catch {
      return false;
    }
  },
};

async function isFile(path: string, limit = Number.POSITIVE_INFINITY): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true && found.size <= limit;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

function notWritable(folder: string, cause: unknown): AppError {
  return new AppError('file-not-writable', `The reports cannot be written to ${folder}.`, {
    hint: 'Name another folder with --reports DIR.',
    cause,
  });
}
