import { randomBytes } from 'node:crypto';
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type {
  ConfigMap,
  Event,
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.d.ts';
import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { ApiObject, ObjectStore } from './store.ts';

/** The types of the API by resource. */
interface Resources {
  readonly deployments: Deployment;
  readonly replicasets: ReplicaSet;
  readonly statefulsets: StatefulSet;
  readonly daemonsets: DaemonSet;
  readonly controllerrevisions: ControllerRevision;
  readonly pods: Pod;
  readonly secrets: Secret;
  readonly configmaps: ConfigMap;
  readonly persistentvolumeclaims: PersistentVolumeClaim;
  readonly services: Service;
  readonly events: Event;
}
export type Resource = keyof Resources;

/** An object as the store holds it: what the store or its creator has always given it is there. */
export type Stored<R extends Resource> = Resources[R] & {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
};

export function listOf<R extends Resource>(store: ObjectStore, resource: R, namespace?: string): Stored<R>[] {
  return store.list(resource, namespace ?? null) as unknown as Stored<R>[];
}

export function getOf<R extends Resource>(
  store: ObjectStore,
  resource: R,
  namespace: string,
  name: string,
): Stored<R> | undefined {
  return store.get(resource, namespace, name) as unknown as Stored<R> | undefined;
}

export function createIn<R extends Resource>(store: ObjectStore, resource: R, object: Resources[R]) {
  return store.create(resource, object as unknown as ApiObject) as unknown as Stored<R> | undefined;
}

export function updateIn<R extends Resource>(
  store: ObjectStore,
  resource: R,
  { metadata }: Stored<R>,
  change: (object: Stored<R>) => Resources[R],
): void {
  store.update(
    resource,
    metadata.namespace,
    metadata.name,
    (object) => change(object as unknown as Stored<R>) as unknown as ApiObject,
  );
}

export function isOwnedBy(
  object: { readonly metadata?: { ownerReferences?: OwnerReference[] } },
  uid: string,
): boolean {
  return object.metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) ?? false;
}

export function ownerReference(kind: string, { metadata }: { readonly metadata: { name: string; uid: string } }) {
  return {
    apiVersion: 'apps/v1',
    kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** A new pod of a template. */
export function podOf(
  template: PodTemplateSpec,
  metadata: { readonly name: string; readonly namespace: string; readonly labels?: Record<string, string> },
  owner: OwnerReference,
): Pod {
  const { labels, annotations } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      labels: { ...labels, ...metadata.labels },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [owner],
    },
    ...(template.spec === undefined ? {} : { spec: template.spec }),
    status: { phase: 'Pending' },
  };
}

/** Neither over nor on its way out. */
export function isActive({ metadata, status }: Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

export function readySince({ status }: Pod): string | null {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? (ready.lastTransitionTime ?? null) : null;
}

/** RFC 3339, in whole seconds. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The end of a generated name, of the letters that Kubernetes uses (apimachinery, util/rand). */
export function nameSuffix(bytes: Uint8Array = randomBytes(5)): string {
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** Asks a pod to end. One that no node has yet is gone at once. */
export function deletePod(store: ObjectStore, pod: Stored<'pods'>, now: Date, graceSeconds?: number | null): void {
  const { metadata, spec } = pod;
  if (metadata.deletionTimestamp !== undefined) return;
  if (spec?.nodeName === undefined) {
    store.delete('pods', metadata.namespace, metadata.name);
    return;
  }
  const seconds = graceSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  updateIn(store, 'pods', pod, (before) => ({
    ...before,
    metadata: {
      ...before.metadata,
      deletionTimestamp: timestamp(new Date(now.getTime() + seconds * 1_000)),
      deletionGracePeriodSeconds: seconds,
    },
  }));
}
