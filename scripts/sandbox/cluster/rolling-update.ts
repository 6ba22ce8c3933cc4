/** A ReplicaSet, as far as a rolling update counts it. */
export interface SetCount {
  /** Pods that it should have. */
  readonly replicas: number;
  /** Pods that are available. */
  readonly available: number;
}

export interface RollingUpdate {
  /** Of the Deployment. */
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly newSet: SetCount;
  /** Oldest first. */
  readonly oldSets: readonly SetCount[];
}

/** `maxSurge` is rounded up and `maxUnavailable` down; both 0 would stand still (deployment/util, ResolveFenceposts). */
export function resolveFenceposts(
  maxSurge: number | string | undefined,
  maxUnavailable: number | string | undefined,
  replicas: number,
): Pick<RollingUpdate, 'maxSurge' | 'maxUnavailable'> {
  const surge = resolved(maxSurge ?? '25%', replicas, Math.ceil);
  const unavailable = resolved(maxUnavailable ?? '25%', replicas, Math.floor);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** A number, or a percentage of `replicas`. */
function resolved(value: number | string, replicas: number, round: (value: number) => number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  return percent === undefined ? Number(value) : round((Number(percent) * replicas) / 100);
}

/**
 * The next step of a rolling update, as the Deployment controller takes it (pkg/controller/deployment/rolling.go): the new
 * ReplicaSet grows as far as `maxSurge` allows; in a step where it cannot, old pods that are not available go first, and then
 * as many others as `maxUnavailable` allows.
 *
 * @returns how many pods each should have
 */
export function nextStep(update: RollingUpdate): { readonly newSet: number; readonly oldSets: readonly number[] } {
  const { newSet, oldSets } = update;
  const grown = newReplicas(update);
  const same = oldSets.map(({ replicas }) => replicas);
  return grown === newSet.replicas ? { newSet: grown, oldSets: shrunk(update) } : { newSet: grown, oldSets: same };
}

/** Also for a ReplicaSet that is not there yet (deployment/util, NewRSNewReplicas). */
function newReplicas({ replicas, maxSurge, newSet, oldSets }: RollingUpdate): number {
  if (newSet.replicas >= replicas) return replicas;
  const room = replicas + maxSurge - sum([newSet, ...oldSets], 'replicas');
  return newSet.replicas + Math.max(0, Math.min(room, replicas - newSet.replicas));
}

function shrunk({ replicas, maxUnavailable, newSet, oldSets }: RollingUpdate): number[] {
  const minAvailable = replicas - maxUnavailable;
  const all = [newSet, ...oldSets];
  const most = sum(all, 'replicas') - minAvailable - (newSet.replicas - newSet.available);
  const counts = oldSets.map((set) => set.replicas);
  if (most <= 0) return counts;

  let left = most;
  const take = (at: number, count: number) => {
    const taken = Math.max(0, Math.min(left, count));
    counts[at] = (counts[at] ?? 0) - taken;
    left -= taken;
  };
  for (const [at, set] of oldSets.entries()) take(at, set.replicas - set.available);
  left = sum(all, 'available') - minAvailable;
  for (const at of oldSets.keys()) take(at, counts[at] ?? 0);
  return counts;
}

function sum(sets: readonly SetCount[], member: keyof SetCount): number {
  return sets.reduce((total, set) => total + set[member], 0);
}
