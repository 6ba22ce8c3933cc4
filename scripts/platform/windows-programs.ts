import { win32 } from 'node:path';
import { type Variables, variableIn } from './windows-variables.ts';

/** What Windows takes where PATHEXT is not set. */
const EXTENSIONS = '.COM;.EXE;.BAT;.CMD';

/**
 * The file of a program on Windows, by PATH and PATHEXT. Windows would look into the current folder first, and that may be
 * somebody else's repository with a `git.bat` in it; so may be a relative entry of PATH.
 *
 * @param file as it is typed: a name, or a path that starts from `cwd`
 * @returns absolute; null: there is none
 */
export function findProgram(
  file: string,
  cwd: string,
  env: Variables,
  isFile: (path: string) => boolean,
): string | null {
  const folders = /[\\/:]/.test(file)
    ? [cwd]
    : (variableIn(env, 'PATH') ?? '').split(';').map((each) => each.replaceAll('"', '').trim());
  const extensions = (variableIn(env, 'PATHEXT') || EXTENSIONS).split(';').filter((each) => each !== '');
  const named = win32.extname(file) === '' ? extensions : ['', ...extensions];
  for (const folder of folders.filter(win32.isAbsolute)) {
    const found = named.map((extension) => win32.resolve(folder, file) + extension).find(isFile);
    if (found !== undefined) return found;
  }
  return null;
}

/** Ends a process and all that it has started; Windows itself ends the one only. */
export function treeKill(pid: number, env: Variables): readonly [file: string, args: readonly string[]] {
  const file = win32.join(variableIn(env, 'SystemRoot') ?? 'C:\\Windows', 'System32', 'taskkill.exe');
  return [file, ['/pid', String(pid), '/t', '/f']];
}
