import type { DaemonSet, Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';

/** Kinds of workloads that can be restarted by a rollout, as kubectl names them. */
export const WORKLOAD_KINDS = ['deployment', 'statefulset', 'daemonset'] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** The workload of the BFF and the one container in it that takes the token, as they were read last. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  /** As the API server gave it, with its `resourceVersion`. */
  readonly object: Deployment | StatefulSet | DaemonSet;
  /** Of its template. */
  readonly podSpec: PodSpec;
  readonly container: Container;
  /** JSON Pointer (RFC 6901) to the container in the object: `/spec/template/spec/containers/0`, or `…/initContainers/0`. */
  readonly containerPath: string;
}

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  /** JSON Pointer (RFC 6901). */
  readonly path: string;
  readonly value?: unknown;
}

/** `deployment/bff` */
export function nameOf({ kind, name }: Pick<Workload, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

/** Whether an object, such as a ReplicaSet, belongs to a workload. */
export function isOwnedBy(
  { metadata }: { readonly metadata?: ObjectMeta },
  { metadata: owner }: Workload['object'],
): boolean {
  return metadata?.ownerReferences?.some(({ uid }) => uid === owner?.uid) ?? false;
}

/** What this tool signs its changes with (`managedFields`). */
export const FIELD_MANAGER = 'bff-iat';

/** What the names of pods begin with that ask something from where the BFF is. */
export const PROBE_NAME = `${FIELD_MANAGER}-probe-`;
