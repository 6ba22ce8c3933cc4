import type { Command } from './ports.ts';

/** A command as a person types or pastes it: nothing in its words is read by the shell. */
export function renderCommand({ file, args }: Command, platform: NodeJS.Platform): string {
  const line = [file, ...args].map((word) => quoteWord(word, platform)).join(' ');
  // PowerShell takes a quoted word at the beginning for a text, unless & says that it is to be called.
  return platform === 'win32' && line.startsWith('"') ? `& ${line}` : line;
}

/**
 * One word of a command that is there to be copied. For sh and its like it stands in single quotes, in which nothing has a
 * meaning (POSIX.1-2024, Shell Command Language §2.2.2). On Windows it stands in double quotes: exact in PowerShell, and in
 * cmd nothing in it starts a second command.
 */
export function quoteWord(word: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    if (/^[\w./\\-][\w./\\:+-]*$/.test(word)) return word;
    // PowerShell takes the typographic quotes for quotes, too. A program would take a backslash at the end for part of an escape.
    return `"${word
      .replaceAll('"', '""')
      .replace(/[`$“”„]/g, '`$&')
      .replace(/(?<!\\)\\+$/, '$&$&')}"`;
  }
  if (/^[\w./+-][\w./+:@%=,-]*$/.test(word)) return word;
  // Empty quotes inside change nothing, and part what a CI would take for the beginning of a command.
  return `'${word.replaceAll("'", "'\\''").replaceAll('##', "#''#")}'`;
}

/** A path of Windows to a program, which has blanks in it more often than not: shells take the quotes around it away. */
const WINDOWS_PATH = /^(?:[A-Za-z]:[\\/]|\\\\)[^"]{0,1000}?\.(?:exe|cmd|bat|com)(?=\s|$)/i;

/** A program with its first arguments as a setting names it: `k3s kubectl`, `"C:\Program Files\kubectl.exe"`, quoted or not. */
export function parseProgram(text: string): Command {
  const path = WINDOWS_PATH.exec(text)?.[0];
  if (path !== undefined) return parseProgram(`"${path}"${text.slice(path.length)}`);
  const [file = text, ...args] = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  return { file, args };
}
