import { describe, expect, test } from 'vitest';
import { askForComposes, chooseProgram } from '../../scripts/compose/composes.ts';
import { dockerFailure } from '../../scripts/compose/daemon-failures.ts';
import { createDocker } from '../../scripts/compose/docker.ts';
import { type EngineOptions, findEngine } from '../../scripts/compose/engine.ts';
import { atEngine, describeEngine, engineSideEffects } from '../../scripts/compose/engine-words.ts';
import { type Container, parseInspect } from '../../scripts/compose/inspect.ts';
import { upCommand } from '../../scripts/compose/invocation.ts';
import { createLastExit } from '../../scripts/compose/last-exit.ts';
import type { CommandResult, Processes } from '../../scripts/core/ports.ts';

const NEVER = new AbortController().signal;
const OK: CommandResult = { exitCode: 0, stdout: '', stderr: '', startError: null, timedOut: false };
const MISSING = { exitCode: null, startError: 'ENOENT' };

// As the programs print it (Docker CLI 28.2, Podman 4.3 and 5.4), shortened.
const DOCKER =
  '{"Client":{"Version":"28.2.2","ApiVersion":"1.41","Context":"default"},"Server":{"Version":"20.10.24"}}';
const ON_SOCKET =
  '{"Client":{"Version":"28.2.2","ApiVersion":"1.41","Context":"default"},"Server":{"Components":[{"Name":"Podman Engine","Version":"4.3.1"}],"Version":"4.3.1"}}';
const PODMAN = '{"Client":{"APIVersion":"4.3.1","Version":"4.3.1","Os":"linux"}}';
const DOWN = {
  exitCode: 1,
  stdout: '{"Client":{"Version":"28.2.2","ApiVersion":"1.50","Context":"default"},"Server":null}',
  stderr: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
};

/** What the programs of a machine answer, by the words that a command begins with; what is not there is not installed. */
function machine(answers: Readonly<Record<string, string | Partial<CommandResult>>>): Processes {
  return {
    async run({ file, args }) {
      const words = [file, ...args].join(' ');
      const known = Object.entries(answers).find(([start]) => words.startsWith(start))?.[1] ?? MISSING;
      return { ...OK, ...(typeof known === 'string' ? { stdout: known } : known) };
    },
    async *lines() {},
  };
}

const find = (answers: Parameters<typeof machine>[0], options: Partial<EngineOptions> = {}) =>
  findEngine({ engine: null, env: {}, ...options }, machine(answers), NEVER);

describe('which engine', () => {
  test.for([
    ['Docker, where both are', { 'docker version': DOCKER, 'podman ': PODMAN }, null, 'docker', false],
    ['Podman, where it is named', { 'docker version': DOCKER, 'podman ': PODMAN }, 'podman', 'podman', true],
    ['Podman, where Docker is not installed', { 'podman ': PODMAN }, null, 'podman', true],
    [
      'Podman, where docker is its own command line',
      { 'docker ': PODMAN, 'podman ': PODMAN },
      'docker',
      'podman',
      true,
    ],
    ['Podman by the Docker CLI, on its socket', { 'docker version': ON_SOCKET }, null, 'docker', true],
  ] as const)('%s', async ([, answers, engine, program, isPodman]) => {
    const found = await find(answers, { engine });
    expect([found.docker.program, found.isPodman]).toEqual([program, isPodman]);
  });

  test('a Docker that does not answer is an error, which names Podman where that is there', async () => {
    const both = { 'docker version': DOWN, 'podman ': PODMAN };
    const hint = expect.objectContaining({ text: expect.stringMatching(/^Podman is here, too: --engine podman/) });
    await expect(find(both)).rejects.toMatchObject({ code: 'docker-unreachable', hint });
    await expect(find({ 'docker version': DOWN })).rejects.not.toMatchObject({ hint });
  });

  test.for([
    [null, /^Docker is not installed.*neither is Podman/],
    ['docker', /^Docker is not installed, or not on the PATH\.$/],
    ['podman', /^Podman is not installed/],
  ] as const)('none is there (%s)', async ([engine, message]) => {
    const error = { code: 'docker-missing', message: expect.stringMatching(message) };
    await expect(find({}, { engine })).rejects.toMatchObject(error);
  });
});

