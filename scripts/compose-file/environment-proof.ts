import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { AppError } from '../core/errors.ts';
import { type LocatedService, locateService } from './environment-locate.ts';
import type { EnvironmentPlan } from './environment-plan.ts';
import { type EnvironmentVariable, ownEnvironment, variablesOf } from './environment-read.ts';
import { lineStartOf } from './source-text.ts';
import { applySplices, type Splice } from './splice.ts';
import { isInterpolated, undoubled } from './yaml-scalar.ts';
import { foreignTag, isMergeKey, isNull, parseTree, spanOf, type Tree } from './yaml-tree.ts';

/** The variable was to be removed. */
export const GONE = Symbol('gone');
/** The variable was to be there without a value. */
export const VALUELESS = Symbol('valueless');

/** What was to become of a variable: a value, or one of these two. */
export type Intention = string | typeof GONE | typeof VALUELESS;

type Intended = ReadonlyMap<string, Intention>;

export interface Proven {
  readonly text: string;
  /** Where the variables are in it that were not to be removed. */
  readonly entries: readonly { readonly name: string; readonly offset: number }[];
}

/**
 * The text with the plan's splices made, and proven: it is parsed again, and nothing but the named variables of that one service
 * may differ.
 *
 * Of a large file only the service's own lines are parsed again, before and after. That is enough: all other bytes are the same,
 * both parts start at the same place of the parser's state, and each is followed by a key that the parser must find on the level
 * where it was.
 *
 * @throws AppError `internal`: the edit is not what it should be, and there is no result
 */
export function proveEdit(service: LocatedService, plan: EnvironmentPlan, intended: Intended): Proven {
  const { text } = service.tree.source;
  const after = applySplices(text, plan.splices);
  const window = text.length > WHOLE_FILE ? windowAround(service, plan.splices) : null;
  if (window === null) {
    const entries = verifySame(service.tree, parseAgain(service, after, false), service.name, plan, intended);
    return { text: after, entries };
  }
  const cut = (whole: string) => fragment(service, window, whole, whole.length - text.length);
  const entries = verifySame(cut(text), cut(after), service.name, plan, intended);
  const shift = window.start - FRAGMENT_HEAD.length;
  return { text: after, entries: entries.map(({ name, offset }) => ({ name, offset: offset + shift })) };
}

/** Files up to this many characters are parsed again as a whole. */
const WHOLE_FILE = 65_536;

interface ServiceLines {
  readonly start: number;
  /** Where the line of the next key on the service's level or above begins, or the end of the text. */
  readonly end: number;
  /** A line in place of that next key. */
  readonly next: string;
}

/** The service's lines, if they can be read without the others. */
function windowAround(
  { tree, document, around, pair, environment }: LocatedService,
  splices: readonly Splice[],
): ServiceLines | null {
  const { text } = tree.source;
  const [root, services] = around;
  if (!root || !services || root.flow || services.flow || hasAliasNames(environment?.value)) return null;
  const servicesAt = root.items.findIndex((item) => item.value === services);
  const index = services.items.indexOf(pair);
  const next = services.items[index + 1] ?? root.items[servicesAt + 1];
  if (!next && document !== tree.roots.length - 1) return null;
  const start = lineStartOf(text, spanOf(pair.key)[0]);
  const nextKey = next ? spanOf(next.key)[0] : text.length;
  const end = next ? lineStartOf(text, nextKey) : text.length;
  const isPlain = [text.slice(start, spanOf(pair.key)[0]), text.slice(end, nextKey)].every((blank) =>
    /^ *$/.test(blank),
  );
  const [servicesKey] = spanOf(root.items[servicesAt]?.key);
  const isWithin = splices.every((splice) => splice.start >= start && splice.end <= end);
  if (!isPlain || servicesKey !== lineStartOf(text, servicesKey) || !isWithin) return null;
  return { start, end, next: next ? `${text.slice(end, nextKey)}the next key:\n` : '' };
}

/** Names that are written elsewhere cannot be read in a fragment. */
function hasAliasNames(environment: unknown): boolean {
  if (isMap(environment)) return environment.items.some(({ key }) => isAlias(key));
  return isSeq(environment) && environment.items.some((item) => isAlias(item));
}

const FRAGMENT_HEAD = 'services:\n';

function fragment(service: LocatedService, { start, end, next }: ServiceLines, text: string, shift: number): Tree {
  return parseAgain(service, `${FRAGMENT_HEAD}${text.slice(start, end + shift)}${next}`, true);
}

function parseAgain(service: LocatedService, text: string, isFragment: boolean): Tree {
  try {
    return parseTree({ text, file: service.tree.source.file }, isFragment);
  } catch (error) {
    throw unproven('it is not valid YAML any more', error);
  }
}

