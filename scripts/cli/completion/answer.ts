import { toPlain, toVisible } from '../../core/visible.ts';
import { expectedAt } from './expected.ts';
import type { BashPlace, Line } from './line.ts';
import type { CompletionOutside } from './outside.ts';
import type { Shell } from './shells.ts';
import { type Candidate, wordsFrom } from './words.ts';

/** What to offer: words, or paths, which the shell knows itself. */
export type Answer =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' | 'folders' };

export const NO_WORDS: Answer = { kind: 'words', candidates: [] };

/** Longer ones would be cut by each shell in another way. */
const LONGEST_ABOUT = 60;

/**
 * What can stand where the cursor is. What nobody can type on one line, or would not see as it is, is not offered.
 *
 * @throws whatever is wrong with a file
 */
export async function answer(line: Line, outside: CompletionOutside): Promise<Answer> {
  const { expected, typed } = expectedAt(line);
  if (expected.kind === 'files' || expected.kind === 'folders') return { kind: expected.kind };
  const inline = /^--[\w-]+=/.exec(line.current)?.[0] ?? '';
  const value = line.current.slice(inline.length);
  const candidates = (await wordsFrom(expected, typed, value, outside))
    .map(({ word, about }) => ({ word: `${inline}${word}`, about: shorten(about) }))
    .filter(({ word }) => word.startsWith(line.current) && isTypeable(word));
  return { kind: 'words', candidates };
}

function isTypeable(word: string): boolean {
  return toVisible(word) === word && !/[\t\n]/.test(word);
}

function shorten(about: string): string {
  const text = toPlain(about);
  return text.length > LONGEST_ABOUT ? `${text.slice(0, LONGEST_ABOUT - 1)}…` : text;
}

/**
 * The answer as the script of a shell reads it: for PowerShell a line of JSON; for the others the kind, then a line for each
 * word, and behind a tab what it is.
 */
export function renderAnswer(shell: Shell, answer: Answer, line: Line | null): string {
  const candidates = answer.kind === 'words' ? answer.candidates : [];
  if (shell === 'powershell') {
    const words = candidates.map(({ word, about }) => ({ text: quoteForPowerShell(word), word, about: about || word }));
    return `${toAscii(JSON.stringify(words))}\n`;
  }
  const lines =
    shell === 'bash'
      ? quoteForBash(
          candidates.map(({ word }) => word),
          line?.bash ?? { kept: '', quote: '' },
        )
      : candidates.map(({ word, about }) => (about === '' ? word : `${word}\t${about}`));
  return [answer.kind, ...lines, ''].join('\n');
}

/**
 * What bash puts in place of what it replaces, for each word that begins with what stays. Readline closes an open quote, unless
 * the last character is one already.
 */
function quoteForBash(words: readonly string[], { kept, quote }: BashPlace): string[] {
  const rests = words.filter((word) => word.startsWith(kept)).map((word) => word.slice(kept.length));
  if (quote === '') {
    // All in the same way, so that they keep the beginning that they share.
    const areBare = rests.every((rest) => /^[\p{L}\p{N}_@%+:,./=-]*$/u.test(rest));
    return areBare ? rests : rests.map((rest) => `'${inSingleQuotes(rest)}'`);
  }
  return rests.map((rest) => {
    const inside = quote === "'" ? inSingleQuotes(rest) : inDoubleQuotes(rest);
    return inside.endsWith(quote) ? `${inside}${quote}` : inside;
  });
}

function inSingleQuotes(text: string): string {
  return text.replaceAll("'", "'\\''");
}

/** The shell's history counts in double quotes, whatever stands before the sign. */
function inDoubleQuotes(text: string): string {
  return text.replace(/["$`\\]/g, '\\$&').replaceAll('!', `"'!'"`);
}

/** PowerShell takes the typographic quotes for quotes, too. */
function quoteForPowerShell(word: string): string {
  return /^[\w./:+=-]+$/.test(word) ? word : `'${word.replace(/['‘’‚‛]/g, '$&$&')}'`;
}

/** A console on Windows has another code page. */
function toAscii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
