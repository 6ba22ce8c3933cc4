import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { type LocatedService, OVERRIDE, refuse, verifyTag } from './environment-locate.ts';
import { type Assignment, type EnvironmentPlan, MARKS, NOTHING, type Replacement } from './environment-plan.ts';
import {
  collectionInForce,
  type EnvironmentNode,
  type EnvironmentVariable,
  hasValue,
  type Inherited,
  inheritedEnvironment,
  variablesOf,
} from './environment-read.ts';
import { verifyNotShared } from './environment-sharing.ts';
import { endOfMatch, indentationOf, lineEndOf, lineStartOf } from './source-text.ts';
import { insertLines, type Splice } from './splice.ts';
import { afterEntryLine, fillValue, isBlockScalar, isEmptyValue, replaceValue } from './yaml-place.ts';
import {
  interpolatedName,
  isInterpolated,
  renderFlowEntry,
  renderFlowItem,
  renderListItem,
  renderMapEntry,
  renderMapValue,
} from './yaml-scalar.ts';
import { isMergeKey, spanOf } from './yaml-tree.ts';

/** How to set the variables. Throws the refusals of `setEnvironment`. */
export function planSet(service: LocatedService, values: Readonly<Record<string, string>>): EnvironmentPlan {
  const { environment, tree } = service;
  const node = (environment?.value ?? null) as Node | null;
  const collection = collectionInForce(service);
  const wanted = Object.entries(values).filter(
    ([name, value]) => collection === null || !hasValue(service, collection, name, value),
  );
  const names = namesOf(wanted);
  if (wanted.length === 0) return NOTHING;
  if (environment === null) return { names, ...planFirstEnvironment(service, wanted) };
  if (collection === null) return { names, ...planNullEnvironment(service, environment, wanted) };
  if (!isAlias(node)) return { names, ...planInside(service, collection, wanted) };
  if (isSeq(collection)) {
    const message = `The environment of "${service.name}" is *${node.source}, a list that is shared by its anchor, and lists cannot be merged.`;
    refuse(tree, 'shared-list', node, message, OVERRIDE);
  }
  return { names, ...planBesideAlias(service, node, node.source, wanted) };
}

/** The service has the environment itself: values are replaced where they are, new ones come after the last. */
function planInside(service: LocatedService, collection: EnvironmentNode, wanted: readonly Assignment[]): Replacement {
  const variables = variablesOf(service, collection);
  const lastOf = (name: string) => variables.findLast((variable) => variable.name === name);
  const present = wanted.flatMap(([name, value]) => {
    const variable = lastOf(name);
    return variable ? [{ variable, value }] : [];
  });
  const absent = wanted.filter(([name]) => !lastOf(name));
  for (const { variable } of present) verifyReplaceable(service, variable);
  for (const [name] of absent) verifyNoNearMiss(service, variables, name);
  verifyNotShared(service, {
    collection,
    values: present.flatMap(({ variable }) => (variable.node && !isAlias(variable.node) ? [variable.node] : [])),
    names: namesOf(wanted),
  });
  const replacing = present.flatMap(({ variable, value }) => replaceVariable(service, collection, variable, value));
  const adding = absent.length > 0 ? [addVariables(service, collection, absent)] : [];
  return { splices: [...replacing, ...adding], inherited: null };
}

function verifyReplaceable(service: LocatedService, { name, node, pair, text }: EnvironmentVariable): void {
  if (node) verifyTag(service, node, `The value of ${name}`);
  if (text === null || !isInterpolated(text)) return;
  const variable = interpolatedName(text);
  const message = variable
    ? `${name} of "${service.name}" takes its value from the variable ${variable}.`
    : `${name} of "${service.name}" has a dollar sign that compose reads as a variable.`;
  const hint = variable
    ? `Write a value here in place of the reference to ${variable}, and run again.`
    : 'Correct it: write a literal dollar sign twice ($$).';
  refuse(service.tree, 'reference', pair?.key ?? node, message, hint);
}

/** `- NAME:value` and `- NAME =value` are variables of another name for compose; beside them the new one would look done. */
function verifyNoNearMiss(service: LocatedService, variables: readonly EnvironmentVariable[], name: string): void {
  const near = variables.find((variable) => {
    const trimmed = variable.name.trim();
    return trimmed === name || (trimmed.startsWith(name) && /^\s*[:=]/.test(trimmed.slice(name.length)));
  });
  if (!near) return;
  const message = `An entry of "${service.name}" looks like ${name}, but compose reads it as a variable of another name.`;
  const hint = `Write it as ${near.pair ? `${name}: "value"` : `- ${name}=value`}, without a blank before the sign, or remove it.`;
  refuse(service.tree, 'near-miss', near.pair?.key ?? near.node, message, hint);
}

function replaceVariable(
  { tree }: LocatedService,
  collection: EnvironmentNode,
  { name, node, pair }: EnvironmentVariable,
  value: string,
): Splice[] {
  const source = tree.source.text;
  const rendered = pair
    ? renderMapValue(value)
    : collection.flow
      ? renderFlowItem(name, value)
      : renderListItem(name, value);
  const block = collection.flow || !pair ? null : indentationOf(source, spanOf(pair.key)[0]);
  return pair && isEmptyValue(node) ? [fillValue(source, pair, rendered, block)] : replaceValue(source, node, rendered);
}

