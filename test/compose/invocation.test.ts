import { describe, expect, test } from 'vitest';
import { parseConfig, parseDryRun } from '../../scripts/compose/compose-output.ts';
import type { Container } from '../../scripts/compose/inspect.ts';
import {
  composeCommand,
  configCommand,
  dryUpCommand,
  findRunning,
  type Invocation,
  isSameFile,
  newestFirst,
  repairCommand,
  scaleOf,
  upCommand,
} from '../../scripts/compose/invocation.ts';
import { thrownBy } from '../support/builders.ts';

const V2 = { command: ['docker', 'compose'], version: '2.26.1', major: 2 };
const V1 = { command: ['docker-compose'], version: '1.29.2', major: 1 };

const invocation = (more: Partial<Invocation> = {}): Invocation => ({
  program: V2,
  files: ['/p/a.yml', '/p/b.yml'],
  project: null,
  directory: null,
  envFiles: [],
  noDeps: false,
  ...more,
});

function container(labels: Record<string, string>, more: Partial<Container> = {}): Container {
  const names = Object.entries(labels).map(([name, value]) => [`com.docker.compose.${name}`, value]);
  return {
    id: 'c1',
    name: 'p-bff-1',
    image: 'bff',
    env: {},
    labels: Object.fromEntries(names),
    logDriver: 'json-file',
    persistentPaths: [],
    ports: [],
    mountedFrom: [],
    logUnreadable: null,
    networkMode: 'default',
    createdAt: '2026-01-01T00:00:00.000000001Z',
    state: {
      status: 'running',
      exitCode: 0,
      oomKilled: false,
      restartCount: 0,
      startedAt: '',
      error: '',
      health: null,
    },
    ...more,
  };
}

describe('command lines', () => {
  test('v2 and v1, with everything that tells the project', () => {
    const all = { project: 'p', directory: '/p', envFiles: ['/p/x.env'] };
    const between = [
      '-p',
      'p',
      '--project-directory',
      '/p',
      '--env-file',
      '/p/x.env',
      '-f',
      '/p/a.yml',
      '-f',
      '/p/b.yml',
    ];
    expect(composeCommand(invocation(all), ['ps'])).toEqual({ file: 'docker', args: ['compose', ...between, 'ps'] });
    expect(composeCommand(invocation({ ...all, program: V1 }), ['ps'])).toEqual({
      file: 'docker-compose',
      args: [...between, 'ps'],
    });
  });

  test('config is JSON where compose can, up keeps the scale and never restarts or removes', () => {
    expect(configCommand(invocation()).args.slice(-3)).toEqual(['config', '--format', 'json']);
    expect(configCommand(invocation({ program: V1 })).args.at(-1)).toBe('config');
    expect(upCommand(invocation(), 'bff', 1).args.slice(-3)).toEqual(['up', '-d', 'bff']);
    expect(upCommand(invocation(), 'bff', 3).args.slice(-5)).toEqual(['up', '-d', '--scale', 'bff=3', 'bff']);
    expect(upCommand(invocation({ noDeps: true }), 'bff', 1).args.slice(-4)).toEqual(['up', '-d', '--no-deps', 'bff']);
    expect(dryUpCommand(invocation(), 'bff', 1).args.slice(-4)).toEqual(['--dry-run', 'up', '-d', 'bff']);
    expect(repairCommand(invocation(), ['a', 'b']).args.slice(-6)).toEqual([
      'up',
      '-d',
      '--no-deps',
      '--force-recreate',
      'a',
      'b',
    ]);
  });
});

