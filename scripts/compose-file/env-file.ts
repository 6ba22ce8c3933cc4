import { isAbsolute, join } from 'node:path';
import { isMap, isScalar, isSeq } from 'yaml';
import { parseDotenv } from './dotenv.ts';
import { locateService } from './environment-locate.ts';
import { decodeSource, lineOf } from './source-text.ts';
import { effectiveEntry, parseTree, resolved, type Tree } from './yaml-tree.ts';

/**
 * The files of the service's `env_file` (compose-spec), absolute. Paths with variables are left out.
 *
 * @param directory the project directory: paths are relative to it
 */
export function readEnvFiles(bytes: Uint8Array, service: string, file: string, directory: string): string[] {
  const source = decodeSource(bytes, file);
  if (!source.text.includes('env_file')) return [];
  const tree = parseTree(source);
  const value = resolved(tree, effectiveEntry(tree, locateService(tree, service).map, 'env_file')?.value);
  const entries = isSeq(value) ? value.items.map((item) => resolved(tree, item)) : [value];
  return entries.flatMap((entry) => {
    const path = pathOf(tree, entry);
    if (path === null || path.includes('$')) return [];
    return [isAbsolute(path) ? path : join(directory, path)];
  });
}

/** A path alone, or `path` of the long form. */
function pathOf(tree: Tree, entry: unknown): string | null {
  const text = isMap(entry) ? resolved(tree, effectiveEntry(tree, entry, 'path')?.value) : entry;
  return isScalar(text) && typeof text.value === 'string' && text.value !== '' ? text.value : null;
}

/** The line that gives the variable a value, from 1; null: none does. */
export function lineOfValue(bytes: Uint8Array, variable: string): number | null {
  // What compose cannot read it says itself.
  const text = new TextDecoder().decode(bytes);
  const entry = parseDotenv(text).entries.findLast(({ name }) => name === variable);
  return entry?.valueIn(() => undefined) ? lineOf(text, entry.start) : null;
}
