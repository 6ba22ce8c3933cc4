import type { StatefulSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { createIn, getOf, listOf, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { fakeCluster, imageOf, NAMESPACE, type Pod, template } from '../support/fake-cluster.ts';

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
  const { store, settle, turn, pods } = fakeCluster();
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
  const { store, untilStill, turn, pods } = fakeCluster();
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
  const { store, untilStill, pods } = fakeCluster();
  createStatefulSet(store, image, { updateStrategy });
  await untilStill();
  changeSet(store, 'good-new');
  await untilStill();
  expect(Object.values(named(pods()))).toEqual(expected);
});

test('a pod of a StatefulSet that is deleted by hand comes again, with OnDelete from the new template', async () => {
  const { store, untilStill, pods } = fakeCluster();
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
  const { store, untilStill, images } = fakeCluster();
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
