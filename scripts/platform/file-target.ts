import { constants, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { AppError } from '../core/errors.ts';
import { codeOf, type FileSystem, kindOf, orNull } from './file-system.ts';

/** A file that is to be written, or is not there yet. */
export interface Target {
  /** As the user gave it, for messages. */
  readonly shown: string;
  /** Without symbolic links: the links stay, and two names of a file are one target. */
  readonly path: string;
  /** null: there is no such file. */
  readonly stats: Stats | null;
}

/** @throws `file-not-regular` */
export async function findTarget(fs: FileSystem, path: string): Promise<Target> {
  const link = await orNull(fs.lstat(path));
  if (link === null) {
    const folder = await orNull(fs.realpath(dirname(path)));
    return { shown: path, path: join(folder ?? dirname(path), basename(path)), stats: null };
  }
  const stats = await orNull(fs.stat(path));
  if (stats === null) {
    const to = await orNull(fs.readlink(path));
    throw new AppError('file-not-regular', `${path} is a symbolic link to ${to ?? 'a file'}, which does not exist.`, {
      hint: 'Make the file that it points to, or remove the link.',
      where: { file: path },
    });
  }
  if (!stats.isFile()) {
    throw new AppError('file-not-regular', `${path} is ${kindOf(stats)}, not a file.`, {
      hint: 'Name a regular file.',
      where: { file: path },
    });
  }
  return { shown: path, path: await fs.realpath(path), stats };
}

/**
 * Whether the file may be written by its own mode and its folder's. A rename would replace a read-only file without asking,
 * and root is asked nothing at all: so a file or a folder without any write bit counts as read-only for everybody.
 *
 * @throws `file-not-writable`
 */
export async function verifyWritableTarget(fs: FileSystem, target: Target): Promise<void> {
  const { shown, path, stats } = target;
  const folder = dirname(path);
  const folderStats = await orNull(fs.stat(folder));
  if (folderStats === null) {
    throw new AppError('file-io', `The folder of ${shown} does not exist.`, {
      hint: `Make ${dirname(shown)}, or name another file.`,
      where: { file: shown },
    });
  }
  await verifyWritable(fs, shown, folder, folderStats, `The folder of ${shown}`, dirname(shown));
  if (stats !== null) await verifyWritable(fs, shown, path, stats, shown, shown);
}

async function verifyWritable(
  fs: FileSystem,
  file: string,
  path: string,
  stats: Stats,
  name: string,
  shown: string,
): Promise<void> {
  // Windows shows folders that it decorates as read-only, and writes into them all the same.
  const hasBit = (stats.mode & WRITE_BITS) !== 0 || (process.platform === 'win32' && stats.isDirectory());
  const code = hasBit ? await accessCode(fs, path) : 'EACCES';
  if (code === '') return;
  const isOurs = process.getuid === undefined || stats.uid === process.getuid();
  throw new AppError('file-not-writable', `${name} is read-only${code === 'EROFS' ? ', as its file system is' : ''}.`, {
    hint: {
      text: `${isOurs ? '' : `It belongs to the user with the id ${stats.uid}. `}If it should be written, allow it:`,
      command: `chmod u+w ${shown}`,
    },
    where: { file },
  });
}

const WRITE_BITS = 0o222;

async function accessCode(fs: FileSystem, path: string): Promise<string> {
  try {
    await fs.access(path, constants.W_OK);
    return '';
  } catch (thrown) {
    return codeOf(thrown);
  }
}
