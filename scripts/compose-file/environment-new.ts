import { isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { type LocatedService, OVERRIDE, refuse } from './environment-locate.ts';
import { type Assignment, added, type EnvironmentPlan } from './environment-plan.ts';
import { type Inherited, inheritedEnvironment } from './environment-read.ts';
import { verifyNotShared } from './environment-sharing.ts';
import { indentationOf, lineEndOf, lineStartOf } from './source-text.ts';
import { insertLines, type Splice } from './splice.ts';
import { afterEntryLine, fillValue, isBlockScalar, isEmptyValue, replaceValue } from './yaml-place.ts';
import { renderFlowEntry, renderMapKey, renderMapValue } from './yaml-scalar.ts';
import { isMergeKey, spanOf } from './yaml-tree.ts';

/**
 * How to give variables to a service that has no `environment` itself. The forms differ a little from what people write, so
 * that taking the variables out again finds the way back to the same bytes.
 */
export function planFirstEnvironment(service: LocatedService, wanted: readonly Assignment[]): EnvironmentPlan {
  const inherited = inheritedEnvironment(service);
  verifyNotShared(service, { collection: null, values: [], names: wanted.map(([name]) => name) });
  const at = service.map.flow ? spanOf(service.map)[0] + 1 : placeInBlock(service);
  if (inherited) verifyMergeable(service, inherited, at);
  const splice = service.map.flow
    ? flowEnvironment(service, inherited, wanted, at)
    : blockEnvironment(service, inherited, wanted, at);
  return { splices: [splice], changes: added(splice, wanted), inherited: inherited?.anchor ?? null };
}

/** `environment:` without anything or with `~`, which no compose accepts: a map on the line below it, if there is room for one. */
export function planNullEnvironment(
  service: LocatedService,
  environment: Pair,
  wanted: readonly Assignment[],
): EnvironmentPlan {
  const { text } = service.tree.source;
  const node = environment.value as Node | null;
  verifyNotShared(service, { collection: null, values: node ? [node] : [], names: wanted.map(([name]) => name) });
  const below = service.map.flow ? null : afterEntryLine(text, environment, node);
  const splice =
    below !== null
      ? insertLines(text, below, [`${indentations(service).variable}{${compactEntries(wanted)}}`])
      : isEmptyValue(node)
        ? fillValue(text, environment, `{${flowEntries(wanted)}}`, null)
        : replaceValue(text, node, `{${flowEntries(wanted)}}`)[0];
  const splices = splice ? [splice] : [];
  const changes = splices.flatMap((only) => added(only, wanted));
  if (below === null || isEmptyValue(node)) return { splices, changes, inherited: null };
  const [start] = spanOf(node);
  return { splices: [{ start, end: start, text: WAS }, ...splices], changes, inherited: null };
}

/** `environment: *shared`: a map of its own that merges the shared one, in the alias' place. */
export function planBesideAlias(
  service: LocatedService,
  node: Node,
  anchor: string,
  wanted: readonly Assignment[],
): EnvironmentPlan {
  verifyNotShared(service, { collection: null, values: [], names: wanted.map(([name]) => name) });
  const [start, end] = spanOf(node);
  const splice = { start, end, text: `{<<: *${anchor}, ${flowEntries(wanted)}}` };
  return { splices: [splice], changes: added(splice, wanted), inherited: null };
}

/** Makes a comment of the null that a map below it replaces. */
export const WAS = '# was ';

/** The blanks before the service's keys, and before the variables of an environment that is new. */
export function indentations(service: LocatedService): { key: string; variable: string } {
  const { text } = service.tree.source;
  const key = indentationOf(text, spanOf(service.map.items[0]?.key)[0]);
  const step = key.length - indentationOf(text, spanOf(service.pair.key)[0]).length;
  return { key, variable: key + ' '.repeat(Math.max(step, 1)) };
}

/** Entries as no person writes them: what marks a map that only this tool can have made. */
export function compactEntries(wanted: readonly Assignment[]): string {
  return wanted.map(([name, value]) => renderFlowEntry(name, value, '')).join(',');
}

function flowEntries(wanted: readonly Assignment[]): string {
  return wanted.map(([name, value]) => renderFlowEntry(name, value)).join(', ');
}

function flowEnvironment(
  { map }: LocatedService,
  inherited: Inherited | null,
  wanted: readonly Assignment[],
  at: number,
): Splice {
  const merge = inherited ? `<<: *${inherited.anchor},` : '';
  const rest = map.items.length > 0 ? ', ' : '';
  return { start: at, end: at, text: `"environment":{${merge}${compactEntries(wanted)}}${rest}` };
}

function blockEnvironment(
  service: LocatedService,
  inherited: Inherited | null,
  wanted: readonly Assignment[],
  at: number,
): Splice {
  const { key, variable } = indentations(service);
  return insertLines(service.tree.source.text, at, [
    `${key}environment:`,
    ...(inherited ? [`${variable}<<: *${inherited.anchor}`] : []),
    ...wanted.map(([name, value]) => `${variable}${renderMapKey(name)}: ${renderMapValue(value)}`),
  ]);
}

/** After the first key that has its value on its own line (image, restart …), else before the first key. */
function placeInBlock(service: LocatedService): number {
  const { tree, map } = service;
  const { text } = tree.source;
  for (const pair of map.items) {
    const [keyStart, keyEnd] = spanOf(pair.key);
    const { value } = pair;
    if (isMergeKey(pair) || !isScalar(value) || isBlockScalar(value) || isEmptyValue(value)) continue;
    const isOneLine = spanOf(value)[1] <= lineEndOf(text, keyEnd) && isFirstOnLine(text, keyStart);
    const after = isOneLine ? afterEntryLine(text, pair, value) : null;
    if (after !== null) return after;
  }
  const [first] = map.items;
  const start = spanOf(first?.key)[0];
  if (isFirstOnLine(text, start)) return lineStartOf(text, start);
  return refuse(
    tree,
    'environment-shape',
    start,
    `The service "${service.name}" is written in a way that leaves no line for an environment.`,
    {
      hint: 'Put its first key on a line of its own.',
    },
  );
}

function isFirstOnLine(text: string, offset: number): boolean {
  return text.slice(lineStartOf(text, offset), offset).trim() === '';
}

/** An own environment hides the inherited one as a whole, so it must be able to merge it. */
function verifyMergeable({ tree, name, map, document }: LocatedService, inherited: Inherited, at: number): void {
  const { anchor, collection } = inherited;
  const merge = map.items.find(isMergeKey);
  const place = spanOf(merge?.key ?? map)[0];
  const reachable = tree.anchored.findLast(
    (entry) => entry.document === document && entry.node.anchor === anchor && spanOf(entry.node)[0] < at,
  );
  if (anchor !== null && reachable?.node === collection && isMap(collection)) return;
  const why = isSeq(collection) ? 'a list, which cannot be merged' : 'a map without an anchor of its own';
  const message = `"${name}" takes its whole environment from a merge (<<), as ${why}: an environment of its own would hide all of it.`;
  refuse(tree, 'inherited-environment', place, message, { hint: OVERRIDE });
}
