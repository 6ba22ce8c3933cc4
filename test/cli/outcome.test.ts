import { describe, expect, test } from 'vitest';
import { renderFailure, renderOutcome } from '../../scripts/cli/outcome.ts';
import { type Layout, shortenPaths, signsOf } from '../../scripts/cli/terminal-text.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { Failure, Run } from '../../scripts/core/result.ts';
import { wrap } from '../../scripts/core/wrap.ts';
import { collectionRun } from '../report/extreme-runs.ts';
import { exchange, failed, jwks, unanswered } from '../report/sample-exchanges.ts';
import { attempt, shopFacts, step } from '../report/sample-run.ts';

const layout: Layout = {
  columns: 40,
  signs: signsOf({ hasUnicode: true }),
  quiet: false,
  redact: (text) => text.replaceAll('/project/', ''),
};

function failure(more: Partial<Failure>): Failure {
  return { code: 'yaml-syntax', message: 'That is wrong.', hint: null, where: null, ...more };
}

/** Its lines as they are given to the output. */
function shown(what: Failure): string[] {
  return renderFailure(what, layout).map((each) => (typeof each === 'string' ? each : each.text));
}

describe('where it is wrong', () => {
  const at = (excerpt: string, column: number) =>
    shown(failure({ where: { file: '/project/a.yml', line: 7, column, excerpt } }));

  test('the caret is under the column', () => {
    expect(at('  bff: ***', 8)).toEqual(['That is wrong.', '  at a.yml:7:8', '  7 |   bff: ***', '             ^']);
  });

  test('with tabs before it, too, which are printed as blanks', () => {
    expect(at('\tbff: ***', 7)).toEqual(['That is wrong.', '  at a.yml:7:7', '  7 |  bff: ***', '            ^']);
  });

  test.for([1, 20, 99, 150, 200])('of a long line, column %i: the part around it fits', (column) => {
    const text = Array.from({ length: 200 }, (_, index) => (index === column - 1 ? 'X' : '-')).join('');
    const [, , line = '', caret = ''] = at(text, column);
    expect(line.length).toBeLessThanOrEqual(40);
    expect(line[caret.indexOf('^')]).toBe('X');
  });
});

test('lines are broken after paths have got their final length', () => {
  const message = 'The file /project/compose.yaml cannot be read';
  expect(shown(failure({ message, hint: { text: message } }))).toEqual([
    'The file compose.yaml cannot be read',
    '  The file compose.yaml cannot be read',
  ]);
});

test('a command at the end of a hint stays whole, to be copied', () => {
  const hint = { text: 'To try the restart again:', command: 'docker compose -f compose.yaml up -d bff' };
  expect(shown(failure({ hint })).slice(1)).toEqual([
    '  To try the restart again:',
    '  docker compose -f compose.yaml up -d bff',
  ]);
  expect(shown(failure({ hint: { text: 'See:', command: 'npm run doctor' } })).slice(1)).toEqual([
    '  See: npm run doctor',
  ]);
});

describe('paths below the working directory', () => {
  test.for([
    ['in /app/compose.yaml:3', '/app', 'in compose.yaml:3'],
    ['/app/a and "/app/b"', '/app', 'a and "b"'],
    ['in /srv/app/compose.yaml', '/app', 'in /srv/app/compose.yaml'],
    ['at https://idp.test/app/health', '/app', 'at https://idp.test/app/health'],
    ['at https://idp.test/ and /etc/x', '/', 'at https://idp.test/ and /etc/x'],
    ['in C:\\app\\compose.yaml', 'C:\\app', 'in compose.yaml'],
  ] as [string, string, string][])('%s from %s', ([text, folder, shown]) => {
    expect(shortenPaths(text, folder)).toBe(shown);
  });
});

