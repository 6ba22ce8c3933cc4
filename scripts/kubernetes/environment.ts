import type { Container, EnvFromSource, EnvVar, PodSpec, PodStatus } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import type { SecretSource, Sources } from './sources.ts';

/** Where the value of a variable comes from: the one place that decides. */
export type Origin =
  | { readonly from: 'nowhere' }
  /** An entry of `env` with a value of its own. */
  | { readonly from: 'literal'; readonly index: number; readonly isEmpty: boolean; readonly behind: Origin }
  | KeyOrigin
  /** @property what in half a sentence, after "comes from" */
  | { readonly from: 'elsewhere'; readonly index: number; readonly what: string; readonly behind: Origin };

/** A key of an object. */
export interface KeyOrigin {
  readonly from: 'secret' | 'config-map';
  readonly object: string;
  readonly key: string;
  /** Of the entry in `env`; null: by `envFrom`. */
  readonly index: number | null;
  /** The container also starts without the key. */
  readonly isOptional: boolean;
  /** `no-object`: not even the object is there. `unknown`: it may not be read. */
  readonly state: 'value' | 'empty' | 'absent' | 'no-object' | 'unknown';
  /** What would decide without it; of an optional one whose key is absent, what does. */
  readonly behind: Origin;
}

/** The environment that the kubelet gives to a container, as far as it can be known. */
export interface Resolved {
  /** Without what nobody knows beforehand, such as the pod's address. */
  readonly environment: Readonly<Record<string, string>>;
  originOf(name: string): Origin;
  /** The entries of `env` with that name; of several the last one wins. */
  entriesOf(name: string): readonly number[];
}

/** What `fieldRef` refers to; absent: not known. */
export type Fields = (path: string) => string | undefined;

const NOWHERE: Origin = { from: 'nowhere' };

/** So far as a value is known: a text, `null` where there is none, or `undefined` where that cannot be known. */
type Value = string | null | undefined;

/**
 * The environment of a container, in the kubelet's own order (kubernetes/kubernetes: pkg/kubelet/kubelet_pods.go,
 * makeEnvironmentVariables): `envFrom` in its order, then `env` in its order, each over what was there before, also with an
 * empty text. What the image itself sets is not seen.
 */
export function resolveEnvironment(container: Container, sources: Sources, fields: Fields = () => undefined): Resolved {
  const values = new Map<string, string>();
  const origins = new Map<string, Origin>();
  const env = container.env ?? [];
  const put = (name: string, value: Value, origin: Origin) => {
    origins.set(name, origin);
    if (value === undefined) values.delete(name);
    else if (value !== null) values.set(name, value);
  };

  for (const source of container.envFrom ?? []) {
    for (const { name, value, origin } of keysOf(source, sources))
      put(name, value, { ...origin, behind: origins.get(name) ?? NOWHERE });
  }
  env.forEach((entry, index) => {
    const behind = origins.get(entry.name) ?? NOWHERE;
    const known = (name: string) => (isUnknown(name, values, origins) ? undefined : (values.get(name) ?? null));
    const { value, origin } = resolveEntry(entry, index, sources, known, fields);
    put(entry.name, value, { ...origin, behind });
  });

  return {
    environment: Object.fromEntries(values),
    originOf: (name) => origins.get(name) ?? NOWHERE,
    entriesOf: (name) => env.flatMap((entry, index) => (entry.name === name ? [index] : [])),
  };
}

/** Of a pod, by the names that `fieldRef` has for it. */
export function fieldsOf(pod: {
  readonly metadata?: ObjectMeta;
  readonly spec?: Pick<PodSpec, 'nodeName' | 'serviceAccountName'>;
  readonly status?: Pick<PodStatus, 'podIP' | 'hostIP'>;
}): Fields {
  const { metadata = {}, spec = {}, status = {} } = pod;
  const plain: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': status.podIP,
    'status.hostIP': status.hostIP,
  };
  return (path) => {
    const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
    return map === undefined ? plain[path] : metadata[map as 'labels' | 'annotations']?.[key];
  };
}

/** The text of a key of a Secret. Its bytes count: a line break or a byte order mark at an end is part of it. */
export function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

interface FromKey {
  readonly name: string;
  readonly value: Value;
  readonly origin: Omit<KeyOrigin, 'behind'>;
}

