import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import { diagnosisOf, signatureOf } from '../../scripts/bff/signatures.ts';
import type { RunName } from '../../scripts/cli/commands.ts';
import { dockerFailure } from '../../scripts/compose/daemon-failures.ts';
import { configFailure, upFailure } from '../../scripts/compose/failures.ts';
import { AppError } from '../../scripts/core/errors.ts';
import type { CommandResult } from '../../scripts/core/ports.ts';
import type { ChangeFacts } from '../../scripts/core/result.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { createOutput } from '../../scripts/platform/output.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { askYesNo } from '../../scripts/platform/prompt.ts';
import { type Attack, attacks, CANARY } from '../support/attacks.ts';
import { request } from '../support/builders.ts';
import { runHere } from '../support/in-process.ts';
import { sendJson, serve } from '../support/server.ts';
import { createHome } from '../support/stand-in.ts';
import { ALL, COMMAND, failing, HIDDEN, runOf, type Shown, shownIn, TRICKS } from './gate-shown.ts';

function saidBy(program: string): CommandResult {
  return { exitCode: 1, stdout: '', stderr: program, startError: null, timedOut: false };
}

/** A command as a person runs it. */
async function command(name: RunName, args: readonly string[], input = ''): Promise<Shown> {
  const home = await createHome();
  const env = { GITHUB_STEP_SUMMARY: join(home, 'summary.md') };
  const { all } = await runHere(args, { command: name, cwd: home, env, input });
  return shownIn(home, all);
}

/** `npm run health` against a BFF that names a component so. */
async function named(component: string): Promise<Shown> {
  const url = await serve((_, response) =>
    sendJson(response, 200, { status: 'down', components: { [component]: 'down' } }),
  );
  return command('health', ['--bff-url', url]);
}

