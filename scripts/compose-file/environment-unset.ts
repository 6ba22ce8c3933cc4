import { isAlias, isMap, isSeq, type Node, type Pair } from 'yaml';
import type { LocatedService } from './environment-locate.ts';
import { type EnvironmentPlan, MARKS, NOTHING, type Replacement } from './environment-plan.ts';
import {
  type EnvironmentNode,
  type EnvironmentVariable,
  type OwnEnvironment,
  ownEnvironment,
} from './environment-read.ts';
import { verifyNotShared } from './environment-sharing.ts';
import { afterBlanks, endOfMatch, lineStartOf } from './source-text.ts';
import { lineRegion, removeLines, type Splice } from './splice.ts';
import { afterColon, afterEntryLine, afterProperties, endOfEntry, isBlockScalar, replaceValue } from './yaml-place.ts';
import { doubleQuoted } from './yaml-scalar.ts';
import { isMergeKey, mergedEntry, resolved, spanOf } from './yaml-tree.ts';

/** How to take the variables out of the service's own environment. Throws the refusals of `unsetEnvironment`. */
export function planUnset(service: LocatedService, names: readonly string[]): EnvironmentPlan {
  const own = ownEnvironment(service);
  if (own === null) return NOTHING;
  const { environment, collection, variables } = own;
  const removed = variables.filter(({ name }) => names.includes(name));
  if (removed.length === 0) return NOTHING;
  const parts = removed.flatMap(({ node, pair }) => [node, pair?.key as Node | null]);
  const values = parts.filter((part) => part !== null && part !== undefined);
  verifyNotShared(service, { collection, values, names });
  const gone = new Set(removed.map(({ index }) => index));
  const rest = (collection.items as unknown[]).filter((_, index) => !gone.has(index));
  const inherited = isMap(collection) ? inheritedAnchor(service, rest as Pair[]) : null;
  const remove = collection.flow ? removeFromFlow : removeFromBlock;
  return { ...remove(service, { environment, collection, removed, rest, inherited }), names };
}

/** What goes of an environment, and what stays. */
interface Removal extends Omit<OwnEnvironment, 'variables'> {
  readonly removed: readonly EnvironmentVariable[];
  readonly rest: readonly unknown[];
  /** The anchor that need not be merged any more, because the whole environment goes. */
  readonly inherited: string | null;
}

/** The anchor that is merged alone, where the service would inherit the same map without an environment of its own. */
function inheritedAnchor({ tree, map }: LocatedService, rest: readonly Pair[]): string | null {
  const [only] = rest;
  if (rest.length !== 1 || !only || !isMergeKey(only) || !isAlias(only.value)) return null;
  const inherited = resolved(tree, mergedEntry(tree, map, 'environment')?.value);
  return inherited !== null && inherited === resolved(tree, only.value) ? only.value.source : null;
}

function removeFromBlock(
  service: LocatedService,
  { environment, collection, removed, rest, inherited }: Removal,
): Replacement {
  const { text } = service.tree.source;
  const entries = removed.map(({ node, pair }) => entryLines(text, pair, node));
  const header = rest.length === 0 || inherited !== null ? keyLine(text, environment, collection) : null;
  if (header !== null && service.map.items.length > 1) {
    const merges = (rest as Pair[]).map((pair) => entryLines(text, pair, pair.value as Node));
    return { splices: removeBlockLines(service, collection, [header, ...merges, ...entries]), inherited };
  }
  const splices = removeBlockLines(service, collection, entries);
  if (rest.length > 0) return { splices, inherited: null };
  // Without any entry the key must say so: compose rejects `environment:`, and a service with nothing in it.
  const colon = afterColon(text, environment) ?? spanOf(environment.key)[1];
  const at = afterProperties(text, colon, spanOf(collection)[0]);
  return { splices: [{ start: at, end: at, text: isSeq(collection) ? ' []' : ' {}' }, ...splices], inherited: null };
}

