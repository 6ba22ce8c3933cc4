import { isAlias, isMap, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { AppError, type ErrorCode } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { whereOf } from './source-text.ts';
import { entryOf, foreignTag, isMergeKey, keyText, resolved, spanOf, type Tree } from './yaml-tree.ts';

/** A service as one file defines it. */
export interface LocatedService {
  readonly tree: Tree;
  readonly name: string;
  /** Index of the YAML document that it is in. */
  readonly document: number;
  /** The nodes around it, from the document's top to the map of services. */
  readonly around: readonly YAMLMap[];
  readonly pair: Pair;
  readonly map: YAMLMap;
  /** Its own `environment` entry; null: it has none, or takes it from a merge. */
  readonly environment: Pair | null;
}

/** Names of the services that the file defines, in its order. */
export function serviceNames(tree: Tree): string[] {
  const names = tree.roots.flatMap((_, document) => servicesIn(tree, document)?.items ?? []);
  return [...new Set(names.map((pair) => keyText(tree, pair)).filter((name) => name !== null))];
}

/**
 * Finds the service that is to be edited, or says why it cannot be.
 *
 * @throws AppError `legacy-file`, `service-not-found`, `service-alias`, `service-merged`, `multi-document`, `tag`,
 *   `environment-shape`
 */
export function locateService(tree: Tree, name: string): LocatedService {
  verifyServicesKey(tree);
  const found = tree.roots.flatMap((root, document) => {
    const services = servicesIn(tree, document);
    const pair = services && entryOf(tree, services, name);
    return isMap(root) && services && pair ? [{ document, around: [root, services], pair }] : [];
  });
  const [first, second] = found;
  if (!first) throw notFound(tree, name);
  if (second) {
    const message = `The service "${name}" is defined in ${found.length} YAML documents of this file.`;
    const hint = 'Put it into one of them, or split the file at "---" and pass the parts with -f.';
    refuse(tree, 'multi-document', first.pair.key, message, hint);
  }
  return { tree, name, ...first, ...serviceMap(tree, name, first.pair) };
}

/** Throws `tag` where a tag changes what compose reads. */
export function verifyTag(service: LocatedService, node: Node, what: string): void {
  const tag = foreignTag(node);
  if (tag === null) return;
  // A tag may also be a password that starts with an exclamation mark and was not quoted.
  const shown = /^!(?:reset|override|![a-z]+)$/.test(tag) ? tag : 'of its own';
  const message = `${what} carries the tag ${shown}, which changes how compose reads it.`;
  refuse(service.tree, 'tag', node, message, 'Remove the tag, or write the variable into an override file.');
}

/** Throws a refusal with the place of the node in the file. */
export function refuse(tree: Tree, code: ErrorCode, node: unknown, message: string, hint: string): never {
  throw new AppError(code, message, { hint, where: whereOf(tree.source, spanOf(node)[0]) });
}

function servicesIn(tree: Tree, document: number): YAMLMap | null {
  const root = tree.roots[document];
  const services = isMap(root) ? entryOf(tree, root, 'services')?.value : null;
  return isMap(services) ? services : null;
}

function verifyServicesKey(tree: Tree): void {
  for (const root of tree.roots) {
    const pair = isMap(root) ? entryOf(tree, root, 'services') : null;
    if (isAlias(pair?.value)) {
      const hint = 'Write them under services: themselves, or write the variable into an override file.';
      refuse(tree, 'service-alias', pair.value, 'All services of this file are an alias of something else.', hint);
    }
    const services = pair?.value;
    if (isMap(services) && foreignTag(services)) {
      const message = 'The map of services carries a tag that changes how compose reads it.';
      refuse(tree, 'tag', services, message, 'Remove the tag, or write the variable into an override file.');
    }
  }
}

function notFound(tree: Tree, name: string): AppError {
  const { file } = tree.source;
  const merged = mergedService(tree, name);
  if (merged) {
    return new AppError(
      'service-merged',
      `The service "${name}" is not defined here directly: it comes from a merge (<<).`,
      {
        hint: OVERRIDE,
        where: whereOf(tree.source, spanOf(merged.key)[0]),
      },
    );
  }
  const names = serviceNames(tree);
  if (names.length === 0 && tree.roots.some(looksLegacy)) {
    return new AppError('legacy-file', `${file} has no "services:" key: it is of the first compose format.`, {
      hint: 'Put the services under "services:". Docker Compose v2 does not read this file.',
      where: { file, line: 1 },
    });
  }
  const [near] = nearest(name, names);
  const list = names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
  return new AppError('service-not-found', `There is no service "${name}" in ${file}.`, {
    hint:
      names.length === 0
        ? 'The file defines no services itself. Name the file that does with -f.'
        : `${near ? `Did you mean "${near}"? ` : ''}Services here: ${list}.`,
    where: { file },
  });
}

function mergedService(tree: Tree, name: string): Pair | null {
  for (const [document, root] of tree.roots.entries()) {
    const services = servicesIn(tree, document);
    for (const map of [root, services]) {
      const merge = isMap(map) ? map.items.find(isMergeKey) : undefined;
      if (!merge) continue;
      const merged = resolved(tree, merge.value);
      const candidates = isSeq(merged) ? merged.items.map((item) => resolved(tree, item)) : [merged];
      const wanted = map === services ? name : 'services';
      if (candidates.some((candidate) => isMap(candidate) && entryOf(tree, candidate, wanted))) return merge;
    }
  }
  return null;
}

function looksLegacy(root: Node | null): boolean {
  if (!isMap(root)) return false;
  return root.items.some(({ value }) => isMap(value) && (value.has('image') || value.has('build')));
}

function serviceMap(tree: Tree, name: string, pair: Pair): Pick<LocatedService, 'map' | 'environment'> {
  const { key, value } = pair;
  if (isAlias(value)) {
    const message = `The service "${name}" is an alias (*${value.source}): it is shared with others.`;
    refuse(tree, 'service-alias', key, message, OVERRIDE);
  }
  if (!isMap(value)) {
    const hint = 'Give it at least an image or a build. Compose rejects it as it is.';
    return refuse(tree, 'environment-shape', key, `The service "${name}" is empty or no map.`, hint);
  }
  if (foreignTag(value)) {
    const message = `The service "${name}" carries a tag that changes how compose reads it.`;
    refuse(tree, 'tag', key, message, OVERRIDE);
  }
  return { map: value, environment: entryOf(tree, value, 'environment') };
}

/** The way out of everything that is about sharing: both composes merge an override per variable. */
export const OVERRIDE =
  'Write the variable into a docker-compose.override.yml that has only this service and this variable (with -f, add it as the last -f).';
