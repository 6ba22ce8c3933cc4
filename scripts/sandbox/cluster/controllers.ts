import type { Clock } from '../../core/ports.ts';
import type { ControllerTools } from './controller-tools.ts';
import { reconcileDaemonSet } from './daemonset-controller.ts';
import { reconcileDeployment } from './deployment-controller.ts';
import { createEvents, type RecordEvent } from './events.ts';
import { reconcileReplicaSet } from './replicaset-controller.ts';
import { reconcileStatefulSet } from './statefulset-controller.ts';
import type { ObjectStore } from './store.ts';
import { deletePod, listOf, type Resource, type Stored } from './typed-store.ts';

export interface ControllersOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** A quota or an admission webhook. @returns why there may be no such pod, as the API server says it */
  readonly refusePods?: (spec: Stored<'pods'>['spec']) => string | null;
  readonly record?: RecordEvent;
}

const WATCHED: readonly string[] = ['deployments', 'replicasets', 'statefulsets', 'daemonsets', 'pods'];

/** Objects that go with their owner, and what the owner is. */
const OWNERS = {
  pods: ['replicasets', 'statefulsets', 'daemonsets'],
  replicasets: ['deployments'],
  controllerrevisions: ['statefulsets', 'daemonsets'],
} as const satisfies Partial<Record<Resource, readonly Resource[]>>;

/** More passes than any change needs. */
const MOST_PASSES = 1_000;

/** Brings the pods of workloads to what the workloads want, whenever something changes. */
export function startControllers(options: ControllersOptions): { close(): void } {
  const { store, clock } = options;
  const end = new AbortController();
  let isScheduled = false;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  const schedule = () => {
    if (isScheduled || end.signal.aborted) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (!end.signal.aborted) reconcile();
    });
  };
  const tools: ControllerTools = {
    store,
    now: () => clock.date(),
    refusePods: options.refusePods ?? (() => null),
    refusals: new Map(),
    record: options.record ?? createEvents(store, () => clock.date()),
    again(ms) {
      const atMs = clock.now() + ms;
      if (atMs >= wakeAtMs) return;
      wakeAtMs = atMs;
      clock.sleep(ms, end.signal).then(
        () => {
          if (wakeAtMs === atMs) wakeAtMs = Number.POSITIVE_INFINITY;
          schedule();
        },
        () => {},
      );
    },
  };
  const reconcile = () => {
    for (let pass = 0, before = ''; before !== store.version; pass++) {
      if (pass === MOST_PASSES) throw new Error('the controllers of the sandbox cluster come to no end');
      before = store.version;
      for (const set of listOf(store, 'replicasets')) reconcileReplicaSet(tools, set);
      for (const deployment of listOf(store, 'deployments')) reconcileDeployment(tools, deployment);
      for (const set of listOf(store, 'statefulsets')) reconcileStatefulSet(tools, set);
      for (const set of listOf(store, 'daemonsets')) reconcileDaemonSet(tools, set);
      collectGarbage(tools);
    }
  };
  const silence = store.listen(({ resource }) => {
    if (WATCHED.includes(resource)) schedule();
  });
  schedule();
  return {
    close() {
      silence();
      end.abort();
    },
  };
}

/** Deletes what has lost its owner. */
function collectGarbage({ store, now }: ControllerTools): void {
  for (const [resource, owners] of Object.entries(OWNERS)) {
    const alive = new Set(owners.flatMap((each) => listOf(store, each).map(({ metadata }) => metadata.uid)));
    for (const object of listOf(store, resource as keyof typeof OWNERS)) {
      const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (owner === undefined || alive.has(owner.uid)) continue;
      if (resource === 'pods') deletePod(store, object as Stored<'pods'>, now());
      else store.delete(resource, object.metadata.namespace, object.metadata.name);
    }
  }
}
