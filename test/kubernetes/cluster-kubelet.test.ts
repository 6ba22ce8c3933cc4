import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { expect, onTestFinished, test } from 'vitest';
import type { ContainerStart } from '../../scripts/sandbox/cluster/container-runtime.ts';
import { type KubeletOptions, startKubelet } from '../../scripts/sandbox/cluster/kubelet.ts';
import { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { createIn, deletePod, getOf, listOf, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NEVER = new AbortController().signal;
const NAMESPACE = 'crud';
const NAME = 'bff-1';

/** A container that ends when it is told to. */
class FakeContainer {
  readonly start: ContainerStart;
  readonly ended: Promise<{ exitCode: number; startError: null }>;
  isStopped = false;
  end = (_: number) => {};

  constructor(start: ContainerStart) {
    this.start = start;
    this.ended = new Promise((resolve) => {
      this.end = (exitCode) => resolve({ exitCode, startError: null });
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.end(143);
  }
}

/** A kubelet without processes. `exits`: with which code a container ends at once; null: it goes on. */
function kubelet(options: Partial<KubeletOptions> & { readonly exits?: (name: string) => number | null } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'kubelet-test-'));
  const clock = new FakeClock();
  const store = new ObjectStore(() => clock.date());
  const started: { readonly name: string; readonly atS: number; readonly fake: FakeContainer }[] = [];
  const running = startKubelet({
    store,
    clock,
    dir,
    start(start) {
      const fake = new FakeContainer(start);
      started.push({ name: start.container.name, atS: Math.round(clock.now() / 1_000), fake });
      const exitCode = options.exits?.(start.container.name) ?? null;
      if (exitCode !== null) fake.end(exitCode);
      return fake;
    },
    ...options,
  });
  onTestFinished(async () => {
    await running.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const pod = () => getOf(store, 'pods', NAMESPACE, NAME);
  return {
    clock,
    store,
    started,
    pod,
    create: (spec: Partial<PodSpec> = {}) =>
      createIn(store, 'pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: NAME, namespace: NAMESPACE },
        spec: { containers: [container()], ...spec },
        status: { phase: 'Pending' },
      }),
    settle: () => clock.sleep(0, NEVER),
    status: () => pod()?.status?.containerStatuses?.[0],
    isReady: () => pod()?.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    events: () => listOf(store, 'events', NAMESPACE).map(({ reason, message }) => `${reason}: ${message}`),
    secret: (data: Record<string, string>) =>
      createIn(store, 'secrets', { metadata: { name: 's', namespace: NAMESPACE }, data }),
  };
}

const container = (other: Partial<Container> = {}): Container => ({ name: 'bff', image: 'bff', ...other });

test('a container that ends again and again is restarted at once, then after 10, 20, 40 and at most 300 s', async () => {
  const { create, started, clock, status, pod, events } = kubelet({ exits: () => 3 });
  create();
  await clock.sleep(1_700_000, NEVER);
  const waits = started.slice(1).map(({ atS }, at) => atS - (started[at]?.atS ?? 0));
  // Each end is seen for a second before.
  expect(waits.slice(0, 9)).toEqual([1, 11, 21, 41, 81, 161, 301, 301, 301]);
  expect(pod()?.status?.phase).toBe('Running');
  expect(status()).toMatchObject({
    ready: false,
    restartCount: started.length - 1,
    state: {
      waiting: { reason: 'CrashLoopBackOff', message: expect.stringMatching(/^back-off 5m0s restarting failed/) },
    },
    lastState: { terminated: { exitCode: 3, reason: 'Error', containerID: expect.stringMatching(/^containerd:\/\//) } },
  });
  expect(events().join('\n')).toContain('BackOff: Back-off restarting failed container bff in pod bff-1_crud(');
});

test('the back-off of a fast cluster is over sooner', async () => {
  const { create, started, clock } = kubelet({ exits: () => 3, speed: 10 });
  create();
  await clock.sleep(20_000, NEVER);
  // 1 + 11 + 21 + 41 + 81 s are over after 15.5 s, and the next 161 s are not.
  expect(started).toHaveLength(6);
});

test('the environment is read at each start, not when the pod is made', async () => {
  const { create, secret, started, clock, store, settle } = kubelet();
  secret({ DCR_IAT: 'b25l' });
  create({ containers: [container({ envFrom: [{ secretRef: { name: 's' } }] })] });
  await settle();
  const stored = getOf(store, 'secrets', NAMESPACE, 's');
  if (stored !== undefined) updateIn(store, 'secrets', stored, (old) => ({ ...old, data: { DCR_IAT: 'dHdv' } }));
  started[0]?.fake.end(3);
  await clock.sleep(5_000, NEVER);
  expect(started.map(({ fake }) => fake.start.env['DCR_IAT'])).toEqual(['one', 'two']);
});

test('a required key that is missing keeps the container from being made until it is there', async () => {
  const { create, secret, started, clock, status, pod, store, settle, events } = kubelet();
  const message = "couldn't find key DCR_IAT in Secret crud/s";
  secret({});
  const secretKeyRef = { name: 's', key: 'DCR_IAT' };
  create({ containers: [container({ env: [{ name: 'DCR_IAT', valueFrom: { secretKeyRef } }] })] });
  await settle();
  expect([pod()?.status?.phase, status()?.state]).toEqual([
    'Pending',
    { waiting: { reason: 'CreateContainerConfigError', message } },
  ]);
  expect(events()).toContain(`Failed: Error: ${message}`);
  const stored = getOf(store, 'secrets', NAMESPACE, 's');
  if (stored !== undefined) updateIn(store, 'secrets', stored, (old) => ({ ...old, data: { DCR_IAT: 'b25l' } }));
  await clock.sleep(11_000, NEVER);
  expect([started.length, pod()?.status?.phase]).toEqual([1, 'Running']);
});

test.for([
  ['ErrImagePull', ['ErrImagePull', 'ImagePullBackOff']],
  ['InvalidImageName', ['InvalidImageName']],
  ['ErrImageNeverPull', ['ErrImageNeverPull']],
] as const)('an image that cannot be had: %s', async ([reason, expected]) => {
  const { create, clock, status, started, pod } = kubelet({
    findFault: () => ({ at: 'image', reason, message: 'no such image' }),
  });
  create();
  const seen = new Set<string | undefined>();
  for (let seconds = 0; seconds < 60; seconds += 5) {
    await clock.sleep(5_000, NEVER);
    seen.add(status()?.state?.waiting?.reason);
  }
  expect([[...seen], started.length, pod()?.status?.phase]).toEqual([expected, 0, 'Pending']);
});

test('a pod that no node takes is pending, with the reason in its condition', async () => {
  const { create, clock, pod, events } = kubelet();
  create({ volumes: [{ name: 'keys', persistentVolumeClaim: { claimName: 'gone' } }] });
  await clock.sleep(1_000, NEVER);
  const message = '0/1 nodes are available: persistentvolumeclaim "gone" not found.';
  expect(pod()?.status?.conditions).toEqual([
    expect.objectContaining({
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: expect.stringContaining(message),
    }),
  ]);
  expect(events().join()).toContain(`FailedScheduling: ${message}`);
});

test('a volume that is missing keeps the container in ContainerCreating', async () => {
  const { create, clock, status, events, started } = kubelet();
  create({ volumes: [{ name: 'config', configMap: { name: 'gone' } }] });
  await clock.sleep(1_000, NEVER);
  expect([status()?.state, started.length]).toEqual([{ waiting: { reason: 'ContainerCreating' } }, 0]);
  expect(events()).toContain('FailedMount: MountVolume.SetUp failed for volume "config" : configmap "gone" not found');
});

test('a container that the runtime cannot start is a StartError', async () => {
  const { create, clock, status } = kubelet({ findFault: () => ({ at: 'start', message: 'exec: "bff": not found' }) });
  create();
  await clock.sleep(5_000, NEVER);
  expect(status()).toMatchObject({
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 128, reason: 'StartError', message: expect.stringContaining('exec: "bff"') } },
  });
});

test('init containers run first, one after another, and again where they fail', async () => {
  const exits = [0, 1, 0];
  const { create, clock, started, pod } = kubelet({ exits: (name) => (name === 'bff' ? null : (exits.shift() ?? 0)) });
  create({ initContainers: [container({ name: 'first' }), container({ name: 'second' })] });
  await clock.sleep(100, NEVER);
  expect(pod()?.status).toMatchObject({
    phase: 'Pending',
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
    initContainerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }, { name: 'second' }],
  });
  await clock.sleep(20_000, NEVER);
  expect(started.map(({ name }) => name)).toEqual(['first', 'second', 'second', 'bff']);
  expect(pod()?.status?.phase).toBe('Running');
});

test('readiness follows its probe, and liveness ends the container', async () => {
  let answer: number | Error = 503;
  const asked = new Set<string>();
  const { create, clock, isReady, events, started } = kubelet({
    findPort: async () => 20_001,
    async ask(url) {
      asked.add(url);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const probe = { httpGet: { path: '/auth/health', port: 8000 }, periodSeconds: 5 };
  create({
    containers: [
      container({
        ports: [{ containerPort: 8000 }],
        readinessProbe: probe,
        livenessProbe: { ...probe, initialDelaySeconds: 30 },
      }),
    ],
  });
  await clock.sleep(4_000, NEVER);
  expect([isReady(), [...asked]]).toEqual(['False', ['http://127.0.0.1:20001/auth/health']]);
  answer = 200;
  await clock.sleep(5_000, NEVER);
  expect(isReady()).toBe('True');
  answer = new Error('refused');
  await clock.sleep(16_000, NEVER);
  expect([isReady(), started[0]?.fake.isStopped]).toEqual(['False', false]);
  await clock.sleep(20_000, NEVER);
  expect(started[0]?.fake.isStopped).toBe(true);
  expect(events()).toContain('Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503');
  expect(events().join()).toContain('Unhealthy: Liveness probe failed: Get "http://10.244.0.2:8000/auth/health"');
  expect(events()).toContain('Killing: Container bff failed liveness probe, will be restarted');
});

test('a deleted pod gets the time of its preStop hook, then its container is ended, then it is gone', async () => {
  const { create, clock, store, started, pod, settle } = kubelet();
  create({ containers: [container({ lifecycle: { preStop: { exec: { command: ['sleep', '15'] } } } })] });
  await settle();
  const before = pod();
  if (before !== undefined) deletePod(store, before, clock.date());
  await clock.sleep(14_000, NEVER);
  expect([pod()?.metadata.deletionGracePeriodSeconds, started[0]?.fake.isStopped]).toEqual([30, false]);
  await clock.sleep(2_000, NEVER);
  expect([pod(), started[0]?.fake.isStopped, started.length]).toEqual([undefined, true, 1]);
});

test.for([
  ['Never', 3, 'Failed'],
  ['Never', 0, 'Succeeded'],
  ['OnFailure', 0, 'Succeeded'],
] as const)(
  'a pod with restartPolicy %s whose container ends with %d has %s',
  async ([restartPolicy, exitCode, phase]) => {
    const { create, clock, pod, started } = kubelet({ exits: () => exitCode });
    create({ restartPolicy });
    await clock.sleep(60_000, NEVER);
    expect([pod()?.status?.phase, started.length]).toEqual([phase, 1]);
  },
);
