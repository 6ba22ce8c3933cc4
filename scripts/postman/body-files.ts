import { createReadStream, type ReadStream, readFile, realpathSync, type Stats, stat } from 'node:fs';
import path from 'node:path';
import type { LocalFiles } from '../core/ports.ts';

/** What Newman's runtime needs of `fs` for the files that requests name, and for `--ca-file`. */
export interface FileResolver {
  stat(path: string, done: (error: Error | null, stats?: Stats) => void): void;
  createReadStream(path: string): ReadStream;
  readFile(path: string, done: (error: Error | null, data?: Buffer) => void): void;
}

/** Files of settings and secrets: of compose, and what is named after them (`.env.local`). */
const NEVER = /^\.env|^(?:docker-)?compose(?:[.-].*)?\.ya?ml$/i;

const { basename, dirname, join, resolve } = path;

/**
 * The files that a run may read.
 *
 * @param local null: none
 * @param certificates files with certificates and keys, which Newman reads as well
 */
export function createFileResolver(local: LocalFiles | null, certificates: readonly string[]): FileResolver {
  const find = (path: string): string => findFile(path, local);
  return {
    stat: (path, done) => attempt(() => stat(find(path), done), done),
    createReadStream: (path) => createReadStream(find(path)),
    readFile: (path, done) => attempt(() => readFile(certificates.includes(path) ? path : find(path), done), done),
  };
}

/** The path without links in it. Throws what the report says about it. */
function findFile(named: string, local: LocalFiles | null): string {
  if (local === null) throw new Error(`"${named}", files are not sent in this run`);
  const found = local.workingDirs.map((folder) => resolve(folder, named)).find((each) => realOf(each) !== null);
  const real = found === undefined ? null : realOf(found);
  if (found === undefined || real === null) throw new Error(`"${named}", no such file`);
  const names = [found, real].map(withoutStream);
  const isWithheld = local.withheld.some((each) => names.some((name) => isBelow(name, realOf(each) ?? each)));
  if (isWithheld || names.some((name) => NEVER.test(basename(name)))) {
    throw new Error(`"${named}", such a file is never sent: it may hold secrets`);
  }
  if (local.folders.some((folder) => isBelow(real, realOf(folder) ?? folder))) return real;
  throw new Error(
    `"${named}", it is not below ${local.folders.join(' or ')}; name another folder with --working-dir DIR`,
  );
}

function realOf(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

/** `.env::$DATA` is another name of `.env` where the file system is NTFS. */
function withoutStream(file: string): string {
  return join(dirname(file), basename(file).split(':')[0] ?? '');
}

/**
 * @param file without links in it
 * @param system whose paths they are
 */
export function isBelow(file: string, folder: string, system: path.PlatformPath = path): boolean {
  const way = system.relative(folder, file);
  // From one drive of Windows to another there is no way, and the answer is the path itself.
  if (system.isAbsolute(way)) return false;
  return way !== '..' && !way.startsWith(`..${system.sep}`) && system.resolve(folder, way) === file;
}

function attempt(read: () => void, failed: (error: Error) => void): void {
  try {
    read();
  } catch (error) {
    failed(error as Error);
  }
}