describe('findRunning', () => {
  const v2 = {
    project: 'p',
    'project.config_files': '/p/a.yml,/p/o.yml',
    'project.working_dir': '/p',
    version: '2.26.1',
  };
  const v1 = { project: 'p', 'project.config_files': 'a.yml', 'project.working_dir': '/p', version: '1.29.2' };

  test('reads the whole list of files, absolute (v2) or relative to the project directory (v1)', () => {
    expect(findRunning([container(v2)], '/p/a.yml', null, 'linux')).toMatchObject({
      project: 'p',
      files: ['/p/a.yml', '/p/o.yml'],
      major: 2,
    });
    expect(findRunning([container(v1)], '/p/a.yml', null, 'linux')).toMatchObject({ files: ['/p/a.yml'], major: 1 });
  });

  test('v1 labels are what was typed, wherever that was', () => {
    const typed = (files: string, directory: string, envFile = '') =>
      container({
        ...v1,
        'project.config_files': files,
        'project.working_dir': directory,
        'project.environment_file': envFile,
      });
    const find = (one: Container) => findRunning([one], '/p/sub/a.yml', null, 'linux');
    expect(find(typed('sub/a.yml,sub/o.yml', '/p/sub', 'x.env'))).toMatchObject({
      files: ['/p/sub/a.yml', '/p/sub/o.yml'],
      envFiles: ['/p/x.env'],
    });
    expect(find(typed('../a.yml', '/p/sub'))?.files).toEqual(['/p/sub/a.yml']);
    expect(find(typed('../sub/a.yml,../o.yml', '/p/sub'))?.files).toEqual(['/p/sub/a.yml', '/p/o.yml']);
    expect(find(typed('./a.yml', '/p/sub'))?.files).toEqual(['/p/sub/a.yml']);
    // With --project-directory.
    expect(find(typed('sub/a.yml', '/p'))?.files).toEqual(['/p/sub/a.yml']);
  });

  test('a folder that is known by two names', () => {
    const real = (path: string) => path.replace(/^\/link/, '/p');
    const linked = { ...v2, 'project.config_files': '/link/a.yml', 'project.working_dir': '/link' };
    expect(findRunning([container(linked)], '/p/a.yml', null, 'linux', real)?.files).toEqual(['/link/a.yml']);
    expect(findRunning([container(linked)], '/p/a.yml', null, 'linux')).toBeNull();
  });

  test('the scale is what containers have numbers', () => {
    const numbered = (...numbers: string[]) =>
      numbers.map((number) => container({ ...v2, 'container-number': number }));
    expect([scaleOf([]), scaleOf(numbered('1', '2')), scaleOf(numbered('1', '1'))]).toEqual([1, 2, 1]);
  });

  test('other files, one-off containers and unlabelled ones do not count', () => {
    const oneOff = container({ ...v2, oneoff: 'True' });
    expect(findRunning([container(v2), oneOff], '/q/a.yml', null, 'linux')).toBeNull();
    expect(findRunning([oneOff, container({})], '/p/a.yml', null, 'linux')).toBeNull();
  });

  test('Windows and macOS do not tell cases apart', () => {
    expect(findRunning([container(v2)], '/P/A.yml', null, 'darwin')).not.toBeNull();
    expect(findRunning([container(v2)], '/P/A.yml', null, 'linux')).toBeNull();
    expect(isSameFile('C:\\app\\Compose.yml', 'c:/app/compose.yml', 'win32')).toBe(true);
    expect(isSameFile('/Volumes/ren\u00e9/a.yml', '/Volumes/rene\u0301/a.yml', 'darwin')).toBe(true);
    expect(isSameFile('/srv/ren\u00e9/a.yml', '/srv/rene\u0301/a.yml', 'linux')).toBe(false);
  });

  test('two projects of one file: the living one, the named one, or a question', () => {
    const other = container({ ...v2, project: 'q' }, { id: 'c2' });
    const dead = container({ ...v2, project: 'q' }, { state: { ...other.state, status: 'exited' } });
    expect(findRunning([container(v2), dead], '/p/a.yml', null, 'linux')?.project).toBe('p');
    expect(findRunning([container(v2), other], '/p/a.yml', 'q', 'linux')?.project).toBe('q');
    expect(thrownBy(() => findRunning([container(v2), other], '/p/a.yml', null, 'linux'))).toMatchObject({
      code: 'service-ambiguous',
      message: expect.stringContaining('p, q'),
    });
  });

  test('the newest first', () => {
    const newer = container(v2, { id: 'c2', createdAt: '2026-01-01T00:00:00.000000002Z' });
    expect(newestFirst([container(v2), newer]).map(({ id }) => id)).toEqual(['c2', 'c1']);
  });
});

