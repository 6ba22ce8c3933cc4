import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../scripts/compose/compose-output.ts';
import { createDocker } from '../../scripts/compose/docker.ts';
import { parseInspect } from '../../scripts/compose/inspect.ts';
import type { Invocation } from '../../scripts/compose/invocation.ts';
import { createLastExit } from '../../scripts/compose/last-exit.ts';
import { lookAhead, prepareUp } from '../../scripts/compose/look-ahead.ts';
import type { Command, CommandResult } from '../../scripts/core/ports.ts';

const NEVER = new AbortController().signal;
const OK = { exitCode: 0, stdout: '', stderr: '', startError: null, timedOut: false };
const HASH = 'a'.repeat(64);
const STARTED = '2026-01-01T00:00:10.000000000Z';

const container = (service: string, { mounts = [] as object[], state = {}, number = '1' } = {}) => ({
  Id: `${service}${number}`,
  Name: `/p-${service}-${number}`,
  Created: '2026-01-01T00:00:00.000000001Z',
  Image: 'sha256:0',
  Config: {
    Image: service,
    Env: [],
    Labels: {
      'com.docker.compose.service': service,
      'com.docker.compose.config-hash': HASH,
      'com.docker.compose.container-number': number,
    },
  },
  HostConfig: { LogConfig: { Type: 'json-file' } },
  Mounts: mounts,
  RestartCount: 0,
  State: { Status: 'running', ExitCode: 0, OOMKilled: false, StartedAt: STARTED, Error: '', ...state },
});

const CONFIG = {
  bff: { image: 'bff', depends_on: { idp: {} }, deploy: { replicas: 2 } },
  idp: { image: 'idp' },
  other: { image: 'other' },
};

/** Looks ahead with a docker that answers so to the words of a command. */
async function look({
  answers = {} as Readonly<Record<string, Partial<CommandResult>>>,
  containers = [container('bff'), container('idp'), container('other')],
  major = 2,
  changed = null as Date | null,
  noDeps = false,
} = {}) {
  const asked: string[] = [];
  const run = async ({ file, args }: Command) => {
    const words = [file, ...args].join(' ');
    asked.push(words);
    const known = Object.entries(answers).find(([part]) => words.includes(part));
    return { ...OK, ...known?.[1] };
  };
  const docker = createDocker({ run, async *lines() {} });
  const command = major === 2 ? ['docker', 'compose'] : ['docker-compose'];
  const invocation: Invocation = {
    program: { command, version: `${major}`, major },
    files: ['/p/a.yml'],
    project: 'p',
    directory: null,
    envFiles: [],
    noDeps,
  };
  const all = parseInspect(JSON.stringify(containers));
  const config = Promise.resolve(parseConfig(JSON.stringify({ services: CONFIG })));
  const place = { invocation, service: 'bff', scale: 1 };
  const outlook = await lookAhead(place, all, config, { docker, changedAt: () => changed }, NEVER);
  return { ...outlook, invocation, asked };
}

const dry = (...lines: string[]) => ({ stdout: lines.map((each) => ` DRY-RUN MODE -  Container ${each}\n`).join('') });

describe('whether the next start is another one', () => {
  test.for([
    ['nothing changed', dry('p-idp-1  Running', 'p-bff-1  Starting'), null],
    ['it only ended', dry('p-idp-1  Running', 'p-bff-1  Created', 'p-bff-1  Starting', 'p-bff-1  Started'), null],
    ['its configuration changed', dry('p-bff-1  Recreate', '0123456789ab_p-bff-1  Starting'), /configuration/],
  ] as const)('v2: %s', async ([, answer, words]) => {
    const { changed } = (await look({ answers: { '--dry-run': answer } })).next;
    if (words === null) expect(changed).toBeNull();
    else expect(changed).toMatch(words);
  });

  test.for([
    ['the same', HASH, null],
    ['another one', 'b'.repeat(64), /configuration/],
  ] as const)('v1: by its hash, which is %s', async ([, hash, words]) => {
    const stdout = `idp ${HASH}\nbff ${hash}\nother ${HASH}\n`;
    const { changed } = (await look({ major: 1, answers: { '--hash': { stdout } } })).next;
    if (words === null) expect(changed).toBeNull();
    else expect(changed).toMatch(words);
  });

  const mount = (RW: boolean) => [{ Type: 'bind', Source: '/p/ca.pem', Destination: '/ca.pem', RW }];
  test.for([
    ['a file that is mounted was changed', false, '2026-01-01T00:00:11Z', /^\/p\/ca\.pem, which is mounted/],
    ['before it was started', false, '2026-01-01T00:00:09Z', null],
    ['what it writes itself', true, '2026-01-01T00:00:11Z', null],
  ] as const)('%s', async ([, isWritable, at, words]) => {
    const containers = [container('bff', { mounts: mount(isWritable) })];
    const { changed } = (await look({ containers, changed: new Date(at) })).next;
    if (words === null) expect(changed).toBeNull();
    else expect(changed).toMatch(words);
  });
});

