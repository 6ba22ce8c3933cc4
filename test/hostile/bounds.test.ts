import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { parseDotenv } from '../../scripts/compose-file/dotenv.ts';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { toAppError } from '../../scripts/core/errors.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { reportFiles } from '../../scripts/platform/report-folder.ts';
import { parseCollection } from '../../scripts/postman/collection.ts';
import { type Attack, type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { runCommand } from '../support/command.ts';
import { runHere } from '../support/in-process.ts';

interface Ended extends Attempted {
  readonly code: string;
  /** What the attack left where it was put, as far as it can be looked at. */
  readonly there: boolean;
}

type Plant = (path: string) => void;

const pipe: Plant = (path) => expect(spawnSync('mkfifo', [path]).status).toBe(0);
const endless: Plant = (path) => fs.symlinkSync('/dev/zero', path);
const folder: Plant = (path) => fs.mkdirSync(path);
const socket: Plant = (path) => {
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
};
/** Takes no room on the disk. */
const huge: Plant = (path) => fs.closeSync(fs.openSync(path, 'w')) ?? fs.truncateSync(path, 300_000_000);

function newHome(): string {
  const home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'iat-test-')));
  onTestFinished(() => fs.rmSync(home, { recursive: true }));
  return home;
}

const isThere = (path: string) => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Something else lies where a file is read or written. */
function inPlaceOf(name: string, plant: Plant, use: (path: string) => Promise<unknown>, code: string): Attack<Ended> {
  return {
    name,
    async attempt() {
      const path = join(newHome(), 'compose.yaml');
      fs.writeFileSync(path, 'old');
      const at = name.startsWith('lock') ? `${path}.lock` : path;
      fs.rmSync(at, { force: true });
      await new Promise((resolve) => setImmediate(resolve, plant(at)));
      const thrown = await use(path).then(() => null, toAppError);
      return { code: thrown?.code ?? 'done', shown: `${thrown?.message} ${thrown?.hint?.text}`, there: isThere(at) };
    },
    happened: ({ there }) => expect(there).toBe(true),
    outcome: (ended) => expect(ended).toMatchObject({ code }),
  };
}

const files = createFiles({ waitMs: 100 });
const read = (path: string) => files.read(path);
const verify = (path: string) => files.verifyWritable(path);
const write = (path: string) => files.replace(path, Buffer.from('old'), Buffer.from(CANARY.token));

attacks('something else in the place of a file', [
  inPlaceOf('a pipe, read', pipe, read, 'file-not-regular'),
  inPlaceOf('a pipe, written', pipe, write, 'file-not-regular'),
  inPlaceOf('a socket', socket, read, 'file-not-regular'),
  inPlaceOf('a device without an end', endless, read, 'file-not-regular'),
  inPlaceOf('a folder', folder, read, 'file-not-regular'),
  inPlaceOf('300 MB', huge, read, 'file-not-regular'),
  inPlaceOf('lock: a pipe, before anything is minted', pipe, verify, 'file-busy'),
  inPlaceOf('lock: a pipe, when the token is written', pipe, write, 'file-busy'),
  inPlaceOf('lock: a device without an end', endless, write, 'file-busy'),
  inPlaceOf('lock: a link to nothing', (path) => fs.symlinkSync('nothing', path), write, 'file-busy'),
  inPlaceOf('lock: a folder', folder, verify, 'file-busy'),
  inPlaceOf('lock: a socket', socket, verify, 'file-busy'),
  inPlaceOf('lock: 300 MB', huge, verify, 'file-busy'),
]);

/** The same for what a person names to a command. */
function named(name: string, args: (path: string) => readonly string[], plant: Plant = pipe): Attack<Ended> {
  return {
    name,
    async attempt() {
      const home = newHome();
      const path = join(home, name === '.env' ? name : 'named');
      plant(path);
      const ended = await runHere(
        [...args(path), '--reports', join(home, 'reports'), '--idp-url', 'http://127.0.0.1:9'],
        {
          cwd: home,
          env: name === '--admin-token-file' ? {} : { IAT_ADMIN_TOKEN: CANARY.admin },
        },
      );
      return { code: ended.run.error?.code ?? 'none', shown: ended.all, there: isThere(path) };
    },
    happened: ({ there }) => expect(there).toBe(true),
    outcome({ code, shown }) {
      expect(code).toBe('file-not-regular');
      expect(shown).toContain('not a file');
    },
  };
}

const COLLECTION = fileURLToPath(new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url));

attacks('a pipe in the place of what a command is given', [
  named('--collection', (path) => ['--collection', path]),
  named('--environment', (path) => ['--collection', COLLECTION, '--environment', path]),
  named('--environment, a device', (path) => ['--collection', COLLECTION, '--environment', path], endless),
  named('--compose-file', (path) => ['--collection', COLLECTION, '--compose-file', path]),
  named('--ca-file', (path) => ['--collection', COLLECTION, '--ca-file', path]),
  named('.env', () => []),
]);

