import { styleText } from 'node:util';
import type { Output } from '../core/ports.ts';

/** Colours and signs for one output; plain text where it has none. */
export type Style = ReturnType<typeof createStyle>;

export function createStyle(output: Pick<Output, 'hasColor' | 'hasUnicode'>) {
  const paint = (format: 'green' | 'red' | 'yellow' | 'dim' | 'bold') => (text: string) =>
    output.hasColor ? styleText(format, text) : text;
  return {
    good: paint('green'),
    bad: paint('red'),
    warn: paint('yellow'),
    dim: paint('dim'),
    bold: paint('bold'),
    signs: {
      passed: output.hasUnicode ? '✔' : '+',
      failed: output.hasUnicode ? '✖' : 'x',
      skipped: '-',
      warning: '!',
    },
  };
}

/** A blank at which `wrap` does not break. */
export const HARD_BLANK = '\u00a0';

/**
 * Breaks a text at blanks so that no line is longer than `width`, indent included; later lines begin with `indent`. Words
 * that are longer stay whole: a path or a command is there to be copied.
 */
export function wrap(text: string, width: number, indent = ''): string {
  const words = text.trimStart().split(' ');
  const lines: string[] = [];
  let line = text.slice(0, text.length - text.trimStart().length) + (words.shift() ?? '');
  for (const word of words) {
    if (line.length + 1 + word.length <= width) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join('\n').replaceAll(HARD_BLANK, ' ');
}

/** Paths below a folder, as they are typed in that folder. */
export function shortenPaths(text: string, folder: string): string {
  const isInPath = (before: string) => /[\w./\\-]/.test(before);
  const shorten = (text: string, prefix: string) =>
    text.replaceAll(prefix, (match, at: number) => (isInPath(text[at - 1] ?? ' ') ? match : ''));
  return /[/\\]$/.test(folder) ? text : shorten(shorten(text, `${folder}/`), `${folder}\\`);
}
