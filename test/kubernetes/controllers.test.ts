import type { DeploymentSpec, StatefulSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import { expect, onTestFinished, test } from 'vitest';
import { startControllers } from '../../scripts/sandbox/cluster/controllers.ts';
import { nextStep, resolveFenceposts } from '../../scripts/sandbox/cluster/rolling-update.ts';
import { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import {
  createIn,
  getOf,
  isActive,
  listOf,
  readySince,
  type Stored,
  timestamp,
  updateIn,
} from '../../scripts/sandbox/cluster/typed-store.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NEVER = new AbortController().signal;
const NAMESPACE = 'crud';

type Pod = Stored<'pods'>;

/** The image of a pod says whether it gets ready: `good…` does. */
const imageOf = ({ spec }: Pod) => spec?.containers[0]?.image ?? '';

/** Controllers on a store, and pods that are nothing but their objects. */
function cluster(options: { readonly refuse?: (image: string) => string | null } = {}) {
  const clock = new FakeClock();
  const store = new ObjectStore(() => clock.date());
  const controllers = startControllers({
    store,
    clock,
    refusePods: (spec) => options.refuse?.(spec?.containers[0]?.image ?? '') ?? null,
  });
  onTestFinished(() => controllers.close());
  const pods = () => listOf(store, 'pods', NAMESPACE);
  const settle = () => clock.sleep(0, NEVER);
  const setReady = (pod: Pod, isReady: boolean) =>
    updateIn(store, 'pods', pod, (old) => ({
      ...old,
      spec: { containers: [], ...old.spec, nodeName: 'sandbox' },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: timestamp(clock.date()) },
        ],
      },
    }));
  /** One turn of a kubelet: new pods start, ending ones are gone. */
  const turn = async () => {
    for (const pod of pods()) {
      if (pod.metadata.deletionTimestamp !== undefined) store.delete('pods', NAMESPACE, pod.metadata.name);
      else if (pod.status?.conditions === undefined) setReady(pod, imageOf(pod).startsWith('good'));
    }
    await settle();
  };
  /** Turns until nothing changes any more. */
  const untilStill = async () => {
    for (let before = ''; before !== store.version; ) {
      before = store.version;
      await turn();
    }
  };
  const images = () => pods().filter(isActive).map(imageOf).sort();
  return { clock, store, pods, settle, setReady, turn, untilStill, images };
}

const template = (image: string) => ({
  metadata: { labels: { app: 'bff' } },
  spec: { containers: [{ name: 'bff', image }] },
});

function createDeployment(store: ObjectStore, image: string, spec: Partial<DeploymentSpec> = {}) {
  createIn(store, 'deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bff', namespace: NAMESPACE },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'bff' } },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      template: template(image),
      ...spec,
    },
  });
}

function change(store: ObjectStore, spec: Partial<DeploymentSpec>) {
  const deployment = getOf(store, 'deployments', NAMESPACE, 'bff');
  if (deployment?.spec === undefined) throw new Error('there is no deployment');
  const { spec: old } = deployment;
  updateIn(store, 'deployments', deployment, (each) => ({ ...each, spec: { ...old, ...spec } }));
}