attacks('a log that is never written', [
  {
    name: 'a pipe without a writer: the time limit holds, and nothing keeps the process',
    async attempt() {
      const home = newHome();
      const path = join(home, 'log');
      pipe(path);
      const args = ['--log-file', path, '--timeout', '1', '--reports', join(home, 'reports')];
      const { exitCode, all } = await runCommand(args, {
        command: 'doctor',
        cwd: home,
        env: { IAT_ADMIN_TOKEN: CANARY.admin },
      });
      return { code: String(exitCode), shown: all, there: isThere(path) };
    },
    happened: ({ there }) => expect(there).toBe(true),
    outcome({ code, shown }) {
      expect(code).toBe('3');
      expect(shown).toContain('took longer than 1 s');
    },
  } satisfies Attack<Ended>,
]);

/** Something lies where reports are written, or are read later; the result is what came of it, or the code of an error. */
function besideReports(
  name: string,
  plant: (home: string) => void,
  act: (home: string) => Promise<unknown>,
  wanted: unknown,
): Attack<Attempted & { readonly planted: number; readonly victim: string; readonly result: unknown }> {
  return {
    name,
    async attempt() {
      const home = newHome();
      fs.writeFileSync(join(home, 'victim'), 'untouched');
      plant(home);
      const planted = fs.readdirSync(home).length;
      const result = await act(home).catch((thrown: unknown) => toAppError(thrown).code);
      return { planted, victim: fs.readFileSync(join(home, 'victim'), 'utf8'), result, shown: String(result) };
    },
    happened: ({ planted }) => expect(planted).toBeGreaterThan(1),
    outcome: (ended) => expect(ended).toMatchObject({ victim: 'untouched', result: wanted }),
  };
}

const page = (home: string) => join(home, 'index.html');
const summary = (home: string) => join(home, 'summary');
const replacePage = async (home: string) => {
  await reportFiles.replace(page(home), 'page');
  return fs.lstatSync(page(home)).isFile() && fs.readFileSync(page(home), 'utf8');
};
const inRun = (plant: Plant) => (home: string) => {
  fs.mkdirSync(join(home, 'run'));
  plant(join(home, 'run/result.json'));
};
const NO_RESULT = [{ name: 'run', result: null, hasPage: false }];

