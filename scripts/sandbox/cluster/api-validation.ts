import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../core/json.ts';
import type { ResourceType } from './api-resources.ts';
import type { StatusCause } from './api-status.ts';
import type { ApiObject } from './store.ts';

type Members = Readonly<Record<string, unknown>>;

/** Where a Deployment and its like have their pods' spec, and where a pod has its own. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  daemonsets: ['spec', 'template', 'spec'],
  deployments: ['spec', 'template', 'spec'],
  pods: ['spec'],
  replicasets: ['spec', 'template', 'spec'],
  statefulsets: ['spec', 'template', 'spec'],
};

const DEFAULTS: Readonly<Record<string, Members>> = {
  deployments: {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  },
  statefulsets: {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
  },
  daemonsets: {
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
  },
};

/** Sets what a person may leave out, and turns a Secret's `stringData` into `data`. */
export function withDefaults({ resource }: ResourceType, object: ApiObject): ApiObject {
  if (resource === 'secrets') {
    const { stringData, ...rest } = object;
    const encoded = Object.entries(isRecord(stringData) ? stringData : {}).map(([key, value]) => [
      key,
      Buffer.from(String(value)).toString('base64'),
    ]);
    const data =
      isRecord(rest['data']) || encoded.length > 0
        ? { data: { ...(rest['data'] as Members), ...Object.fromEntries(encoded) } }
        : {};
    return { ...rest, ...data, type: rest['type'] ?? 'Opaque' };
  }
  const defaults = DEFAULTS[resource];
  return defaults === undefined ? object : { ...object, spec: { ...defaults, ...(object['spec'] as Members) } };
}

/** Why an object cannot even be read: a value of a Secret that is no base64. null: it can. */
export function undecodable({ resource }: ResourceType, { data }: ApiObject): string | null {
  if (resource !== 'secrets' || !isRecord(data)) return null;
  for (const value of Object.values(data)) {
    if (typeof value !== 'string')
      return `json: cannot unmarshal ${typeof value} into Go struct field Secret.data of type []uint8`;
    // encoding/base64 of Go: line breaks are skipped, padding is required.
    const text = value.replace(/[\r\n]/g, '');
    const valid = /^[A-Za-z0-9+/]*={0,2}/.exec(text)?.[0].length ?? 0;
    if (valid < text.length || text.length % 4 !== 0)
      return `illegal base64 data at input byte ${Math.min(valid, text.length)}`;
  }
  return null;
}

/** The rules of the real server that a writer of Secrets and templates can break (k8s.io/kubernetes/pkg/apis/core/validation). */
export function problemsOf({ resource }: ResourceType, before: ApiObject | null, after: ApiObject): StatusCause[] {
  if (resource === 'secrets' || resource === 'configmaps') return [...immutability(before, after), ...keyNames(after)];
  const path = POD_SPECS[resource];
  return path === undefined ? [] : podSpec(at(after, path), path.join('.'));
}

function immutability(before: ApiObject | null, after: ApiObject): StatusCause[] {
  if (before?.['immutable'] !== true) return [];
  const fields = ['data', 'binaryData'].filter((field) => !isDeepStrictEqual(before[field] ?? {}, after[field] ?? {}));
  if (after['immutable'] !== true) fields.unshift('immutable');
  return fields.map((field) => forbiddenField(field, 'field is immutable when `immutable` is set'));
}

function keyNames({ data }: ApiObject): StatusCause[] {
  const names = Object.keys(isRecord(data) ? data : {}).filter((name) => !/^[-._a-zA-Z0-9]{1,253}$/.test(name));
  const rule =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  return names.map((name) => invalidField(`data[${name}]`, JSON.stringify(name), rule));
}

function podSpec(spec: unknown, path: string): StatusCause[] {
  if (!isRecord(spec)) return [];
  return ['initContainers', 'containers'].flatMap((list) => {
    const containers = Array.isArray(spec[list]) ? spec[list].filter(isRecord) : [];
    const names = containers.map(({ name }) => name);
    return containers.flatMap(({ env, name }, index) => {
      const place = `${path}.${list}[${index}]`;
      const twice: StatusCause[] =
        names.indexOf(name) === index
          ? []
          : [
              {
                reason: 'FieldValueDuplicate',
                message: `Duplicate value: ${JSON.stringify(name)}`,
                field: `${place}.name`,
              },
            ];
      const entries = Array.isArray(env) ? env.filter(isRecord) : [];
      return [...twice, ...entries.flatMap((entry, at) => envEntry(entry, `${place}.env[${at}]`))];
    });
  });
}

function envEntry({ value, valueFrom }: Members, place: string): StatusCause[] {
  if (!isRecord(valueFrom)) return [];
  const sources = Object.values(valueFrom).filter(isRecord);
  if (value !== undefined && value !== '') {
    return [invalidField(`${place}.valueFrom`, '""', 'may not be specified when `value` is not empty')];
  }
  if (sources.length === 1) return [];
  const rule =
    sources.length === 0
      ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
      : 'may not have more than one field specified at a time';
  return [invalidField(`${place}.valueFrom`, '""', rule)];
}

export function invalidField(field: string, value: string, rule: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${rule}`, field };
}

function forbiddenField(field: string, rule: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${rule}`, field };
}

function at(object: ApiObject, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), object);
}
