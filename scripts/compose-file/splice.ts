import { AppError } from '../core/errors.ts';
import { lineBreakAt, lineBreakNear, lineEndOf, lineStartOf } from './source-text.ts';

/** One replacement of a piece of text; `start` = `end` inserts. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with all replacements made. They may come in any order, and do not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let position = 0;
  for (const { start, end, text: replacement } of inOrder(splices)) {
    if (start < position) throw new AppError('internal', 'Two changes to the file overlap.');
    parts.push(text.slice(position, start), replacement);
    position = end;
  }
  parts.push(text.slice(position));
  return parts.join('');
}

function inOrder(splices: readonly Splice[]): Splice[] {
  return splices.toSorted((a, b) => a.start - b.start || a.end - b.end);
}

/** New lines at the start of a line, or behind the last line where it has no line break. */
export function insertLines(text: string, at: number, lines: readonly string[]): Splice {
  const isLineStart = lineStartOf(text, at) === at;
  const lineBreak = isLineStart && at > 1 ? (text[at - 2] === '\r' ? '\r\n' : '\n') : lineBreakNear(text, at);
  const block = lines.map((line) => (isLineStart ? `${line}${lineBreak}` : `${lineBreak}${line}`)).join('');
  return { start: at, end: at, text: block };
}

/** Removes whole lines, given by [start of the first, start of the line after the last]. */
export function removeLines(
  text: string,
  regions: readonly (readonly [number, number])[],
  keepBreak: boolean,
): Splice[] {
  const merged: Splice[] = [];
  for (const [start, end] of regions.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && last.end >= start) merged[merged.length - 1] = { start: last.start, end, text: '' };
    else merged.push({ start, end, text: '' });
  }
  const last = merged.at(-1);
  // The file ended without a line break, and goes on to do so.
  if (last && last.end === text.length && !text.endsWith('\n') && last.start > 1 && !keepBreak) {
    merged[merged.length - 1] = { ...last, start: last.start - (text[last.start - 2] === '\r' ? 2 : 1) };
  }
  return merged;
}

/** The whole lines that hold the text from `start` to `end`, with the line break of the last. */
export function lineRegion(text: string, start: number, end: number): readonly [number, number] {
  const lineEnd = lineEndOf(text, end);
  return [lineStartOf(text, start), lineEnd + lineBreakAt(text, lineEnd).length];
}