/** The line of `environment:` where it holds nothing else. */
function keyLine(text: string, environment: Pair, collection: EnvironmentNode): readonly [number, number] | null {
  const [keyStart] = spanOf(environment.key);
  const start = lineStartOf(text, keyStart);
  const colon = afterColon(text, environment);
  const hasProperties = collection.anchor !== undefined || collection.tag !== undefined;
  if (hasProperties || colon === null || text.slice(start, keyStart).trim() !== '') return null;
  const end = endOfMatch(/[ \t]*(?:(?<=[ \t])#.*)?\r?\n/y, text, colon);
  return end === null ? null : [start, end];
}

function entryLines(text: string, pair: Pair | null, node: Node | null): readonly [number, number] {
  const [start] = spanOf(pair?.key ?? node);
  return [lineStartOf(text, start), afterEntryLine(text, pair, node) ?? endOfEntry(text, pair, node)];
}

function removeBlockLines(
  service: LocatedService,
  collection: EnvironmentNode,
  regions: readonly (readonly [number, number])[],
): Splice[] {
  const start = Math.min(...regions.map(([from]) => from));
  const pairs = isSeq(collection) ? service.map.items : [...service.map.items, ...collection.items];
  const before = [...(isSeq(collection) ? collection.items : []), ...pairs.map((pair) => pair.value)];
  // A block scalar that came to end the file without its line break would lose it.
  const keepBreak = before.some((node) => isBlockScalar(node) && spanOf(node)[1] === start);
  return removeLines(service.tree.source.text, regions, keepBreak);
}

/** How to leave the service's own variables without a value. Throws the refusals of `emptyEnvironment`. */
export function planEmpty(service: LocatedService, names: readonly string[]): EnvironmentPlan {
  const own = ownEnvironment(service);
  if (own === null) return NOTHING;
  const { collection, variables } = own;
  const found = names
    .map((name) => variables.findLast((variable) => variable.name === name))
    .filter((variable) => variable !== undefined && variable.text !== null) as EnvironmentVariable[];
  if (found.length === 0) return NOTHING;
  const values = found.map(({ node }) => node).filter((node) => node !== null && !isAlias(node)) as Node[];
  verifyNotShared(service, { collection, values, names });
  return {
    splices: found.flatMap((variable) => emptyVariable(service, collection, variable)),
    names: found.map(({ name }) => name),
    inherited: null,
  };
}

function emptyVariable(
  { tree }: LocatedService,
  collection: EnvironmentNode,
  { name, node, pair }: EnvironmentVariable,
): Splice[] {
  const { text } = tree.source;
  const [start, end] = spanOf(node);
  const colon = pair === null ? null : afterColon(text, pair);
  const isBare = colon !== null && !collection.flow && !isBlockScalar(node);
  // An anchor or a tag in front of the value belongs to a null as well, and that has to be written out.
  if (isBare && afterProperties(text, colon, start) === colon && /^[ \t]*$/.test(text.slice(colon, start))) {
    return [{ start: colon, end, text: '' }];
  }
  return replaceValue(text, node, pair !== null ? 'null' : collection.flow ? doubleQuoted(name) : name);
}

/**
 * Takes entries out of a map or list in brackets. Where the rest has the marks of this tool, it goes back to what it was
 * ({@link MARKS}).
 */
function removeFromFlow(
  service: LocatedService,
  { environment, collection, removed, rest, inherited }: Removal,
): Replacement {
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
  const at = text.slice(from, to).search(new RegExp(`(?<=[ \\t])${MARKS.was}(?:~|null|Null|NULL)[ \\t\\r\\n]`));
  return at < 0 ? [] : [{ start: from + at, end: from + at + MARKS.was.length, text: '' }];
}

/** `"NAME":"value"`, without the blank that people put after the colon. */
function isCompact(text: string, pair: Pair | null): boolean {
  return pair !== null && text.startsWith(':"', spanOf(pair.key)[1]);
}

/** [first, last] of the entries that are side by side. */
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
  // The last entry: the comma behind the one before it goes.
  const separator = first === 0 ? null : commaAfter(text, entrySpan(text, collection, first - 1)[1]);
  if (separator === null) return [{ start, end, text: '' }];
  let own = { start, end, text: '' };
  while (own.start > separator && ' \t'.includes(text[own.start - 1] ?? '')) own = { ...own, start: own.start - 1 };
  if (hasOwnLines) own = lines;
  return [{ start: separator - 1, end: separator, text: '' }, own];
}

/** With the anchors, tags and question marks before it. */
function entrySpan(text: string, collection: EnvironmentNode, index: number): [start: number, end: number] {
  const pair = isSeq(collection) ? null : (collection.items[index] ?? null);
  const node = (pair ? pair.value : collection.items[index]) as Node | null;
  const [start] = spanOf(pair?.key ?? node);
  const before =
    /(?<![&!?])(?:(?:[&!][^\s,[\]{}]{0,256}|\?)[ \t]{1,64}){0,16}$/.exec(
      text.slice(lineStartOf(text, start), start),
    )?.[0].length ?? 0;
  return [start - before, endOfEntry(text, pair, node)];
}

/** The offset behind the comma that follows an entry; null: none does. */
function commaAfter(text: string, end: number): number | null {
  const at = afterBlanks(text, end);
  return text[at] === ',' ? at + 1 : null;
}

/** Behind the comma and one blank. */
function afterSeparator(text: string, end: number): number {
  const comma = commaAfter(text, end);
  if (comma === null) return end;
  return text[comma] === ' ' ? comma + 1 : comma;
}
