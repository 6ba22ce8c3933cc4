import type { ControllerRevisionList, ReplicaSet, ReplicaSetList } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { type Clock, PRIVATE_FILE } from '../core/ports.ts';
import { restartRefusal } from './hazards.ts';
import { itemsOf, type Kubectl } from './kubectl.ts';
import { isOwnedBy, nameOf, type PatchOperation, type Workload } from './model.ts';
import { watchUntil } from './watch-until.ts';

/** One state of a workload's template, and how its pods are known. */
export interface Revision {
  /** null: not known. */
  readonly number: number | null;
  /** The label that its pods have, and theirs alone; null: not known. */
  readonly label: readonly [name: string, value: string] | null;
  /** Of a Deployment: the ReplicaSet that makes its pods; null: none, or not known. */
  readonly replicaSet: ReplicaSet | null;
}

export interface Rollout {
  readonly before: Revision;
  readonly after: Revision;
  /** What made the new revision: this tool's change of the template, a restart, or another controller. */
  readonly by: 'template' | 'restart' | 'other';
}

export interface RolloutOptions {
  /** What the change is signed with (`--field-manager`). */
  readonly manager: string;
  /** Reloader, or its like, makes a rollout by itself when the Secret changes. */
  readonly reloader: boolean;
  readonly clock: Clock;
}

/** How long Reloader gets. */
const RELOADER_MS = 15_000;
/** How long the workload's controller gets to see a change. */
const SEEN_MS = 30_000;
/** kubectl refuses a second restart within the same second. */
const SAME_SECOND_MS = 1_100;

