import { isAbsolute, join } from 'node:path';
import { isMap, isNode, parseAllDocuments } from 'yaml';
import { decodeSource } from './source-text.ts';

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
 * @throws AppError as `decodeSource`
 */
export function readIncludes(bytes: Uint8Array, file: string, directory: string): Include[] {
  const { text } = decodeSource(bytes, file);
  // Most files include nothing, and need not be read twice for that.
  if (!/["']?\binclude["']?\s*:/.test(text)) return [];
  const documents = [...parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' })];
  return documents.flatMap((document) => {
    const node = isMap(document.contents) ? document.contents.get('include', true) : null;
    const entries: unknown = isNode(node) ? node.toJS(document, { maxAliasCount: -1 }) : null;
    return Array.isArray(entries) ? entries.flatMap((entry) => toInclude(entry, directory)) : [];
  });
}

function toInclude(entry: unknown, directory: string): Include[] {
  const { path, project_directory } = typeof entry === 'string' ? { path: entry } : (entry as Partial<LongEntry>);
  const paths = [path ?? []].flat().filter((each) => typeof each === 'string');
  if (paths.length === 0 || paths.some((each) => /\$|^[a-z+]+:\/\/|^git@/.test(each))) return [];
  const absolute = (each: string) => (isAbsolute(each) ? each : join(directory, each));
  const [first = ''] = paths;
  const own = typeof project_directory === 'string' ? absolute(project_directory) : join(absolute(first), '..');
  return [{ paths: paths.map(absolute), directory: own }];
}

interface LongEntry {
  readonly path: string | readonly string[];
  readonly project_directory: string;
}
