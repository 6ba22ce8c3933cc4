import type { DaemonSet, Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import type { Credentials } from '../../scripts/kubernetes/credentials.ts';
import type { Workload, WorkloadKind } from '../../scripts/kubernetes/model.ts';

type Spec = Partial<NonNullable<Deployment['spec'] & StatefulSet['spec'] & DaemonSet['spec']>>;

/** A workload as the API server gives it, with what is said of it. */
export function workload({
  kind = 'deployment' as WorkloadKind,
  metadata = {} as ObjectMeta,
  spec = {} as Spec,
  status = {} as object,
  template = {} as { readonly metadata?: ObjectMeta },
  pod = {} as Partial<PodSpec>,
  container = {} as Partial<Container>,
} = {}): Workload {
  const bff: Container = { name: 'bff', image: 'empowernow/bff:2.1.0', ...container };
  const podSpec: PodSpec = { containers: [bff], ...pod };
  return {
    kind,
    name: 'bff',
    namespace: 'crud',
    object: {
      metadata: { name: 'bff', namespace: 'crud', uid: 'uid-of-bff', ...metadata },
      spec: { selector: { matchLabels: { app: 'bff' } }, ...spec, template: { spec: podSpec, ...template } },
      status,
    } as Deployment,
    podSpec,
    container: bff,
    containerPath: '/spec/template/spec/containers/0',
  };
}

/** What becomes of credentials on no volume, where that is not known better. */
export const kept = (
  how: Credentials['kept'],
  because = 'is on no volume, so that it goes with its container',
): Credentials => ({
  kept: how,
  because,
  isReadOnly: false,
  persistentPaths: [],
  sharedPaths: [],
  isReadOnlyRoot: false,
});
