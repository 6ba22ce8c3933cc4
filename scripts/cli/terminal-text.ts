import type { Output } from '../core/ports.ts';
import { toPlain } from '../core/visible.ts';
import { head } from '../report/text.ts';

/** The signs in front of lines and in them, as far as the output can show them. */
export function signsOf({ hasUnicode }: Pick<Output, 'hasUnicode'>) {
  return hasUnicode ? SIGNS : ASCII_SIGNS;
}

export type Signs = Readonly<Record<keyof typeof SIGNS, string>>;

const SIGNS = {
  passed: '✔',
  failed: '✖',
  skipped: '-',
  warning: '!',
  // From here on those of Newman (lib/reporters/cli/cli-utils-symbols.js).
  check: '✓',
  folder: '❏',
  root: '→',
  sub: '↳',
  boxTop: '┌',
  boxSide: '│',
  boxBottom: '└',
  sent: '↑',
  received: '↓',
  dot: '·',
  dots: '…',
};

const ASCII_SIGNS: Signs = {
  passed: '+',
  failed: 'x',
  skipped: '-',
  warning: '!',
  check: '+',
  folder: '#',
  root: '>',
  sub: '>',
  boxTop: '-',
  boxSide: '|',
  boxBottom: '-',
  sent: '^',
  received: 'v',
  dot: '-',
  dots: '...',
};

/** How texts get their final length before they are laid out. */
export interface Layout {
  readonly columns: number;
  readonly signs: Signs;
  /** Of what went well only the verdict is printed. */
  readonly quiet: boolean;
  redact(text: string): string;
}

/** A text of others as it is printed: masked, in one line, of a bounded length. */
export function toShown(text: string, { redact, signs }: Pick<Layout, 'redact' | 'signs'>, longest: number): string {
  return cutEnd(toPlain(redact(text).replaceAll(/\s+/g, ' ').trim()), longest, signs);
}

export function cutEnd(text: string, room: number, { dots }: Pick<Signs, 'dots'>): string {
  return text.length <= room ? text : head(text, Math.max(0, room - dots.length)) + dots;
}

/** For URLs and paths, of which both ends say something. */
export function cutMiddle(text: string, room: number, { dots }: Pick<Signs, 'dots'>): string {
  if (text.length <= room) return text;
  const kept = Math.max(0, room - dots.length);
  const end = text.slice(text.length - Math.floor(kept * 0.4)).replace(/^\p{Surrogate}/u, '');
  return head(text, kept - end.length) + dots + end;
}

/** Paths below a folder, as they are typed in that folder. */
export function shortenPaths(text: string, folder: string): string {
  const isInPath = (before: string) => /[\w./\\-]/.test(before);
  const shorten = (text: string, prefix: string) =>
    text.replaceAll(prefix, (match, at: number) => (isInPath(text[at - 1] ?? ' ') ? match : ''));
  return /[/\\]$/.test(folder) ? text : shorten(shorten(text, `${folder}/`), `${folder}\\`);
}
