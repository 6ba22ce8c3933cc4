import type { Clock } from '../../core/ports.ts';
import { ask, findFreePort } from '../http.ts';
import { type StartContainer, startProcess } from './container-runtime.ts';
import { createEvents } from './events.ts';
import type { FindFault, KubeletTools } from './kubelet-tools.ts';
import { PodVolumes } from './pod-volumes.ts';
import { PodWorker } from './pod-worker.ts';
import type { Change, ObjectStore } from './store.ts';
import { listOf, type Stored } from './typed-store.ts';

export interface KubeletOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** For volumes and logs. */
  readonly dir: string;
  /** How many times faster than on a cluster everything that the kubelet waits for comes: back-off, probes, preStop. Default 1. */
  readonly speed?: number;
  readonly findFault?: FindFault;
  /** Default: processes on this machine. */
  readonly start?: StartContainer;
  /** Asks a probe's URL: the status. Default: over HTTP. */
  readonly ask?: KubeletTools['ask'];
}

/** The one node of the cluster, with its scheduler. */
export interface Kubelet {
  worker(pod: { readonly metadata: { readonly uid?: string } }): PodWorker | undefined;
  /** Ends every pod. */
  close(): Promise<void>;
}

/** Runs the pods of the store. */
export function startKubelet(options: KubeletOptions): Kubelet {
  const { store, clock, speed = 1 } = options;
  const record = createEvents(store, () => clock.date());
  const ports = new Set<number>();
  const tools: KubeletTools = {
    store,
    clock,
    volumes: new PodVolumes(options.dir, store),
    start: options.start ?? startProcess,
    findFault: options.findFault ?? (() => null),
    record: (pod, type, reason, message, component = 'kubelet') => record(pod, type, reason, message, component),
    ask: options.ask ?? ((url, timeoutMs) => ask(url, { timeoutMs }).then(({ status }) => status)),
    async findPort() {
      for (;;) {
        const port = await findFreePort();
        if (ports.has(port)) continue;
        ports.add(port);
        return port;
      }
    },
    wait: (seconds, signal) => clock.sleep((seconds * 1_000) / speed, signal),
    seconds: () => (clock.now() / 1_000) * speed,
  };
  const workers = new Map<string, PodWorker>();
  const done = new Set<Promise<void>>();
  let addresses = 1;
  let isClosed = false;

  const track = (work: Promise<void>) => {
    done.add(work);
    void work.finally(() => done.delete(work));
  };
  const end = (uid: string) => {
    const worker = workers.get(uid);
    if (worker === undefined) return;
    track(worker.end().finally(() => workers.delete(uid)));
  };
  const see = (pod: Stored<'pods'>, type: Change['type']) => {
    const { uid, deletionTimestamp } = pod.metadata;
    if (type === 'DELETED' || deletionTimestamp !== undefined) return end(uid);
    if (isClosed || workers.has(uid)) return;
    addresses += 1;
    const worker = new PodWorker(pod, `10.244.${addresses >> 8}.${addresses & 255}`, tools);
    workers.set(uid, worker);
    track(worker.run());
  };
  const silence = store.listen(({ type, resource, object }) => {
    if (resource === 'pods') see(object as unknown as Stored<'pods'>, type);
  });
  for (const pod of listOf(store, 'pods')) see(pod, 'ADDED');
  return {
    worker: ({ metadata }) => workers.get(metadata.uid ?? ''),
    async close() {
      isClosed = true;
      silence();
      await Promise.all([...workers.values()].map((worker) => worker.end()));
      await Promise.all(done);
    },
  };
}
