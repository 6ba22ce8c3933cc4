import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { LocatedService } from './environment-locate.ts';
import { collectionOf, type EnvironmentNode, type EnvironmentVariable, variablesOf } from './environment-variables.ts';
import { lineCounter } from './source-text.ts';
import { interpolatedNames, isInterpolated, isPlainText, undoubled } from './yaml-scalar.ts';
import { allMerged, effectiveEntry, isNull, mergedEntry, resolved, scalarText, spanOf } from './yaml-tree.ts';

/** What one file says about one variable of a service. It may hold a secret: compare it, do not show it. */
export interface EnvironmentEntry {
  /**
   * `literal`: the value stands there; `interpolated`: a part of it comes from another variable (`${X}`); `pass-through`: no
   * value is written, so that it comes from the shell or `.env`.
   */
  readonly kind: 'literal' | 'interpolated' | 'pass-through';
  /** The text before interpolation, with its dollars doubled; '' for a pass-through. */
  readonly raw: string;
  /** The value of a literal; null for the other kinds. */
  readonly value: string | null;
  /** Names of the variables in the text, in order. */
  readonly variables: readonly string[];
  /** Line of the entry, from 1. */
  readonly line: number;
  /** Whether it comes from another place, through an alias or a merge key (`<<`). */
  readonly inherited: boolean;
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
  const node = (environment?.value ?? null) as Node | null;
  const collection = environment ? collectionOf(service, node) : (inheritedEnvironment(service)?.collection ?? null);
  const entries = new Map<string, EnvironmentEntry>();
  if (collection === null) return entries;
  const lineOf = lineCounter(tree.source.text);
  const isOwn = environment !== null && !isAlias(node);
  for (const variable of variablesOf(service, collection)) {
    entries.set(variable.name, toEntry(lineOf, variable, !isOwn));
  }
  for (const map of isMap(collection) ? allMerged(tree, collection) : []) {
    for (const variable of variablesOf(service, map)) {
      if (!entries.has(variable.name)) entries.set(variable.name, toEntry(lineOf, variable, true));
    }
  }
  return entries;
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

function toEntry(
  lineOf: (offset: number) => number,
  { text, node, pair }: EnvironmentVariable,
  inherited: boolean,
): EnvironmentEntry {
  const raw = text ?? '';
  const kind = text === null ? 'pass-through' : isInterpolated(text) ? 'interpolated' : 'literal';
  return {
    kind,
    raw,
    value: kind === 'literal' ? undoubled(raw) : null,
    variables: interpolatedNames(raw),
    line: lineOf(spanOf(pair?.key ?? node)[0]),
    inherited,
  };
}
