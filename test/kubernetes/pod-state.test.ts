import type { Event, Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { describeState, noPodsObstacle, toInstance } from '../../scripts/kubernetes/pod-state.ts';
import { at, container, event, pod, running, START, terminated, waiting } from '../support/pods.ts';

const typed = (args: readonly string[]) => `kubectl ${args.join(' ')}`;

function look(
  object: Pod,
  { events = [], seconds = 60, name = 'bff' }: { events?: Event[]; seconds?: number; name?: string } = {},
) {
  const now = new Date(START + seconds * 1_000);
  return toInstance(object, name, { events, env: { A: 'a' }, now, persistentPaths: ['/app/keys'], ports: [], typed });
}

const unscheduled = (message: string, reason = 'Unschedulable') =>
  pod({
    node: null,
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime: at(0) }],
    },
  });
const blocked = (reason: string, message: string) => pod({ bff: { state: waiting(reason, message) } });
const looping = (end: Parameters<typeof terminated>[1], exitCode = 1) =>
  pod({ bff: { state: waiting('CrashLoopBackOff'), lastState: terminated(exitCode, end), restartCount: 2 } });
const withInit = (state: ReturnType<typeof waiting>, restartCount = 0) =>
  pod({
    bff: { state: waiting('PodInitializing') },
    inits: [container('migrate', { state, restartCount, lastState: terminated(1) })],
  });
const probed = pod({
  spec: {
    containers: [
      {
        name: 'bff',
        image: 'i',
        livenessProbe: { httpGet: { path: '/health', port: 8000 }, failureThreshold: 2, periodSeconds: 5 },
      },
    ],
  },
  bff: { state: waiting('CrashLoopBackOff'), lastState: terminated(137), restartCount: 2 },
});
const KILLING = event('Killing', 'Container bff failed liveness probe, will be restarted', { lastTimestamp: at(3) });
const UNHEALTHY = event('Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 503');

