import type { InstanceFacts, KubernetesFacts, Run } from '../../scripts/core/result.ts';
import { failedBootstrapRun } from './sample-run.ts';

/** A new pod of the sample that is registered and healthy. */
export function samplePod(name: string, overrides: Partial<InstanceFacts> = {}): InstanceFacts {
  return {
    name,
    isNew: true,
    state: 'running',
    restarts: 0,
    exitCode: null,
    registered: true,
    healthy: true,
    key: 'thumbprint-of-the-one-key-of-the-sample-0000',
    problem: null,
    ...overrides,
  };
}

/** A pod of the sample that cannot register. */
export function badPod(name: string, overrides: Partial<InstanceFacts> = {}): InstanceFacts {
  return samplePod(name, {
    state: 'waiting: CrashLoopBackOff',
    restarts: 3,
    exitCode: 3,
    registered: false,
    healthy: false,
    key: null,
    problem: 'The IdP refused its Initial Access Token (401 invalid_token).',
    ...overrides,
  });
}

export function sampleCluster(overrides: Partial<KubernetesFacts> = {}): KubernetesFacts {
  return {
    context: 'prod-eu',
    cluster: 'https://cluster.example.test:6443',
    namespace: 'crud',
    workload: 'deployment/bff',
    container: 'bff',
    wrote: 'own-secret',
    target: 'secret/bff-dcr-iat',
    key: 'DCR_IAT',
    before: 'absent',
    owners: [{ kind: 'Argo CD', name: 'crud-apps', reverts: 'on-sync' }],
    credentials: 'shared',
    usesNeeded: 3,
    revision: { before: 4, after: 5 },
    pods: [
      samplePod('bff-7d9c5b8f6d-x2x4z'),
      badPod('bff-7d9c5b8f6d-k8k8k'),
      samplePod('bff-7d9c5b8f6d-m4m4m'),
      badPod('bff-5f4d3c2b1a-old01', { isNew: false }),
    ],
    missingRights: [],
    role: null,
    reverted: false,
    ...overrides,
  };
}

export const SAMPLE_ROLE = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: bff-iat
  namespace: crud
rules:
  - apiGroups: [""]
    resources: ["pods/portforward"]
    verbs: ["create"]
`;

/** A run on a cluster in which one of three pods is not registered. */
export function clusterRun(overrides: Partial<Run> = {}): Run {
  return failedBootstrapRun({
    compose: {
      files: [],
      service: 'bff',
      wrote: 'own-secret',
      target: 'secret/bff-dcr-iat',
      before: 'absent',
      changed: ['DCR_IAT'],
      diff: null,
    },
    kubernetes: sampleCluster(),
    error: { code: 'not-registered', message: '2 of 3 pods are registered.', hint: null, where: null },
    ...overrides,
  });
}

/** So many pods, of which `bad` are not well. */
export function manyPods(count: number, bad: number): InstanceFacts[] {
  return Array.from({ length: count }, (_, index) =>
    (index % Math.ceil(count / Math.max(1, bad)) === 0 && bad > 0 ? badPod : samplePod)(
      `bff-7d9c5b8f6d-${String(index).padStart(5, 'p')}`,
    ),
  );
}
