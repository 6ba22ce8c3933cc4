import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, test } from 'vitest';
import type { Workload, WorkloadKind } from '../../scripts/kubernetes/model.ts';
import { isOf, restartWorkload, revisionOf, selectorOf } from '../../scripts/kubernetes/rollout.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { pod } from '../support/pods.ts';
import { createScriptedKubectl, type Line, type Said } from '../support/scripted-kubectl.ts';

const NEVER = new AbortController().signal;

const TEMPLATE = { spec: { containers: [{ name: 'bff', image: 'i' }] } };
const selector = { matchLabels: { app: 'bff' } };

function deployment(generation: number, seen: number, more: object = {}): Deployment {
  return {
    kind: 'Deployment',
    metadata: { name: 'bff', uid: 'uid-of-bff', generation },
    spec: { selector, replicas: 3, template: TEMPLATE, ...more },
    status: { observedGeneration: seen },
  };
}

function replicaSet(revision: number, hash: string, owner = 'uid-of-bff') {
  return {
    metadata: {
      labels: { 'pod-template-hash': hash },
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [{ uid: owner }],
    },
  };
}

function workload(object: Workload['object'], kind: WorkloadKind = 'deployment'): Workload {
  const [container] = TEMPLATE.spec.containers;
  if (container === undefined) throw new Error('The template has a container.');
  return {
    kind,
    name: 'bff',
    namespace: 'crud',
    object,
    podSpec: TEMPLATE.spec,
    container,
    containerPath: '/spec/template/spec/containers/0',
  };
}

const told = (object: object) => JSON.stringify({ type: 'MODIFIED', object });

