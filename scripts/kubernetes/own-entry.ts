import type { Container, EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { PatchOperation, Workload } from './model.ts';
import { REPLACED } from './secret-template.ts';
import type { SecretSource } from './sources.ts';

/** A container's `env` as it is to be, and the JSON Patch of the workload that makes it so. */
export interface EntryChange {
  readonly container: Container;
  /** Empty: it is so already. */
  readonly operations: readonly PatchOperation[];
  /** The entry that gave way; null: none. */
  readonly replaced: EnvVar | null;
}

type Place = Pick<Workload, 'container' | 'containerPath' | 'object'>;

export interface OwnEntry {
  readonly variable: string;
  /** The name of the workload's own Secret, which has a key of the variable's name. */
  readonly secret: string;
}

/** The name of the Secret of a workload's own. */
export function ownSecretOf(workload: string): string {
  // A Secret's name has at most 253 characters.
  return `${workload.slice(0, 240).replace(/(?<![-.])[-.]+$/, '')}-dcr-iat`;
}

/**
 * Takes the variable from the workload's own Secret. The last entry of that name is the one that counts, and gives way; where
 * there is none, one is added. It is optional, so that the container starts without the Secret.
 */
export function withOwnEntry(workload: Place, own: OwnEntry): EntryChange {
  const { container, containerPath, object } = workload;
  const { env = [] } = container;
  const entry = entryOf(own);
  const index = env.findLastIndex(({ name }) => name === own.variable);
  const before = env[index];
  if (before !== undefined && isOwn(before, own)) return { container, operations: [], replaced: null };
  const path = `${containerPath}/env`;
  if (before !== undefined) {
    return {
      container: { ...container, env: env.with(index, entry) },
      operations: [
        ...testsOf(workload),
        { op: 'test', path: `${path}/${index}/name`, value: own.variable },
        { op: 'replace', path: `${path}/${index}`, value: entry },
      ],
      replaced: before,
    };
  }
  const last = env.at(-1);
  const added: readonly PatchOperation[] =
    last === undefined
      ? [
          // Nothing else says that there is still no list, which would be overwritten: a template's change counts up.
          { op: 'test', path: '/metadata/generation', value: object.metadata?.generation },
          { op: 'add', path, value: [entry] },
        ]
      : [
          { op: 'test', path: `${path}/${env.length - 1}/name`, value: last.name },
          { op: 'add', path: `${path}/-`, value: entry },
        ];
  return {
    container: { ...container, env: [...env, entry] },
    operations: [...testsOf(workload), ...added],
    replaced: null,
  };
}

/** Takes the entry out again. @param restored what comes in its place; null: nothing */
export function withoutOwnEntry(workload: Place, own: OwnEntry, restored: EnvVar | null): EntryChange {
  const { container, containerPath } = workload;
  const { env = [] } = container;
  const index = env.findLastIndex((entry) => isOwn(entry, own));
  if (index < 0) return { container, operations: [], replaced: null };
  const path = `${containerPath}/env/${index}`;
  return {
    container: { ...container, env: env.toSpliced(index, 1, ...(restored === null ? [] : [restored])) },
    operations: [
      ...testsOf(workload),
      { op: 'test', path: `${path}/valueFrom/secretKeyRef/name`, value: own.secret },
      restored === null ? { op: 'remove', path } : { op: 'replace', path, value: restored },
    ],
    replaced: null,
  };
}

/** Whether the container takes the variable from there by now. */
export function hasOwnEntry({ env = [] }: Container, own: OwnEntry): boolean {
  return env.some((entry) => isOwn(entry, own));
}

/** The entry that a Secret of a workload's own remembers; null: none. */
export function rememberedEntry({ metadata }: SecretSource, variable: string): EnvVar | null {
  const entry = jsonOrNull(metadata.annotations?.[REPLACED] ?? '');
  return isRecord(entry) && entry['name'] === variable ? (entry as unknown as EnvVar) : null;
}

/** An entry as it may be remembered: one with a value of its own may be an old token, and is forgotten. */
export function toRemember(replaced: EnvVar | null): string | null {
  return replaced === null || (replaced.value ?? '') !== '' ? null : JSON.stringify(replaced);
}

function entryOf({ variable, secret }: OwnEntry): EnvVar {
  return { name: variable, valueFrom: { secretKeyRef: { name: secret, key: variable, optional: true } } };
}

function isOwn({ name, valueFrom }: EnvVar, { variable, secret }: OwnEntry): boolean {
  return name === variable && valueFrom?.secretKeyRef?.name === secret;
}

/** A list of containers may have changed since it was read. */
function testsOf({ container, containerPath }: Place): PatchOperation[] {
  return [{ op: 'test', path: `${containerPath}/name`, value: container.name }];
}
