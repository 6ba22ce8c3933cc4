import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { PersistentVolumeClaim, Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { hazardsOf, type Intention, type Surroundings } from '../../scripts/kubernetes/hazards.ts';
import { kept, workload } from './workload.ts';

type Options = Parameters<typeof workload>[0];

const PATH = '/app/keys/bff_client.json';
const AROUND: Surroundings = { pods: [], replicaSets: [], claims: [], autoscalers: [], services: [], quotas: [] };
const INTENTION: Intention = {
  variable: 'DCR_IAT',
  environment: {},
  path: PATH,
  credentials: kept('shared'),
  reloader: null,
  healthTimeoutSeconds: 120,
};

const claim = (...accessModes: string[]): PersistentVolumeClaim => ({
  metadata: { name: 'keys' },
  spec: { accessModes },
});
const onClaim = { volumes: [{ name: 'keys', persistentVolumeClaim: { claimName: 'keys' } }] };
const onNode = (nodeName: string): Pod => ({ spec: { nodeName, containers: [] } });
const service = (name: string, clusterIP?: string): Service => ({
  metadata: { name },
  spec: clusterIP === undefined ? {} : { clusterIP },
});
const literal = (value: string): ReplicaSet => ({
  metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'bff', uid: 'uid-of-bff' }] },
  spec: {
    selector: {},
    template: { spec: { containers: [{ name: 'bff', env: [{ name: 'DCR_IAT', value }] }] } },
  },
});
const scaler = (kind: string, name: string, labels = {}) => ({
  metadata: { name: 'bff-scaler', labels },
  spec: { scaleTargetRef: { kind, name }, minReplicas: 2, maxReplicas: 10 },
});
const lastApplied = (value: string) =>
  JSON.stringify({
    spec: { template: { spec: { containers: [{ name: 'bff', env: [{ name: 'DCR_IAT', value }] }] } } },
  });
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A workload, what is around it, what is intended, and what is said. */
const HAZARDS: readonly (readonly [string, Options, Partial<Surroundings>, Partial<Intention>, string[]])[] = [
  ['nothing', {}, {}, {}, []],
  [
    'credentials that go with the pod',
    {},
    {},
    { credentials: kept('not-kept', 'is in a volume of type emptyDir, which goes with its pod') },
    [
      `${PATH} is in a volume of type emptyDir, which goes with its pod: every new pod needs a token again, and iat:clear is refused.`,
    ],
  ],
  [
    'credentials that cannot be written, which is refused',
    {},
    {},
    { credentials: { ...kept('not-kept'), isReadOnly: true } },
    [],
  ],
  [
    'credentials of several pods, which is an objection',
    { spec: { replicas: 2 } },
    {},
    { credentials: kept('not-kept') },
    [],
  ],
  [
    'an image that is always pulled',
    { container: { imagePullPolicy: 'Always' } },
    {},
    {},
    ['Each new pod pulls its image again (imagePullPolicy: Always): without the registry no pod starts.'],
  ],
  ['an image that is not', { container: { imagePullPolicy: 'IfNotPresent' } }, {}, {}, []],
  [
    'a disk of one node, by default with a new pod beside the old one',
    { pod: onClaim },
    { claims: [claim('ReadWriteOnce')] },
    {},
    [
      'Claim keys is for one node at a time (ReadWriteOnce): a new pod on another node waits for it, and the rollout may stand still.',
    ],
  ],
  [
    'a disk of one node, with pods on several',
    { pod: onClaim, spec: { replicas: 2 } },
    { claims: [claim('ReadWriteOnce')], pods: [onNode('a'), onNode('b'), onNode('a')] },
    {},
    [
      'Claim keys is for one node at a time (ReadWriteOnce), and its pods run on 2 nodes: a new pod on another node waits for it, and the rollout may stand still.',
    ],
  ],
  [
    'a disk of one pod',
    { pod: onClaim },
    { claims: [claim('ReadWriteOncePod')] },
    {},
    ['Claim keys is for one pod at a time (ReadWriteOncePod): a new pod waits until the old one is gone.'],
  ],
  ['a disk of all nodes', { pod: onClaim, spec: { replicas: 3 } }, { claims: [claim('ReadWriteMany')] }, {}, []],
  [
    'a disk of one node and Recreate',
    { pod: onClaim, spec: { strategy: { type: 'Recreate' } } },
    { claims: [claim('ReadWriteOnce')] },
    {},
    [],
  ],
  [
    'a disk of one node and no pod beside the old one',
    { pod: onClaim, spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } } },
    { claims: [claim('ReadWriteOnce')] },
    {},
    [],
  ],
  [
    'a disk of one node, and one node',
    { pod: { ...onClaim, nodeSelector: { 'kubernetes.io/hostname': 'a' } } },
    { claims: [claim('ReadWriteOnce')] },
    {},
    [],
  ],
  ['a claim that could not be read', { pod: onClaim }, {}, {}, []],
  [
    'an autoscaler',
    {},
    { autoscalers: [scaler('Deployment', 'bff'), scaler('Deployment', 'other'), scaler('StatefulSet', 'bff')] },
    {},
    ['HorizontalPodAutoscaler bff-scaler may change the number of pods (2 to 10) during the run.'],
  ],
  [
    'KEDA, where each pod registers',
    {},
    { autoscalers: [scaler('Deployment', 'bff', { 'scaledobject.keda.sh/name': 'bff-queue' })] },
    { credentials: kept('per-pod') },
    [
      'KEDA bff-queue may change the number of pods (2 to 10) during the run. Each pod that comes later needs a token, too.',
    ],
  ],
  [
    'a vertical autoscaler',
    {},
    { pods: [{ metadata: { annotations: { vpaUpdates: 'Pod resources updated by bff' } } }] },
    {},
    ['A VerticalPodAutoscaler may replace pods during the run.'],
  ],
  [
    'service links that have names of the BFF’s variables',
    {},
    {
      services: [
        service('bff', '10.96.0.10'),
        service('redis', '10.96.0.11'),
        service('idp', 'None'),
        service('kafka'),
      ],
    },
    { environment: { REDIS_PORT: '6379' } },
    [
      'Service bff gives each new pod BFF_PORT=tcp://…, which the BFF may take for its own. Set BFF_PORT, or enableServiceLinks: false.',
    ],
  ],
  ['no service links', { pod: { enableServiceLinks: false } }, { services: [service('bff', '10.96.0.10')] }, {}, []],
  [
    'a quota that is nearly used up',
    {},
    {
      quotas: [
        {
          metadata: { name: 'team' },
          status: {
            hard: { pods: '20', 'requests.cpu': '4', 'limits.memory': '8Gi', services: '1', 'requests.storage': '1Gi' },
            used: {
              pods: '19',
              'requests.cpu': '3700m',
              'limits.memory': '4096Mi',
              services: '1',
              'requests.storage': '1Gi',
            },
          },
        },
        { metadata: { name: 'roomy' }, status: { hard: { pods: '1k', memory: 'many' }, used: { pods: '899' } } },
      ],
    },
    {},
    ['Quota team is nearly used up (pods: 19 of 20, requests.cpu: 3700m of 4): a new pod may not fit in.'],
  ],
  [
    'Reloader',
    {},
    {},
    { reloader: { by: 'auto', pausePeriod: '5m' } },
    [
      'Reloader restarts deployment/bff when the Secret changes: that rollout is waited for. It pauses deployment/bff for 5m after that.',
    ],
  ],
  [
    'old ReplicaSets with a literal',
    {},
    { replicaSets: [literal('test-only-old'), literal('test-only-older'), literal('')] },
    {},
    ['2 ReplicaSets of the history hold DCR_IAT as plain text, which the role view may read.'],
  ],
  [
    'copies that kubectl apply keeps',
    { metadata: { annotations: { [LAST_APPLIED]: lastApplied('test-only-old') } } },
    { replicaSets: [literal('test-only-old')] },
    {},
    [
      '1 ReplicaSet of the history holds DCR_IAT as plain text, which the role view may read.',
      'The copy that kubectl apply keeps of deployment/bff (last-applied-configuration) holds DCR_IAT: the next apply sets that value again.',
    ],
  ],
  ['a copy without a value', { metadata: { annotations: { [LAST_APPLIED]: lastApplied('') } } }, {}, {}, []],
  ['a copy that is no JSON', { metadata: { annotations: { [LAST_APPLIED]: '{' } } }, {}, {}, []],
  [
    'many pods, one after another',
    { spec: { replicas: 12, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } },
    {},
    {},
    ['The rollout takes about 3 min 00 s, longer than --health-timeout: say --health-timeout 270.'],
  ],
  [
    'a deadline that no pod meets',
    { spec: { progressDeadlineSeconds: 10 } },
    {},
    {},
    [
      'progressDeadlineSeconds is 10, less than a pod needs: the cluster will call the rollout failed, and this tool goes by the pods.',
    ],
  ],
];

describe('what a reader has to know', () => {
  test.each(HAZARDS)('%s', (_, options, around, intention, said) => {
    expect(hazardsOf(workload(options), { ...AROUND, ...around }, { ...INTENTION, ...intention })).toEqual(said);
  });
});
