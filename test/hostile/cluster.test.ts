import type { Event, Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { Stack } from '../../scripts/core/stack.ts';
import { findKubernetesStack } from '../../scripts/kubernetes/kubernetes-stack.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { event, pod, waiting } from '../support/pods.ts';

const NEVER = new AbortController().signal;
const MB = 2 ** 20;
const EVIL = `\u001b[2J\u001b]0;title\u0007\r\n::error::pwned\n${'x'.repeat(MB)}`;

interface Answers {
  /** As the cluster prints it. */
  readonly workload?: unknown;
  /** stdout of the list of pods. */
  readonly list?: string;
  readonly pods?: readonly unknown[];
  readonly events?: readonly unknown[];
  /** Everything else that there is in the namespace. */
  readonly neighbours?: string;
}

const CONTAINER = { name: 'bff', image: 'empowernow/bff:2.1.0', envFrom: [{ secretRef: { name: 'bff-secrets' } }] };
const SELECTOR = { matchLabels: { app: 'bff' } };
const workload = (podSpec: unknown = { containers: [CONTAINER] }, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'bff', namespace: 'crud', uid: 'uid-of-bff', generation: 1, resourceVersion: '1', ...metadata },
  spec: { replicas: 1, selector: SELECTOR, template: { metadata: { labels: { app: 'bff' } }, spec: podSpec } },
});

/** The stack of a cluster that answers so, and each call of kubectl that was made. */
async function open(answers: Answers) {
  const calls: string[] = [];
  const { pods = [], events = [], list = JSON.stringify({ items: pods }) } = answers;
  const answerTo = (args: string): string => {
    if (args.startsWith('version')) return '{"clientVersion":{"gitVersion":"v1.32.0"}}';
    if (args.startsWith('config'))
      return JSON.stringify({
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', namespace: 'crud' } }],
        clusters: [{ name: 'test', cluster: { server: 'https://10.0.0.1:6443' } }],
      });
    if (args.startsWith('get deployment/bff ')) return JSON.stringify(answers.workload ?? workload());
    if (args.startsWith('get pods')) return list;
    if (args.startsWith('get persistentvolumeclaims')) return answers.neighbours ?? '{"items":[]}';
    return '';
  };
  const stack: Stack = await findKubernetesStack(
    {
      ...{ workload: 'deployment/bff', context: 'test', namespace: null, container: null, kubectl: 'kubectl' },
      ...{ variable: 'DCR_IAT', write: 'auto', isForced: false, hasBffUrl: false, healthTimeoutMs: 60_000 },
      ...{ platform: 'linux', env: {} },
    },
    {
      processes: {
        async run({ args }) {
          calls.push(args.join(' '));
          const stdout = answerTo(args.join(' '));
          return { exitCode: 0, stdout, stderr: '', startError: null, timedOut: false };
        },
        async *lines({ args }, { signal }) {
          const call = args.join(' ');
          calls.push(call);
          const told = call.startsWith('get pods') ? pods : call.startsWith('get events') ? events : [];
          for (const object of told)
            yield {
              stream: 'stdout',
              text: typeof object === 'string' ? object : JSON.stringify({ type: 'ADDED', object }),
            };
          if (!signal.aborted)
            await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        },
      },
      clock: new FakeClock(),
      files: createFiles(),
      openSocket: async () => null,
    },
    'look',
    NEVER,
  );
  onTestFinished(() => stack.close?.());
  return { stack, calls };
}

const FAILURE = { type: 'ReplicaFailure', status: 'True', message: EVIL };
const STUCK: Pod = pod({ bff: { state: waiting('CreateContainerConfigError', EVIL) } });

describe('what a cluster says that is broken', () => {
  test.each<[string, Answers]>([
    ['items that are null', { list: '{"items":null}' }],
    ['no items', { list: '{}' }],
    ['an item that is null', { list: '{"items":[null,7,"x"]}' }],
    ['an item without anything', { list: '{"items":[{}]}' }],
    [
      'events of a watch that are none',
      { pods: ['null', '{"type":"ADDED"}', '{"type":"ADDED","object":null}', '{"a":', '}'] },
    ],
    [
      'Events without members',
      { events: [{}, { metadata: null, involvedObject: null }, { involvedObject: { name: 'bff' } }] },
    ],
    ['neighbours that are cut off', { neighbours: '{"items":[{"kind":"Resour' }],
    [
      'neighbours without members',
      {
        neighbours:
          '{"items":[null,{"kind":"ReplicaSet"},{"kind":"ResourceQuota"},{"kind":"Service"},{"kind":"PersistentVolumeClaim"},{"kind":"HorizontalPodAutoscaler"}]}',
      },
    ],
  ])('%s', async (_, answers) => {
    const { stack } = await open(answers);
    const { instances } = await stack.look(NEVER);
    expect(instances.map(({ name }) => name).filter((name) => name !== '')).toEqual([]);
  });

  test.each<[string, Answers, string]>([
    ['a list that is cut off', { list: '{"items":[{"kind":"Po' }, 'kubectl-failed'],
    ['a list that is none', { list: '[]' }, 'kubectl-failed'],
    ['a workload without containers', { workload: workload({ containers: [] }) }, 'workload-unsupported'],
    ['a workload whose containers are null', { workload: workload({ containers: null }) }, 'workload-unsupported'],
  ])('%s ends the run with its code', async (_, answers, code) => {
    const error = await open(answers)
      .then(({ stack }) => stack.look(NEVER))
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe(code);
  });
});

describe('what a cluster says that is hostile', () => {
  test.each<[string, Answers]>([
    ['the message of a container', { pods: [STUCK] }],
    ['the message of a condition', { workload: { ...workload(), status: { conditions: [FAILURE] } } }],
    [
      'the name of an owner',
      { workload: workload(undefined, { ownerReferences: [{ kind: EVIL, name: EVIL, uid: 'x', controller: true }] }) },
    ],
    [
      'an annotation',
      {
        workload: workload(undefined, {
          annotations: { 'meta.helm.sh/release-name': EVIL },
        }),
      },
    ],
    ['a label', { workload: workload(undefined, { labels: { 'app.kubernetes.io/instance': EVIL } }) }],
  ])('%s of 1 MB is told in a few letters of one line', async (_, answers) => {
    const { stack } = await open(answers);
    const state = await stack.look(NEVER);
    const said = [
      ...state.sideEffects,
      state.absence?.message ?? '',
      ...(state.objections ?? []).map(({ error }) => error.message),
      ...state.instances.map(({ state: { obstacle } }) => obstacle?.message ?? ''),
      ...(stack.details?.().owners ?? []).map(({ name, kind }) => kind + name),
    ];
    expect(said.join('')).toContain('pwned');
    for (const text of said) {
      expect(text.length).toBeLessThan(1_000);
      expect(text).not.toMatch(/\p{Cc}/u);
    }
  });
});

test('what belongs to others in the namespace is neither asked for nor kept', async () => {
  const others: Event[] = Array.from({ length: 5_000 }, (_, index) =>
    event('BackOff', EVIL.slice(0, 200), { name: `other-${index}`, metadata: { uid: `other-${index}` } }),
  );
  const { stack, calls } = await open({ pods: [STUCK], events: others });
  expect(await stack.instances(NEVER)).toHaveLength(1);
  const ofPods = calls.filter((call) => call.startsWith('get pods'));
  expect(ofPods.length).toBeGreaterThan(0);
  for (const call of ofPods) expect(call).toContain('-l app=bff');
});
