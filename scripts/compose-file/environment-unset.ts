import { isAlias, isMap, isSeq, type Node, type Pair } from 'yaml';
import type { LocatedService } from './environment-locate.ts';
import { type EnvironmentPlan, NOTHING } from './environment-plan.ts';
import { verifyNotShared } from './environment-sharing.ts';
import { removeFromFlow } from './environment-unset-flow.ts';
import { collectionOf, type EnvironmentNode, type EnvironmentVariable, variablesOf } from './environment-variables.ts';
import { lineStartOf } from './source-text.ts';
import { removeLines, type Splice } from './splice.ts';
import { afterColon, afterEntryLine, afterProperties, endOfEntry, isBlockScalar } from './yaml-place.ts';
import { isMergeKey, mergedEntry, resolved, spanOf } from './yaml-tree.ts';

/** What goes, and the anchor that is merged no longer because the whole environment goes. */
export type Removal = Pick<EnvironmentPlan, 'splices' | 'inherited'>;

/** How to take the variables out of the service's own environment. Throws the refusals of `unsetEnvironment`. */
export function planUnset(service: LocatedService, names: readonly string[]): EnvironmentPlan {
  const { environment } = service;
  const node = (environment?.value ?? null) as Node | null;
  if (environment === null || isAlias(node)) return NOTHING;
  const collection = collectionOf(service, node);
  const removed = collection ? variablesOf(service, collection).filter(({ name }) => names.includes(name)) : [];
  if (collection === null || removed.length === 0) return NOTHING;
  const parts = removed.flatMap(({ node: value, pair }) => [value, pair?.key as Node | null]);
  const values = parts.filter((part) => part !== null && part !== undefined);
  verifyNotShared(service, { collection, values, names });
  const gone = new Set(removed.map(({ index }) => index));
  const rest = (collection.items as unknown[]).filter((_, index) => !gone.has(index));
  const inherited = isMap(collection) ? inheritedAnchor(service, rest as Pair[]) : null;
  const remove = collection.flow ? removeFromFlow : removeFromBlock;
  const changes = removed.map(({ name, node: value, pair }) => {
    const [at] = spanOf(pair?.key ?? value);
    return { name, action: 'removed', splice: { start: at, end: at, text: '' }, offset: 0 } as const;
  });
  return { ...remove(service, environment, collection, { removed, rest, inherited }), changes };
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
  environment: Pair,
  collection: EnvironmentNode,
  {
    removed,
    rest,
    inherited,
  }: { removed: readonly EnvironmentVariable[]; rest: readonly unknown[]; inherited: string | null },
): Removal {
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
  const rest = /[ \t]*(?:(?<=[ \t])#.*)?\r?\n/y;
  rest.lastIndex = colon;
  return rest.test(text) ? [start, rest.lastIndex] : null;
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
