import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { PersistentVolumeClaim, ResourceQuota, Service } from 'kubernetes-types/core/v1.d.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { itemsOf, type Kubectl } from './kubectl.ts';

/** What else there is in the namespace and may matter; without what could not be read. */
export interface Neighbours {
  readonly claims: readonly PersistentVolumeClaim[];
  readonly autoscalers: readonly HorizontalPodAutoscaler[];
  readonly services: readonly Service[];
  readonly quotas: readonly ResourceQuota[];
  /** Of every Deployment. */
  readonly replicaSets: readonly ReplicaSet[];
}

/** Asks for all of them by one call, which prints those that may be read. It is only about warnings, so that nothing fails here. */
export async function readNeighbours(kubectl: Kubectl, signal: AbortSignal): Promise<Neighbours> {
  const kinds = 'persistentvolumeclaims,horizontalpodautoscalers,services,resourcequotas,replicasets';
  const { stdout } = await kubectl.run(['get', kinds, '-o', 'json'], signal);
  const list = jsonOrNull(stdout);
  const items = isRecord(list) ? itemsOf<Record<string, unknown>>(list) : [];
  const of = <T>(kind: string) => items.filter((item) => item['kind'] === kind) as T[];
  return {
    claims: of('PersistentVolumeClaim'),
    autoscalers: of('HorizontalPodAutoscaler'),
    services: of('Service'),
    quotas: of('ResourceQuota'),
    replicaSets: of('ReplicaSet'),
  };
}
