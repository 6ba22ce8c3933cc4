import type { Output } from '../core/ports.ts';

/** The signs in front of lines, as far as the output can show them. */
export function signsOf({ hasUnicode }: Pick<Output, 'hasUnicode'>) {
  return { passed: hasUnicode ? '✔' : '+', failed: hasUnicode ? '✖' : 'x', skipped: '-', warning: '!' };
}

/** Paths below a folder, as they are typed in that folder. */
export function shortenPaths(text: string, folder: string): string {
  const isInPath = (before: string) => /[\w./\\-]/.test(before);
  const shorten = (text: string, prefix: string) =>
    text.replaceAll(prefix, (match, at: number) => (isInPath(text[at - 1] ?? ' ') ? match : ''));
  return /[/\\]$/.test(folder) ? text : shorten(shorten(text, `${folder}/`), `${folder}\\`);
}
