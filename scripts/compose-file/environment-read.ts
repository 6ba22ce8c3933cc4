import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { type LocatedService, refuse, verifyTag } from './environment-locate.ts';
import { isInterpolated, isPlainText, undoubled } from './yaml-scalar.ts';
import {
  allMerged,
  effectiveEntry,
  isMergeKey,
  isNull,
  keyText,
  mergedEntry,
  resolved,
  scalarText,
} from './yaml-tree.ts';

/** What one file says about one variable of a service. It may hold a secret: compare it, do not show it. */
export interface EnvironmentEntry {
  /**
   * `literal`: the value is written there; `interpolated`: a part of it comes from another variable (`${X}`); `pass-through`: no
   * value is written, so that it comes from the shell or `.env`.
   */
  readonly kind: 'literal' | 'interpolated' | 'pass-through';
  /** The text before interpolation, with its dollars doubled; '' for a pass-through. */
  readonly raw: string;
  /** The value of a literal; null for the other kinds. */
  readonly value: string | null;
  /** Whether it comes from another place, through an alias or a merge key (`<<`). */
  readonly inherited: boolean;
  /** Something is remarked behind it on its line. */
  readonly isCommented?: true;
}

/** The environment that a service takes from a `<<` merge because it has none of its own. */
export interface Inherited {
  readonly collection: EnvironmentNode;
  /** The anchor under which it can be merged; null: it has none. */
  readonly anchor: string | null;
}

/** All variables that the service gets in this file, by name; own ones before inherited ones. */
export function readVariables(service: LocatedService): Map<string, EnvironmentEntry> {
  const { tree, environment } = service;
  const collection = collectionInForce(service);
  const entries = new Map<string, EnvironmentEntry>();
  if (collection === null) return entries;
  const isInherited = environment === null || isAlias(environment.value);
  for (const each of variablesOf(service, collection)) entries.set(each.name, toEntry(each, isInherited));
  for (const map of isMap(collection) ? allMerged(tree, collection) : []) {
    for (const each of variablesOf(service, map)) {
      if (!entries.has(each.name)) entries.set(each.name, toEntry(each, true));
    }
  }
  return entries;
}

/** The environment that the service gets, be it its own, an alias or from a merge; null: none, or nothing is in it. */
export function collectionInForce(service: LocatedService): EnvironmentNode | null {
  const { environment } = service;
  if (environment === null) return inheritedEnvironment(service)?.collection ?? null;
  return collectionOf(service, environment.value as Node | null);
}

/** null: the merges bring none, or an empty one. */
export function inheritedEnvironment(service: LocatedService): Inherited | null {
  const { tree, map } = service;
  const pair = service.environment === null ? mergedEntry(tree, map, 'environment') : null;
  const collection = resolved(tree, pair?.value);
  if (pair === null || isNull(collection)) return null;
  const found = collectionOf(service, pair.value as Node);
  if (found === null || found.items.length === 0) return null;
  return { collection: found, anchor: (isAlias(pair.value) ? pair.value.source : found.anchor) ?? null };
}

/** Whether the service gets exactly this value already, from a text that reaches it as it is written. */
export function hasValue(service: LocatedService, collection: EnvironmentNode, name: string, value: string): boolean {
  const own = variablesOf(service, collection).findLast((variable) => variable.name === name);
  if (isSeq(collection)) return own !== undefined && own.text !== null && isLiteral(own.text, value);
  const node = resolved(service.tree, (own?.pair ?? effectiveEntry(service.tree, collection, name))?.value);
  if (!isScalar(node) || node.tag) return false;
  const text = scalarText(node);
  return (node.type !== 'PLAIN' || (text !== '' && isPlainText(text))) && isLiteral(text, value);
}

function isLiteral(text: string, value: string): boolean {
  return !isInterpolated(text) && undoubled(text) === value;
}

