import { Buffer } from 'node:buffer';
import type { Shell } from './shells.ts';

/** A command line up to the cursor, without quotes and escapes. */
export interface Line {
  /** The arguments before the one that is being typed. */
  readonly before: readonly string[];
  /** What has been typed of that one. */
  readonly current: string;
  /** For bash, which has the answer put in as it is. */
  readonly bash?: BashPlace;
}

/** What bash replaces, and what stays in front of it: it breaks words at more than blanks, such as at a colon. */
export interface BashPlace {
  /** What stays of the argument. */
  readonly kept: string;
  /** The quote that is open where the answer begins; '': none. */
  readonly quote: Quote;
}

type Quote = '' | "'" | '"';

/**
 * Reads what the script of a shell passes on.
 *
 * @param given for bash the line up to the cursor and the part of it that is to be replaced; for zsh and fish the words, the last of
 *   them the one that is being typed; for PowerShell the same in base64, each on a line
 */
export function readLine(shell: Shell, given: readonly string[]): Line | null {
  if (shell === 'bash') return readBash(given[0] ?? '', given[1] ?? '');
  const words =
    shell === 'powershell'
      ? Buffer.from(given[0] ?? '', 'base64')
          .toString()
          .split('\n')
      : given;
  return words.length < 2 ? null : { before: argumentsIn(words.slice(0, -1)), current: words.at(-1) ?? '' };
}

function readBash(line: string, replaced: string): Line | null {
  if (!line.endsWith(replaced)) return null;
  const { words, isOpen } = scan(line);
  const last = isOpen ? words.at(-1) : undefined;
  const before = (last === undefined ? words : words.slice(0, -1)).map(({ text }) => text);
  const { words: kept, quote } = scan(line.slice(last?.start ?? line.length, line.length - replaced.length));
  return {
    before: argumentsIn(before),
    current: last?.text ?? '',
    bash: { kept: kept.at(-1)?.text ?? '', quote },
  };
}

/** Without the command, and what stands in front of it, as in `A=1 bff-iat`. */
function argumentsIn(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => /(?:^|[\\/])bff-iat(?:\.\w+)?$/i.test(word));
  return words.slice(Math.max(at, 0) + 1);
}

/** The words of a line as bash takes them apart; nothing is expanded. */
function scan(line: string) {
  const words: { readonly start: number; text: string }[] = [];
  let quote: Quote = '';
  let word: (typeof words)[number] | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (quote === '' && /\s/.test(char)) {
      word = null;
      continue;
    }
    if (word === null) {
      word = { start: at, text: '' };
      words.push(word);
    }
    if (char === quote) quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === '\\' && quote !== "'") {
      const next = line[++at] ?? '';
      word.text += quote === '"' && !/["$`\\]/.test(next) ? `\\${next}` : next;
    } else word.text += char;
  }
  return { words, quote, isOpen: word !== null };
}