/** A cluster with this Deployment, and what each kind of call answers. */
function cluster(
  answers: { fresh?: object; patch?: Said; restart?: readonly Said[]; watch?: readonly Line[]; stays?: boolean } = {},
) {
  const bodies: (string | undefined)[] = [];
  const restarts = [...(answers.restart ?? [JSON.stringify(deployment(5, 4))])];
  let isChanged = false;
  const scripted = createScriptedKubectl({
    run(args, call) {
      if (args.startsWith('get deployment')) return JSON.stringify(answers.fresh ?? deployment(4, 4));
      if (args.startsWith('get replicasets'))
        return JSON.stringify({
          items: [replicaSet(9, 'other', 'else'), ...(isChanged ? [replicaSet(5, 'new')] : []), replicaSet(4, 'old')],
        });
      if (args.startsWith('patch')) {
        bodies.push(call.privateText);
        isChanged = true;
        return answers.patch ?? JSON.stringify(deployment(5, 5));
      }
      isChanged = true;
      return restarts.shift() ?? { exitCode: 1 };
    },
    async *lines(_, signal) {
      isChanged = true;
      yield* answers.watch ?? [told(deployment(5, 4)), told(deployment(5, 5))];
      if (answers.stays) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  const clock = new FakeClock();
  const restart = (options: { pending?: Parameters<typeof restartWorkload>[2]; reloader?: boolean } = {}) =>
    restartWorkload(
      scripted.kubectl,
      workload(deployment(4, 4)),
      options.pending ?? [],
      { manager: 'bff-iat', reloader: options.reloader ?? false, clock },
      NEVER,
    );
  return { ...scripted, bodies, clock, restart };
}

const PENDING = [{ op: 'test', path: '/spec/template/spec/containers/0/name', value: 'bff' }] as const;

describe('a rollout', () => {
  test('is a restart, and its pods are those of the newest ReplicaSet of the Deployment', async () => {
    const { restart, calls } = cluster();
    const rollout = await restart();
    expect(rollout).toMatchObject({
      by: 'restart',
      before: { number: 4 },
      after: { number: 5, label: ['pod-template-hash', 'new'] },
    });
    expect(isOf(rollout.after, pod({ labels: { 'pod-template-hash': 'new' } }))).toBe(true);
    expect(isOf(rollout.after, pod({ labels: { 'pod-template-hash': 'old' } }))).toBe(false);
    expect(calls).toEqual([
      'get deployment bff --watch=false -o json',
      'get replicasets.apps -l app=bff --watch=false -o json',
      'rollout restart deployment/bff --field-manager=bff-iat -o json',
      'get deployment bff --watch=true --watch-only=false --output-watch-events=true -o json',
      'get replicasets.apps -l app=bff --watch=false -o json',
    ]);
  });

  test('is the pending change of the template, through a private file', async () => {
    const { restart, calls, bodies } = cluster();
    expect(await restart({ pending: PENDING })).toMatchObject({ by: 'template', after: { number: 5 } });
    expect(calls[2]).toBe(
      'patch deployment bff --type=json --patch-file ‹file› --field-manager=bff-iat --dry-run=none -o json',
    );
    expect(bodies).toEqual([JSON.stringify(PENDING)]);
    expect(calls.some((call) => call.startsWith('rollout'))).toBe(false);
  });

  test('is a restart as well where the pending change changes nothing', async () => {
    const { restart } = cluster({ patch: JSON.stringify(deployment(4, 4)) });
    expect(await restart({ pending: PENDING })).toMatchObject({ by: 'restart' });
  });

  test('is not made where the template is another one by now', async () => {
    const { restart } = cluster({
      patch: { exitCode: 1, stderr: 'The request is invalid: the server rejected our request' },
    });
    await expect(restart({ pending: PENDING })).rejects.toMatchObject({ code: 'restart-failed' });
  });

  test.each([
    ['restart', { restart: [{ exitCode: 1, stderr: 'Error from server (Forbidden): no' }] }, {}],
    ['patch', { patch: { exitCode: 1, stderr: 'Error from server (Forbidden): no' } }, { pending: PENDING }],
  ])('needs its rights: %s', async (_, answers, options) => {
    await expect(cluster(answers).restart(options)).rejects.toMatchObject({ code: 'rights-missing' });
  });

  test('is tried again in the next second where another restart was in this one', async () => {
    const busy = {
      exitCode: 1,
      stderr: 'error: if restart has already been triggered within the past second, please wait',
    };
    const { restart, clock } = cluster({ restart: [busy, JSON.stringify(deployment(5, 5))] });
    expect(await restart()).toMatchObject({ by: 'restart', after: { number: 5 } });
    expect(clock.now()).toBeGreaterThan(1_000);
  });

  test('is that of Reloader where it makes one; a scale is none', async () => {
    const scaled = deployment(5, 5, { replicas: 4 });
    const reloaded = deployment(6, 6, { template: { ...TEMPLATE, metadata: { annotations: { reloaded: 'x' } } } });
    const { restart, calls } = cluster({ watch: [told(scaled), told(reloaded)] });
    expect(await restart({ reloader: true })).toMatchObject({ by: 'other' });
    expect(calls.some((call) => call.startsWith('rollout'))).toBe(false);
  });

  test('is a restart where Reloader makes none', async () => {
    const { restart, clock } = cluster({
      restart: [JSON.stringify(deployment(5, 5))],
      watch: [told(deployment(4, 4))],
      stays: true,
    });
    expect(await restart({ reloader: true })).toMatchObject({ by: 'restart' });
    expect(clock.now()).toBe(15_000);
  });

  test('that no controller takes up is said', async () => {
    const { restart } = cluster({ watch: [told(deployment(5, 4))] });
    await expect(restart()).rejects.toMatchObject({
      code: 'restart-failed',
      message: expect.stringMatching(/not taken up/),
    });
  });

  test('that was paused meanwhile is refused, and nothing is changed', async () => {
    const { restart, calls } = cluster({ fresh: deployment(5, 5, { paused: true }) });
    await expect(restart({ pending: PENDING })).rejects.toMatchObject({ code: 'rollout-paused' });
    expect(calls.every((call) => call.startsWith('get '))).toBe(true);
  });
});

describe('the newest revision', () => {
  const owned = [{ uid: 'uid-of-bff' }];
  const revisions = (items: readonly object[] | null) =>
    createScriptedKubectl({
      run: () =>
        items === null ? { exitCode: 1, stderr: 'Error from server (Forbidden): no' } : JSON.stringify({ items }),
    });
  const annotations = { 'deprecated.daemonset.template.generation': '7' };
  const daemonSet = {
    kind: 'DaemonSet',
    metadata: { uid: 'uid-of-bff', annotations },
    spec: { selector },
  } as unknown as Workload['object'];
  const statefulSet = { spec: { selector }, status: { updateRevision: 'bff-6d8f' } } as unknown as Workload['object'];

  test('of a StatefulSet is in its status', async () => {
    const { kubectl, calls } = revisions([]);
    const found = await revisionOf(kubectl, { kind: 'statefulset', object: statefulSet }, NEVER);
    expect(found).toMatchObject({ number: null, label: ['controller-revision-hash', 'bff-6d8f'] });
    expect(calls).toEqual([]);
  });

  test('of a DaemonSet is the newest ControllerRevision', async () => {
    const revision = (number: number, hash: string, ownerReferences = owned) => ({
      revision: number,
      metadata: { labels: { 'controller-revision-hash': hash }, ownerReferences },
    });
    const { kubectl } = revisions([revision(1, 'a'), revision(3, 'c'), revision(9, 'x', [{ uid: 'else' }])]);
    const found = await revisionOf(kubectl, { kind: 'daemonset', object: daemonSet }, NEVER);
    expect(found).toMatchObject({ number: 3, label: ['controller-revision-hash', 'c'] });
  });

  test('of a DaemonSet is known without the right to list revisions', async () => {
    const found = await revisionOf(revisions(null).kubectl, { kind: 'daemonset', object: daemonSet }, NEVER);
    expect(found).toMatchObject({ number: 7, label: ['pod-template-generation', '7'] });
  });
});

test('a selector is what kubectl takes', () => {
  const matchExpressions = [
    { key: 'tier', operator: 'In', values: ['web', 'api'] },
    { key: 'env', operator: 'NotIn', values: ['test'] },
    { key: 'live', operator: 'Exists' },
    { key: 'old', operator: 'DoesNotExist' },
  ];
  const object = deployment(1, 1, { selector: { matchLabels: { app: 'bff' }, matchExpressions } });
  expect(selectorOf(object)).toBe('app=bff,tier in (web,api),env notin (test),live,!old');
});
