import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/ports.ts';
import { systemClock } from '../../platform/clock.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer, ApiServerOptions, DeleteOptions, PodRuntime } from './api-types.ts';
import { type ControllersOptions, startControllers } from './controllers.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { type KubeletOptions, startKubelet } from './kubelet.ts';
import { createManifest, type ManifestOptions } from './manifest.ts';
import { createPodRuntime } from './pod-runtime.ts';
import { startServiceProxy } from './service-proxy.ts';
import { type ApiObject, ObjectStore } from './store.ts';
import { deletePod, isOwnedBy, listOf, type Stored, updateIn } from './typed-store.ts';

export interface SandboxClusterOptions
  extends Omit<ManifestOptions, 'namespace'>,
    Pick<KubeletOptions, 'speed' | 'findFault' | 'start' | 'ask'>,
    Pick<ControllersOptions, 'refusePods'>,
    Pick<ApiServerOptions, 'rights' | 'admit' | 'isLoggedIn'> {
  /** Where volumes, logs and the kubeconfig go; made where it does not exist. */
  readonly dir: string;
  readonly clock?: Clock;
}

export interface SandboxCluster {
  /** Path of a kubeconfig whose only context is `context`. */
  readonly kubeconfig: string;
  readonly context: string;
  readonly namespace: string;
  readonly store: ObjectStore;
  readonly server: ApiServer;
  /** Logs and addresses of the pods. */
  readonly runtime: PodRuntime;
  /** Goes to a pod that is ready, as the Service does. */
  readonly serviceUrl: string;
  /** Ends all that it started. */
  close(): Promise<void>;
}

const CONTEXT = 'sandbox';
const NAMESPACE = 'crud';

/** Starts a cluster with the documented Deployment `bff` on it, whose pods are processes of the sandbox's BFF. */
export async function startSandboxCluster(options: SandboxClusterOptions): Promise<SandboxCluster> {
  const { dir, clock = systemClock } = options;
  await mkdir(dir, { recursive: true });
  const now = () => clock.date();
  const store = new ObjectStore(now);
  createManifest(store, { ...options, namespace: NAMESPACE });
  const kubelet = startKubelet({ ...options, store, clock });
  const pods = createPodRuntime(kubelet);
  const controllers = startControllers({ ...options, store, clock });
  const server = await startApiServer({ ...options, store, now, pods, onDelete });
  const service = await startServiceProxy(store, pods, NAMESPACE, 'bff');
  const kubeconfig = join(dir, 'kubeconfig');
  await writeKubeconfig(kubeconfig, {
    server: server.url,
    context: CONTEXT,
    namespace: NAMESPACE,
  });
  let closed: Promise<void> | null = null;
  return {
    kubeconfig,
    context: CONTEXT,
    namespace: NAMESPACE,
    store,
    server,
    runtime: pods,
    serviceUrl: service.url,
    close() {
      controllers.close();
      closed ??= Promise.all([server.close(), service.close(), kubelet.close()]).then(() => {});
      return closed;
    },
  };

  function onDelete(resource: string, object: ApiObject, { propagationPolicy, gracePeriodSeconds }: DeleteOptions) {
    if (propagationPolicy === 'Orphan') orphan(store, object.metadata.uid ?? '');
    if (resource !== 'pods' || gracePeriodSeconds === 0) return false;
    deletePod(store, object as unknown as Stored<'pods'>, now(), gracePeriodSeconds);
    return true;
  }
}

/** What an object owns belongs to nobody any more. */
function orphan(store: ObjectStore, uid: string): void {
  for (const resource of ['replicasets', 'pods', 'controllerrevisions'] as const) {
    for (const object of listOf(store, resource)) {
      if (!isOwnedBy(object, uid)) continue;
      updateIn(store, resource, object, ({ metadata: { ownerReferences: _, ...metadata }, ...rest }) => ({
        ...rest,
        metadata,
      }));
    }
  }
}
