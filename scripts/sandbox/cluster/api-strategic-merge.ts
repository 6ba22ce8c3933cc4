import { isRecord } from '../../core/json.ts';
import { badRequest } from './api-status.ts';

type Members = Record<string, unknown>;

/** By which member the items of a list are the same item (`patchMergeKey` in k8s.io/api). Every other list is replaced whole. */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  // Of a container, and of a Service.
  ports: ['containerPort', 'port'],
  topologySpreadConstraints: ['topologyKey'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/**
 * A strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch), as far as workloads, pods and Secrets need it.
 *
 * @throws ApiError 400 for a patch that is no object, or an item without its key
 */
export function mergeStrategically(object: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) throw badRequest('error decoding patch: a strategic merge patch is an object');
  return mergeMembers(isRecord(object) ? object : {}, patch);
}

function mergeMembers(object: Members, patch: Members): Members {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  if (patch['$patch'] === 'delete') return {};
  const retained = patch['$retainKeys'];
  const merged: Members = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(object).filter(([key]) => retained.includes(key)))
    : { ...object };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const old = merged[key];
    if (value === null) delete merged[key];
    else if (isRecord(value)) merged[key] = mergeMembers(isRecord(old) ? old : {}, value);
    else if (Array.isArray(value)) merged[key] = mergeLists(key, Array.isArray(old) ? old : [], value, patch);
    else merged[key] = value;
  }
  return merged;
}

function mergeLists(field: string, old: readonly unknown[], items: readonly unknown[], patch: Members): unknown[] {
  const keys = MERGE_KEYS[field];
  if (keys === undefined) return items.map(clean);
  const records = items.filter(isRecord);
  const replaces = records.some((item) => item['$patch'] === 'replace' && Object.keys(item).length === 1);
  if (replaces) return records.filter((item) => item['$patch'] === undefined).map(clean);
  const key = keys.find((each) => records.some((item) => Object.hasOwn(item, each))) ?? keys[0] ?? '';
  const nameless = records.find((item) => !Object.hasOwn(item, key));
  if (nameless !== undefined)
    throw badRequest(`map: ${JSON.stringify(nameless)} does not contain declared merge key: ${key}`);

  const olds = old.filter(isRecord);
  const deleted = records.filter((item) => item['$patch'] === 'delete').map((item) => item[key]);
  const patched = records.filter((item) => item['$patch'] !== 'delete');
  const names = patched.map((item) => item[key]);
  const untouched = olds.filter((item) => !names.includes(item[key]) && !deleted.includes(item[key]));
  const merged = patched.map((item) => mergeMembers(olds.find((each) => each[key] === item[key]) ?? {}, item));
  return inOrder(untouched, merged, olds, key, patch[`$setElementOrder/${field}`]);
}

/** The server's items and those of the patch, in one list. New items of the patch go first, as kubectl's users know it. */
function inOrder(
  untouched: readonly Members[],
  merged: readonly Members[],
  olds: readonly Members[],
  key: string,
  wanted: unknown,
): Members[] {
  if (Array.isArray(wanted)) {
    const names = wanted.map((item) => (isRecord(item) ? item[key] : item));
    const place = (item: Members) => names.indexOf(item[key]);
    const all = [...untouched, ...merged];
    return [
      ...all.filter((item) => place(item) >= 0).sort((a, b) => place(a) - place(b)),
      ...all.filter((item) => place(item) < 0),
    ];
  }
  const place = (item: Members) => olds.findIndex((each) => each[key] === item[key]);
  const result: Members[] = [];
  const left = [...untouched];
  for (const item of merged) {
    const at = place(item);
    while (left[0] !== undefined && at >= 0 && place(left[0]) < at) result.push(...left.splice(0, 1));
    result.push(item);
  }
  return [...result, ...left];
}

/** What a new item or map holds besides directives and nulls. */
function clean(value: unknown): unknown {
  return isRecord(value) ? mergeMembers({}, withoutDirectives(value)) : value;
}

function withoutDirectives(patch: Members): Members {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')));
}
