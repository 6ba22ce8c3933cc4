/** A resource that the API server has. */
export interface ResourceType {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in URLs. */
  readonly resource: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

export const RESOURCES: readonly ResourceType[] = [
  resource('v1', 'ConfigMap', 'configmaps', ['cm']),
  resource('v1', 'Event', 'events', ['ev']),
  resource('v1', 'Namespace', 'namespaces', ['ns'], { namespaced: false }),
  resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', ['pvc'], { subresources: ['status'] }),
  resource('v1', 'Pod', 'pods', ['po'], { subresources: ['exec', 'log', 'portforward', 'proxy', 'status'] }),
  resource('v1', 'ResourceQuota', 'resourcequotas', ['quota']),
  resource('v1', 'Secret', 'secrets', []),
  resource('v1', 'ServiceAccount', 'serviceaccounts', ['sa']),
  resource('v1', 'Service', 'services', ['svc']),
  resource('apps/v1', 'ControllerRevision', 'controllerrevisions', []),
  resource('apps/v1', 'DaemonSet', 'daemonsets', ['ds'], { subresources: ['status'] }),
  resource('apps/v1', 'Deployment', 'deployments', ['deploy'], { subresources: ['status'] }),
  resource('apps/v1', 'ReplicaSet', 'replicasets', ['rs'], { subresources: ['status'] }),
  resource('apps/v1', 'StatefulSet', 'statefulsets', ['sts'], { subresources: ['status'] }),
  resource('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', [], {
    namespaced: false,
    verbs: ['create'],
  }),
  resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', ['hpa']),
  resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', ['pdb']),
];

function resource(
  apiVersion: string,
  kind: string,
  resource: string,
  shortNames: readonly string[],
  other: Partial<Pick<ResourceType, 'namespaced' | 'verbs' | 'subresources'>> = {},
): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, resource, kind, shortNames, namespaced: true, verbs: VERBS, subresources: [], ...other };
}

/** `apps/v1`, `v1` */
export function apiVersionOf({ group, version }: Pick<ResourceType, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