function toEntry({ text, node }: EnvironmentVariable, inherited: boolean): EnvironmentEntry {
  const about = { inherited, ...(node?.comment ? { isCommented: true as const } : {}) };
  if (text === null) return { kind: 'pass-through', raw: '', value: null, ...about };
  if (isInterpolated(text)) return { kind: 'interpolated', raw: text, value: null, ...about };
  return { kind: 'literal', raw: text, value: undoubled(text), ...about };
}

/** An environment as YAML writes it: a map or a list. */
export type EnvironmentNode = YAMLMap | YAMLSeq;

/** One variable of a map or list. */
export interface EnvironmentVariable {
  readonly name: string;
  /** What is written: the map's value, or the list's item. null: nothing at all. */
  readonly node: Node | null;
  /** The pair of a map; null in a list. */
  readonly pair: Pair | null;
  readonly index: number;
  /** The text as YAML reads it, before interpolation; null: passed through from the shell. */
  readonly text: string | null;
}

/** The environment's own collection; null: null or absent. Throws where compose rejects what is there. */
export function collectionOf(service: LocatedService, node: Node | null): EnvironmentNode | null {
  const { tree, name } = service;
  const target = resolved(tree, node);
  if (node !== null) verifyTag(service, node, `The environment of "${name}"`);
  if (target !== null) verifyTag(service, target, `The environment of "${name}"`);
  if (isNull(target)) return null;
  if (isMap(target) || isSeq(target)) return target;
  const message = `The environment of "${name}" is neither a map nor a list.`;
  const hint =
    'Write each variable on a line of its own, as NAME: "value" or - NAME=value. Compose rejects it as it is.';
  return refuse(tree, 'environment-shape', node, message, hint);
}

export interface OwnEnvironment {
  readonly environment: Pair;
  readonly collection: EnvironmentNode;
  readonly variables: readonly EnvironmentVariable[];
}

/** null: the service has none of its own. */
export function ownEnvironment(service: LocatedService): OwnEnvironment | null {
  const { environment } = service;
  const node = (environment?.value ?? null) as Node | null;
  const collection = isAlias(node) ? null : collectionOf(service, node);
  if (environment === null || collection === null) return null;
  return { environment, collection, variables: variablesOf(service, collection) };
}

/**
 * The variables that a collection has itself, without those it merges.
 *
 * @throws AppError `item-shape`, `value-shape` for what compose rejects
 */
export function variablesOf(service: LocatedService, collection: EnvironmentNode): EnvironmentVariable[] {
  const { tree } = service;
  if (isMap(collection)) {
    return collection.items.flatMap((pair, index) => {
      if (isMergeKey(pair)) return [];
      const key = keyText(tree, pair);
      const node = resolved(tree, pair.value);
      if (key === null || isMap(node) || isSeq(node)) {
        const message = `The environment of "${service.name}" has a variable whose value is a map or a list.`;
        const hint = 'A value is one text. Compose rejects the file as it is.';
        return refuse(tree, 'value-shape', pair.key, message, hint);
      }
      const text = isNull(node) || !isScalar(node) ? null : scalarText(node);
      return [{ name: key, node: pair.value as Node | null, pair, index, text }];
    });
  }
  return collection.items.map((item, index) => {
    const node = resolved(tree, item);
    if (!isScalar(node) || isNull(node) || (node.type === 'PLAIN' && typeof node.value !== 'string' && !node.tag)) {
      const message = `The environment of "${service.name}" has a list item that is not of the form NAME=value.`;
      const hint = 'Write "- NAME=value" (with an equals sign, not a colon). Compose rejects the file as it is.';
      return refuse(tree, 'item-shape', item, message, hint);
    }
    const written = scalarText(node);
    const equals = written.indexOf('=');
    const name = equals < 0 ? written : written.slice(0, equals);
    return { name, node: item as Node, pair: null, index, text: equals < 0 ? null : written.slice(equals + 1) };
  });
}