/** What an entry of `envFrom` sets. Of a Secret that may not be read nothing is known, and nothing is returned. */
function keysOf({ prefix = '', secretRef, configMapRef }: EnvFromSource, { secrets, configMaps }: Sources): FromKey[] {
  const reference = secretRef ?? configMapRef;
  const object = reference?.name ?? '';
  const from = secretRef === undefined ? 'config-map' : 'secret';
  const found = secretRef === undefined ? configMaps.get(object) : secrets.get(object);
  if (found === undefined || typeof found === 'string') return [];
  const keys = 'data' in found ? Object.keys(found.data) : found.keys;
  return keys
    .filter((key) => ENVIRONMENT_NAME.test(`${prefix}${key}`))
    .map((key) => {
      const value = 'data' in found ? (found.data[key] ?? '') : valueIn(found, key);
      const state = stateOf(value);
      return { name: `${prefix}${key}`, value, origin: { from, object, key, index: null, isOptional: true, state } };
    });
}

/** Keys that are no names of variables are skipped (apimachinery: validation.IsEnvVarName). */
const ENVIRONMENT_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

function valueIn({ keys, values }: SecretSource, key: string): Value {
  const base64 = values[key];
  if (base64 !== undefined) return textOf(base64);
  return keys.includes(key) ? undefined : null;
}

function stateOf(value: Value): 'value' | 'empty' | 'absent' | 'unknown' {
  if (value === undefined) return 'unknown';
  if (value === null) return 'absent';
  return value === '' ? 'empty' : 'value';
}

type FromEntry =
  | FromKey['origin']
  | { readonly from: 'literal'; readonly index: number; readonly isEmpty: boolean }
  | { readonly from: 'elsewhere'; readonly index: number; readonly what: string };

/** @returns `value` null: the entry leaves the variable as it was, or keeps the container from starting */
function resolveEntry(
  { name, value = '', valueFrom }: EnvVar,
  index: number,
  { secrets, configMaps }: Sources,
  known: (name: string) => Value,
  fields: Fields,
): { readonly value: Value; readonly origin: FromEntry } {
  if (value !== '' || valueFrom === undefined) {
    // Bank-Vaults' webhook replaces such a value when the pod is made.
    if (/^(?:>>)?vault:/.test(value))
      return {
        value: undefined,
        origin: { from: 'elsewhere', index, what: 'Vault (a value that begins with vault:)' },
      };
    return { value: expand(value, known), origin: { from: 'literal', index, isEmpty: value === '' } };
  }
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference !== undefined) {
    const { name: object = '', key, optional: isOptional = false } = reference;
    const from = secretKeyRef === undefined ? 'config-map' : 'secret';
    const found = secretKeyRef === undefined ? configMaps.get(object) : secrets.get(object);
    const origin = { from, object, key, index, isOptional } as const;
    if (found === 'missing') return { value: null, origin: { ...origin, state: 'no-object' } };
    if (found === undefined || found === 'forbidden')
      return { value: undefined, origin: { ...origin, state: 'unknown' } };
    const text = 'data' in found ? (found.data[key] ?? null) : valueIn(found, key);
    return { value: text, origin: { ...origin, state: stateOf(text) } };
  }
  if (fieldRef !== undefined)
    return {
      value: fields(fieldRef.fieldPath),
      origin: { from: 'elsewhere', index, what: `the pod's ${fieldRef.fieldPath}` },
    };
  if (resourceFieldRef !== undefined)
    return { value: undefined, origin: { from: 'elsewhere', index, what: `the pod's ${resourceFieldRef.resource}` } };
  // fileKeyRef (KEP-3721), which is newer than the types.
  const what =
    'fileKeyRef' in valueFrom ? 'a file of a volume (fileKeyRef)' : `a source of ${name} that is not known here`;
  return { value: undefined, origin: { from: 'elsewhere', index, what } };
}

/**
 * `$(NAME)` in a value, `$$` for a dollar sign; a name that is not there stays as it is written (kubernetes/kubernetes:
 * third_party/forked/golang/expansion). undefined: something in it is not known.
 */
function expand(text: string, known: (name: string) => Value): Value {
  let isKnown = true;
  const expanded = text.replace(/\$(?:\$|\(([^()$]*)\))/g, (written: string, name?: string) => {
    if (name === undefined) return '$';
    const value = known(name);
    if (value === undefined) isKnown = false;
    return value ?? written;
  });
  return isKnown ? expanded : undefined;
}

/** Something sets it, and nobody knows to what; or the kubelet does for a Service (service links). */
function isUnknown(name: string, values: ReadonlyMap<string, string>, origins: ReadonlyMap<string, Origin>): boolean {
  if (values.has(name)) return false;
  const origin = origins.get(name);
  if (origin === undefined) return /_(?:SERVICE_HOST|SERVICE_PORT\w{0,99}|PORT(?:_\d{1,5}_\w{1,99})?)$/.test(name);
  return origin.from === 'elsewhere' || origin.from === 'literal' || ('state' in origin && origin.state === 'unknown');
}
