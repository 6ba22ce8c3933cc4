import { isScalar, type Pair } from 'yaml';
import { afterBlanks, endOfMatch, lineBreakNear, lineEndOf } from './source-text.ts';
import type { Splice } from './splice.ts';
import { spanOf } from './yaml-tree.ts';

/** Where the value of a pair begins: after the colon. null: the key has no colon (`{A, B}`, `? A`). */
export function afterColon(text: string, pair: Pair): number | null {
  return endOfMatch(/(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*:/y, text, spanOf(pair.key)[1]);
}

/** The end of the anchors and tags between `from` and `limit`; `from` where there are none. */
export function afterProperties(text: string, from: number, limit: number): number {
  for (let end = from; ; ) {
    const next = endOfMatch(/[&!][^\s,[\]{}]*/y, text, afterBlanks(text, end));
    if (next === null || next > limit) return end;
    end = next;
  }
}

/** Whether nothing is written for the value, not even `~`. */
export function isEmptyValue(node: unknown): boolean {
  if (!node) return true;
  const [start, end] = spanOf(node);
  return start === end;
}

export function isBlockScalar(node: unknown): boolean {
  return isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
}

/** Puts a value where nothing is written for it: `KEY:` becomes `KEY: value`. */
export function fillValue(text: string, pair: Pair, value: string, blockIndentation: string | null): Splice {
  const colon = afterColon(text, pair);
  if (colon !== null) {
    const at = afterProperties(text, colon, lineEndOf(text, colon));
    return { start: at, end: at, text: ` ${value}` };
  }
  const at = spanOf(pair.key)[1];
  if (blockIndentation === null) return { start: at, end: at, text: `: ${value}` };
  // `? KEY` on a line of its own: its value comes on the next one.
  const end = lineEndOf(text, at);
  return { start: end, end, text: `${lineBreakNear(text, at)}${blockIndentation}: ${value}` };
}

/** Replaces a written scalar or alias by another text on one line. A comment behind it stays. */
export function replaceValue(text: string, node: unknown, value: string): Splice[] {
  const [start, end] = spanOf(node);
  if (!isBlockScalar(node)) return [{ start, end, text: value }];
  const lineEnd = lineEndOf(text, start);
  const content = text.slice(lineEnd, end).trimEnd().length;
  return [
    { start, end: endOfMatch(/[|>][-+0-9]*/y, text, start) ?? start, text: value },
    { start: lineEnd, end: content === 0 ? lineEnd : lineEndOf(text, lineEnd + content), text: '' },
  ];
}

/** Where an entry's text ends, before blanks and comments. A block scalar ends after its last line break. */
export function endOfEntry(text: string, pair: Pair | null, node: unknown): number {
  if (pair === null || !isEmptyValue(node)) return spanOf(node)[1];
  const colon = afterColon(text, pair);
  return colon === null ? spanOf(pair.key)[1] : afterProperties(text, colon, lineEndOf(text, colon));
}

/**
 * Where a line that follows the entry begins, or the end of a text without a final line break. null: something else is
 * behind the entry on its line, or a line break there would become part of its value.
 */
export function afterEntryLine(text: string, pair: Pair | null, node: unknown): number | null {
  const end = endOfEntry(text, pair, node);
  if (isBlockScalar(node) && !isEmptyValue(node)) return text[end - 1] === '\n' ? end : null;
  return endOfMatch(/[ \t]*(?:(?<=[ \t])#.*)?(?:\r?\n|$)/y, text, end);
}