describe('what comes first', () => {
  test('v2: what will be recreated, and what that depends on; with --no-deps nothing is', async () => {
    const found = await look({ answers: { '--dry-run': dry('p-idp-1  Recreate', 'p-bff-1  Recreate') } });
    expect(found.next).toMatchObject({ before: ['start p-idp-1'], copies: 2 });
    expect(found.sideEffects).toEqual([expect.stringMatching(/also recreate p-idp-1, before the token is minted/)]);
    expect(found.dependencies).toEqual(['idp']);
  });

  test('v1: only what the service needs', async () => {
    const b = 'b'.repeat(64);
    const { next, dependencies } = await look({
      major: 1,
      answers: { '--hash': { stdout: `idp ${b}\nbff ${HASH}\nother ${b}\n` } },
    });
    expect([next.before, dependencies]).toEqual([['start p-idp-1'], ['idp']]);
  });

  const ENDED = container('idp', { state: { Status: 'exited' } });

  test.for([
    ['v2', 2, { '--dry-run': dry('p-idp-1  Created', 'p-idp-1  Starting', 'p-bff-1  Created') }],
    ['v2 without a dry run', 2, { '--dry-run': { exitCode: 16, stderr: 'unknown flag: --dry-run' } }],
    ['v1', 1, { '--hash': { stdout: `idp ${HASH}\nbff ${HASH}\n` } }],
  ] as const)(
    '%s: what it depends on and is stopped is started, and is not said to have changed',
    async ([, major, answers]) => {
      const found = await look({ major, answers, containers: [container('bff'), ENDED] });
      expect(found.next).toMatchObject({ changed: null, before: ['start p-idp-1'] });
      expect(found.sideEffects).toEqual([expect.stringMatching(/^This will also start p-idp-1, before the token/)]);
      expect(found.dependencies).toEqual(['idp']);
      const left = await look({ major, answers, containers: [container('bff'), ENDED], noDeps: true });
      expect(left.dependencies).toEqual([]);
    },
  );

  test('nothing is there: v1 says what it makes by the names of the services', async () => {
    const answers = { '--hash': { stdout: '' } };
    expect((await look({ major: 1, answers, containers: [] })).next.before).toContain('start idp');
  });

  test('an image that is not on this machine is fetched, and named where that fails', async () => {
    const { next, invocation, ...outlook } = await look({
      containers: [],
      answers: { 'image inspect bff': { exitCode: 1 }, '--dry-run': dry('p-bff-1  Creating', 'p-bff-2  Creating') },
    });
    expect(next.before).toEqual(['pull bff']);
    const pull = async () => ({ ...OK, exitCode: 1, stderr: 'pull access denied for bff' });
    const deaf = { progress() {}, note() {}, warn() {} };
    const pulling = prepareUp(
      invocation,
      'bff',
      { ...outlook, next },
      { program: 'docker', pull, replace: async () => {}, typed: ({ args }) => args.join(' ') },
      deaf,
    );
    await expect(pulling).rejects.toMatchObject({
      code: 'restart-failed',
      message: 'The image bff of bff is not on this machine and cannot be pulled: pull access denied for bff',
    });
  });
});

test('an image that the pull policy keeps from being pulled is missed before the mint', async () => {
  const { invocation, ...outlook } = await look({ containers: [], answers: { 'image inspect bff': { exitCode: 1 } } });
  const inspects: string[] = [];
  const pull = async ({ file, args }: Command) => {
    if (!args.includes('inspect')) return OK;
    inspects.push(file);
    return { ...OK, exitCode: 1, stderr: 'Error: No such image: bff' };
  };
  const tools = { program: 'podman', pull, replace: async () => {}, typed: () => '' };
  const deaf = { progress() {}, note() {}, warn() {} };
  await expect(prepareUp(invocation, 'bff', outlook, tools, deaf)).rejects.toMatchObject({
    message: expect.stringMatching(/^The image bff of bff is not on this machine.*No such image/),
  });
  // The engine is asked that the image is for.
  expect(inspects).toEqual(['podman']);
});

describe('a compose that cannot tell', () => {
  test('because it is too old for the daemon: that is said before anything is minted', async () => {
    const stderr = 'Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44';
    const answers = {
      '--dry-run': { exitCode: 16, stderr: 'unknown flag: --dry-run' },
      ' ps -q ': { exitCode: 1, stderr },
    };
    await expect(look({ answers })).rejects.toMatchObject({
      code: 'docker-unreachable',
      message: expect.stringContaining('too old'),
    });
  });

  test('because it knows no dry run: nothing is made up', async () => {
    const { next, sideEffects } = await look({
      answers: { '--dry-run': { exitCode: 16, stderr: 'unknown flag: --dry-run' } },
    });
    expect([next.changed, next.before, sideEffects]).toEqual([null, [], []]);
  });

  test('for another reason: its words', async () => {
    const { sideEffects } = await look({
      answers: { '--dry-run': { exitCode: 1, stderr: 'no space left on device' } },
    });
    expect(sideEffects).toEqual(['Compose could not say what the restart will do besides: no space left on device']);
  });
});

describe('the exit code of one that runs again', () => {
  const again = async (RestartCount: number, Status: string) => {
    const [found] = parseInspect(JSON.stringify([{ ...container('bff', { state: { Status } }), RestartCount }]));
    let asked = 0;
    const run = async () => {
      asked += 1;
      return { ...OK, stdout: '1\n137\n' };
    };
    const withLastExit = createLastExit(createDocker({ run, async *lines() {} }));
    if (found === undefined) throw new Error('There is none.');
    const { exitCode } = (await withLastExit(found, NEVER)).state;
    await withLastExit(found, NEVER);
    return { exitCode, asked };
  };

  test('is in the events of the engine, which are asked once for each start', async () => {
    expect(await again(3, 'running')).toEqual({ exitCode: 137, asked: 1 });
    expect(await again(0, 'running')).toEqual({ exitCode: 0, asked: 0 });
  });
});