describe('the end of npm run collection', () => {
  const NONE = { html: 'reports/x/index.html', junit: null, json: null };
  const wide = { ...layout, columns: 80 };
  const printed = (run: Run, more: Partial<Layout> = {}) =>
    renderOutcome(run, NONE, { ...wide, ...more })
      .map((each) => (typeof each === 'string' ? each : wrap(each.text, 80, each.indent).join('\n')))
      .join('\n');
  const runOf = (exchanges: readonly Exchange[], more: Partial<Run> = {}): Run => ({
    ...collectionRun(0),
    durationMs: 2_100,
    steps: [step('collection', { durationMs: 2_000, attempts: [attempt(0, 2_000, exchanges)] })],
    ...more,
  });
  const bad: Partial<Run> = {
    verdict: 'failed',
    exitCode: 1,
    error: {
      code: 'assertion-failed',
      message: '2 of 3 requests failed. A: 200.',
      hint: { text: 'Look.' },
      where: null,
    },
  };

  test('a run that passed: what there was, in one table', () => {
    const count = (total: number) => ({ total, failed: 0 });
    const counts = {
      ...{ iterations: count(2), items: count(4), requests: count(2_000), assertions: count(6) },
      ...{ prerequestScripts: count(0), testScripts: count(4), receivedBytes: 842 },
    };
    const facts = shopFacts({ counts });
    expect(printed(runOf([exchange(), jwks()], { collection: facts }))).toBe(`
                      executed    failed
iterations                   2         0
requests                 2,000         0
prerequest scripts           0         0
test scripts                 4         0
checks                       6         0

total time            2.0 s
received              842 B
response time         median 9 ms, 95% within 12 ms, slowest 12 ms

Passed. (2.1 s)
  Report: reports/x/index.html`);
  });

  const failing = [
    exchange({
      ...{ iteration: 1, folders: ['Orders'], name: 'Get' },
      assertions: [failed('method', "expected 'PUT' to equal 'GET'"), failed('odd', 'Unexpected token <')],
    }),
    unanswered({ iteration: 1, name: 'List', via: 'HTTPS_PROXY (proxy.test:8080)' }),
    exchange(),
  ];

  test('a run that failed: every failure, by number, with expected and actual; the error does not say it again', () => {
    const facts = shopFacts();
    expect(printed(runOf(failing, { ...bad, collection: facts }))).toBe(`
3 failures

  1. method
     expected  'GET'
     actual    'PUT'
     in Orders / Get, iteration 2
     GET http://localhost:8000/health [200 OK, 12 ms]

  2. odd
     Unexpected token <
     in Orders / Get, iteration 2
     GET http://localhost:8000/health [200 OK, 12 ms]

  3. connect ECONNREFUSED 127.0.0.1:8000
     in BFF Health / List, iteration 2, through the proxy of HTTPS_PROXY
     (proxy.test:8080)
     GET http://localhost:8000/health [no answer]

                      executed    failed
requests                     3         1
checks                       5         2

total time            2.0 s
response time         median 12 ms, 95% within 12 ms, slowest 12 ms

Failed. 2 of 5 checks, 1 request. (2.1 s)
  Report: reports/x/index.html`);
  });

  test('of very many failures the report has the rest', () => {
    const text = printed(collectionRun(2_000, 10));
    expect(text).toContain('\n400 failures\n');
    expect(text).toContain('\n 50. ');
    expect(text).not.toContain(' 51. ');
    expect(text).toContain('\n… and 350 more failures; the report has all of them.\n');
  });

  test('quiet is one line, and failures are named', () => {
    expect(printed(runOf([exchange(), jwks()]), { quiet: true })).toBe('Passed. 2 requests, 5 checks. (2.1 s)');
    const text = printed(runOf(failing, bad), { quiet: true });
    expect(text).toContain('  3. connect ECONNREFUSED');
    expect(text).not.toContain('executed');
    expect(text).toMatch(/\n\nFailed\. 2 of 5 checks, 1 request\. \(2\.1 s\)\n {2}Report: reports\/x\/index\.html$/);
  });

  test('a run that was cut short has its failures, what there was until then, and why it ended', () => {
    const error = { code: 'timeout', message: 'The run took longer than 45 s.', hint: null, where: null } as const;
    const text = printed(runOf(failing, { ...bad, exitCode: 3, error }));
    expect(text).toContain('\n3 failures\n');
    expect(text).toContain('\nrequests                     3         1\n');
    expect(text).toMatch(/\n\nThe run took longer than 45 s\.\n {2}Report: /);
  });

  test('where nothing ran it is why', () => {
    const error = { code: 'collection-invalid', message: 'That is no collection.', hint: null, where: null } as const;
    expect(printed({ ...runOf([]), steps: [step('preflight')], error, verdict: 'failed' })).toBe(
      '\nThat is no collection.\n  Report: reports/x/index.html',
    );
  });
});
