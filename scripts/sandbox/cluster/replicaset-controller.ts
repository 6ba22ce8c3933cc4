import type { ReplicaSetCondition } from 'kubernetes-types/apps/v1.d.ts';
import type { ControllerTools } from './controller-tools.ts';
import { createPod, isAvailable, podsOf } from './pods-of-set.ts';
import { deletePod, getOf, isActive, nameSuffix, readySince, type Stored, timestamp, updateIn } from './typed-store.ts';

/** Creates and deletes pods until there are as many as wanted (pkg/controller/replicaset). */
export function reconcileReplicaSet(tools: ControllerTools, set: Stored<'replicasets'>): void {
  const { store, now, record } = tools;
  const { replicas = 1, template, minReadySeconds } = set.spec ?? {};
  if (template === undefined || set.metadata.deletionTimestamp !== undefined) return;
  const pods = podsOf(tools, set).filter(isActive);
  let refusal: string | null = null;
  const missing = replicas - pods.length;
  for (let count = 0; count < missing && refusal === null; count++)
    refusal = createPod(tools, { ...set, kind: 'ReplicaSet' }, template, `${set.metadata.name}-${nameSuffix()}`);
  if (missing < 0) {
    for (const pod of [...pods].sort(byNeed).slice(0, -missing)) {
      deletePod(store, pod, now());
      record(
        { ...set, kind: 'ReplicaSet', apiVersion: 'apps/v1' },
        'Normal',
        'SuccessfulDelete',
        `Deleted pod: ${pod.metadata.name}`,
        'replicaset-controller',
      );
    }
  }

  const left = podsOf(tools, set).filter(isActive);
  const ready = left.filter((pod) => readySince(pod) !== null);
  const available = ready.filter((pod) => isAvailable(tools, pod, minReadySeconds));
  const before = getOf(store, 'replicasets', set.metadata.namespace, set.metadata.name)?.status?.conditions ?? [];
  const conditions = missing > 0 ? withRefusal(before, refusal, timestamp(now())) : missing < 0 ? before : [];
  updateIn(store, 'replicasets', set, (old) => ({
    ...old,
    status: {
      replicas: left.length,
      ...(left.length === 0 ? {} : { fullyLabeledReplicas: left.length }),
      ...(ready.length === 0 ? {} : { readyReplicas: ready.length }),
      ...(available.length === 0 ? {} : { availableReplicas: available.length }),
      observedGeneration: old.metadata.generation ?? 1,
      ...(conditions.length === 0 ? {} : { conditions }),
    },
  }));
}

/** Those that are needed least come first: not on a node, pending, not ready, ready for the shortest time. */
function byNeed(a: Stored<'pods'>, b: Stored<'pods'>): number {
  const rank = (pod: Stored<'pods'>) => [
    pod.spec?.nodeName === undefined ? 0 : 1,
    pod.status?.phase === 'Running' ? 1 : 0,
    readySince(pod) === null ? 0 : 1,
  ];
  const [left, right] = [rank(a), rank(b)];
  for (const [at, value] of left.entries()) {
    const difference = value - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return (readySince(b) ?? '').localeCompare(readySince(a) ?? '');
}

function withRefusal(
  before: readonly ReplicaSetCondition[],
  refusal: string | null,
  at: string,
): ReplicaSetCondition[] {
  if (refusal === null) return [];
  const since = before.find(({ type }) => type === 'ReplicaFailure')?.lastTransitionTime ?? at;
  return [
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: refusal, lastTransitionTime: since },
  ];
}