describe('where it is', () => {
  const inContext = (Context: string) => JSON.stringify({ Client: { Context }, Server: { Version: '27.0' } });

  test.for([
    ['default', {}, '', null, null],
    ['default', { DOCKER_HOST: 'tcp://build-7:2375' }, '', 'tcp://build-7:2375', 'build-7'],
    ['default', { DOCKER_HOST: 'ssh://me:test-only@build-7' }, '', 'ssh://me@build-7', 'build-7'],
    ['default', { DOCKER_HOST: 'tcp://127.0.0.2:2375' }, '', 'tcp://127.0.0.2:2375', null],
    ['default', { DOCKER_HOST: 'unix:///var/run/docker.sock' }, '', null, null],
    ['build', {}, 'tcp://build-7:2375\n', 'tcp://build-7:2375 (context build)', 'build-7'],
    ['colima', {}, 'unix:///Users/me/.colima/docker.sock\n', 'context colima', null],
    ['desktop-linux', {}, 'unix:///Users/me/.docker/run/docker.sock\n', null, null],
  ] as const)('context %s, %o', async ([context, env, endpoint, place, host]) => {
    const answers = { 'docker version': inContext(context), [`docker context inspect ${context} `]: endpoint };
    expect(await find(answers, { env })).toMatchObject({ place, host });
  });

  const container = (HostIp: string) =>
    parseInspect(
      JSON.stringify([
        {
          Id: '1',
          Name: '/bff',
          Created: '2026-01-01T00:00:00Z',
          Config: { Image: 'bff', Env: [], Labels: {} },
          HostConfig: { LogConfig: { Type: 'json-file' } },
          NetworkSettings: { Ports: { '8000/tcp': [{ HostIp, HostPort: '8000' }] } },
          RestartCount: 0,
          State: { Status: 'running', ExitCode: 0, OOMKilled: false, StartedAt: '', Error: '' },
        },
      ]),
    )[0] as Container;
  const V2 = { command: ['docker', 'compose'], version: '2.26.1', major: 2 };
  const INVOCATION = { program: V2, files: [], project: null, directory: null, envFiles: [], noDeps: false };

  test.for([
    ['0.0.0.0', 'build-7', ['build-7'], null],
    ['10.0.0.7', 'build-7', ['10.0.0.7'], null],
    ['127.0.0.1', 'build-7', [], /publishes port 8000 on the loopback of build-7 only/],
    ['127.0.0.1', null, ['127.0.0.1'], null],
  ] as const)('a port on %s of %s', ([address, host, addresses, words]) => {
    expect(atEngine(container(address), { host }).ports.map((port) => port.address)).toEqual(addresses);
    const effects = engineSideEffects(INVOCATION, 'bff', {}, { host }, [container(address)]);
    expect(effects).toEqual(words === null ? [] : [expect.stringMatching(words)]);
  });

  test('is said beside the compose', async () => {
    const remote = await find({ 'docker version': DOCKER }, { env: { DOCKER_HOST: 'tcp://build-7:2375' } });
    expect(describeEngine(V2, remote)).toBe('docker compose 2.26.1 on tcp://build-7:2375');
    expect(describeEngine(V2, await find({ 'docker version': ON_SOCKET }))).toBe('docker compose 2.26.1 on Podman');
  });
});

describe('which compose works with Podman', () => {
  const SOCKET = { 'podman info': 'true unix:///run/podman/podman.sock\n' };
  const NO_SOCKET = { 'podman info': 'false /run/podman/podman.sock\n' };
  const V1 = { 'docker-compose ': 'docker-compose version 1.29.2, build unknown\n' };
  const PLUGIN = { 'docker compose ': 'Docker Compose version 2.26.1-4\n' };
  const OWN = { 'podman-compose ': 'podman-compose version 1.3.0\npodman version 4.3.1\n' };
  const NEW = { 'podman compose ': 'Docker Compose version v2.40.0\n' };
  const running = (major: number, isPodmanCompose: boolean) =>
    ({ project: 'p', files: [], directory: '/', envFiles: [], containers: [], major, isPodmanCompose }) as const;
  const choose = (answers: Parameters<typeof machine>[0], made = running(2, false), env: EngineOptions['env'] = {}) => {
    const docker = createDocker(machine(answers), 'podman');
    return chooseProgram(askForComposes(docker, NEVER), made, { docker, env }, NEVER);
  };
  const host = 'unix:///run/podman/podman.sock';

  test.for([
    ['podman compose first', { ...SOCKET, ...NEW, ...PLUGIN, ...OWN }, {}, { command: ['podman', 'compose'] }],
    ["Docker's on the socket", { ...SOCKET, ...PLUGIN, ...OWN }, {}, { command: ['docker', 'compose'], host }],
    [
      'not podman compose where DOCKER_HOST would lead it elsewhere',
      { ...SOCKET, ...NEW, ...PLUGIN },
      { DOCKER_HOST: '' },
      { command: ['docker', 'compose'], host },
    ],
    [
      'podman-compose without a socket',
      { ...NO_SOCKET, ...PLUGIN, ...OWN },
      {},
      { version: '1.3.0', isPodmanCompose: true },
    ],
  ] as const)('%s', async ([, answers, env, program]) => {
    expect(await choose(answers, running(2, false), env)).toMatchObject(program);
  });

  test('the one that made the running container', async () => {
    const all = { ...SOCKET, ...NEW, ...V1, ...OWN };
    expect(await choose(all, running(1, false))).toMatchObject({ command: ['docker-compose'], host });
    expect(await choose(all, running(2, true))).toMatchObject({ command: ['podman-compose'] });
  });

  test.for([
    ['none', NO_SOCKET, /no compose that works with Podman/],
    [
      'too old',
      { ...NO_SOCKET, 'podman-compose ': 'using podman version: 4.3.1\npodman-composer version  1.0.3\n' },
      /1\.0\.3 is too old/,
    ],
  ] as const)('%s', async ([, answers, message]) => {
    const error = { code: 'compose-missing', message: expect.stringMatching(message) };
    await expect(choose(answers)).rejects.toMatchObject(error);
  });

  test('podman-compose touches the service only, and what it shows is said beforehand', async () => {
    const program = await choose({ ...NO_SOCKET, ...OWN });
    const invocation = { program, files: ['/p/c.yml'], project: 'p', directory: '/', envFiles: [], noDeps: false };
    expect(upCommand(invocation, 'bff', 1).args).toEqual(['-p', 'p', '-f', '/p/c.yml', 'up', '-d', '--no-deps', 'bff']);
    const bff = { environment: {}, image: null, replicas: 1, sharedPaths: [], dependencies: ['redis'] };
    expect(engineSideEffects(invocation, 'bff', { bff }, { host: null }, [])).toEqual([
      expect.stringMatching(/process list/),
      expect.stringMatching(/recreates what bff depends on, too \(redis\)/),
    ]);
  });
});

