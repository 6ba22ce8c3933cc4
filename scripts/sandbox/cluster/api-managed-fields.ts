import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../core/json.ts';
import type { ApiObject } from './store.ts';

/** Who set which fields last (`metav1.ManagedFieldsEntry`). */
interface Entry {
  readonly manager: string;
  readonly operation: 'Update';
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Fields;
}

/** Members as `f:name`; a field that has none of its own is an empty object. */
interface Fields {
  readonly [name: string]: Fields;
}

/** What the server sets, and what names the object: nobody owns that. */
const UNOWNED = ['apiVersion', 'kind', 'status'];
const UNOWNED_METADATA = [
  'creationTimestamp',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'name',
  'namespace',
  'resourceVersion',
  'uid',
];

/**
 * Signs what differs between two versions of an object with the manager's name; the others lose their claim to it. A list is one
 * field, unlike in a real server, which looks into lists with merge keys.
 */
export function signChanges(before: ApiObject | null, after: ApiObject, manager: string, now: Date): ApiObject {
  const old = new Map(leaves(before === null ? {} : owned(before)));
  const young = new Map(leaves(owned(after)));
  const set = [...young].filter(([path, value]) => !isDeepStrictEqual(old.get(path), value)).map(([path]) => path);
  const removed = [...old.keys()].filter((path) => !young.has(path));
  const present = (after.metadata.managedFields ?? []) as readonly Entry[];
  if (set.length === 0 && removed.length === 0) return after;

  const { apiVersion } = after;
  const isOwn = (entry: Entry) => entry.manager === manager && entry.apiVersion === apiVersion;
  const lost = new Set([...set, ...removed]);
  const kept = present.map((entry) => {
    const paths = pathsOf(entry.fieldsV1).filter((path) => !lost.has(path));
    return { ...entry, fieldsV1: nest(isOwn(entry) ? [...paths, ...set] : paths) };
  });
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const fresh: Entry = { manager, operation: 'Update', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: nest(set) };
  const entries = present.some(isOwn)
    ? kept.map((entry) => (isOwn(entry) ? { ...entry, time } : entry))
    : [...kept, fresh];
  const managedFields = entries.filter(({ fieldsV1 }) => Object.keys(fieldsV1).length > 0);
  return { ...after, metadata: { ...after.metadata, managedFields } };
}

function owned({ metadata, ...members }: ApiObject): Readonly<Record<string, unknown>> {
  const without = (object: object, names: readonly string[]) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
  return { metadata: without(metadata, UNOWNED_METADATA), ...without(members, UNOWNED) };
}

/** A path is its names in JSON: they may hold any character. */
function leaves(value: unknown, path: readonly string[] = []): [string, unknown][] {
  if (!isRecord(value)) return [[JSON.stringify(path), value]];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}

function pathsOf(fields: Fields, path: readonly string[] = []): string[] {
  const members = Object.entries(fields);
  if (members.length === 0) return path.length === 0 ? [] : [JSON.stringify(path)];
  return members.flatMap(([name, below]) => pathsOf(below, [...path, name.replace(/^f:/, '')]));
}

function nest(paths: readonly string[]): Fields {
  const root: Record<string, unknown> = {};
  for (const path of paths) {
    let at = root;
    for (const name of JSON.parse(path) as string[]) {
      at[`f:${name}`] ??= {};
      at = at[`f:${name}`] as Record<string, unknown>;
    }
  }
  return root as Fields;
}
