import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DeploymentCondition } from 'kubernetes-types/apps/v1.d.ts';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { ControllerTools } from './controller-tools.ts';
import { nextStep, resolveFenceposts } from './rolling-update.ts';
import {
  createIn,
  getOf,
  isOwnedBy,
  listOf,
  nameSuffix,
  ownerReference,
  type Stored,
  timestamp,
  updateIn,
} from './typed-store.ts';

type Deployment = Stored<'deployments'>;
type Set = Stored<'replicasets'>;

const REVISION = 'deployment.kubernetes.io/revision';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const HASH = 'pod-template-hash';
const HISTORY_LIMIT = 10;
const PROGRESS_DEADLINE_S = 600;

/** The hash of a template, which goes into names and labels. */
export function templateHash(template: PodTemplateSpec): string {
  return nameSuffix(createHash('sha256').update(JSON.stringify(template)).digest().subarray(0, 10));
}

/** One step of a rollout, and the status (pkg/controller/deployment). Proportional scaling in a rollout is left out. */
export function reconcileDeployment(tools: ControllerTools, deployment: Deployment): void {
  const { spec, metadata } = deployment;
  if (spec === undefined || metadata.deletionTimestamp !== undefined) return;
  const sets = setsOf(tools, deployment);
  const newSet = sets.find((set) => isOfTemplate(set, spec.template)) ?? null;
  const oldSets = sets.filter((set) => set !== newSet);
  const changed =
    scale(tools, deployment, newSet, oldSets) ||
    (spec.paused !== true &&
      (spec.strategy?.type === 'Recreate'
        ? recreate(tools, deployment, newSet, oldSets)
        : roll(tools, deployment, newSet, oldSets)));
  if (!changed && spec.paused !== true) cleanUp(tools, deployment, oldSets);
  writeStatus(tools, deployment);
}

/** Oldest first. */
function setsOf({ store }: ControllerTools, { metadata }: Deployment): Set[] {
  return listOf(store, 'replicasets', metadata.namespace)
    .filter((set) => isOwnedBy(set, metadata.uid))
    .sort((a, b) => revisionOf(a) - revisionOf(b));
}

function isOfTemplate(set: Set, template: PodTemplateSpec): boolean {
  const { [HASH]: _, ...labels } = set.spec?.template?.metadata?.labels ?? {};
  const own = { ...set.spec?.template, metadata: { ...set.spec?.template?.metadata, labels } };
  return isDeepStrictEqual(own, {
    ...template,
    metadata: { ...template.metadata, labels: template.metadata?.labels ?? {} },
  });
}

function revisionOf(set: Set | null): number {
  return Number(set?.metadata.annotations?.[REVISION] ?? 0);
}

function replicasOf(set: Set | null): number {
  return set === null ? 0 : (set.spec?.replicas ?? 1);
}

/** Another number of replicas goes to the one active ReplicaSet at once, also while the Deployment is paused. */
function scale(tools: ControllerTools, { spec }: Deployment, newSet: Set | null, oldSets: readonly Set[]): boolean {
  const replicas = spec?.replicas ?? 1;
  const all = newSet === null ? oldSets : [...oldSets, newSet];
  const active = all.filter((set) => replicasOf(set) > 0);
  const only = active.length > 1 ? null : (active[0] ?? newSet ?? oldSets.at(-1) ?? null);
  const isScaled = all.some((set) => set.metadata.annotations?.[DESIRED] !== String(replicas));
  if (!isScaled) return false;
  for (const set of all) {
    updateIn(tools.store, 'replicasets', set, (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { ...old.metadata.annotations, [DESIRED]: String(replicas) } },
      ...(set === only ? { spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas } } : {}),
    }));
  }
  return true;
}

function roll(tools: ControllerTools, deployment: Deployment, newSet: Set | null, oldSets: readonly Set[]): boolean {
  const { replicas = 1, strategy } = deployment.spec ?? {};
  const count = (set: Set | null) => ({ replicas: replicasOf(set), available: set?.status?.availableReplicas ?? 0 });
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  const step = nextStep({
    replicas,
    ...resolveFenceposts(maxSurge, maxUnavailable, replicas),
    newSet: count(newSet),
    oldSets: oldSets.map(count),
  });
  if (newSet === null) {
    createNewSet(tools, deployment, oldSets, step.newSet);
    return true;
  }
  numberNewSet(tools, deployment, newSet, oldSets);
  const resized = [
    resize(tools, deployment, newSet, step.newSet),
    ...oldSets.map((set, at) => resize(tools, deployment, set, step.oldSets[at] ?? 0)),
  ];
  return resized.includes(true);
}