attacks('reports', [
  besideReports(
    'the page over all runs is a pipe',
    (home) => pipe(page(home)),
    (home) => reportFiles.read(page(home)),
    'file-not-writable',
  ),
  besideReports(
    'the page over all runs is a link: it is not followed',
    (home) => fs.symlinkSync('victim', page(home)),
    replacePage,
    'page',
  ),
  besideReports(
    'the name of a temporary page is taken by a link',
    (home) => {
      for (const end of ['.new', `.${process.pid}.new`]) fs.symlinkSync('victim', page(home) + end);
    },
    replacePage,
    'page',
  ),
  besideReports(
    'a report is a link before it is written',
    (home) => fs.symlinkSync('victim', page(home)),
    (home) => reportFiles.write(page(home), 'page'),
    'internal',
  ),
  besideReports('the result of an older run is a pipe', inRun(pipe), (home) => reportFiles.runs(home), NO_RESULT),
  besideReports(
    'the result of an older run is a link to another file',
    inRun((path) => fs.symlinkSync('../victim', path)),
    (home) => reportFiles.runs(home),
    NO_RESULT,
  ),
  besideReports(
    'the step summary is a pipe without a reader',
    (home) => pipe(summary(home)),
    (home) => reportFiles.append(summary(home), 'text'),
    'internal',
  ),
  besideReports(
    'the step summary is a pipe with a reader',
    (home) => {
      pipe(summary(home));
      const reader = fs.openSync(summary(home), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      onTestFinished(() => fs.closeSync(reader));
    },
    (home) => reportFiles.append(summary(home), 'text'),
    'file-not-writable',
  ),
  besideReports(
    '3,000 runs: no more open files than there may be',
    (home) => {
      for (let run = 0; run < 3_000; run++) {
        fs.mkdirSync(join(home, `run-${run}`));
        fs.writeFileSync(join(home, `run-${run}/result.json`), '{}');
      }
    },
    async (home) => (await reportFiles.runs(home)).filter(({ result }) => result === '{}').length,
    3_000,
  ),
]);

/** A repository whose configuration names a program. */
function inRepository(
  name: string,
  configure: (git: (...args: string[]) => void, program: string) => void,
): Attack<Ended> {
  return {
    name,
    async attempt() {
      const home = newHome();
      const ran = join(home, 'ran');
      const program = join(home, 'program');
      fs.writeFileSync(program, `#!/bin/sh\ntouch '${ran}'\n`, { mode: 0o755 });
      const git = (...args: string[]) => {
        expect(spawnSync('git', ['-C', home, '-c', 'core.fsmonitor=false', ...args]).status).toBe(0);
      };
      git('init', '-q');
      fs.writeFileSync(join(home, 'compose.yaml'), 'old');
      git('add', 'compose.yaml');
      configure(git, program);
      // The bait works: git itself runs the program.
      spawnSync('git', ['-C', home, 'status']);
      const there = isThere(ran);
      fs.rmSync(ran, { force: true });
      const tracked = await files.isTracked(join(home, 'compose.yaml'));
      return { there, shown: '', code: `${tracked}, ${isThere(ran) ? 'ran' : 'not run'}` };
    },
    happened: ({ there }) => expect(there).toBe(true),
    outcome: ({ code }) => expect(code).toBe('true, not run'),
  };
}

attacks('a repository that runs a program when it is looked at', [
  inRepository('its watcher', (git, program) => git('config', 'core.fsmonitor', program)),
  inRepository('a hook of its own folder', (git, program) => {
    git('config', 'core.hooksPath', 'hooks');
    fs.mkdirSync(join(program, '../hooks'));
    fs.copyFileSync(program, join(program, '../hooks/post-index-change'));
    fs.utimesSync(join(program, '../compose.yaml'), 1, 1);
  }),
]);

/** What is large or deep: read, edited or refused, in bounded time. CPU time of this process: a busy machine changes nothing. */
function large(
  name: string,
  text: () => string,
  use: (bytes: Uint8Array) => unknown,
  code: string,
  ms = 5_000,
): Attack<Ended> {
  return {
    name,
    attempt() {
      const bytes = Buffer.from(text());
      const start = process.cpuUsage();
      let thrown = null;
      try {
        use(bytes);
      } catch (error) {
        thrown = toAppError(error);
      }
      const spent = process.cpuUsage(start).user / 1_000;
      expect(spent).toBeLessThan(ms);
      return { code: thrown?.code ?? 'done', shown: `${thrown?.message}`, there: bytes.length > 10_000 };
    },
    happened: ({ there }) => expect(there).toBe(true),
    outcome: (ended) => expect(ended).toMatchObject({ code }),
  };
}

const SERVICE = 'services:\n  bff:\n    environment:\n      DCR_IAT: "old"\n';
const edit = (bytes: Uint8Array) => setEnvironment(bytes, 'bff', { DCR_IAT: CANARY.token });
const compose = (name: string, rest: () => string, code: string) => large(name, () => SERVICE + rest(), edit, code);
const ITEMS = '{"info":{"name":"c","schema":"https://schema.getpostman.com/json/collection/v2.1.0/"},"item":';
const collection = (name: string, rest: () => string) =>
  large(
    name,
    () => ITEMS + rest(),
    (bytes) => parseCollection(bytes, 'c.json'),
    'collection-invalid',
  );
const dotenv = (name: string, text: () => string) =>
  large(name, text, (bytes) => parseDotenv(bytes.toString()), 'done');
const times = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

attacks('large and deep files', [
  compose('30 MB of comments', () => '# a\n'.repeat(7_500_000), 'compose-invalid'),
  compose('more than 400,000 entries', () => `x-a: [${'a,'.repeat(500_000)}]\n`, 'compose-invalid'),
  compose('20,000 lists in each other', () => `x-a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, 'yaml-syntax'),
  compose('20,000 maps in each other', () => `x-a: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}\n`, 'yaml-syntax'),
  compose('20,000 dashes', () => `x-a:\n  ${'- '.repeat(20_000)}a\n`, 'yaml-syntax'),
  compose('20,000 question marks', () => `x-a:\n  ${'? '.repeat(20_000)}a\n`, 'yaml-syntax'),
  compose(
    'aliases of aliases of aliases',
    () => `x-0: &a0 [lol]\n${times(1_000, (i) => `x-${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]\n`)}`,
    'done',
  ),
  large(
    'merges of merges of merges',
    () =>
      `x-0: &a0 {A: b}\n${times(400, (i) => `x-${i + 1}: &a${i + 1}\n  <<: [${`*a${i}, `.repeat(9)}*a${i}]\n`)}` +
      'services:\n  bff:\n    environment:\n      <<: *a400\n      DCR_IAT: "old"\n',
    edit,
    'done',
  ),
  compose('a tag of 1 MB', () => `x-a: !${'a'.repeat(1_000_000)} b\n`, 'done'),
  compose('2 MB of blanks behind a colon', () => `x-a:${' '.repeat(2_000_000)}b\n`, 'done'),
  collection('20,000 folders in each other', () => `${'[{"name":"f","item":'.repeat(20_000)}[]${'}]'.repeat(20_000)}}`),
  collection('200,000 brackets that are never closed', () => '['.repeat(200_000)),
  collection('a text of 10 MB of escapes in the place of requests', () => `"${'\\n'.repeat(5_000_000)}"}`),
  dotenv('.env: a value of 4 MB of escapes', () => `A="${'\\n'.repeat(2_000_000)}"\n`),
  dotenv('.env: 2 MB of blanks', () => `${' \n'.repeat(1_000_000)}A=b\n`),
]);