/** The pods of a workload, for `--selector`. */
export function selectorOf({ spec }: Workload['object']): string {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  const parts = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`), ...parts].join(',');
}

/** Whether a pod is one of that revision; false where that is not known. */
export function isOf({ label }: Revision, pod: Pod): boolean {
  return label !== null && pod.metadata?.labels?.[label[0]] === label[1];
}

/** The newest revision of a workload that its controller has seen. One call of kubectl, none for a StatefulSet. */
export async function revisionOf(
  kubectl: Kubectl,
  { kind, object }: Pick<Workload, 'kind' | 'object'>,
  signal: AbortSignal,
): Promise<Revision> {
  if (kind === 'statefulset') {
    const { status } = object;
    const name = status !== undefined && 'updateRevision' in status ? status.updateRevision : undefined;
    return { number: null, label: name ? ['controller-revision-hash', name] : null, replicaSet: null };
  }
  const isOwned = (each: { readonly metadata?: ObjectMeta }) => isOwnedBy(each, object);
  const list = ['-l', selectorOf(object), '--watch=false'];
  if (kind === 'deployment') {
    const answer = await kubectl.json<ReplicaSetList>(['get', 'replicasets.apps', ...list], signal);
    const [newest] = itemsOf(answer)
      .filter(isOwned)
      .sort((a, b) => revisionNumber(b) - revisionNumber(a));
    const hash = newest?.metadata?.labels?.[TEMPLATE_HASH];
    return {
      number: newest === undefined ? null : revisionNumber(newest),
      label: hash === undefined ? null : [TEMPLATE_HASH, hash],
      replicaSet: newest ?? null,
    };
  }
  const answer = await kubectl.ask<ControllerRevisionList>(['get', 'controllerrevisions.apps', ...list], signal);
  const revisions = answer.ok
    ? itemsOf(answer.value)
        .filter(isOwned)
        .sort((a, b) => b.revision - a.revision)
    : [];
  const hash = revisions[0]?.metadata?.labels?.['controller-revision-hash'];
  if (hash !== undefined)
    return { number: revisions[0]?.revision ?? null, label: ['controller-revision-hash', hash], replicaSet: null };
  // Not every role may list revisions; the controller counts templates in an older label as well.
  const generation = object.metadata?.annotations?.['deprecated.daemonset.template.generation'];
  return {
    number: generation === undefined ? null : Number(generation),
    label: generation === undefined ? null : ['pod-template-generation', generation],
    replicaSet: null,
  };
}

const TEMPLATE_HASH = 'pod-template-hash';

function revisionNumber({ metadata }: ReplicaSet): number {
  return Number(metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
}

/**
 * Makes new pods: by the pending changes of the template, by another controller that does it by itself, or by a restart. Pods are
 * never deleted. Returns when the workload's controller has seen the change; no pod may be there yet.
 *
 * @param workload as it was before anything was written
 * @param pending operations with their own `test`s; empty: the template stays as it is
 * @throws AppError `rollout-paused`, `rollout-on-delete`, `rights-missing`, `restart-failed`
 */
export async function restartWorkload(
  kubectl: Kubectl,
  workload: Workload,
  pending: readonly PatchOperation[],
  { manager, reloader, clock }: RolloutOptions,
  signal: AbortSignal,
): Promise<Rollout> {
  const { kind, name } = workload;
  const [fresh, before] = await Promise.all([
    kubectl.json<Workload['object']>(['get', kind, name, '--watch=false'], signal),
    revisionOf(kubectl, workload, signal),
  ]);
  const refusal = restartRefusal({ kind, name, object: fresh }, kubectl.typed);
  if (refusal !== null) throw refusal;

  let by: Rollout['by'] = 'restart';
  let changed: Workload['object'] | null = null;
  if (pending.length > 0) {
    const patched = await patch();
    by = 'template';
    // An operation may change nothing: then no pod is replaced.
    if (patched.metadata?.generation !== fresh.metadata?.generation) changed = patched;
  } else if (reloader) {
    const isReloaded = (object: Workload['object']) => isOtherTemplate(object, workload.object);
    changed = await watchUntil(kubectl, [kind, name], isReloaded, { ms: RELOADER_MS, clock }, signal);
    if (changed !== null) by = 'other';
  }
  if (changed === null) {
    changed = await restart();
    by = 'restart';
  }
  const generation = changed.metadata?.generation ?? 0;
  const isSeen = ({ status }: Workload['object']) => (status?.observedGeneration ?? 0) >= generation;
  const object = isSeen(changed)
    ? changed
    : await watchUntil(kubectl, [kind, name], isSeen, { ms: SEEN_MS, clock }, signal);
  if (object === null)
    throw failed(`The cluster's controller has not taken up the change of ${nameOf(workload)}.`, kubectl, workload);
  return { before, after: await revisionOf(kubectl, { kind, object }, signal), by };

  async function patch(): Promise<Workload['object']> {
    const flags = ['--type=json', '--patch-file', PRIVATE_FILE, `--field-manager=${manager}`, '--dry-run=none'];
    const answer = await kubectl.ask<Workload['object']>(['patch', kind, name, ...flags], signal, {
      privateText: JSON.stringify(pending),
    });
    if (answer.ok) return answer.value;
    if (answer.error.code !== 'kubectl-failed') throw answer.error;
    throw failed(
      `${nameOf(workload)} could not be changed: somebody else may have changed it at the same time.`,
      kubectl,
      workload,
    );
  }

  async function restart(): Promise<Workload['object']> {
    const args = ['rollout', 'restart', nameOf(workload), `--field-manager=${manager}`];
    const first = await kubectl.ask<Workload['object']>(args, signal);
    if (first.ok) return first.value;
    if (first.error.code !== 'kubectl-failed') throw first.error;
    await clock.sleep(SAME_SECOND_MS, signal);
    return kubectl.json<Workload['object']>(args, signal);
  }
}

function failed(message: string, { typed }: Kubectl, workload: Workload): AppError {
  const text = 'Run the command again. What the cluster says of it:';
  return new AppError('restart-failed', message, {
    hint: { text, command: typed(['describe', workload.kind, workload.name]) },
  });
}

/** A scale changes the generation as well, but makes no new pods of all. */
function isOtherTemplate(a: Workload['object'], b: Workload['object']): boolean {
  return JSON.stringify(a.spec?.template) !== JSON.stringify(b.spec?.template);
}