/** No new pod before the last old one has ended. */
function recreate(
  tools: ControllerTools,
  deployment: Deployment,
  newSet: Set | null,
  oldSets: readonly Set[],
): boolean {
  const { replicas = 1 } = deployment.spec ?? {};
  const resized = oldSets.map((set) => resize(tools, deployment, set, 0));
  if (resized.includes(true)) return true;
  const pods = listOf(tools.store, 'pods', deployment.metadata.namespace);
  const isRunning = ({ status }: Stored<'pods'>) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
  if (oldSets.some((set) => pods.some((pod) => isOwnedBy(pod, set.metadata.uid) && isRunning(pod)))) return false;
  if (newSet === null) {
    createNewSet(tools, deployment, oldSets, replicas);
    return true;
  }
  numberNewSet(tools, deployment, newSet, oldSets);
  return resize(tools, deployment, newSet, replicas);
}

function createNewSet(
  { store, record, now }: ControllerTools,
  deployment: Deployment,
  oldSets: readonly Set[],
  replicas: number,
): void {
  const { metadata, spec } = deployment;
  const template = spec?.template ?? {};
  const hash = templateHash(template);
  const labels = { ...template.metadata?.labels, [HASH]: hash };
  const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1;
  const name = `${metadata.name}-${hash}`;
  createIn(store, 'replicasets', {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels,
      annotations: { [DESIRED]: String(spec?.replicas ?? 1), [REVISION]: String(revision) },
      ownerReferences: [ownerReference('Deployment', deployment)],
    },
    spec: {
      replicas,
      ...(spec?.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { matchLabels: { ...spec?.selector.matchLabels, [HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  });
  setRevision(store, deployment, revision);
  setProgress(store, deployment, {
    status: 'True',
    reason: 'NewReplicaSetCreated',
    message: `Created new replica set "${name}"`,
    at: timestamp(now()),
  });
  recordScaling(record, deployment, name, 0, replicas);
}

/** The template of an old revision, taken again, is the newest revision. */
function numberNewSet({ store }: ControllerTools, deployment: Deployment, newSet: Set, oldSets: readonly Set[]): void {
  const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1;
  if (revisionOf(newSet) < revision) {
    updateIn(store, 'replicasets', newSet, (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { ...old.metadata.annotations, [REVISION]: String(revision) } },
    }));
  }
  setRevision(store, deployment, Math.max(revision, revisionOf(newSet)));
}

function setRevision(store: ControllerTools['store'], deployment: Deployment, revision: number): void {
  updateIn(store, 'deployments', deployment, (old) => ({
    ...old,
    metadata: { ...old.metadata, annotations: { ...old.metadata.annotations, [REVISION]: String(revision) } },
  }));
}

function resize({ store, record }: ControllerTools, deployment: Deployment, set: Set, replicas: number): boolean {
  const before = replicasOf(set);
  if (before === replicas) return false;
  updateIn(store, 'replicasets', set, (old) => ({ ...old, spec: { selector: {}, ...old.spec, replicas } }));
  recordScaling(record, deployment, set.metadata.name, before, replicas);
  return true;
}

function recordScaling(
  record: ControllerTools['record'],
  deployment: Deployment,
  name: string,
  from: number,
  to: number,
): void {
  record(
    { ...deployment, apiVersion: 'apps/v1', kind: 'Deployment' },
    'Normal',
    'ScalingReplicaSet',
    `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`,
    'deployment-controller',
  );
}

function cleanUp({ store }: ControllerTools, { spec }: Deployment, oldSets: readonly Set[]): void {
  const over = oldSets.filter((set) => replicasOf(set) === 0 && set.status?.replicas === 0);
  const surplus = over.length - (spec?.revisionHistoryLimit ?? HISTORY_LIMIT);
  for (const { metadata } of over.slice(0, Math.max(0, surplus)))
    store.delete('replicasets', metadata.namespace, metadata.name);
}

function writeStatus(tools: ControllerTools, { metadata }: Deployment): void {
  const { store, now } = tools;
  const deployment = getOf(store, 'deployments', metadata.namespace, metadata.name);
  if (deployment?.spec === undefined) return;
  const { replicas = 1, template, strategy, paused } = deployment.spec;
  const sets = setsOf(tools, deployment);
  const newSet = sets.find((set) => isOfTemplate(set, template)) ?? null;
  const total = (member: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
    sets.reduce((count, { status }) => count + (status?.[member] ?? 0), 0);
  const counts = {
    replicas: total('replicas'),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: total('readyReplicas'),
    availableReplicas: total('availableReplicas'),
    unavailableReplicas: Math.max(0, total('replicas') - total('availableReplicas')),
  };
  const at = timestamp(now());
  const before = deployment.status ?? {};
  const { maxUnavailable } =
    strategy?.type === 'Recreate'
      ? { maxUnavailable: 0 }
      : resolveFenceposts(strategy?.rollingUpdate?.maxSurge, strategy?.rollingUpdate?.maxUnavailable, replicas);
  const isMinimal = counts.availableReplicas >= replicas - maxUnavailable;
  const available = condition(before.conditions, {
    type: 'Available',
    status: isMinimal ? 'True' : 'False',
    reason: isMinimal ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isMinimal ? 'has' : 'does not have'} minimum availability.`,
    at,
  });
  const failure = sets
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const progressing = progress(tools, deployment, newSet, counts);
  const nonZero = Object.entries(counts).filter(([, count]) => count > 0);
  const conditions = [
    available,
    ...(progressing === null ? [] : [progressing]),
    ...(failure === undefined
      ? []
      : [
          condition(before.conditions, {
            type: 'ReplicaFailure',
            status: 'True',
            reason: failure.reason ?? '',
            message: failure.message ?? '',
            at,
          }),
        ]),
  ];
  updateIn(store, 'deployments', deployment, (old) => ({
    ...old,
    status: {
      observedGeneration: old.metadata.generation ?? 1,
      ...Object.fromEntries(nonZero),
      // The controller of a paused Deployment leaves the progress as it was but for this reason.
      conditions: paused === true ? conditions.map(pausedProgress(at)) : conditions,
    },
  }));
}

function pausedProgress(at: string) {
  return (each: DeploymentCondition): DeploymentCondition =>
    each.type !== 'Progressing' || each.reason === 'DeploymentPaused'
      ? each
      : {
          type: 'Progressing',
          status: 'Unknown',
          lastUpdateTime: at,
          lastTransitionTime: at,
          reason: 'DeploymentPaused',
          message: 'Deployment is paused',
        };
}

/** The condition Progressing (pkg/controller/deployment/progress.go). */
function progress(
  tools: ControllerTools,
  { spec, status = {} }: Deployment,
  newSet: Set | null,
  counts: Readonly<Record<'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas', number>>,
): DeploymentCondition | null {
  const before = status.conditions?.find(({ type }) => type === 'Progressing') ?? null;
  if (newSet === null || spec === undefined) return before;
  const { replicas = 1, progressDeadlineSeconds = PROGRESS_DEADLINE_S, paused } = spec;
  const name = `ReplicaSet "${newSet.metadata.name}"`;
  const at = timestamp(tools.now());
  const make = (status: 'True' | 'False', reason: string, message: string) =>
    condition([...(before === null ? [] : [before])], { type: 'Progressing', status, reason, message, at });
  const isComplete = [counts.updatedReplicas, counts.replicas, counts.availableReplicas].every(
    (count) => count === replicas,
  );
  if (before?.reason === 'NewReplicaSetAvailable' && counts.replicas === counts.updatedReplicas) return before;
  if (isComplete) return make('True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`);
  const oldReplicas = (each: { replicas?: number; updatedReplicas?: number }) =>
    (each.replicas ?? 0) - (each.updatedReplicas ?? 0);
  const hasMoved =
    counts.updatedReplicas > (status.updatedReplicas ?? 0) ||
    oldReplicas(counts) < oldReplicas(status) ||
    counts.readyReplicas > (status.readyReplicas ?? 0) ||
    counts.availableReplicas > (status.availableReplicas ?? 0);
  if (hasMoved) return { ...make('True', 'ReplicaSetUpdated', `${name} is progressing.`), lastUpdateTime: at };
  if (before === null || before.reason === 'ProgressDeadlineExceeded' || paused === true) return before;
  const leftMs =
    new Date(before.lastUpdateTime ?? at).getTime() + progressDeadlineSeconds * 1_000 - tools.now().getTime();
  if (leftMs <= 0) return make('False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`);
  tools.again(leftMs);
  return before;
}

interface NewCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly at: string;
}

/** The condition as it was where nothing is new about it. */
function condition(before: readonly DeploymentCondition[] | undefined, now: NewCondition): DeploymentCondition {
  const { type, status, reason, message, at } = now;
  const old = before?.find((each) => each.type === type);
  if (old?.status === status && old.reason === reason && old.message === message) return old;
  const since = old?.status === status ? (old.lastTransitionTime ?? at) : at;
  return { type, status, lastUpdateTime: at, lastTransitionTime: since, reason, message };
}

function setProgress(store: ControllerTools['store'], deployment: Deployment, now: Omit<NewCondition, 'type'>): void {
  updateIn(store, 'deployments', deployment, (old) => {
    const conditions = old.status?.conditions ?? [];
    const others = conditions.filter(({ type }) => type !== 'Progressing');
    return {
      ...old,
      status: { ...old.status, conditions: [...others, condition(conditions, { ...now, type: 'Progressing' })] },
    };
  });
}
