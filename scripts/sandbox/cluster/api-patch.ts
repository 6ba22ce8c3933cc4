import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../core/json.ts';
import { badRequest, patchRefused } from './api-status.ts';
import { mergeStrategically } from './api-strategic-merge.ts';

/** Types of PATCH by their media type. `application/apply-patch+yaml` is not there. */
export const PATCHES: Readonly<Record<string, (object: unknown, patch: unknown) => unknown>> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': mergeStrategically,
};

/**
 * A JSON Patch (RFC 6902).
 *
 * @throws ApiError 422 where a `test` fails or a path is not there, without a word about which
 */
function applyJsonPatch(object: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON Patch is a list of operations');
  return patch.reduce(applyOperation, structuredClone(object));
}

function applyOperation(document: unknown, operation: Readonly<Record<string, unknown>>): unknown {
  const { op, path, from, value } = operation;
  if (typeof path !== 'string') throw badRequest('error decoding patch: an operation has no path');
  if (op === 'test') {
    // evanphx/json-patch: a path that is not there equals null.
    const found = find(document, path);
    if (!isDeepStrictEqual(found === undefined ? null : found, value ?? null)) throw patchRefused();
    return document;
  }
  if (op === 'move' || op === 'copy') {
    const moved = find(document, String(from));
    if (moved === undefined) throw patchRefused();
    const rest = op === 'move' ? change(document, pointer(String(from)), 'remove', undefined) : document;
    return change(rest, pointer(path), 'add', structuredClone(moved));
  }
  if (op !== 'add' && op !== 'remove' && op !== 'replace') throw patchRefused();
  return change(document, pointer(path), op, value);
}

/** In place, but for the root. */
function change(document: unknown, path: readonly string[], op: 'add' | 'remove' | 'replace', value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = path.slice(0, -1).reduce(member, document);
  if (Array.isArray(parent)) {
    const index = last === '-' && op === 'add' ? parent.length : Number(last);
    const most = op === 'add' ? parent.length : parent.length - 1;
    if (!/^(-|0|[1-9]\d*)$/.test(last) || !(index <= most)) throw patchRefused();
    if (op === 'replace') parent[index] = value;
    else if (op === 'add') parent.splice(index, 0, value);
    else parent.splice(index, 1);
  } else if (isRecord(parent)) {
    if (op !== 'add' && !Object.hasOwn(parent, last)) throw patchRefused();
    if (op === 'remove') delete parent[last];
    else parent[last] = value;
  } else throw patchRefused();
  return document;
}

function find(document: unknown, path: string): unknown {
  return pointer(path).reduce(member, document);
}

function member(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The parts of a JSON Pointer (RFC 6901). */
function pointer(path: string): string[] {
  if (path !== '' && !path.startsWith('/')) throw patchRefused();
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A JSON Merge Patch (RFC 7396). */
function mergePatch(object: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(object) ? { ...object } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
