import { mkdirSync, writeFileSync } from 'node:fs';
import { access, constants, lstat, mkdir, open, readdir, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { ReportFiles, RunFolder } from '../core/report-files.ts';
import { copyToLatest, LATEST, OURS, replaceNow } from './latest-report.ts';
import { readRegular } from './regular-file.ts';

/** A `result.json` larger than this was not written by this tool; a page may show many requests. */
const LARGEST_RESULT = 4_000_000;
const LARGEST_REPORT = 256_000_000;

/** What begins the last member of a `result.json`, and is nowhere else in it. A long run's requests are a megabyte. */
const REQUESTS = '\n  "requests": [';

/** So many folders are looked at at a time: each is an open file. */
const AT_A_TIME = 16;

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
  fileAt,
  // A link that somebody put there is not written through.
  write: (path, text) => writeFile(path, text, { flag: 'wx' }),
  writeNow(folder, name, render) {
    mkdirSync(folder, { recursive: true });
    const path = makeFolderNow(folder, name);
    for (const [file, text] of Object.entries(render(path))) writeFileSync(join(path, file), text, { flag: 'wx' });
    try {
      copyToLatest(folder, path);
    } catch {
      // The run's own folder has everything.
    }
  },
  replace: async (path, text) => replaceNow(path, text),
  async append(path, text) {
    // A pipe that nobody reads would hold its writer for ever.
    const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants;
    const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o644);
    try {
      if (!(await file.stat()).isFile()) throw notWritable(path, null);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  },
  async read(path) {
    const bytes = await readRegular({ open }, path, { bytes: LARGEST_REPORT, isLinkFollowed: false });
    if (typeof bytes === 'string') throw notWritable(path, null);
    return bytes;
  },
  remove: (path) => rm(path, { force: true }),
  copyToLatest,
  async runs(folder) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory() && entry.name !== LATEST).map(({ name }) => name);
    const runs: RunFolder[] = [];
    for (let start = 0; start < names.length; start += AT_A_TIME) {
      runs.push(...(await Promise.all(names.slice(start, start + AT_A_TIME).map((name) => readRun(folder, name)))));
    }
    return runs;
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

/** See `ReportFiles.fileAt`. */
export async function fileAt(path: string, name: string): Promise<string> {
  const isFolder = /[/\\]$/.test(path) || (await stat(path).catch(() => null))?.isDirectory() === true;
  return isFolder ? join(path, name) : path;
}

async function readRun(folder: string, name: string): Promise<RunFolder> {
  const limit = { bytes: LARGEST_RESULT, isLinkFollowed: false, until: REQUESTS };
  const result = await readRegular({ open }, join(folder, name, 'result.json'), limit).catch(() => 'irregular');
  return {
    name,
    result: typeof result === 'string' ? null : result.toString('utf8'),
    hasPage: (await lstat(join(folder, name, 'index.html')).catch(() => null))?.isFile() === true,
  };
}

function makeFolderNow(folder: string, name: string): string {
  for (let count = 1; ; count++) {
    const path = join(folder, count === 1 ? name : `${name}-${count}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || count > 100) throw error;
    }
  }
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