function verifySame(before: Tree, after: Tree, name: string, plan: EnvironmentPlan, intended: Intended) {
  const old = locateService(before, name);
  const now = locateAgain(after, name);
  if (outside(old) !== outside(now)) throw unproven('something outside the environment differs');
  const oldState = environmentState(old, intended);
  const nowState = environmentState(now, intended);
  const [more, less] = [...intended.values()].some((value) => value !== GONE)
    ? [nowState, oldState]
    : [oldState, nowState];
  const merges = plan.inherited === null ? less.merges : [...less.merges, `*${plan.inherited}`];
  const isSame = JSON.stringify(merges) === JSON.stringify(more.merges) && oldState.others === nowState.others;
  if (!isSame) throw unproven('another variable differs');
  if (oldState.properties !== nowState.properties) throw unproven('the anchor of the environment differs');
  return verifyValues(now, intended);
}

function locateAgain(after: Tree, name: string): LocatedService {
  try {
    return locateService(after, name);
  } catch (error) {
    throw unproven('the service is not there any more', error);
  }
}

/** @returns the entries of the variables that are to be there */
function verifyValues(service: LocatedService, intended: Intended): { name: string; offset: number }[] {
  const variables = ownEnvironment(service)?.variables ?? [];
  return [...intended].flatMap(([name, value]) => {
    const found = variables.findLast((variable) => variable.name === name);
    if (value === GONE && found) throw unproven('a variable is still there');
    if (value === GONE) return [];
    const isRight = value === VALUELESS ? found?.text === null : found !== undefined && hasText(found, value);
    if (!isRight || found === undefined) {
      throw unproven(value === VALUELESS ? 'the variable still has a value' : 'the variable does not have the value');
    }
    return [{ name, offset: spanOf(found.pair?.key ?? found.node)[0] }];
  });
}

/** Whether compose reads exactly this value, whatever program parses the YAML. */
function hasText({ pair, node, text }: EnvironmentVariable, value: string): boolean {
  const isText = pair === null || (isScalar(node) && node.type === 'QUOTE_DOUBLE');
  return text !== null && isText && !isInterpolated(text) && undoubled(text) === value && foreignTag(node) === null;
}

/** Everything but the service's environment, as one text. */
function outside({ tree, document, environment }: LocatedService): string {
  return `${document}${tree.roots.map((root) => signature(root, environment)).join('\n---\n')}`;
}

interface EnvironmentState {
  readonly merges: readonly string[];
  /** The variables that the edit is not about, in order. */
  readonly others: string;
  readonly properties: string;
}

function environmentState(service: LocatedService, intended: Intended): EnvironmentState {
  const { environment } = service;
  const node = (environment?.value ?? null) as Node | null;
  if (isAlias(node)) return { merges: [signature(node)], others: '[]', properties: '' };
  const properties = node ? `${node.anchor ?? ''} ${foreignTag(node) ?? ''}`.trim() : '';
  if (isNull(node) || !(isMap(node) || isSeq(node))) return { merges: [], others: '[]', properties };
  const variables = variablesOf(service, node);
  const others = variables.filter(({ name, index }) => {
    const value = intended.get(name);
    if (value === undefined) return true;
    return value !== GONE && index !== variables.findLast((variable) => variable.name === name)?.index;
  });
  const merges = isMap(node) ? node.items.filter(isMergeKey).map((pair) => signature(pair.value)) : [];
  return { merges, others: JSON.stringify(others.map(({ pair, node: item }) => signature(pair ?? item))), properties };
}

/** A node as text: kind, style, tag, anchor, contents; without places and comments, and without one of its pairs. */
function signature(node: unknown, except: Pair | null = null): string {
  if (isAlias(node)) return `*${node.source}`;
  if (isScalar(node)) return JSON.stringify([node.type, node.source, node.tag, node.anchor]);
  const properties = isMap(node) || isSeq(node) ? JSON.stringify([node.tag, node.anchor]) : '';
  if (isMap(node)) {
    const pairs = node.items.filter((pair) => pair !== except).map((pair) => pairSignature(pair, except));
    return `${properties}{${pairs.join(',')}}`;
  }
  if (isSeq(node)) return `${properties}[${node.items.map((item) => signature(item, except)).join(',')}]`;
  return pairSignature(node, except);
}

function pairSignature(node: unknown, except: Pair | null): string {
  const pair = node as Pair | null | undefined;
  return pair ? `${signature(pair.key, except)}:${signature(pair.value, except)}` : 'null';
}

function unproven(what: string, cause?: unknown): AppError {
  return new AppError('internal', `The edited file would be wrong: ${what}. Nothing was written.`, {
    hint: 'This is a bug in this tool. Write the variable by hand, and report the shape of the file (without its values).',
    cause,
  });
}
