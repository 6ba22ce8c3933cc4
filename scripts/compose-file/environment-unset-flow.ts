import { isAlias, isSeq, type Node, type Pair } from 'yaml';
import type { LocatedService } from './environment-locate.ts';
import { WAS } from './environment-new.ts';
import type { Removal } from './environment-unset.ts';
import type { EnvironmentNode, EnvironmentVariable } from './environment-variables.ts';
import { lineStartOf } from './source-text.ts';
import { lineRegion, removeLines, type Splice } from './splice.ts';
import { endOfEntry } from './yaml-place.ts';
import { isMergeKey, spanOf } from './yaml-tree.ts';

/**
 * Takes entries out of a map or list in brackets. Where the rest is what this tool made itself (environment-new.ts), that goes
 * back to what it was.
 */
export function removeFromFlow(
  service: LocatedService,
  environment: Pair,
  collection: EnvironmentNode,
  {
    removed,
    rest,
    inherited,
  }: { removed: readonly EnvironmentVariable[]; rest: readonly unknown[]; inherited: string | null },
): Removal {
  const { text } = service.tree.source;
  const [start, end] = spanOf(collection);
  const isEmpty = rest.length === 0 || inherited !== null;
  if (isEmpty && removed.every(({ pair }) => isCompact(text, pair))) {
    const [key] = spanOf(environment.key);
    if (service.map.flow && text.slice(key, start) === '"environment":') {
      return { splices: [{ start: key, end: afterSeparator(text, end), text: '' }], inherited };
    }
    const line = lineRegion(text, start, end);
    const isAlone = `${text.slice(line[0], start)}${text.slice(end, line[1])}`.trim() === '';
    if (!service.map.flow && isAlone) {
      return { splices: [...uncommentNull(text, key, start), ...removeLines(text, [line], false)], inherited };
    }
  }
  const [only] = rest as Pair[];
  if (only && rest.length === 1 && only === collection.items[0] && isMergeKey(only) && isAlias(only.value)) {
    const alias = `*${only.value.source}`;
    if (text.startsWith(`{<<: ${alias}, `, start)) return { splices: [{ start, end, text: alias }], inherited: null };
  }
  const splices = neighbours(removed).flatMap(([first, last]) => cutEntries(text, collection, first, last));
  return { splices, inherited: null };
}

/** `environment: # was ~` was made of `environment: ~`. */
function uncommentNull(text: string, from: number, to: number): Splice[] {
  const at = text.slice(from, to).search(new RegExp(`(?<=[ \\t])${WAS}(?:~|null|Null|NULL)[ \\t\\r\\n]`));
  return at < 0 ? [] : [{ start: from + at, end: from + at + WAS.length, text: '' }];
}

/** `"NAME":"value"`, without the blank that people put after the colon. */
function isCompact(text: string, pair: Pair | null): boolean {
  return pair !== null && text.startsWith(':"', spanOf(pair.key)[1]);
}

/** [first, last] of the entries that stand side by side. */
function neighbours(removed: readonly EnvironmentVariable[]): [first: number, last: number][] {
  const groups: [number, number][] = [];
  for (const { index } of removed) {
    const group = groups.at(-1);
    if (group && group[1] === index - 1) group[1] = index;
    else groups.push([index, index]);
  }
  return groups;
}

function cutEntries(text: string, collection: EnvironmentNode, first: number, last: number): Splice[] {
  const [start] = entrySpan(text, collection, first);
  const [, end] = entrySpan(text, collection, last);
  const comma = commaAfter(text, end);
  const [lineStart, lineEnd] = lineRegion(text, start, comma ?? end);
  const hasOwnLines =
    text.slice(lineStart, start).trim() === '' &&
    /^[ \t]*(?:(?<=[ \t])#.*)?\r?\n$/.test(text.slice(comma ?? end, lineEnd));
  const lines = { start: lineStart, end: lineEnd, text: '' };
  if (comma !== null) return [hasOwnLines ? lines : { start, end: afterSeparator(text, end), text: '' }];
  // The last entry: the comma goes that stands behind the one before.
  const separator = first === 0 ? null : commaAfter(text, entrySpan(text, collection, first - 1)[1]);
  if (separator === null) return [{ start, end, text: '' }];
  const blanks = /[ \t]*$/.exec(text.slice(separator, start))?.[0].length ?? 0;
  const own = hasOwnLines ? lines : { start: start - blanks, end, text: '' };
  return [{ start: separator - 1, end: separator, text: '' }, own];
}

/** With the anchors, tags and question marks before it. */
function entrySpan(text: string, collection: EnvironmentNode, index: number): [start: number, end: number] {
  const pair = isSeq(collection) ? null : (collection.items[index] ?? null);
  const node = (pair ? pair.value : collection.items[index]) as Node | null;
  const [start] = spanOf(pair?.key ?? node);
  const before =
    /(?:(?:[&!][^\s,[\]{}]*|\?)[ \t]+)*$/.exec(text.slice(lineStartOf(text, start), start))?.[0].length ?? 0;
  return [start - before, endOfEntry(text, pair, node)];
}

/** The offset behind the comma that follows an entry; null: none does. */
function commaAfter(text: string, end: number): number | null {
  const comma = /(?:[ \t\r\n]|(?<=[ \t\n])#.*)*,/y;
  comma.lastIndex = end;
  return comma.test(text) ? comma.lastIndex : null;
}

/** Behind the comma and one blank. */
function afterSeparator(text: string, end: number): number {
  const comma = commaAfter(text, end);
  if (comma === null) return end;
  return text[comma] === ' ' ? comma + 1 : comma;
}
