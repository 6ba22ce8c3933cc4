import { isAbsolute, join } from 'node:path';
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { AppError } from '../core/errors.ts';
import { decodeSource, whereOf } from './source-text.ts';
import { effectiveEntry, entryOf, foreignTag, isNull, parseTree, resolved, spanOf, type Tree } from './yaml-tree.ts';

/** One entry of `include`: files that are merged with each other, and the directory that they count from. */
export interface Include {
  /** Absolute. */
  readonly paths: readonly string[];
  readonly directory: string;
}

/**
 * What a compose file includes of this machine's files (compose-spec: include). Other places (`oci://…`, `https://…`) and
 * paths with variables are left out.
 *
 * @param directory the project directory of the file: paths are relative to it, not to the file
 * @throws AppError `compose-invalid` for an entry that names no file, and what `decodeSource` and `parseTree` throw
 */
export function readIncludes(bytes: Uint8Array, file: string, directory: string): Include[] {
  const source = decodeSource(bytes, file);
  // Most files include nothing, and need not be read twice for that.
  if (!/["']?\binclude["']?\s*:/.test(source.text)) return [];
  const tree = parseTree(source);
  return tree.roots.flatMap((root) => {
    const value = isMap(root) ? entryOf(tree, root, 'include')?.value : null;
    const list = resolved(tree, value);
    if (isNull(list) || foreignTag(list)) return [];
    if (!isSeq(list)) throw malformed(tree, value, 'include is not a list of files.');
    return list.items.flatMap((entry) => readEntry(tree, entry, directory));
  });
}

function readEntry(tree: Tree, entry: unknown, directory: string): Include[] {
  const node = resolved(tree, entry);
  const paths = isMap(node) ? pathsOf(tree, node) : [textOf(tree, entry)];
  const own = isMap(node) ? textAt(tree, node, 'project_directory') : null;
  if (paths.some((path) => /\$|^[a-z+]+:\/\/|^git@/.test(path))) return [];
  const absolute = (path: string) => (isAbsolute(path) ? path : join(directory, path));
  const [first = ''] = paths;
  return [{ paths: paths.map(absolute), directory: own === null ? join(absolute(first), '..') : absolute(own) }];
}

/** `path` of an entry in its long form: one file or several. */
function pathsOf(tree: Tree, entry: YAMLMap): string[] {
  const list = resolved(tree, effectiveEntry(tree, entry, 'path')?.value);
  if (isSeq(list) && list.items.length > 0) return list.items.map((item) => textOf(tree, item));
  const path = textAt(tree, entry, 'path');
  if (path === null) throw malformed(tree, entry);
  return [path];
}

function textAt(tree: Tree, map: YAMLMap, name: string): string | null {
  const value = effectiveEntry(tree, map, name)?.value;
  return isNull(resolved(tree, value)) ? null : textOf(tree, value);
}

function textOf(tree: Tree, node: unknown): string {
  const text = resolved(tree, node);
  if (isScalar(text) && typeof text.value === 'string' && text.value !== '') return text.value;
  throw malformed(tree, node);
}

function malformed(tree: Tree, node: unknown, message = 'An entry of include names no file.'): AppError {
  return new AppError('compose-invalid', message, {
    hint: 'Write each file on a line of its own below include, as - FILE or - path: FILE. Compose rejects it as it is.',
    where: whereOf(tree.source, spanOf(node)[0]),
  });
}
