import { expect, test } from 'vitest';
import { obstacleOf } from '../../scripts/kubernetes/pod-obstacle.ts';
import { systemClock } from '../../scripts/platform/clock.ts';
import type { PodFault } from '../../scripts/sandbox/cluster/kubelet-tools.ts';
import { listOf } from '../../scripts/sandbox/cluster/typed-store.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { openOnCluster } from './on-cluster.ts';

/** Things that mend themselves get 20 s, which on this cluster are over when they begin. */
const LATE = { ...systemClock, date: () => new Date(systemClock.date().getTime() - 30_000) };

const ROWS: readonly (readonly [string, PodFault, code: string, says: RegExp])[] = [
  [
    'no node takes it',
    { at: 'scheduling', message: "1 node(s) didn't match Pod's node affinity/selector." },
    'pod-unschedulable',
    /finds no node: .*didn't match Pod's node affinity.*kubectl describe pod/,
  ],
  [
    'its claim does not exist',
    { at: 'scheduling', message: 'persistentvolumeclaim "gone" not found.' },
    'pod-unschedulable',
    /Create the PersistentVolumeClaim gone/,
  ],
  [
    'its volume is on another node',
    {
      at: 'mount',
      reason: 'FailedAttachVolume',
      message: 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) bff-0',
    },
    'pod-mount',
    /waits for a volume: Multi-Attach error/,
  ],
  [
    'its ConfigMap volume does not exist',
    { at: 'mount', message: 'MountVolume.SetUp failed for volume "x" : configmap "gone" not found' },
    'pod-mount',
    /configmap "gone" not found.*Create what the volume is made of/,
  ],
  [
    'its image cannot be pulled',
    { at: 'image', reason: 'ErrImagePull', message: 'manifest unknown' },
    'image-pull',
    /ImagePull.*: .*manifest unknown.*Check the name and the tag/,
  ],
  [
    'the name of its image is none',
    { at: 'image', reason: 'InvalidImageName', message: 'couldn\'t parse image name "a b"' },
    'image-pull',
    /InvalidImageName.*Correct the name of the image/,
  ],
  [
    'its container cannot be made',
    { at: 'create', reason: 'CreateContainerConfigError', message: 'secret "gone" not found' },
    'pod-config',
    /secret "gone" not found.*Create what it refers to/,
  ],
  [
    'its program does not exist',
    { at: 'start', message: 'exec: "nope": executable file not found in $PATH' },
    'container-not-started',
    /executable file not found.*Check the command/,
  ],
];

/** A whole run, and then doctor: a pod that no node has, and one whose container fails. */
const WHOLE = ROWS.filter(([what]) => what === 'no node takes it' || what === 'its program does not exist');

describeWithKubectl('a new pod that does not start', () => {
  test.each(ROWS.filter((row) => !WHOLE.includes(row)))(
    '%s: what the cluster tells of it is understood',
    async (_, fault, code, says) => {
      const cluster = await openOnCluster({ pods: 'failing', replicas: 1, clock: LATE, findFault: () => fault });
      const typed = (args: readonly string[]) => `kubectl ${args.join(' ')}`;
      const obstacle = () => {
        const [pod] = cluster.pods();
        const events = listOf(cluster.store, 'events', 'crud').filter(
          ({ involvedObject }) => involvedObject.uid === pod?.metadata.uid,
        );
        return pod === undefined ? null : obstacleOf(pod, 'bff', { events, now: systemClock.date(), typed });
      };
      await cluster.until(() => obstacle() !== null);
      const error = obstacle();
      const hint = typeof error?.hint === 'string' ? { text: error.hint } : error?.hint;
      expect(error?.code).toBe(code);
      expect([error?.message, hint?.text, hint?.command].join(' ').replace(/\s+/g, ' ')).toMatch(says);
    },
  );

  test.each(WHOLE)('%s', async (_, fault, code, says) => {
    let isBroken = false;
    const cluster = await openOnCluster({
      pods: 'failing',
      replicas: 1,
      clock: LATE,
      findFault: ({ metadata }) => (isBroken && metadata.labels?.['app'] === 'bff' ? fault : null),
    });
    await cluster.until(() => cluster.pods().some(({ status }) => status?.phase === 'Running'));
    isBroken = true;
    const { exitCode, result, all } = await cluster.run('iat', '--health-timeout', '60');
    expect([exitCode, result?.error?.code]).toEqual([1, code]);
    expect(all.replace(/\s+/g, ' ')).toMatch(says);
    expect(all).toContain('The token is written and stays in place');
    const newPod = result?.kubernetes?.pods.find(({ revision }) => revision === 'new');
    expect(newPod?.problem).not.toBeNull();
    expect(newPod?.registered).not.toBe(true);

    const look = await cluster.run('doctor');
    expect([look.exitCode, look.result?.error?.code]).toEqual([1, 'fault-found']);
    expect(look.all.replace(/\s+/g, ' ')).toMatch(says);
    expect([cluster.mints(), await cluster.leaks()]).toEqual([1, []]);
  });
});
