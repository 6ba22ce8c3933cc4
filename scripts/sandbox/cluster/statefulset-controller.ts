import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { ControllerTools } from './controller-tools.ts';
import { createPod, isAvailable, podsOf } from './pods-of-set.ts';
import { revisionOf } from './revisions.ts';
import { createIn, deletePod, getOf, readySince, type Stored, updateIn } from './typed-store.ts';

type Set = Stored<'statefulsets'>;
type Pod = Stored<'pods'>;

const REVISION = 'controller-revision-hash';

/**
 * Creates pods in order and replaces them from the last to the first (pkg/controller/statefulset/stateful_set_control.go). A
 * pod that never gets ready holds up the rollout of a better template, as it does there (kubernetes/kubernetes#67250).
 */
export function reconcileStatefulSet(tools: ControllerTools, set: Set): void {
  const { spec, metadata, status } = set;
  if (spec === undefined || metadata.deletionTimestamp !== undefined) return;
  const update = revisionOf(tools, set, 'StatefulSet', spec.template);
  const current = status?.currentRevision ? status.currentRevision : update;
  moveOn(tools, set, current, update);
  writeStatus(tools, set, current, update);
}

function moveOn(tools: ControllerTools, set: Set, current: string, update: string): void {
  const { store, now } = tools;
  const { replicas = 1, podManagementPolicy, updateStrategy, minReadySeconds } = set.spec ?? {};
  const isOrdered = podManagementPolicy !== 'Parallel';
  const partition = updateStrategy?.rollingUpdate?.partition;
  const isOnDelete = updateStrategy?.type === 'OnDelete';
  const pods = new Map(podsOf(tools, set).map((pod) => [ordinalOf(pod), pod]));
  const isHealthy = (pod: Pod | undefined) =>
    pod !== undefined && pod.metadata.deletionTimestamp === undefined && isAvailable(tools, pod, minReadySeconds);

  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const pod = pods.get(ordinal);
    if (pod === undefined) {
      const keepsCurrent = !isOnDelete && ordinal < (partition ?? set.status?.currentReplicas ?? 0);
      const refusal = create(tools, set, ordinal, keepsCurrent ? current : update);
      if (isOrdered || refusal !== null) return;
      continue;
    }
    if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
      deletePod(store, pod, now());
      return;
    }
    if (!isHealthy(pod) && isOrdered) return;
  }
  const surplus = [...pods.values()]
    .filter((pod) => ordinalOf(pod) >= replicas)
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));
  for (const pod of surplus) {
    deletePod(store, pod, now());
    if (isOrdered) return;
  }
  if (isOnDelete) return;
  for (let ordinal = replicas - 1; ordinal >= (partition ?? 0); ordinal--) {
    const pod = pods.get(ordinal);
    if (pod === undefined) return;
    if (pod.metadata.labels?.[REVISION] !== update) {
      deletePod(store, pod, now());
      return;
    }
    if (!isHealthy(pod)) return;
  }
}

function ordinalOf({ metadata }: Pod): number {
  return Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? Number.NaN);
}

function create(tools: ControllerTools, set: Set, ordinal: number, revision: string): string | null {
  const { store } = tools;
  const { namespace } = set.metadata;
  const name = `${set.metadata.name}-${ordinal}`;
  const stored = getOf(store, 'controllerrevisions', namespace, revision)?.data as
    | { readonly spec: { readonly template: PodTemplateSpec } }
    | undefined;
  const template = stored?.spec.template ?? set.spec?.template ?? {};
  const claims = set.spec?.volumeClaimTemplates ?? [];
  for (const claim of claims) {
    createIn(store, 'persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: `${claim.metadata?.name}-${name}`, namespace },
      ...(claim.spec === undefined ? {} : { spec: claim.spec }),
      status: { phase: 'Bound' },
    });
  }
  const own = claims.map(({ metadata }) => metadata?.name ?? '');
  const volumes = [
    ...(template.spec?.volumes ?? []).filter((volume) => !own.includes(volume.name)),
    ...own.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}` } })),
  ];
  const spec = template.spec && { ...template.spec, hostname: name, ...(volumes.length === 0 ? {} : { volumes }) };
  return createPod(
    tools,
    { ...set, kind: 'StatefulSet' },
    { ...template, ...(spec === undefined ? {} : { spec }) },
    name,
    {
      [REVISION]: revision,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    },
  );
}

function writeStatus(tools: ControllerTools, set: Set, current: string, update: string): void {
  const { replicas = 1, minReadySeconds, updateStrategy } = set.spec ?? {};
  const pods = podsOf(tools, set);
  const ready = pods.filter((pod) => readySince(pod) !== null);
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const of = (revision: string) => alive.filter(({ metadata }) => metadata.labels?.[REVISION] === revision).length;
  const isDone =
    updateStrategy?.type !== 'OnDelete' &&
    of(update) === replicas &&
    ready.length === replicas &&
    pods.length === replicas;
  const counts = {
    readyReplicas: ready.length,
    currentReplicas: isDone ? of(update) : of(current),
    updatedReplicas: of(update),
  };
  updateIn(tools.store, 'statefulsets', set, (old) => ({
    ...old,
    status: {
      observedGeneration: old.metadata.generation ?? 1,
      replicas: pods.length,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      currentRevision: isDone ? update : current,
      updateRevision: update,
      collisionCount: 0,
      availableReplicas: ready.filter((pod) => isAvailable(tools, pod, minReadySeconds)).length,
    },
  }));
}