function conditionsOf(store: ObjectStore) {
  const conditions = getOf(store, 'deployments', NAMESPACE, 'bff')?.status?.conditions ?? [];
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

test.for([
  { surge: undefined, unavailable: undefined, replicas: 3, expected: [1, 0] },
  { surge: '25%', unavailable: '25%', replicas: 10, expected: [3, 2] },
  { surge: 0, unavailable: '10%', replicas: 3, expected: [0, 1] },
  { surge: 2, unavailable: 0, replicas: 3, expected: [2, 0] },
])(
  'maxSurge $surge and maxUnavailable $unavailable of $replicas are $expected',
  ({ surge, unavailable, replicas, expected }) => {
    const { maxSurge, maxUnavailable } = resolveFenceposts(surge, unavailable, replicas);
    expect([maxSurge, maxUnavailable]).toEqual(expected);
  },
);

// Each set as [wanted, available]; 3 replicas, maxSurge 1, maxUnavailable 1.
test.for([
  ['the new one starts with the surge', [0, 0], [[3, 3]], 1, [3]],
  ['one that is not available yet costs one old pod', [1, 0], [[3, 3]], 1, [2]],
  ['what the old one lost, the new one may have', [1, 0], [[2, 2]], 2, [2]],
  ['two that are not available leave no room', [2, 0], [[2, 2]], 2, [2]],
  ['old pods that are not available make no room beyond it either', [2, 0], [[2, 0]], 2, [2]],
  ['each that gets available costs an old one', [2, 1], [[2, 2]], 2, [1]],
  [
    'what is not available goes first',
    [2, 1],
    [
      [1, 1],
      [1, 0],
    ],
    2,
    [1, 0],
  ],
  ['nothing is left', [3, 3], [[0, 0]], 3, [0]],
  ['fewer replicas at once', [4, 4], [[0, 0]], 3, [0]],
] as const)('a rolling update: %s', ([, newSet, oldSets, expectedNew, expectedOld]) => {
  const count = ([replicas, available]: readonly [number, number]) => ({ replicas, available });
  const step = nextStep({
    replicas: 3,
    maxSurge: 1,
    maxUnavailable: 1,
    newSet: count(newSet),
    oldSets: oldSets.map(count),
  });
  expect(step).toEqual({ newSet: expectedNew, oldSets: expectedOld });
});

test('a deployment makes a ReplicaSet with a hash and a revision, and its pods are owned by it', async () => {
  const { store, untilStill, pods } = cluster();
  createDeployment(store, 'good');
  await untilStill();
  const [set] = listOf(store, 'replicasets', NAMESPACE);
  const hash = set?.metadata.labels?.['pod-template-hash'];
  expect(set?.metadata).toMatchObject({
    name: `bff-${hash}`,
    annotations: { 'deployment.kubernetes.io/revision': '1' },
    ownerReferences: [{ kind: 'Deployment', name: 'bff', controller: true }],
  });
  expect(pods().map(({ metadata }) => metadata)).toEqual(
    Array.from({ length: 3 }, () =>
      expect.objectContaining({
        name: expect.stringMatching(`^bff-${hash}-[a-z0-9]{5}$`),
        labels: { app: 'bff', 'pod-template-hash': hash },
        ownerReferences: [expect.objectContaining({ kind: 'ReplicaSet', uid: set?.metadata.uid })],
      }),
    ),
  );
  expect(getOf(store, 'deployments', NAMESPACE, 'bff')?.status).toMatchObject({
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  });
  expect(conditionsOf(store)).toEqual({
    Available: 'True MinimumReplicasAvailable',
    Progressing: 'True NewReplicaSetAvailable',
  });
});

test('a healthy rollout never has more than four pods nor fewer than two that are ready', async () => {
  const { store, untilStill, turn, pods, images } = cluster();
  createDeployment(store, 'good');
  await untilStill();
  change(store, { template: template('good-new') });
  for (let turns = 0; images().includes('good'); turns++) {
    expect(turns).toBeLessThan(10);
    await turn();
    expect(pods().filter(isActive).length).toBeLessThanOrEqual(4);
    expect(pods().filter((pod) => isActive(pod) && readySince(pod) !== null).length).toBeGreaterThanOrEqual(2);
  }
  await untilStill();
  expect(images()).toEqual(['good-new', 'good-new', 'good-new']);
  const { metadata, status } = getOf(store, 'deployments', NAMESPACE, 'bff') ?? {};
  expect(metadata?.annotations).toEqual({ 'deployment.kubernetes.io/revision': '2' });
  expect(status).toMatchObject({ observedGeneration: 2, updatedReplicas: 3, availableReplicas: 3 });
  expect(listOf(store, 'replicasets').map(({ spec }) => spec?.replicas)).toEqual([0, 3]);
});

test('the rollout of a deployment that never gets ready stalls with two old and two new pods', async () => {
  const { store, untilStill, images, clock } = cluster();
  createDeployment(store, 'bad');
  await untilStill();
  expect(images()).toEqual(['bad', 'bad', 'bad']);
  change(store, { template: template('bad-new') });
  await untilStill();
  expect(images()).toEqual(['bad', 'bad', 'bad-new', 'bad-new']);
  expect(conditionsOf(store)['Available']).toBe('False MinimumReplicasUnavailable');
  await clock.sleep(601_000, NEVER);
  expect(conditionsOf(store)['Progressing']).toBe('False ProgressDeadlineExceeded');
  // A good template ends it: what never got ready goes first.
  change(store, { template: template('good') });
  await untilStill();
  expect(images()).toEqual(['good', 'good', 'good']);
});

test('the template of an old revision, taken again, gets the highest number', async () => {
  const { store, untilStill } = cluster();
  createDeployment(store, 'good');
  await untilStill();
  for (const image of ['good-new', 'good']) {
    change(store, { template: template(image) });
    await untilStill();
  }
  const revisions = listOf(store, 'replicasets').map(({ metadata, spec }) => [
    metadata.annotations?.['deployment.kubernetes.io/revision'],
    spec?.replicas,
  ]);
  expect(revisions).toEqual([
    ['3', 3],
    ['2', 0],
  ]);
});

test('Recreate starts no new pod before the last old one has ended', async () => {
  const { store, untilStill, settle, pods, images } = cluster();
  createDeployment(store, 'good', { strategy: { type: 'Recreate' } });
  await untilStill();
  change(store, { template: template('good-new') });
  await settle();
  expect([images(), pods().length]).toEqual([[], 3]);
  const [first, ...others] = pods();
  for (const { metadata } of others) store.delete('pods', NAMESPACE, metadata.name);
  await settle();
  expect(images()).toEqual([]);
  store.delete('pods', NAMESPACE, first?.metadata.name ?? '');
  await untilStill();
  expect(images()).toEqual(['good-new', 'good-new', 'good-new']);
});

test('a paused deployment is scaled and not rolled out', async () => {
  const { store, untilStill, images } = cluster();
  createDeployment(store, 'good', { replicas: 2 });
  await untilStill();
  change(store, { paused: true, template: template('good-new'), replicas: 3 });
  await untilStill();
  expect(images()).toEqual(['good', 'good', 'good']);
  expect(conditionsOf(store)['Progressing']).toBe('Unknown DeploymentPaused');
  expect(getOf(store, 'deployments', NAMESPACE, 'bff')?.status).toMatchObject({ observedGeneration: 2 });
  change(store, { paused: false });
  await untilStill();
  expect(images()).toEqual(['good-new', 'good-new', 'good-new']);
});

test.for([5, 1, 0])('a deployment of three is scaled to %d', async (replicas) => {
  const { store, untilStill, images } = cluster();
  createDeployment(store, 'good');
  await untilStill();
  change(store, { replicas });
  await untilStill();
  expect(images()).toEqual(Array.from({ length: replicas }, () => 'good'));
  change(store, { replicas: 3 });
  await untilStill();
  expect(images()).toHaveLength(3);
});

test('of several pods the one that is not ready goes first', async () => {
  const { store, untilStill, pods, setReady } = cluster();
  createDeployment(store, 'good');
  await untilStill();
  const [first, second, third] = pods();
  if (second !== undefined) setReady(second, false);
  change(store, { replicas: 2 });
  await untilStill();
  expect(pods().map(({ metadata }) => metadata.uid)).toEqual([first?.metadata.uid, third?.metadata.uid]);
});

test('pods count as available only after minReadySeconds', async () => {
  const { store, turn, settle, clock } = cluster();
  createDeployment(store, 'good', { minReadySeconds: 60, progressDeadlineSeconds: 3_600 });
  await settle();
  const start = clock.now();
  await turn();
  const status = () => getOf(store, 'deployments', NAMESPACE, 'bff')?.status;
  expect([status()?.readyReplicas, status()?.availableReplicas]).toEqual([3, undefined]);
  await clock.sleep(59_000 - (clock.now() - start), NEVER);
  expect(status()?.availableReplicas).toBeUndefined();
  await clock.sleep(2_000, NEVER);
  expect(status()?.availableReplicas).toBe(3);
});

test('a quota that refuses pods is an event and a condition, and no pod; later they come', async () => {
  const quota = 'pods "bff" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2';
  let isFull = true;
  const { store, settle, pods, clock } = cluster({ refuse: () => (isFull ? quota : null) });
  createDeployment(store, 'good');
  await settle();
  expect(pods()).toEqual([]);
  expect(conditionsOf(store)['ReplicaFailure']).toBe('True FailedCreate');
  expect(listOf(store, 'events').map(({ reason, message }) => [reason, message])).toContainEqual([
    'FailedCreate',
    `Error creating: ${quota}`,
  ]);
  isFull = false;
  await clock.sleep(6_000, NEVER);
  expect(pods()).toHaveLength(3);
  expect(conditionsOf(store)['ReplicaFailure']).toBeUndefined();
});

test('with a deployment go its ReplicaSets and pods', async () => {
  const { store, untilStill, pods } = cluster();
  createDeployment(store, 'good');
  await untilStill();
  store.delete('deployments', NAMESPACE, 'bff');
  await untilStill();
  expect([listOf(store, 'replicasets'), pods()]).toEqual([[], []]);
});

function createStatefulSet(store: ObjectStore, image: string, spec: Partial<StatefulSetSpec> = {}) {
  createIn(store, 'statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'bff', namespace: NAMESPACE },
    spec: {
      replicas: 3,
      serviceName: 'bff',
      selector: { matchLabels: { app: 'bff' } },
      template: template(image),
      volumeClaimTemplates: [{ metadata: { name: 'keys' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      ...spec,
    },
  });
}

function changeSet(store: ObjectStore, image: string) {
  const set = getOf(store, 'statefulsets', NAMESPACE, 'bff');
  if (set?.spec === undefined) throw new Error('there is no StatefulSet');
  const { spec } = set;
  updateIn(store, 'statefulsets', set, (old) => ({ ...old, spec: { ...spec, template: template(image) } }));
}

const named = (pods: readonly Pod[]) => Object.fromEntries(pods.map((pod) => [pod.metadata.name, imageOf(pod)]));

test('a StatefulSet starts its pods in order, each with a volume of its own', async () => {
  const { store, settle, turn, pods } = cluster();
  createStatefulSet(store, 'good');
  const seen: number[] = [];
  for (await settle(); seen.length < 4; await turn()) seen.push(pods().length);
  expect(seen).toEqual([1, 2, 3, 3]);
  expect(listOf(store, 'persistentvolumeclaims').map(({ metadata }) => metadata.name)).toEqual([
    'keys-bff-0',
    'keys-bff-1',
    'keys-bff-2',
  ]);
  expect(pods()[2]?.spec?.volumes).toEqual([{ name: 'keys', persistentVolumeClaim: { claimName: 'keys-bff-2' } }]);
});

test('a StatefulSet is rolled out from the last pod to the first', async () => {
  const { store, untilStill, turn, pods } = cluster();
  createStatefulSet(store, 'good');
  await untilStill();
  changeSet(store, 'good-new');
  const replaced: string[] = [];
  for (let turns = 0; replaced.length < 3; turns++) {
    expect(turns).toBeLessThan(20);
    await turn();
    const fresh = pods().filter((pod) => imageOf(pod) === 'good-new');
    for (const { metadata } of fresh) if (!replaced.includes(metadata.name)) replaced.push(metadata.name);
  }
  expect(replaced).toEqual(['bff-2', 'bff-1', 'bff-0']);
  await untilStill();
  const { status } = getOf(store, 'statefulsets', NAMESPACE, 'bff') ?? {};
  expect(status).toMatchObject({ updatedReplicas: 3, readyReplicas: 3, observedGeneration: 2 });
  expect(status?.currentRevision).toBe(status?.updateRevision);
});

test.for([
  ['a partition holds back the lower pods', { rollingUpdate: { partition: 2 } }, 'good', ['good', 'good', 'good-new']],
  ['OnDelete replaces none', { type: 'OnDelete' }, 'good', ['good', 'good', 'good']],
  ['a pod that never gets ready holds up all of it', {}, 'bad', ['bad']],
] as const)('a StatefulSet: %s', async ([, updateStrategy, image, expected]) => {
  const { store, untilStill, pods } = cluster();
  createStatefulSet(store, image, { updateStrategy });
  await untilStill();
  changeSet(store, 'good-new');
  await untilStill();
  expect(Object.values(named(pods()))).toEqual(expected);
});

test('a pod of a StatefulSet that is deleted by hand comes again, with OnDelete from the new template', async () => {
  const { store, untilStill, pods } = cluster();
  createStatefulSet(store, 'good', { updateStrategy: { type: 'OnDelete' } });
  await untilStill();
  changeSet(store, 'good-new');
  await untilStill();
  store.delete('pods', NAMESPACE, 'bff-1');
  await untilStill();
  expect(named(pods())).toEqual({ 'bff-0': 'good', 'bff-1': 'good-new', 'bff-2': 'good' });
});

test.for([
  ['RollingUpdate', ['good-new']],
  ['OnDelete', ['good']],
] as const)('a DaemonSet has one pod, and with %s a new template means %s', async ([type, expected]) => {
  const { store, untilStill, images } = cluster();
  const spec = { selector: {}, updateStrategy: { type }, template: template('good') };
  createIn(store, 'daemonsets', {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'bff', namespace: NAMESPACE },
    spec,
  });
  await untilStill();
  const set = getOf(store, 'daemonsets', NAMESPACE, 'bff');
  expect(set?.status).toMatchObject({ desiredNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1 });
  if (set !== undefined)
    updateIn(store, 'daemonsets', set, (old) => ({ ...old, spec: { ...spec, template: template('good-new') } }));
  await untilStill();
  expect(images()).toEqual(expected);
});
