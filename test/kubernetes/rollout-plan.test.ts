import { expect, test } from 'vitest';
import { isRecreated, paceOf, replicasOf, rolloutSeconds } from '../../scripts/kubernetes/rollout-plan.ts';
import { workload } from './workload.ts';

type Options = Parameters<typeof workload>[0];

const rolling = (rollingUpdate: object): Options => ({ spec: { replicas: 3, strategy: { rollingUpdate } } });
const daemons = (rollingUpdate: object): Options => ({
  kind: 'daemonset',
  spec: { updateStrategy: { rollingUpdate } },
  status: { desiredNumberScheduled: 4 },
});

test.each<[Options, number, number, number]>([
  // 25 % of one pod: up for those that are added, down for those that are missing.
  [{}, 1, 1, 0],
  [{ spec: { replicas: 10 } }, 10, 3, 2],
  [rolling({ maxSurge: 1, maxUnavailable: 1 }), 3, 1, 1],
  [rolling({ maxSurge: '100%', maxUnavailable: '50%' }), 3, 3, 1],
  [rolling({ maxSurge: 0, maxUnavailable: '10%' }), 3, 0, 1],
  [{ spec: { replicas: 3, strategy: { type: 'Recreate' } } }, 3, 0, 3],
  [{ kind: 'statefulset', spec: { replicas: 3 } }, 3, 0, 1],
  [daemons({}), 4, 0, 1],
  [daemons({ maxSurge: '50%', maxUnavailable: 0 }), 4, 2, 0],
  [{ kind: 'daemonset' }, 0, 0, 1],
])('%j: %i pods, %i more at a time, %i fewer', (options, replicas, surge, unavailable) => {
  expect(replicasOf(workload(options))).toBe(replicas);
  expect(paceOf(workload(options))).toEqual({ surge, unavailable });
});

test('only Recreate ends the old pods before', () => {
  expect(isRecreated(workload({ spec: { strategy: { type: 'Recreate' } } }))).toBe(true);
  expect(isRecreated(workload({ spec: { strategy: { type: 'RollingUpdate' } } }))).toBe(false);
});

const sleeping = (command: string[]) => ({ container: { lifecycle: { preStop: { exec: { command } } } } });

test.each<[string, Options, number]>([
  ['one pod', {}, 15],
  ['two and two of three', rolling({ maxSurge: 1, maxUnavailable: 1 }), 30],
  ['a delay before the first probe', { container: { readinessProbe: { initialDelaySeconds: 10 } } }, 25],
  ['a pod that has to be ready for a while', { spec: { minReadySeconds: 30 } }, 45],
  ['old pods that end beside the new ones', { spec: { replicas: 1 }, ...sleeping(['sleep', '15']) }, 15],
  ['Recreate', { spec: { strategy: { type: 'Recreate' } }, ...sleeping(['sh', '-c', 'sleep 15']) }, 30],
  [
    'a StatefulSet, one after another',
    { kind: 'statefulset', spec: { replicas: 3 }, ...sleeping(['sleep', '15']) },
    90,
  ],
  ['longer than the time of grace', { kind: 'statefulset', spec: {}, ...sleeping(['sleep', '600']) }, 45],
  [
    'a sleep of the kubelet',
    { kind: 'statefulset', container: { lifecycle: { preStop: { sleep: { seconds: 5 } } } } },
    20,
  ],
  [
    'another program, which may take all the time of grace',
    { kind: 'statefulset', pod: { terminationGracePeriodSeconds: 60 }, ...sleeping(['/bin/drain']) },
    75,
  ],
  ['a DaemonSet', { ...daemons({ maxUnavailable: 2 }), ...sleeping(['sleep', '15']) }, 60],
  ['one that adds pods first', { ...daemons({ maxSurge: 2, maxUnavailable: 0 }), ...sleeping(['sleep', '15']) }, 30],
])('%s', (_, options, seconds) => {
  expect(rolloutSeconds(workload(options))).toBe(seconds);
});
