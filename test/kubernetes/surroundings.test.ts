import { expect, test } from 'vitest';
import { readNeighbours } from '../../scripts/kubernetes/surroundings.ts';
import { type Answer, type ApiResource, realKubectl, refusal } from './real-kubectl.ts';

const NEVER = new AbortController().signal;
const NAMESPACED = { groupVersion: 'v1', namespaced: true };
const CLAIMS: ApiResource = { ...NAMESPACED, name: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' };
const SERVICES: ApiResource = { ...NAMESPACED, name: 'services', kind: 'Service' };
const QUOTAS: ApiResource = { ...NAMESPACED, name: 'resourcequotas', kind: 'ResourceQuota' };
const SCALERS: ApiResource = {
  groupVersion: 'autoscaling/v2',
  namespaced: true,
  name: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
};
const SETS: ApiResource = { groupVersion: 'apps/v1', namespaced: true, name: 'replicasets', kind: 'ReplicaSet' };
const ALL = [CLAIMS, SERVICES, QUOTAS, SCALERS, SETS];

/** Each resource has one object with the name of its kind. */
function listed(path: string): Answer {
  const { kind = '', groupVersion = '' } = ALL.find(({ name }) => path.endsWith(`/namespaces/crud/${name}`)) ?? {};
  if (kind === '') return refusal(404, 'NotFound');
  const items = [{ metadata: { name: kind } }];
  return { status: 200, body: { apiVersion: groupVersion, kind: `${kind}List`, metadata: {}, items } };
}

const namesOf = (items: readonly { metadata?: { name?: string } }[]) => items.map(({ metadata }) => metadata?.name);

test('all are read by one call', async () => {
  const { kubectl, calls } = await realKubectl(ALL, listed);
  const found = await readNeighbours(kubectl, NEVER);
  expect(namesOf(found.claims)).toEqual(['PersistentVolumeClaim']);
  expect(namesOf(found.autoscalers)).toEqual(['HorizontalPodAutoscaler']);
  expect(namesOf(found.services)).toEqual(['Service']);
  expect(namesOf(found.quotas)).toEqual(['ResourceQuota']);
  expect(namesOf(found.replicaSets)).toEqual(['ReplicaSet']);
  expect(calls).toHaveLength(1);
});

test('what may not be read keeps nothing from the others', async () => {
  const { kubectl } = await realKubectl(ALL, (asked) =>
    /services|resourcequotas/.test(asked) ? refusal(403, 'Forbidden') : listed(asked),
  );
  const found = await readNeighbours(kubectl, NEVER);
  expect(namesOf(found.claims)).toEqual(['PersistentVolumeClaim']);
  expect(namesOf(found.autoscalers)).toEqual(['HorizontalPodAutoscaler']);
  expect(found).toMatchObject({ services: [], quotas: [] });
});

test('a cluster that does not know one of them is no failure', async () => {
  const { kubectl } = await realKubectl([CLAIMS], listed);
  expect(await readNeighbours(kubectl, NEVER)).toEqual({
    claims: [],
    autoscalers: [],
    services: [],
    quotas: [],
    replicaSets: [],
  });
});
