import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { AppError } from '../../scripts/core/errors.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { deadline } from '../../scripts/platform/clock.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import type { Tools } from '../../scripts/runbook/job.ts';
import { exchange, failed, passed } from '../report/sample-exchanges.ts';
import { documentOf } from '../support/command.ts';
import { openHere } from '../support/in-process.ts';

/** A run whose one step asks on a terminal, where the answer takes longer than the whole run may. */
async function answerLate(ask: (tools: Tools) => Promise<unknown>, typed: string) {
  const folder = await makeTemporaryFolder();
  const { session, read } = await openHere(['--timeout', '300'], { command: 'iat', cwd: folder.path });
  if (read.kind === 'print') throw new Error('only printed');
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const { host } = session.outside;
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    // Time passes in jumps here: a sleeper looks at the clock in every turn.
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const untilMs = nowMs + ms;
        const look = () => {
          if (signal.aborted) reject(signal.reason);
          else if (nowMs >= untilMs) resolve();
          else setImmediate(look);
        };
        look();
      }),
  };
  const outside = {
    ...session.outside,
    host: { ...host, stdin: stdin as unknown as NodeJS.ReadStream },
    limit: (ms: number) =>
      deadline(ms, host.interruption.signal, () => new AppError('timeout', 'The run took too long.'), clock),
  };
  const run = await execute(
    { ...session, outside, human: { ...session.human, isTerminal: true, spin: () => ({ update() {}, stop() {} }) } },
    {
      ...read,
      command: 'iat',
      steps: [],
      sandbox: null,
      async run({ tools, signal, recorder }) {
        await recorder.step('preflight', async () => {
          const answer = ask(tools);
          nowMs += 301_000;
          await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
          stdin.write(typed);
          await answer;
          signal.throwIfAborted();
        });
        nowMs += 301_000;
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        expect(signal.aborted, 'after the answer the time runs again').toBe(true);
        return { verdict: 'healthy' };
      },
    },
  );
  await folder.remove();
  return run;
}

test('--timeout does not run while the hidden prompt waits', async () => {
  const { verdict, error } = await answerLate(({ adminToken }) => adminToken(true), 'test-only-admin-token-0001\r');
  expect({ verdict, error }).toEqual({ verdict: 'healthy', error: null });
});

test('--timeout does not run while a question waits for yes or no', async () => {
  const { verdict, error } = await answerLate(async ({ confirm }) => confirm?.('Go on?'), 'y\n');
  expect({ verdict, error }).toEqual({ verdict: 'healthy', error: null });
});

test('an error that nothing caught ends the step that runs, with the reports', async () => {
  const folder = await makeTemporaryFolder();
  const { session, read, output } = await openHere(['--json'], { command: 'iat', cwd: folder.path });
  if (read.kind === 'print') throw new Error('only printed');
  let signal: AbortSignal | null = null;
  const run = await execute(session, {
    ...read,
    command: 'iat',
    steps: ['mint', 'write'],
    sandbox: null,
    run: (context) =>
      context.recorder.step('mint', () => {
        signal = context.signal;
        setImmediate(() => session.onCrash?.(new TypeError('out of nowhere')));
        // It waits for what will never come.
        return new Promise(() => {});
      }),
  });
  expect(signal).toMatchObject({ aborted: true });
  expect(session.onCrash, 'later errors end the process').toBeNull();
  expect(run).toMatchObject({
    exitCode: 3,
    error: { code: 'internal' },
    steps: [{ name: 'mint', status: 'failed' }, {}],
  });
  const { error, reports } = documentOf(output());
  expect(error).toMatchObject({ code: 'internal' });
  expect(await readFile(reports.html ?? '', 'utf8')).toContain('This is a bug');
  await folder.remove();
});

test.for([
  [[], 'stdout'],
  [['--json'], 'stderr'],
  [['--quiet'], 'stdout'],
] as const)('the requests of a collection are printed as they end: %j', async ([args, stream]) => {
  const folder = await makeTemporaryFolder();
  const { session, read, output } = await openHere(['Orders', ...args], { command: 'collection', cwd: folder.path });
  if (read.kind === 'print') throw new Error('only printed');
  const exchanges = [
    exchange({ name: 'Get', folders: ['Orders'], assertions: [passed('200 OK')] }),
    exchange({ name: 'Put', folders: ['Orders'], assertions: [failed('is new', `expected '${CANARY}' to equal 'b'`)] }),
  ];
  const run = await execute(session, {
    ...read,
    command: 'collection',
    steps: ['preflight', 'collection'],
    sandbox: null,
    async run({ tools, recorder }) {
      tools.learn(new Secret(CANARY, 'password'), 'found');
      await recorder.step('preflight', async (scope) => scope.summary('2 requests'));
      await recorder.step('collection', async (scope) => {
        const facts = { description: '', title: null, selection: [], tree: [], iterations: 1, data: [], counts: null };
        scope.collection({ name: 'Shop', ...facts });
        for (const [index, each] of exchanges.entries()) scope.exchange(each, index + 1, 2);
        scope.attempt({ startMs: 0, durationMs: 5, passed: false, exchanges });
        throw new AppError('assertion-failed', '1 of 2 requests failed.', { hint: 'The report shows it.' });
      });
      return { verdict: 'passed' };
    },
  });
  await folder.remove();
  const { [stream]: text, all } = output();
  expect(run).toMatchObject({ verdict: 'failed', exitCode: 1 });
  expect(all).not.toContain(CANARY);
  const tree = `
Shop

❏ Orders
↳ Get
  GET http://localhost:8000/health [200 OK, 12 ms]
  ✓  200 OK

↳ Put
  GET http://localhost:8000/health [200 OK, 12 ms]
  1. is new
`;
  expect(text.startsWith(tree)).toBe(!args.some((arg) => arg === '--quiet'));
  expect(text).toContain("  1. is new\n     expected  'b'\n     actual    '‹password›'\n     in Orders / Put\n");
  expect(text).toMatch(/\nFailed\. 1 of 2 checks\. \(\d+ ms\)\n {2}Report: reports\/[^\n]+\n$/);
  expect(text).not.toMatch(/preflight|The report shows it|requests failed/);
  if (args.some((arg) => arg === '--json')) expect(JSON.parse(output().stdout).requests).toHaveLength(2);
});

const CANARY = 'test-only-password-0001';
