import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findComposeStack } from '../../scripts/compose/compose-stack.ts';
import { AppError, toAppError } from '../../scripts/core/errors.ts';
import type { Command, CommandResult, Processes } from '../../scripts/core/ports.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { systemClock } from '../../scripts/platform/clock.ts';
import { createFiles } from '../../scripts/platform/files.ts';

const NEVER = new AbortController().signal;
const DEAF = { progress() {}, note() {}, warn() {} };
const TOKEN = new Secret('test-only-token-0001', 'IAT');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compose-stack-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => writeFile(join(folder, 'compose.yaml'), 'services:\n  bff:\n    environment:\n      DCR_IAT: ""\n'));

const VERSION = '{"Client":{"Version":"28.2.2","Context":"default"},"Server":{"Version":"20.10.24"}}';
const OK = { exitCode: 0, stdout: '', stderr: '', startError: null, timedOut: false };

/** Docker as far as a test needs it: what it answers to the words of a command; compose resolves the file as it is. */
function docker(answers: Readonly<Record<string, Partial<CommandResult>>> = {}) {
  const asked: string[] = [];
  const run = async (command: Command): Promise<CommandResult> => {
    const words = [command.file, ...command.args].join(' ');
    asked.push(words);
    const known = Object.entries(answers).find(([part]) => words.includes(part));
    if (known !== undefined) return { ...OK, ...known[1] };
    if (words.includes('compose version')) return { ...OK, stdout: '2.26.1\n' };
    if (words.startsWith('docker version')) return { ...OK, stdout: VERSION };
    if (words.includes(' config ')) {
      const [, value = ''] = /DCR_IAT: "?([^"\n]*)/.exec(await readFile(join(folder, 'compose.yaml'), 'utf8')) ?? [];
      return { ...OK, stdout: JSON.stringify({ services: { bff: { environment: { DCR_IAT: value } } } }) };
    }
    return OK;
  };
  const lines: Processes['lines'] = async function* (command) {
    asked.push([command.file, ...command.args].join(' '));
    yield { stream: 'stderr', text: 'Error response from daemon: configured logging driver does not support reading' };
  };
  return { asked, processes: { run, lines } satisfies Processes };
}

function find(
  { processes }: ReturnType<typeof docker>,
  purpose: 'write' | 'look' = 'write',
  project: string | null = null,
) {
  return findComposeStack(
    {
      service: 'bff',
      variable: 'DCR_IAT',
      write: 'auto',
      composeFiles: null,
      cwd: folder,
      project,
      noDeps: false,
      engine: null,
      env: {},
      platform: 'linux',
      realPath: (path) => path,
      isExported: () => false,
      changedAt: () => null,
    },
    { processes, clock: systemClock, files: createFiles({ processes }) },
    purpose,
    NEVER,
  );
}

function container(project: string, file: string, id: string) {
  const label = (name: string) => `com.docker.compose.${name}`;
  return {
    Id: id,
    Name: `/${project}-bff-1`,
    Created: '2026-01-01T00:00:00.000000001Z',
    Image: 'sha256:0',
    Config: {
      Image: 'bff',
      Env: [],
      Labels: {
        [label('project')]: project,
        [label('project.config_files')]: join(folder, file),
        [label('project.working_dir')]: folder,
        [label('service')]: 'bff',
        [label('version')]: '2.26.1',
      },
    },
    HostConfig: { LogConfig: { Type: 'json-file' }, NetworkMode: 'default' },
    RestartCount: 0,
    State: { Status: 'running', ExitCode: 0, OOMKilled: false, StartedAt: '2026-01-01T00:00:01Z', Error: '' },
  };
}

describe('finding the project', () => {
  const running = (...containers: ReturnType<typeof container>[]) => ({
    ' ps ': { stdout: containers.map(({ Id }) => Id).join('\n') },
    ' inspect ': { stdout: JSON.stringify(containers) },
  });

  test('another default file that runs as two projects does not matter where the first one is not ambiguous', async () => {
    await writeFile(join(folder, 'docker-compose.yml'), 'services: {bff: {}}\n');
    const all = [
      container('a', 'compose.yaml', '1'),
      container('b', 'docker-compose.yml', '2'),
      container('c', 'docker-compose.yml', '3'),
    ];
    const stack = await find(docker(running(...all))).finally(() => rm(join(folder, 'docker-compose.yml')));
    expect(stack.description).toBe(`docker compose 2.26.1, project a, ${folder}/compose.yaml, service bff`);
  });

  test('the file itself, running as two projects, is ambiguous until one is named', async () => {
    const both = docker(running(container('a', 'compose.yaml', '1'), container('b', 'compose.yaml', '2')));
    await expect(find(both)).rejects.toMatchObject({ code: 'service-ambiguous' });
    expect((await find(both, 'look', 'b')).description).toContain('project b');
    // v1 takes it in any spelling.
    expect((await find(both, 'look', 'B.')).description).toContain('project b');
  });

  test('a project that was named and of which nothing runs is not the one that runs: a second stack is said beforehand', async () => {
    const engine = docker(running(container('a', 'compose.yaml', '1')));
    const stack = await find(engine, 'write', 'b');
    expect(stack.description).toContain('project b');
    expect((await stack.look(NEVER)).sideEffects).toContainEqual(
      expect.stringMatching(/run as project a, and COMPOSE_PROJECT_NAME names b/),
    );
    expect(stack.byHand.restart).toContain('-p b');
  });

  test('without a container of the service the rest of its stack tells project and compose', async () => {
    const idp = container('a', 'compose.yaml', '1');
    const labels = {
      ...idp.Config.Labels,
      'com.docker.compose.service': 'idp',
      'com.docker.compose.version': '1.29.2',
    };
    const all = { ...idp, Config: { ...idp.Config, Labels: labels } };
    const stack = await find(
      docker({
        'label=com.docker.compose.service=bff': { stdout: '' },
        'docker-compose version': { stdout: '1.29.2\n' },
        ...running(all as typeof idp),
      }),
    );
    expect(stack.description).toContain('docker-compose 1.29.2, project a');
  });

  test('what keeps the file from being written is said before what is wrong with Docker, but only for a write', async () => {
    await writeFile(join(folder, 'compose.yaml'), 'services:\n  bff:\n    environment: [DCR_IAT:x]\n');
    const down = docker({ 'docker version': { exitCode: 1, stderr: 'Cannot connect to the Docker daemon' } });
    await expect(find(down, 'write')).rejects.toMatchObject({ code: 'near-miss' });
    await expect(find(down, 'look')).rejects.toMatchObject({ code: 'docker-unreachable' });
  });
});

