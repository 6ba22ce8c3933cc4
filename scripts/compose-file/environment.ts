import { type LocatedService, locateService, serviceNames } from './environment-locate.ts';
import type { EnvironmentPlan } from './environment-plan.ts';
import { GONE, type Intention, proveEdit, VALUELESS } from './environment-proof.ts';
import { type EnvironmentEntry, ownEnvironment, readVariables } from './environment-read.ts';
import { planSet } from './environment-set.ts';
import { planEmpty, planUnset } from './environment-unset.ts';
import { decodeSource, encodeSource, lineOf } from './source-text.ts';
import { verifyAssignment, verifyName } from './yaml-scalar.ts';
import { parseTree, spanOf, type Tree } from './yaml-tree.ts';

export type { EnvironmentEntry } from './environment-read.ts';

export interface EnvironmentEdit {
  readonly bytes: Uint8Array;
  /** What was changed, set variables in the order in which they were given; empty: the file says so already. */
  readonly changes: readonly EnvironmentChange[];
}

export interface EnvironmentChange {
  readonly name: string;
  /** Line in the new file; of a removed entry, in the old one. */
  readonly line: number;
}

/**
 * Sets environment variables of one service in a compose file, all of them in one edit. Every byte that does not have to change
 * stays; what was done is proven by parsing again.
 *
 * A value may be any text without control characters. It reaches the container exactly so: dollars are doubled, quotes are set.
 *
 * @param file name of the file, for messages
 * @throws AppError with the code of what cannot be edited safely, its place (no value is shown) and a way out: `encoding`,
 *   `line-break`, `control-character`, `yaml-syntax`, `legacy-file`, `service-not-found`, `multi-document`, `service-alias`,
 *   `service-merged`, `shared`, `shared-list`, `inherited-environment`, `extended`, `reference`, `near-miss`,
 *   `environment-shape`, `item-shape`, `value-shape`, `tag`, `bad-value`
 */
export function setEnvironment(
  source: Uint8Array,
  service: string,
  values: Readonly<Record<string, string>>,
  file = COMPOSE_FILE,
): EnvironmentEdit {
  for (const [name, value] of Object.entries(values)) verifyAssignment(name, value);
  const located = locateService(parse(source, file), service);
  return perform(source, located, planSet(located, values), (name) => values[name] ?? '');
}

/**
 * Takes variables out of a service's own environment. After `setEnvironment` on a file without them, the bytes are what they
 * were. A variable that comes from a merge or an alias is not the service's own and stays.
 *
 * @throws AppError as {@link setEnvironment}
 */
export function unsetEnvironment(
  source: Uint8Array,
  service: string,
  names: readonly string[],
  file = COMPOSE_FILE,
): EnvironmentEdit {
  for (const name of names) verifyName(name);
  const located = locateService(parse(source, file), service);
  const { bytes } = perform(source, located, planUnset(located, names), () => GONE);
  const removed = ownEnvironment(located)?.variables.filter(({ name }) => names.includes(name)) ?? [];
  const { text } = located.tree.source;
  const changes = removed.map(({ name, pair, node }) => ({ name, line: lineOf(text, spanOf(pair?.key ?? node)[0]) }));
  return { bytes, changes };
}

/**
 * Leaves variables of a service without a value (`NAME:`, `- NAME`), so that they are passed through from the shell. What the service
 * does not have itself stays as it is.
 *
 * @throws AppError as {@link setEnvironment}
 */
export function emptyEnvironment(
  source: Uint8Array,
  service: string,
  names: readonly string[],
  file = COMPOSE_FILE,
): EnvironmentEdit {
  for (const name of names) verifyName(name);
  const located = locateService(parse(source, file), service);
  return perform(source, located, planEmpty(located, names), () => VALUELESS);
}

/**
 * What this file says about each variable of the service, merges and aliases included. null: the file does not define the
 * service. The entries hold values, which may be secrets.
 */
export function readEnvironment(
  source: Uint8Array,
  service: string,
  file = COMPOSE_FILE,
): ReadonlyMap<string, EnvironmentEntry> | null {
  const tree = parse(source, file);
  return serviceNames(tree).includes(service) ? readVariables(locateService(tree, service)) : null;
}

/** Names of the services that the file defines itself. */
export function listServices(source: Uint8Array, file = COMPOSE_FILE): readonly string[] {
  return serviceNames(parse(source, file));
}

const COMPOSE_FILE = 'the compose file';

function parse(source: Uint8Array, file: string): Tree {
  return parseTree(decodeSource(source, file));
}

/** Makes and proves an edit. @param intended what was to become of each variable that changes */
function perform(
  source: Uint8Array,
  service: LocatedService,
  plan: EnvironmentPlan,
  intended: (name: string) => Intention,
): EnvironmentEdit {
  if (plan.splices.length === 0) return { bytes: source, changes: [] };
  const { text, entries } = proveEdit(service, plan, new Map(plan.names.map((name) => [name, intended(name)])));
  const changes = entries.map(({ name, offset }) => ({ name, line: lineOf(text, offset) }));
  return { bytes: encodeSource(text), changes };
}
