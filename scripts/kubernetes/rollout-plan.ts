import type { DaemonSet, Deployment, DeploymentSpec, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Workload } from './model.ts';

/** How many pods there have to be in the end. Of a DaemonSet that is what the cluster counted. */
export function replicasOf({ kind, object }: Pick<Workload, 'kind' | 'object'>): number {
  if (kind === 'daemonset') return (object as DaemonSet).status?.desiredNumberScheduled ?? 0;
  return (object as Deployment | StatefulSet).spec?.replicas ?? 1;
}

/** How many new pods may be there besides the old ones, and how many of the old ones may be gone before. */
export interface Pace {
  readonly surge: number;
  readonly unavailable: number;
}

/** How a rollout goes on, as the API server filled in its defaults (kubernetes, pkg/apis/apps/v1/defaults.go). */
export function paceOf({ kind, object }: Pick<Workload, 'kind' | 'object'>): Pace {
  const replicas = replicasOf({ kind, object });
  if (kind === 'statefulset') return { surge: 0, unavailable: 1 };
  if (kind === 'daemonset') {
    const { maxSurge = 0, maxUnavailable = 1 } = (object as DaemonSet).spec?.updateStrategy?.rollingUpdate ?? {};
    return atLeastOne(toCount(maxSurge, replicas, Math.ceil), toCount(maxUnavailable, replicas, Math.ceil));
  }
  const { type, rollingUpdate } = strategyOf(object as Deployment);
  if (type === 'Recreate') return { surge: 0, unavailable: replicas };
  const { maxSurge = '25%', maxUnavailable = '25%' } = rollingUpdate ?? {};
  return atLeastOne(toCount(maxSurge, replicas, Math.ceil), toCount(maxUnavailable, replicas, Math.floor));
}

/** The old pods end before the new ones start. */
export function isRecreated({ kind, object }: Pick<Workload, 'kind' | 'object'>): boolean {
  return kind === 'deployment' && strategyOf(object as Deployment).type === 'Recreate';
}

/** A guess: what a BFF takes to be registered and ready. */
const START_SECONDS = 15;
/** The default of `terminationGracePeriodSeconds`. */
const GRACE_SECONDS = 30;

/** About how long a rollout takes that goes well. */
export function rolloutSeconds(workload: Workload): number {
  const { surge, unavailable } = paceOf(workload);
  return Math.ceil(replicasOf(workload) / (surge + unavailable)) * podSeconds(workload);
}

/** About how long it takes until a new pod is ready, or those that are replaced at a time. */
export function podSeconds(workload: Workload): number {
  const { kind, object, container } = workload;
  const delays = [container.startupProbe, container.readinessProbe].map((probe) => probe?.initialDelaySeconds ?? 0);
  const start = START_SECONDS + Math.max(...delays) + (object.spec?.minReadySeconds ?? 0);
  // The new pods of a Deployment need not wait for those that end; those of the others take their places.
  const isWaiting = isRecreated(workload) || (kind !== 'deployment' && paceOf(workload).surge === 0);
  return start + (isWaiting ? stopSeconds(workload) : 0);
}

/** How long an old pod takes to end: by its `preStop`, at most the time of grace. */
function stopSeconds({ podSpec, container }: Workload): number {
  const grace = podSpec.terminationGracePeriodSeconds ?? GRACE_SECONDS;
  const hook = container.lifecycle?.preStop;
  if (hook === undefined) return 0;
  const slept = hook.sleep?.seconds ?? /\bsleep (\d{1,6})\b/.exec(hook.exec?.command?.join(' ') ?? '')?.[1];
  return Math.min(grace, slept === undefined ? grace : Number(slept));
}

function strategyOf({ spec }: Deployment): NonNullable<DeploymentSpec['strategy']> {
  return spec?.strategy ?? {};
}

/** A number, or a share of the replicas such as `25%`. */
function toCount(value: number | string, replicas: number, round: (value: number) => number): number {
  const share = /^(\d{1,9})%$/.exec(String(value))?.[1];
  return share === undefined ? Number(value) || 0 : round((Number(share) * replicas) / 100);
}

/** Where both are 0, one old pod may be gone: else nothing could go on. */
function atLeastOne(surge: number, unavailable: number): Pace {
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}