/** `npm run collection` of a collection with a hostile name in some place. */
async function collected(items: (url: string) => unknown[], names: readonly string[]): Promise<Shown> {
  const url = await serve((_, response) => sendJson(response, 500, {}));
  const home = await createHome();
  const info = { name: ALL, schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' };
  await writeFile(join(home, 'own.json'), JSON.stringify({ info, item: items(url) }));
  const { all } = await runHere(['--collection', 'own.json', '--verbose', ...names], {
    command: 'collection',
    cwd: home,
  });
  return shownIn(home, all);
}

function failingTest(name: string) {
  return {
    event: [
      {
        listen: 'test',
        script: { exec: [`pm.test(${JSON.stringify(name)}, () => { throw new Error(${JSON.stringify(name)}); });`] },
      },
    ],
  };
}

/** It was really there: its signs are to be seen. */
const isThere = ({ printed }: Shown) =>
  expect(printed).toMatch(/�x�|\[U\+[0-9A-F]{4,5}\]|: :(?:error|stop)|# #\w*\[|section_start: /);

/** Nothing of it works, on the terminal or in a file that a CI prints or reads. */
function isHarmless({ printed, files }: Shown): void {
  expect(printed).not.toMatch(HIDDEN);
  expect(printed).not.toMatch(COMMAND);
  for (const [path, text] of Object.entries(files)) {
    expect(text, path).not.toMatch(HIDDEN);
    if (!path.endsWith('.html')) expect(text, path).not.toMatch(COMMAND);
  }
}

function row(
  name: string,
  attempt: () => Promise<Shown>,
  happened: Attack<Shown>['happened'] = isThere,
): Attack<Shown> {
  return { name, attempt, happened, outcome: isHarmless };
}

const secret = `${ALL} ${CANARY.admin}`;

attacks(
  'what others write, in the name of a component of the BFF',
  Object.entries(TRICKS).map(([name, trick]) => row(name, () => named(`${trick} ${'x'.repeat(30)} ${trick}`))),
);

attacks('what others write, at every place of the terminal', [
  row(
    'an error',
    failing(() => new AppError('internal', secret)),
  ),
  row(
    'its hint, and the command in it',
    failing(() => new AppError('internal', 'x', { hint: { text: secret, command: secret } })),
  ),
  row(
    'its file',
    failing(() => new AppError('internal', 'x', { where: { file: ALL, line: 1, column: 2 } })),
  ),
  row(
    'the line of a file with its caret',
    failing(() => new AppError('internal', 'x', { where: { file: 'a', line: 1, column: 90, excerpt: secret } })),
  ),
  row(
    'what is behind an error, with --verbose',
    failing(
      () => new AppError('internal', 'x', { cause: Object.assign(new Error(secret), { syscall: 'open', code: ALL }) }),
      ['--verbose'],
    ),
  ),
  row(
    'with --json, both streams',
    failing(() => new AppError('internal', secret, { hint: secret }), ['--json']),
    ({ printed }) => expect(printed).toMatch(/\\u001b\]52/),
  ),
  row('the line of a step, its notes and warnings', () =>
    runOf(
      ({ recorder }) =>
        recorder.step('preflight', async (scope) => {
          scope.note(secret);
          scope.warn(secret);
          scope.summary(secret);
          return { verdict: 'healthy' };
        }),
      ['--verbose'],
    ),
  ),
  row('the diff of a dry run', () =>
    runOf(async () => ({
      verdict: 'planned',
      change: {
        files: [ALL],
        service: ALL,
        wrote: 'compose',
        target: ALL,
        before: 'absent',
        changed: [ALL],
        diff: `+ a: ${secret}\n- b: ${secret}`,
      } satisfies ChangeFacts,
    })),
  ),
  row('a diagnosis and its log lines', () =>
    runOf(async () => ({
      diagnosis: diagnosisOf(signatureOf('idp-unreachable'), [secret, ALL]),
      error: new AppError('fault-found', secret),
    })),
  ),
  row('what to do next', () => runOf(async () => ({ verdict: 'healthy', next: [{ text: secret, command: secret }] }))),
  row('a narrow terminal', async () => {
    const lines: Shown[] = [];
    for (let columns = 1; columns < 60; columns += 7)
      lines.push(await onTerminal(columns, (output) => output.print({ text: ALL, indent: '' })));
    return { printed: lines.map(({ printed }) => printed).join('\n'), files: {}, shown: '' };
  }),
  row('a question', () =>
    onTerminal(80, (output) => askYesNo(ALL, new PassThrough().end('n\n'), output, AbortSignal.timeout(60_000))),
  ),
  row('the moving line', async () => {
    const { printed, ...rest } = await onTerminal(400, async (output, until) => {
      const spinner = output.spin(`begin ${ALL}`);
      await until(/begin/);
      spinner.update(`then ${ALL}`);
      await until(/then/);
      spinner.stop();
    });
    // What moves the line is its own.
    return { ...rest, printed: printed.replace(/\u001b\[(?:\?\d+[hl]|[\d;]*[A-Z]|[\d;]*m)/g, '\n') };
  }),
]);

/** What a terminal of so many columns gets. */
async function onTerminal(
  columns: number,
  use: (output: ReturnType<typeof createOutput>, until: (pattern: RegExp) => Promise<void>) => unknown,
): Promise<Shown> {
  const stream = new PassThrough();
  let printed = '';
  const until = async (pattern: RegExp) => {
    for (;;) {
      printed += String(stream.read() ?? '');
      if (pattern.test(printed)) return;
      await new Promise((resolve) => stream.once('readable', resolve));
    }
  };
  const tty = { isTTY: true, columns, clearLine: () => true, cursorTo: () => true, moveCursor: () => true };
  await use(createOutput(Object.assign(stream, tty), { NO_COLOR: '1' }, 'linux'), until);
  printed += String(stream.read() ?? '');
  return { printed, files: {}, shown: printed };
}

attacks('what programs, files and people write', [
  row(
    'docker',
    failing(() => upFailure(saidBy(`no\n${ALL.replaceAll(/[\r\n]/g, ' ')}`), 'docker compose up', 'bff')),
  ),
  row(
    'a dependency of compose',
    failing(() =>
      upFailure(
        saidBy(`dependency failed to start: container ${TRICKS['sets the clipboard']} exited (1) ##[error]x`),
        'x',
        'bff',
      ),
    ),
  ),
  row(
    'an env_file of compose',
    failing(() =>
      configFailure(saidBy(`env file ${TRICKS['sets the clipboard']} ::error::x not found: x`), 'x', 'compose.yaml'),
    ),
  ),
  row(
    'the daemon, which is not quoted',
    failing(() => dockerFailure(saidBy(ALL))),
    ({ printed }) => expect(printed).toContain('Docker could not do what it was asked'),
  ),
  row(
    'the owner of a lock',
    failing(async (home) => {
      const path = join(home, 'compose.yaml');
      await writeFile(path, 'a');
      await writeFile(
        `${path}.lock`,
        `1@${TRICKS['sets the clipboard']}##[error]x 00000000-0000-0000-0000-000000000000`,
      );
      const files = createFiles({ processes: createProcesses({}), waitMs: 0 });
      return files.replace(path, Buffer.from('a'), Buffer.from('b')).then(
        () => new AppError('internal', 'written'),
        (error: AppError) => error,
      );
    }),
    ({ printed }) => expect(printed).toContain('lock'),
  ),
  row('a folder and a request of a collection', () =>
    collected((url) => [{ name: ALL, item: [request(ALL, url, failingTest('x'))] }], [ALL]),
  ),
  row('a test of a collection and its message', () =>
    collected((url) => [request('Own', url, failingTest(ALL))], ['Own']),
  ),
  row('a name that is not there', () => collected((url) => [request('Own', url)], [ALL])),
  row('a name twice', () => collected((url) => [request(ALL, url), request(ALL, url)], [ALL])),
  row(
    'a variable that is not set',
    () => collected((url) => [request('Own', `${url}/{{a${TRICKS['sets the clipboard']}##[error]}}`)], ['Own']),
    // A name that is none is told by its length.
    ({ printed }) => expect(printed).toMatch(/\{\{\d+ characters\}\}/),
  ),
  row(
    'a saved log',
    () =>
      command(
        'doctor',
        ['--log-file', '-'],
        `${ALL}\nERROR ms_bff: Client registration failed: 400 invalid_scope ${TRICKS['is an old command for GitHub']}\n`,
      ),
    ({ printed }) => expect(printed).toContain('Report:'),
  ),
  row('an option', () => command('health', [`--${ALL}`])),
  row('the value of an option', () => command('health', ['--timeout', ALL])),
  row('a path', () => command('health', ['--collection', ALL])),
]);