describe('an obstacle', () => {
  test.each<[string, Pod, Event[], string, RegExp]>([
    [
      'no node fits',
      unscheduled("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
      [],
      'pod-unschedulable',
      /finds no node: 0\/1 nodes are available.*selector\.$/,
    ],
    [
      'a claim is missing',
      unscheduled('persistentvolumeclaim "gone" not found'),
      [],
      'pod-unschedulable',
      /claim "gone" not found\./,
    ],
    [
      'a claim is unbound',
      unscheduled('pod has unbound immediate PersistentVolumeClaims'),
      [],
      'pod-unschedulable',
      /unbound/,
    ],
    [
      'gates',
      unscheduled('Scheduling is blocked due to non-empty scheduling gates', 'SchedulingGated'),
      [],
      'pod-unschedulable',
      /waits for its scheduling gates/,
    ],
    [
      'nobody schedules',
      pod({ node: null, status: { phase: 'Pending' } }),
      [],
      'pod-unschedulable',
      /finds no node\.$/,
    ],
    [
      'a ConfigMap of a volume is missing',
      blocked('ContainerCreating', ''),
      [event('FailedMount', 'MountVolume.SetUp failed for volume "c" : configmap "gone" not found')],
      'pod-mount',
      /waits for a volume: MountVolume.SetUp failed.*"gone" not found\./,
    ],
    [
      'a volume is elsewhere',
      blocked('ContainerCreating', ''),
      [event('FailedAttachVolume', 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) bff-0')],
      'pod-mount',
      /Multi-Attach error/,
    ],
    [
      'a mount with an init container',
      withInit(waiting('PodInitializing')),
      [event('FailedMount', 'no')],
      'pod-mount',
      /volume: no\./,
    ],
    [
      'no network',
      blocked('ContainerCreating', ''),
      [event('FailedCreatePodSandBox', 'plugin type="calico" failed')],
      'container-not-started',
      /gets no network from its node: plugin/,
    ],
    [
      'a key is missing',
      blocked('CreateContainerConfigError', "couldn't find key DCR_IAT in Secret crud/bff-secrets"),
      [],
      'pod-config',
      /cannot start its container bff: couldn't find key DCR_IAT in Secret crud\/bff-secrets\./,
    ],
    [
      'a Secret is missing',
      blocked('CreateContainerConfigError', 'secret "gone" not found'),
      [],
      'pod-config',
      /secret "gone" not found/,
    ],
    [
      'the container cannot be made',
      blocked('CreateContainerError', 'context deadline exceeded'),
      [],
      'container-not-started',
      /CreateContainerError: context deadline exceeded/,
    ],
    ['a hook fails', blocked('PostStartHookError', 'exited with 1'), [], 'container-not-started', /PostStartHookError/],
    [
      'the program is missing',
      blocked('RunContainerError', 'exec: "nope": executable file not found in $PATH: unknown'),
      [],
      'container-not-started',
      /executable file not found in \$PATH/,
    ],
    [
      'the same, in the back-off',
      looping({ reason: 'StartError', message: 'exec: "nope": not found' }, 128),
      [],
      'container-not-started',
      /cannot start its container bff: exec: "nope": not found\./,
    ],
    [
      'a name of an image',
      blocked('InvalidImageName', 'Failed to apply default image tag "A:B:C"'),
      [],
      'image-pull',
      /InvalidImageName: Failed to apply/,
    ],
    [
      'an image that is never pulled',
      blocked('ErrImageNeverPull', 'Container image "x" is not present'),
      [],
      'image-pull',
      /ErrImageNeverPull/,
    ],
    ['a pull', blocked('ErrImagePull', 'pull access denied'), [], 'image-pull', /ErrImagePull: pull access denied/],
    [
      'a pull, waiting',
      blocked('ImagePullBackOff', 'Back-off pulling image "x"'),
      [event('Failed', 'Error: ErrImagePull'), event('Failed', 'Failed to pull image "x": manifest unknown')],
      'image-pull',
      /ImagePullBackOff: Failed to pull image "x": manifest unknown/,
    ],
    ['memory', looping({ reason: 'OOMKilled' }, 137), [], 'out-of-memory', /killed for using too much memory\./],
    [
      'a probe',
      probed,
      [KILLING, UNHEALTHY],
      'probe-kills',
      /restarted by its liveness probe \(GET \/health on port 8000, 2 failures 5 s apart\): Liveness probe failed: HTTP probe failed with statuscode: 503\./,
    ],
    [
      'eviction',
      pod({ status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory. ' } }),
      [],
      'container-exited',
      /ended by its node \(Evicted\): The node was low on resource: memory\./,
    ],
    [
      'a lost node',
      pod({ status: { reason: 'NodeLost' }, deleted: true }),
      [],
      'bff-unhealthy',
      /on the node node-1, which does not answer/,
    ],
    [
      'an init container',
      withInit(waiting('CrashLoopBackOff'), 3),
      [],
      'container-crash-loop',
      /init container migrate, which ends with exit code 1 again and again/,
    ],
    [
      'an image of an init container',
      withInit(waiting('InvalidImageName', 'no')),
      [],
      'image-pull',
      /its init container migrate: InvalidImageName: no/,
    ],
  ])('%s', (_, object, events, code, message) => {
    const { obstacle } = look(object, { events }).state;
    expect(obstacle).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(obstacle?.hint?.command).toMatch(/^kubectl (?:describe|logs) /);
  });

  const PULL = event('Failed', 'Failed to pull image "x": timeout', { firstTimestamp: at(45), lastTimestamp: at(50) });

  test.each<[string, Pod, number, Event[]]>([
    ['a pod that was made just now', unscheduled('0/1 nodes are available'), 19, []],
    [
      'a volume that is being attached',
      blocked('ContainerCreating', ''),
      20,
      [event('FailedAttachVolume', 'Multi-Attach')],
    ],
    ['a container that is being made', blocked('ContainerCreating', ''), 3_600, []],
    ['a pull that failed for the first time', blocked('ErrImagePull', 'timeout'), 60, [PULL]],
    ['a container that could not be made just now', blocked('CreateContainerError', 'deadline'), 20, []],
    ['a crash loop, whose reason is in its log', looping({}, 3), 60, []],
    [
      'a container that runs again after its memory was out',
      pod({ bff: { state: running(5), lastState: terminated(137, { reason: 'OOMKilled' }) } }),
      60,
      [],
    ],
    [
      'a pod that is being removed',
      { ...blocked('InvalidImageName', 'x'), metadata: { name: 'x', deletionTimestamp: at(5) } },
      60,
      [],
    ],
    ['an init container that waits for something', withInit(waiting('CrashLoopBackOff'), 1), 60, []],
    [
      'a kill of an older run',
      {
        ...probed,
        status: {
          containerStatuses: [
            container('bff', {
              state: waiting('CrashLoopBackOff'),
              lastState: terminated(3, { startedAt: at(20), finishedAt: at(22) }),
            }),
          ],
        },
      },
      60,
      [KILLING],
    ],
    [
      'a probe that passes by now',
      {
        ...probed,
        status: {
          containerStatuses: [container('bff', { ready: true, state: running(5), lastState: terminated(137) })],
        },
      },
      60,
      [KILLING],
    ],
    [
      'a node that answers again',
      pod({
        status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(3) }] },
        bff: { state: running() },
      }),
      60,
      [event('NodeNotReady', 'Node is not ready')],
    ],
  ])('is not %s', (_, object, seconds, events) => {
    expect(look(object, { events, seconds }).state.obstacle).toBeUndefined();
  });

  test('a pull is one 20 s after it failed first, and the container of the event counts', () => {
    const object = blocked('ErrImagePull', 'timeout');
    expect(look(object, { seconds: 65, events: [PULL] }).state.obstacle?.code).toBe('image-pull');
    const other = { ...PULL, involvedObject: { ...PULL.involvedObject, fieldPath: 'spec.containers{proxy}' } };
    expect(look(object, { seconds: 60, events: [other] }).state.obstacle?.code).toBe('image-pull');
  });

  test('quotes one line without objects and control characters, and not too much of it', () => {
    const message = `the\u001b[31m Secret\r\nis invalid: Invalid value: "{\\"data\\":{\\"K\\":\\"test-only-value\\"}}"`;
    expect(look(blocked('CreateContainerConfigError', message)).state.obstacle?.message).toBe(
      'The pod bff-7d9f-aaaaa cannot start its container bff: the [31m Secret is invalid.',
    );
    const long = look(blocked('CreateContainerConfigError', 'x'.repeat(5_000))).state.obstacle?.message ?? '';
    expect(long.length).toBeLessThan(400);
  });
});

describe('an instance', () => {
  test('is a pod by its uid, with the end and the start of its one container', () => {
    const object = pod({
      bff: {
        state: running(14),
        lastState: terminated(3, { startedAt: at(2), finishedAt: at(4) }),
        restartCount: 1,
        ready: true,
      },
    });
    expect(look(object)).toEqual({
      id: 'uid-of-bff-7d9f-aaaaa',
      noun: 'pod',
      name: 'bff-7d9f-aaaaa',
      image: 'empowernow/bff:2.1.0',
      env: { A: 'a' },
      persistentPaths: ['/app/keys'],
      logUnreadable: null,
      createdAt: at(0),
      ports: [],
      state: {
        status: 'running',
        exitCode: 3,
        oomKilled: false,
        restartCount: 1,
        startedAt: at(14),
        error: '',
        words: 'running',
        health: null,
      },
    });
  });

  test.each<[string, string, Pod, string?]>([
    ['created', 'pending', pod({ node: null, status: { phase: 'Pending' } })],
    ['created', 'pending: Unschedulable', unscheduled('no')],
    ['created', 'waiting', pod()],
    ['created', 'waiting: ContainerCreating', blocked('ContainerCreating', '')],
    ['created', 'init container migrate waiting: CrashLoopBackOff', withInit(waiting('CrashLoopBackOff'))],
    ['created', 'waiting: PodInitializing', withInit(running())],
    ['restarting', 'waiting: CrashLoopBackOff', withInit(waiting('CrashLoopBackOff')), 'migrate'],
    ['running', 'running', pod({ bff: { state: running() } })],
    ['restarting', 'waiting: CrashLoopBackOff', looping({}, 3)],
    ['restarting', 'terminated: Error', pod({ bff: { state: terminated(3) } })],
    [
      'exited',
      'terminated: Completed',
      pod({ status: { phase: 'Succeeded', containerStatuses: [container('bff', { state: terminated(0) })] } }),
    ],
    ['exited', 'failed: Evicted', pod({ status: { phase: 'Failed', reason: 'Evicted' } })],
    ['removing', 'terminating', pod({ bff: { state: running() }, deleted: true })],
  ])('is %s where it is %s', (status, words, object, name = 'bff') => {
    expect(look(object, { name }).state.status).toBe(status);
    expect(describeState(object, name)).toBe(words);
  });
});

describe('no pod at all', () => {
  const deployment = (message: string): Parameters<typeof noPodsObstacle>[0] => ({
    kind: 'deployment',
    name: 'bff',
    object: { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } },
  });
  const well = { kind: 'deployment', name: 'bff', object: { status: {} } } as const;

  test.each([
    ['pods "bff-1" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3', /quota/],
    [
      'pods "bff-1" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      /securityContext/,
    ],
    ['admission webhook "w.example" denied the request: no', /webhook/],
    [
      'pods "bff-1" is forbidden: error looking up service account crud/gone: serviceaccount "gone" not found',
      /ServiceAccount/,
    ],
    ['something new', /Change what is refused/],
  ])('%s', (message, hint) => {
    const obstacle = noPodsObstacle(deployment(message), [], [], typed);
    expect(obstacle).toMatchObject({
      code: 'no-pods',
      message: `The cluster makes no pod for deployment/bff: ${message}.`,
    });
    expect(obstacle?.hint?.text).toMatch(hint);
  });

  test('is told by the ReplicaSet, too, and of other kinds by an event', () => {
    const failed = { type: 'ReplicaFailure', status: 'True', message: 'no' };
    expect(noPodsObstacle(well, [{ status: { replicas: 0, conditions: [failed] } }], [], typed)?.code).toBe('no-pods');
    const events = [event('FailedCreate', 'create Pod bff-0 failed: no', { name: 'bff' })];
    expect(noPodsObstacle({ ...well, kind: 'statefulset' }, [], events, typed)?.message).toMatch(
      /statefulset\/bff: create/,
    );
    expect(noPodsObstacle(well, [], events, typed)).toBeNull();
  });
});
