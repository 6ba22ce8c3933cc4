import type { Event, Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import type { CommandResult } from '../../scripts/core/ports.ts';
import { Changes } from '../../scripts/kubernetes/changes.ts';
import { reachFromPod } from '../../scripts/kubernetes/probe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { container, event, pod, running, terminated, waiting } from '../support/pods.ts';
import { createScriptedKubectl, type Said } from '../support/scripted-kubectl.ts';

const URL = 'https://idp.example/jwks';
const RUNS = pod({ bff: { state: running() } });
const LOOPS = pod({ bff: { state: waiting('CrashLoopBackOff') } });

interface Answers {
  /** What a program says that is run in the container. */
  readonly exec?: (program: string) => Said;
  readonly create?: Said;
  /** What the temporary pod's container of that name says, and how it ends; the others are not in the image. */
  readonly says?: Readonly<Record<string, readonly [exitCode: number, line: string]>>;
  readonly starts?: boolean;
  /** Whether the rights are there that a Forbidden leaves open. */
  readonly isAllowed?: boolean;
  /** The temporary pod as it is, where its containers say nothing. */
  readonly status?: Pod['status'];
  /** About the temporary pod. */
  readonly events?: readonly Event[];
  /** Why its containers wait, all of them. */
  readonly waits?: string;
}

const TOOLS = ['python3', 'python', 'node', 'curl', 'wget'];
const noProgram = (program: string): Partial<CommandResult> => ({
  exitCode: 1,
  stderr: `error: Internal error occurred: failed to exec in container: exec: "${program}": executable file not found in $PATH: unknown`,
});

function cluster(answers: Answers = {}) {
  const made: Pod[] = [];
  const ending = new AbortController();
  const scripted = createScriptedKubectl({
    run(args, call) {
      if (args.startsWith('exec')) return answers.exec?.(call.args[call.args.indexOf('--') + 1] ?? '') ?? '';
      if (args.startsWith('create')) {
        made.push(JSON.parse(call.privateText ?? '{}'));
        return answers.create ?? JSON.stringify(made[0]);
      }
      if (args.startsWith('auth')) return { exitCode: answers.isAllowed ? 0 : 1 };
      if (!args.startsWith('logs')) return '';
      return Object.entries(answers.says ?? {})
        .map(([name, [, text]]) => `[pod/${made[0]?.metadata?.name}/${name}] ${text}`)
        .join('\n');
    },
    async *lines(_, signal) {
      const statuses = TOOLS.map((name) => {
        const said = answers.says?.[name];
        const end = said === undefined ? terminated(128, { reason: 'StartError' }) : terminated(said[0]);
        return container(name, { state: answers.waits === undefined ? end : waiting(answers.waits) });
      });
      yield JSON.stringify({ type: 'ADDED', object: pod({ status: { phase: 'Pending' } }) });
      if (answers.status !== undefined) yield JSON.stringify({ type: 'MODIFIED', object: { status: answers.status } });
      if (answers.starts === false) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      else yield JSON.stringify({ type: 'MODIFIED', object: { status: { containerStatuses: statuses } } });
    },
  });
  const clock = new FakeClock();
  const changes = new Changes();
  const eventsOf = (name: string) => (name === made[0]?.metadata?.name ? (answers.events ?? []) : []);
  const tools = { clock, watch: { eventsOf, changed: (signal: AbortSignal) => changes.next(signal) } };
  const ask = (object: Pod) => reachFromPod(scripted.kubectl, object, 'bff', URL, tools, ending.signal);
  return { ...scripted, made, ask, clock, stop: () => ending.abort(new Error('stopped')) };
}

describe('in the container', () => {
  test('its own program asks, and nothing else is started', async () => {
    const { ask, calls } = cluster({ exec: () => 'probe 404\n' });
    expect(await ask(RUNS)).toEqual({ kind: 'answered', status: 404 });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatch(/^exec pod\/bff-7d9f-aaaaa -c bff --stdin=false --tty=false -- python3 -I -c /);
  });

  test('another program asks where the first ones are not in the image', async () => {
    const { ask } = cluster({ exec: (program) => (program === 'curl' ? { exitCode: 6 } : noProgram(program)) });
    expect(await ask(RUNS)).toEqual({ kind: 'dns' });
  });

  test('no program at all is no answer of the network', async () => {
    const { ask, made } = cluster({ exec: noProgram });
    expect(await ask(RUNS)).toMatchObject({ kind: 'unknown', why: expect.stringMatching(/neither python/) });
    expect(made).toEqual([]);
  });

  test.each([
    ['Error from server (Forbidden): pods "bff-1" is forbidden: cannot create resource "pods/exec"'],
    ['error: unable to upgrade connection: container not found ("bff")'],
    ['Error from server: error dialing backend: dial tcp 10.0.0.1:10250: connect: connection refused'],
    ['error: error dialing backend: dial tcp 10.0.0.1:10250: connect: connection refused'],
  ])('what kubectl says is no answer of the network: %s', async (stderr) => {
    const { ask, made } = cluster({ exec: () => ({ exitCode: 1, stderr }), says: { python3: [0, 'probe 200'] } });
    expect(await ask(RUNS)).toEqual({ kind: 'answered', status: 200 });
    expect(made).toHaveLength(1);
  });
});

describe('a temporary pod', () => {
  test('asks beside a container that does not run, and is removed', async () => {
    const { ask, calls, made } = cluster({ says: { python3: [0, 'probe ECONNREFUSED'], wget: [1, 'HTTP/1.1 404'] } });
    expect(await ask(LOOPS)).toEqual({ kind: 'refused' });
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['create', 'get', 'logs', 'delete']);
    expect(calls.at(-1)).toMatch(new RegExp(`^delete pod ${made[0]?.metadata?.name} --wait=false`));
  });

  test('is none of the workload and passes Pod Security at its strictest', async () => {
    const { ask, made } = cluster({ says: { curl: [7, ''] } });
    expect(await ask(LOOPS)).toEqual({ kind: 'refused' });
    const [object] = made;
    expect(object?.metadata?.labels).not.toHaveProperty('app');
    expect(object?.metadata?.labels).not.toHaveProperty('pod-template-hash');
    expect(object?.spec).toMatchObject({
      restartPolicy: 'Never',
      nodeName: 'node-1',
      activeDeadlineSeconds: 60,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(object?.spec?.containers.map(({ name }) => name)).toEqual(TOOLS);
    for (const each of object?.spec?.containers ?? [])
      expect(each).toMatchObject({
        image: 'empowernow/bff:2.1.0',
        imagePullPolicy: 'IfNotPresent',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      });
  });

  test('runs as the user that the pod has', async () => {
    const { ask, made } = cluster({ says: { curl: [7, ''] } });
    const spec = { ...LOOPS.spec, containers: LOOPS.spec?.containers ?? [], securityContext: { runAsUser: 1_000 } };
    await ask({ ...LOOPS, spec });
    expect(made[0]?.spec?.securityContext?.runAsUser).toBe(1_000);
  });

  test.each<[string, Answers, RegExp, boolean]>([
    ['it may not be made', { create: { exitCode: 1, stderr: 'Error from server (Forbidden): no' } }, /may ask/, false],
    [
      'a quota refuses it',
      { create: { exitCode: 1, stderr: 'Error from server (Forbidden): no' }, isAllowed: true },
      /quota/,
      false,
    ],
    ['it cannot be made', { create: { exitCode: 1, stderr: 'Unable to connect' } }, /makes no pod/, true],
    ['it does not start', { starts: false }, /does not start in time/, true],
    ['its image cannot be pulled', { waits: 'ErrImagePull' }, /cannot pull its image/, true],
    ['its image has none of the programs', {}, /neither python/, true],
    ['it gets no answer', { says: { curl: [28, ''] } }, /NetworkPolicy/, true],
  ])('does not say what nobody knows: %s', async (_, answers, why, isRemoved) => {
    const { ask, calls } = cluster(answers);
    expect(await ask(LOOPS)).toMatchObject({ kind: 'unknown', why: expect.stringMatching(why) });
    expect(calls.some((call) => call.startsWith('delete pod'))).toBe(isRemoved);
  });

  const sandbox = (count: number) => event('FailedCreatePodSandBox', 'no free address\n::error::x', { count });
  test.each<[string, Answers, string, number]>([
    [
      'no network, again and again',
      { starts: false, events: [sandbox(2)] },
      'a pod beside it gets no network from its node: no free address ::error::x',
      0,
    ],
    [
      'no network, once',
      { starts: false, events: [sandbox(1)] },
      'a pod beside it gets no network from its node: no free address ::error::x',
      30_000,
    ],
    [
      'refused by its node',
      { starts: false, status: { phase: 'Failed', reason: 'OutOfcpu', message: 'Node had no room.' } },
      'its node refuses a pod beside it (OutOfcpu): Node had no room',
      0,
    ],
    [
      'no node',
      {
        starts: false,
        status: {
          conditions: [
            { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available.' },
          ],
        },
      },
      'a pod beside it finds no node: 0/3 nodes are available',
      0,
    ],
  ])('says why it cannot start as soon as that is known: %s', async (_, answers, why, ms) => {
    const { ask, calls, clock } = cluster(answers);
    expect(await ask(LOOPS)).toEqual({ kind: 'unknown', why });
    expect(clock.now()).toBe(ms);
    expect(calls.at(-1)).toMatch(/^delete pod /);
  });

  test('does not trust what the pod may trust by a file of its own', async () => {
    const { ask } = cluster({ says: { curl: [60, ''] } });
    expect(await ask(LOOPS)).toEqual({ kind: 'tls' });
    for (const more of [
      { env: [{ name: 'SSL_CERT_FILE', value: '/ca.pem' }] },
      { volumeMounts: [{ name: 'ca', mountPath: '/etc/ssl/certs' }] },
    ]) {
      const containers = [{ name: 'bff', image: 'i', ...more }];
      expect(await ask({ ...LOOPS, spec: { containers } })).toMatchObject({ kind: 'unknown' });
    }
  });

  test('is removed when the run is interrupted', async () => {
    const { ask, calls, stop } = cluster({ starts: false });
    const asked = ask(LOOPS);
    while (!calls.some((call) => call.startsWith('get pod'))) await new Promise((resolve) => setImmediate(resolve));
    stop();
    await expect(asked).rejects.toThrow();
    expect(calls.at(-1)).toMatch(/^delete pod /);
  });
});