function addVariables(service: LocatedService, collection: EnvironmentNode, wanted: readonly Assignment[]): Splice {
  const { tree } = service;
  const { text } = tree.source;
  const isItem = isSeq(collection);
  const [start] = spanOf(collection);
  if (collection.flow) {
    const entries = isItem
      ? wanted.map(([name, value]) => renderFlowItem(name, value)).join(', ')
      : flowEntries(wanted);
    const isLast = collection.items.length === 0;
    const separator = isLast ? '' : /[\r\n]/.test(text[start + 1] ?? '') ? ',' : ', ';
    return { start: start + 1, end: start + 1, text: entries + separator };
  }
  const render = isItem ? renderListItem : renderMapEntry;
  const prefix = linePrefix(service, collection);
  const lines = wanted.map(([name, value]) => prefix + render(name, value));
  return insertLines(text, afterLast(service, collection), lines);
}

function namesOf(wanted: readonly Assignment[]): string[] {
  return wanted.map(([name]) => name);
}

/** What comes before each entry: the blanks, and a list's dash with its gap. */
function linePrefix({ tree }: LocatedService, collection: EnvironmentNode): string {
  const { text } = tree.source;
  const [first] = collection.items;
  if (!isSeq(collection)) return indentationOf(text, spanOf((first as { key?: unknown } | undefined)?.key)[0]);
  const [dash] = spanOf(collection);
  const end = endOfMatch(/-[ \t]+(?=\S)/y, text, dash);
  return indentationOf(text, dash) + (end === null ? '- ' : text.slice(dash, end));
}

function afterLast(service: LocatedService, collection: EnvironmentNode): number {
  const { text } = service.tree.source;
  const pair = isSeq(collection) ? null : (collection.items.at(-1) ?? null);
  const after = afterEntryLine(text, pair, pair ? pair.value : collection.items.at(-1));
  // A block scalar that ends the file without a line break: a new line behind it would give it one.
  return after ?? lineStartOf(text, spanOf(collection)[0]);
}

/** How to give variables to a service that has no `environment` itself, with the marks of {@link MARKS}. */
function planFirstEnvironment(service: LocatedService, wanted: readonly Assignment[]): Replacement {
  const inherited = inheritedEnvironment(service);
  verifyNotShared(service, { collection: null, values: [], names: namesOf(wanted) });
  const at = service.map.flow ? spanOf(service.map)[0] + 1 : placeInBlock(service);
  if (inherited) verifyMergeable(service, inherited, at);
  const splice = service.map.flow
    ? flowEnvironment(service, inherited, wanted, at)
    : blockEnvironment(service, inherited, wanted, at);
  return { splices: [splice], inherited: inherited?.anchor ?? null };
}

/** `environment:` without anything or with `~`, which no compose accepts: a map on the line below it, if there is room for one. */
function planNullEnvironment(service: LocatedService, environment: Pair, wanted: readonly Assignment[]): Replacement {
  const { text } = service.tree.source;
  const node = environment.value as Node | null;
  verifyNotShared(service, { collection: null, values: node ? [node] : [], names: namesOf(wanted) });
  const below = service.map.flow ? null : afterEntryLine(text, environment, node);
  if (below === null) {
    const map = `{${flowEntries(wanted)}}`;
    const splices = isEmptyValue(node) ? [fillValue(text, environment, map, null)] : replaceValue(text, node, map);
    return { splices, inherited: null };
  }
  const line = insertLines(text, below, [`${indentations(service).variable}{${compactEntries(wanted)}}`]);
  if (isEmptyValue(node)) return { splices: [line], inherited: null };
  const [start] = spanOf(node);
  return { splices: [{ start, end: start, text: MARKS.was }, line], inherited: null };
}

/** `environment: *shared`: a map of its own that merges the shared one, in the alias' place. */
function planBesideAlias(
  service: LocatedService,
  node: Node,
  anchor: string,
  wanted: readonly Assignment[],
): Replacement {
  verifyNotShared(service, { collection: null, values: [], names: namesOf(wanted) });
  const [start, end] = spanOf(node);
  const splice = { start, end, text: `{<<: *${anchor}, ${flowEntries(wanted)}}` };
  return { splices: [splice], inherited: null };
}

/** The blanks before the service's keys, and before the variables of an environment that is new. */
function indentations(service: LocatedService): { key: string; variable: string } {
  const { text } = service.tree.source;
  const key = indentationOf(text, spanOf(service.map.items[0]?.key)[0]);
  const step = key.length - indentationOf(text, spanOf(service.pair.key)[0]).length;
  return { key, variable: key + ' '.repeat(Math.max(step, 1)) };
}

/** Entries with the mark of this tool. */
function compactEntries(wanted: readonly Assignment[]): string {
  return wanted.map(([name, value]) => renderFlowEntry(name, value, MARKS.afterColon)).join(',');
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
    ...wanted.map(([name, value]) => variable + renderMapEntry(name, value)),
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
  const message = `The service "${service.name}" is written in a way that leaves no line for an environment.`;
  return refuse(tree, 'environment-shape', first?.key, message, 'Put its first key on a line of its own.');
}

function isFirstOnLine(text: string, offset: number): boolean {
  return text.slice(lineStartOf(text, offset), offset).trim() === '';
}

/** An own environment hides the inherited one as a whole, so it must be able to merge it. */
function verifyMergeable({ tree, name, map, document }: LocatedService, inherited: Inherited, at: number): void {
  const { anchor, collection } = inherited;
  const merge = map.items.find(isMergeKey);
  const reachable = tree.anchored.findLast(
    (entry) => entry.document === document && entry.node.anchor === anchor && spanOf(entry.node)[0] < at,
  );
  if (anchor !== null && reachable?.node === collection && isMap(collection)) return;
  const why = isSeq(collection) ? 'a list, which cannot be merged' : 'a map without an anchor of its own';
  const message = `"${name}" takes its whole environment from a merge (<<), as ${why}: an environment of its own would hide all of it.`;
  refuse(tree, 'inherited-environment', merge?.key ?? map, message, OVERRIDE);
}
