import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { type LocatedService, OVERRIDE, refuse } from './environment-locate.ts';
import { lineOf } from './source-text.ts';
import {
  effectiveEntry,
  entryOf,
  isMergeKey,
  keyText,
  resolved,
  scalarText,
  spanOf,
  type Tree,
  type Use,
} from './yaml-tree.ts';

/** What of the service an edit changes. */
export interface Touched {
  /** The environment's collection, where entries are written into it or taken out. null: the service gets a new one. */
  readonly collection: Node | null;
  /** Values that are replaced or removed. */
  readonly values: readonly Node[];
  readonly names: readonly string[];
}

/**
 * Throws `shared` or `extended` when the edit would reach anything beside the service: through an anchor that is used elsewhere,
 * or through a service that extends this one.
 */
export function verifyNotShared(service: LocatedService, touched: Touched): void {
  const { tree, around, map } = service;
  const shared = new Set<Node>([...around, map, ...touched.values.flatMap(withParts)]);
  if (touched.collection) shared.add(touched.collection);
  const reached = tree.uses.filter((use) => shared.has(use.target) && !isIndifferent(service, use, touched));
  const [first] = reached;
  if (first) {
    const line = lineOf(tree.source.text, spanOf(first.target)[0]);
    const places = [...new Set(reached.map((use) => describeUse(service, use)))];
    const shown =
      places.length > 5 ? `${places.slice(0, 5).join(', ')} and ${places.length - 5} more` : places.join(', ');
    const message = `A change in line ${line} would also reach ${shown}: the anchor &${first.alias.source} is used there.`;
    refuse(tree, 'shared', first.target, message, OVERRIDE);
  }
  verifyNotExtended(service, touched.names);
}

/** A service that extends this one gets the change as well, unless it sets all the names itself. */
function verifyNotExtended({ tree, name }: LocatedService, names: readonly string[]): void {
  for (const root of tree.roots) {
    const services = isMap(root) ? resolved(tree, entryOf(tree, root, 'services')?.value) : null;
    for (const pair of isMap(services) ? services.items : []) {
      const extender = keyText(tree, pair);
      const map = resolved(tree, pair.value);
      if (extender === null || extender === name || !isMap(map)) continue;
      if (extendedName(tree, resolved(tree, effectiveEntry(tree, map, 'extends')?.value)) !== name) continue;
      if (hasAll(tree, entryOf(tree, map, 'environment')?.value, names)) continue;
      const message = `The service "${extender}" extends "${name}" and would get the same change.`;
      const hint = `Give "${extender}" its own value, or ${OVERRIDE.charAt(0).toLowerCase()}${OVERRIDE.slice(1)}`;
      refuse(tree, 'extended', pair.key, message, hint);
    }
  }
}

function extendedName(tree: Tree, extending: Node | null): string | null {
  if (isScalar(extending)) return scalarText(extending);
  if (!isMap(extending)) return null;
  const file = resolved(tree, entryOf(tree, extending, 'file')?.value);
  if (isScalar(file) && lastPart(scalarText(file)) !== lastPart(tree.source.file)) return null;
  const base = resolved(tree, entryOf(tree, extending, 'service')?.value);
  return isScalar(base) ? scalarText(base) : null;
}

function lastPart(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** Whether an environment sets all the names itself, so that it takes none of them from elsewhere. */
function hasAll(tree: Tree, environment: unknown, names: readonly string[]): boolean {
  if (isMap(environment)) return names.every((name) => entryOf(tree, environment, name));
  if (!isSeq(environment)) return false;
  const items = environment.items.map((item) => resolved(tree, item));
  return names.every((name) => items.some((item) => isScalar(item) && scalarText(item).split('=', 1)[0] === name));
}

/** Whether the change makes no difference where the alias is used, because that place has values of its own. */
function isIndifferent(service: LocatedService, use: Use, touched: Touched): boolean {
  const [, , services, owner, ...below] = pathBelowRoot(service, use);
  if (!services || !isPair(owner)) return false;
  const merge = below.findIndex((step) => isPair(step) && isMergeKey(step));
  if (merge < 0 || below.slice(merge + 1).some((step) => !isSeq(step))) return false;
  const outer = below.slice(0, merge);
  // `<<: *service` beside an environment of its own: that one replaces the merged one as a whole.
  if (use.target === service.map) {
    return outer.length === 1 && isMap(outer[0]) && entryOf(service.tree, outer[0], 'environment') !== null;
  }
  // `environment: { <<: *environment }` with the same names of its own.
  const [, environment, map] = outer;
  const isEnvironment = isPair(environment) && keyText(service.tree, environment) === 'environment';
  return (
    use.target === touched.collection && outer.length === 3 && isEnvironment && hasAll(service.tree, map, touched.names)
  );
}

/** `[root, services pair, services map, service pair, ...]`; empty where the alias is not within a service. */
function pathBelowRoot({ tree }: LocatedService, use: Use): Use['path'] {
  const [, top] = use.path;
  return isPair(top) && keyText(tree, top) === 'services' ? use.path : [];
}

function describeUse({ tree }: LocatedService, use: Use): string {
  const keys = use.path
    .filter((step): step is Pair => isPair(step))
    .map((pair) => (isMergeKey(pair) ? null : keyText(tree, pair)))
    .filter((key) => key !== null);
  const [top, name] = keys;
  if (top !== 'services' || name === undefined) return `"${keys.join('.')}"`;
  return `the service "${name}"${keys[2] && keys[2] !== 'environment' ? ` (${keys.slice(2).join('.')})` : ''}`;
}

function withParts(node: Node): Node[] {
  if (isAlias(node)) return [];
  if (isSeq(node)) return [node, ...node.items.filter(isNode).flatMap(withParts)];
  if (!isMap(node)) return [node];
  return [node, ...node.items.flatMap((pair) => [pair.key, pair.value].filter(isNode).flatMap(withParts))];
}