test('a broken file is described by the editor, which says more than compose', async () => {
  await writeFile(join(folder, 'compose.yaml'), 'services:\n  bff:\n\tenvironment: {}\n');
  const stack = await find(docker({ ' config ': { exitCode: 15, stderr: 'yaml: line 3: found character' } }), 'look');
  await expect(stack.look(NEVER)).rejects.toMatchObject({ code: 'yaml-syntax', where: { line: 3 } });
});

test('a compose that takes too long is not called a broken file', async () => {
  const stack = await find(docker({ ' config ': { exitCode: null, timedOut: true } }), 'look');
  const error = toAppError(await stack.look(NEVER).catch((thrown: unknown) => thrown));
  expect(error).toMatchObject({ code: 'compose-failed', message: 'Compose took longer than 60 s to read its files.' });
});

describe('the value after a write', () => {
  const settings = { correct: {}, add: {} };
  const file = () => readFile(join(folder, 'compose.yaml'), 'utf8');

  /** Writes the token; `after` is what compose answers from then on. */
  async function write(after: Readonly<Record<string, Partial<CommandResult>>>) {
    const answers: Record<string, Partial<CommandResult>> = {};
    const stack = await find(docker(answers));
    await stack.look(NEVER);
    const planned = await stack.planWrite(settings, NEVER);
    Object.assign(answers, after);
    return planned.write(TOKEN, 'sha256:1a2b3c4d', DEAF, NEVER);
  }

  test('counts: nothing is in doubt', async () => {
    const { doubt, change } = await write({});
    expect(doubt).toBeNull();
    expect(change).toMatchObject({ wrote: 'compose', before: 'empty', changed: ['DCR_IAT'] });
    expect(await file()).toContain(TOKEN.reveal());
  });

  test('does not count, as compose proves: the file is put back', async () => {
    const other = JSON.stringify({ services: { bff: { environment: { DCR_IAT: 'other' } } } });
    await expect(write({ ' config ': { stdout: other } })).rejects.toMatchObject({ code: 'effective-value' });
    expect(await file()).toContain('DCR_IAT: ""');
  });

  test('compose does not accept its files any more: put back', async () => {
    await expect(write({ ' config ': { exitCode: 15, stderr: 'yaml: line 3: mapping' } })).rejects.toMatchObject({
      code: 'effective-value',
    });
    expect(await file()).toContain('DCR_IAT: ""');
  });

  test.for([
    ['compose takes too long', { exitCode: null, timedOut: true }, 'compose-failed'],
    ['compose is gone', { exitCode: null, startError: 'ENOENT' }, 'compose-missing'],
    ['compose answers nonsense', { stdout: '{' }, 'compose-failed'],
  ] as const)(
    'cannot be checked, because %s: the token stays, and the message says how to check',
    async ([, answer, code]) => {
      const { doubt } = await write({ ' config ': answer });
      expect(doubt).toMatchObject({
        code,
        message: expect.stringMatching(
          /^The token is written to .*compose\.yaml and stays there, but this tool could not check whether it takes effect: /,
        ),
        hint: { command: expect.stringContaining(' config') },
      });
      expect(await file()).toContain(TOKEN.reveal());
    },
  );

  test('an interruption before it is known: put back', async () => {
    const stop = new AbortController();
    const { processes } = docker();
    const run: Processes['run'] = async (command, options) => {
      if (options.signal.aborted) throw options.signal.reason;
      return processes.run(command);
    };
    const stack = await find({ asked: [], processes: { ...processes, run: run as typeof processes.run } });
    await stack.look(NEVER);
    const planned = await stack.planWrite(settings, NEVER);
    stop.abort(new AppError('interrupted', 'Stopped.'));
    await expect(planned.write(TOKEN, 'h', DEAF, stop.signal)).rejects.toMatchObject({ code: 'interrupted' });
    expect(await file()).toContain('DCR_IAT: ""');
  });
});

test('a log that cannot be read is asked for once, and not again', async () => {
  const engine = docker();
  const stack = await find(engine, 'look');
  engine.asked.length = 0;
  let told = 0;
  const lines: unknown[] = [];
  for await (const line of stack.logs('1', { follow: true, signal: NEVER, onUnreadable: () => told++ }))
    lines.push(line);
  expect([told, lines, engine.asked.length]).toEqual([1, [], 1]);
});
