import { constants, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import type { AppError, Hint } from '../core/errors.ts';
import { quoteWord } from '../core/shell.ts';
import { codeOf, type FileSystem, fileError, orNull } from './file-system.ts';
import { readRegular } from './regular-file.ts';

/** A file that is to be written, or is not there yet. */
export interface FileTarget {
  /** As the user gave it, for messages. */
  readonly shown: string;
  /** Without symbolic links: the links stay, and two names of a file are one target. */
  readonly path: string;
  /** null: there is no such file. */
  readonly stats: Stats | null;
}

/** @throws AppError `file-not-regular` */
export async function findFileTarget(fs: FileSystem, path: string): Promise<FileTarget> {
  const link = await orNull(fs.lstat(path));
  if (link === null) {
    const folder = await orNull(fs.realpath(dirname(path)));
    return { shown: path, path: join(folder ?? dirname(path), basename(path)), stats: null };
  }
  const stats = await orNull(fs.stat(path));
  if (stats === null) {
    const message = `${path} is a symbolic link to ${await fs.readlink(path)}, which does not exist.`;
    throw fileError('file-not-regular', path, message, 'Make the file that it points to, or remove the link.');
  }
  if (!stats.isFile()) throw notRegular(path, stats.isDirectory());
  return { shown: path, path: await fs.realpath(path), stats };
}

function notRegular(path: string, isFolder: boolean): AppError {
  const kind = isFolder ? 'a folder' : 'a device, a pipe or a socket';
  return fileError('file-not-regular', path, `${path} is ${kind}, not a file.`, 'Name a regular file.');
}

/** Nothing that this tool reads as a whole is larger. */
const LARGEST_MB = 64;

/**
 * The bytes of the file as it is now; null: it is gone.
 *
 * @throws AppError `file-not-regular` also for one that is too large
 */
export async function readTarget(fs: FileSystem, { shown, path }: FileTarget): Promise<Buffer | null> {
  const read = await orNull(readRegular(fs, path, { bytes: LARGEST_MB * 1024 * 1024 }));
  if (read === 'irregular') throw notRegular(shown, false);
  if (read !== 'too-large') return read;
  const message = `${shown} is larger than ${LARGEST_MB} MB, so it is not read.`;
  throw fileError('file-not-regular', shown, message, 'Name the right file, or make it smaller.');
}

/**
 * Whether the file may be written, and can be replaced by a rename: one that is a mount point cannot, and one with several
 * names (hard links) would lose the others.
 *
 * @throws AppError `file-not-writable`, `file-io`
 */
export async function verifyWritableFile(fs: FileSystem, { shown, path, stats }: FileTarget): Promise<void> {
  const folder = await orNull(fs.stat(dirname(path)));
  if (folder === null) {
    const message = `The folder of ${shown} does not exist.`;
    throw fileError('file-io', shown, message, `Make ${dirname(shown)}, or name another file.`);
  }
  await verifyWritable(fs, dirname(path), folder, shown, dirname(shown));
  if (stats === null) return;
  await verifyWritable(fs, path, stats, shown, shown);
  if (stats.nlink > 1) {
    const message = `${shown} has ${stats.nlink} names (hard links) that belong together.`;
    throw fileError('file-not-writable', shown, message, separation(shown, fs.platform));
  }
  if (await isMountPoint(fs, path)) throw mountRefusal(shown);
}

function separation(shown: string, platform: NodeJS.Platform): Hint {
  const text = 'Replacing it would break its link to the others. If they may differ, make it a separate file:';
  if (platform === 'win32') return { text: `${text} copy it, delete this one, and give its name to the copy.` };
  const quoted = (path: string) => quoteWord(path, platform);
  const copy = `${shown}.copy`;
  return { text, command: `cp -p ${quoted(shown)} ${quoted(copy)} && mv ${quoted(copy)} ${quoted(shown)}` };
}

export function mountRefusal(shown: string): AppError {
  const hint = 'Mount its folder instead of the file, run where the file itself is, or change the file by hand.';
  return fileError('file-not-writable', shown, `${shown} is a mount point, so it cannot be replaced.`, hint);
}

/**
 * A rename would replace a read-only file without asking, and root is asked nothing at all: so a file or a folder without any
 * write bit counts as read-only for everybody.
 */
async function verifyWritable(fs: FileSystem, path: string, stats: Stats, file: string, shown: string): Promise<void> {
  // Windows marks folders that it decorates as read-only, and still writes into them.
  const hasBit = (stats.mode & 0o222) !== 0 || (fs.platform === 'win32' && stats.isDirectory());
  const code = hasBit ? await fs.access(path, constants.W_OK).then(() => '', codeOf) : 'EACCES';
  if (code === '') return;
  const isOurs = process.getuid === undefined || stats.uid === process.getuid();
  const name = file === shown ? file : `The folder of ${file}`;
  const command = (verb: string) => `${verb} ${quoteWord(shown, fs.platform)}`;
  throw fileError(
    'file-not-writable',
    file,
    `${name} is read-only${code === 'EROFS' ? ', as its file system is' : ''}.`,
    {
      text: `${isOurs ? '' : `It belongs to the user with the id ${stats.uid}. `}If it should be written, allow it:`,
      command: command(fs.platform === 'win32' ? 'attrib -r' : 'chmod u+w'),
    },
  );
}

/** A container gets single files that way. Linux only (proc(5), /proc/pid/mountinfo: the fifth field, octal escapes). */
async function isMountPoint(fs: FileSystem, path: string): Promise<boolean> {
  const mounts = await fs.readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const escaped = path.replaceAll(/[ \t\n\\]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return mounts.split('\n').some((line) => line.split(' ')[4] === escaped);
}
