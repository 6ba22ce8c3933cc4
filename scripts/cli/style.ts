import { styleText } from 'node:util';
import type { Output } from '../core/ports.ts';

/** Colours and signs for one output; plain text where it has none. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
  readonly signs: {
    readonly passed: string;
    readonly failed: string;
    readonly skipped: string;
    readonly warning: string;
  };
}

export function createStyle(output: Pick<Output, 'hasColor' | 'hasUnicode'>): Style {
  const paint = (format: 'green' | 'red' | 'yellow' | 'dim' | 'bold') => (text: string) =>
    output.hasColor ? styleText(format, text) : text;
  return {
    good: paint('green'),
    bad: paint('red'),
    warn: paint('yellow'),
    dim: paint('dim'),
    bold: paint('bold'),
    signs: output.hasUnicode
      ? { passed: '✔', failed: '✖', skipped: '-', warning: '!' }
      : { passed: '+', failed: 'x', skipped: '-', warning: '!' },
  };
}

/** Breaks a text at blanks so that no line is longer than `width`; later lines begin with `indent`, which does not count. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = width;
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.join(`\n${indent}`);
}

/** "0.3 s", "12 s", "2 min 5 s". */
export function renderDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