describe('parseConfig', () => {
  test('JSON of v2 and YAML of v1 say the same, dollars undoubled', () => {
    const json =
      '{"services": {"bff": {"environment": {"A": "x$$y", "B": null, "N": 1}}, "side": {"network_mode": "service:bff"}}}';
    const yaml =
      'services:\n  bff:\n    environment:\n      A: x$$y\n      B: null\n      N: 1\n  side:\n    network_mode: service:bff\nversion: "3"\n';
    const wanted = {
      bff: { A: 'x$y', B: null, N: '1' },
      side: {},
    };
    for (const text of [json, yaml]) {
      const services = parseConfig(text);
      expect(Object.fromEntries(Object.entries(services).map(([name, each]) => [name, each.environment]))).toEqual(
        wanted,
      );
      expect(services['side']?.dependencies).toEqual(['bff']);
    }
  });

  test('a value that looks like a number is a text, as compose v1 prints it', () => {
    const yaml = "services: {bff: {environment: {A: 0123456789, B: 1e5, C: null, D: 'null', E: 1.10}}}";
    expect(parseConfig(yaml)['bff']?.environment).toEqual({ A: '0123456789', B: '1e5', C: null, D: 'null', E: '1.10' });
  });

  test('a list', () => {
    expect(parseConfig('services: {bff: {environment: ["A=x=y", B]}}')).toMatchObject({
      bff: { environment: { A: 'x=y', B: null } },
    });
  });

  test.for([
    [
      'v2',
      '{"services":{"bff":{"image":"i","deploy":{"replicas":2},"depends_on":{"idp":{"condition":"service_started"}},"volumes":[{"type":"volume","source":"keys","target":"/app/keys"},{"type":"volume","target":"/anon"},{"type":"tmpfs","target":"/tmp"}]}}}',
    ],
    [
      'v1',
      'services:\n  bff:\n    image: i\n    scale: 2\n    depends_on: [idp]\n    volumes: ["keys:/app/keys:rw", "/anon"]\n',
    ],
    [
      'one that has to end first is not started before it',
      '{"services":{"bff":{"image":"i","scale":2,"depends_on":{"idp":{"condition":"service_healthy"},"migrate":{"condition":"service_completed_successfully"}},"volumes":["keys:/app/keys"]}}}',
    ],
  ] as const)('what its next start is made of: %s', ([, text]) => {
    const { image, replicas, sharedPaths, dependencies } = parseConfig(text)['bff'] ?? {};
    expect({ image, replicas, sharedPaths, dependencies }).toEqual({
      image: 'i',
      replicas: 2,
      sharedPaths: ['/app/keys'],
      dependencies: ['idp'],
    });
  });
});

test('parseDryRun: what would be made', () => {
  const text = [
    ' DRY-RUN MODE -  Container p-redis-1  Recreate',
    ' DRY-RUN MODE -  Container p-redis-1  Recreated',
    ' DRY-RUN MODE -  Container p-bff-1  Recreate',
    ' DRY-RUN MODE -  Container p-idp-1  Running',
    ' DRY-RUN MODE -  Container p-kafka-1  Creating',
    ' DRY-RUN MODE -  Container p-kafka-1  Created',
    ' DRY-RUN MODE -  Container p-stopped-1  Created',
    ' DRY-RUN MODE -  Container p-stopped-1  Starting',
  ].join('\n');
  expect(parseDryRun(text)).toEqual(['p-redis-1', 'p-bff-1', 'p-kafka-1']);
});
