import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import type { PriorValue } from '../core/result.ts';
import { nameOf, type Workload } from './model.ts';
import type { EntryChange } from './own-entry.ts';

/** What a change of one key comes to, with signs in place of values. @param after what is shown; null: the key is removed */
export function keyDiff(secret: string, key: string, before: PriorValue, after: string | null): string {
  const old = { absent: [], 'passed-through': [], empty: [`-${key}: ""`], value: [`-${key}: ‹value before›`] }[before];
  const lines = [...old, ...(after === null ? [] : [`+${key}: ${after}`])];
  return lines.length === 0 ? '' : headed(`secret/${secret}`, 'data', lines);
}

/** What a change of the container's `env` comes to. '' where there is none. */
export function entryDiff(workload: Workload, { container, operations }: EntryChange): string {
  if (operations.length === 0) return '';
  const before = (workload.container.env ?? []).map(inWords);
  const after = (container.env ?? []).map(inWords);
  const lines = [
    ...before.filter((line) => !after.includes(line)).map((line) => `-${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+${line}`),
  ];
  return headed(nameOf(workload), `env of container ${container.name}`, lines);
}

function headed(object: string, place: string, lines: readonly string[]): string {
  return [`--- ${object}`, `+++ ${object}`, `@@ ${place} @@`, ...lines].join('\n');
}

/** An entry on one line. Its own value may be a token. */
function inWords({ name, value = '', valueFrom }: EnvVar): string {
  if (value !== '') return `${name}: ‹value before›`;
  if (valueFrom === undefined) return `${name}: ""`;
  const { secretKeyRef, configMapKeyRef } = valueFrom;
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference === undefined) return `${name} from ${Object.keys(valueFrom)[0] ?? 'nowhere'}`;
  const kind = secretKeyRef === undefined ? 'configmap' : 'secret';
  return `${name} from ${kind}/${reference.name} (key ${reference.key}${reference.optional === true ? ', optional' : ''})`;
}