describe("a container in Podman's words", () => {
  const inspect = (state: object, policy = 'always', Type = 'k8s-file') =>
    parseInspect(
      JSON.stringify([
        {
          Id: '1',
          Name: 'p_bff_1',
          Created: '2026-11-28T13:03:03.960672052+01:00',
          Config: { Image: 'bff', Env: [], Labels: null },
          HostConfig: { LogConfig: { Type }, RestartPolicy: { Name: policy } },
          RestartCount: 2,
          State: {
            Status: 'running',
            ExitCode: 3,
            OOMKilled: false,
            StartedAt: '2026-11-28T12:03:04.288436959Z',
            Error: '',
            Health: { Status: '', Log: null },
            ...state,
          },
        },
      ]),
    )[0] as Container;

  test.for([
    ['stopped', 'always', 'restarting'],
    ['stopped', '', 'exited'],
    ['exited', 'always', 'exited'],
    ['initialized', '', 'created'],
    ['stopping', '', 'running'],
  ] as const)('%s with the restart policy "%s" is %s', ([Status, policy, status]) => {
    expect(inspect({ Status }, policy).state).toMatchObject({ status, health: null });
  });

  test('times are in UTC, with their nanoseconds', () => {
    const { createdAt, state } = inspect({});
    expect([createdAt, state.startedAt]).toEqual(['2026-11-28T12:03:03.960672052Z', '2026-11-28T12:03:04.288436959Z']);
  });

  test('a log that is passed through is not kept', () => {
    expect(inspect({}, '', 'passthrough').logUnreadable).toMatch(/passthrough/);
    expect(inspect({}).logUnreadable).toBeNull();
  });

  test('its last exit code is in the events', async () => {
    const asked = 'podman events --since 2026-11-28T12:03:03.960672052Z --stream=false --filter container=1';
    const complete = createLastExit(createDocker(machine({ [asked]: '1\n137\n' }), 'podman'));
    expect((await complete(inspect({}), NEVER)).state.exitCode).toBe(137);
  });
});

test.for([
  [
    'Cannot connect to the Docker daemon at unix:///run/user/1000/podman/podman.sock. Is the docker daemon running?',
    'Nothing answers on the socket of Podman (/run/user/1000/podman/podman.sock).',
  ],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///run/podman/podman.sock: dial unix',
    'This user may not use that socket of Podman (/run/podman/podman.sock).',
  ],
  [
    'Cannot connect to the Docker daemon at tcp://build-7:2375. Is the docker daemon running?',
    'No Docker daemon answers where DOCKER_HOST or the Docker context says that it is (build-7:2375).',
  ],
  [
    'error during connect: Get "http://build-7:2375/v1.50/version": dial tcp: lookup build-7 on 10.0.0.1:53: no such host',
    'No Docker daemon answers where DOCKER_HOST or the Docker context says that it is (build-7:2375).',
  ],
  [
    'error during connect: Get "http://docker.example.com/v1.50/version": command [ssh -o ConnectTimeout=30 -T -l me -- build-7 docker system dial-stdio] has exited with exit status 255: stderr=ssh: Could not resolve hostname build-7',
    'The engine is on another machine, and ssh cannot get there (build-7).',
  ],
  [
    'Failed to initialize: unable to resolve docker endpoint: context "biuld": context not found: open /root/.docker/contexts/meta/ca37/meta.json: no such file or directory',
    'The Docker context that is selected does not exist (biuld).',
  ],
  [
    'Cannot connect to Podman. Please verify your connection to the Linux system using `podman system connection list`',
    'Podman does not answer.',
  ],
] as const)('%s', ([stderr, message]) => {
  expect(dockerFailure({ ...OK, exitCode: 1, stderr }).message).toBe(message);
});
