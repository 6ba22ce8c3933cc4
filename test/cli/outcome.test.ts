import { describe, expect, test } from 'vitest';
import { renderFailure, renderOutcome } from '../../scripts/cli/outcome.ts';
import { type Layout, shortenPaths, signsOf } from '../../scripts/cli/terminal-text.ts';
import type { ErrorCode } from '../../scripts/core/errors.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { Failure, KubernetesFacts, Run } from '../../scripts/core/result.ts';
import { wrap } from '../../scripts/core/wrap.ts';
import { collectionRun } from '../report/extreme-runs.ts';
import { badPod, clusterRun, manyPods, SAMPLE_ROLE, sampleCluster, samplePod } from '../report/sample-cluster.ts';
import { exchange, failed, jwks, unanswered } from '../report/sample-exchanges.ts';
import { attempt, failedBootstrapRun, line, shopFacts, step } from '../report/sample-run.ts';

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

describe('a BFF that did not stay up', () => {
  const NONE = { html: null, junit: null, json: null };
  const LOADS = 'ERROR ModuleNotFoundError: No module named orjson';
  const LOG = ['starts', 'one', 'two', 'three'].map((text, at) => line(at, text));
  const diagnosis = { cause: 'It is so.', fix: { text: 'Do that.' }, iatHelps: null };
  const registered = { ...diagnosis, code: 'registered', evidence: ['Client registered'] } as const;
  const unknown = { ...diagnosis, code: 'unknown', evidence: [LOADS] } as const;

  test.for<[ErrorCode, Run['diagnosis'], string[]]>([
    ['container-crash-loop', unknown, [LOADS]],
    ['bootstrap-failed', unknown, [LOADS]],
    // What proves a registration explains no end.
    ['container-exited', registered, ['one', 'two', 'three']],
    ['container-exited', null, ['one', 'two', 'three']],
    ['iat-does-not-help', unknown, []],
  ])('%s: its log says why', ([code, said, expected]) => {
    const run = failedBootstrapRun({ error: failure({ code }), diagnosis: said, log: LOG, next: [] });
    const texts = renderOutcome(run, NONE, { ...layout, columns: 80 }).map((each) =>
      typeof each === 'string' ? each : each.text,
    );
    expect(texts.filter((text) => text.startsWith('  | '))).toEqual(expected.map((text) => `  | ${text}`));
  });
});

describe('several pods', () => {
  const NONE = { html: null, junit: null, json: null };
  const printed = (kubernetes: KubernetesFacts, more: Partial<Run> = {}) =>
    renderOutcome(clusterRun({ kubernetes, next: [], ...more }), NONE, { ...layout, columns: 80 })
      .map((each) => (typeof each === 'string' ? each : wrap(each.text, 80, each.indent).join('\n')))
      .join('\n');

  test('those that are not well stand under what is wrong with them; the others are counted', () => {
    const pods = [
      samplePod('bff-7d9c5b8f6d-x2x4z'),
      samplePod('bff-7d9c5b8f6d-aaaaa', { healthy: null }),
      badPod('bff-7d9c5b8f6d-k8k8k'),
      samplePod('bff-7d9c5b8f6d-bbbbb', { healthy: false }),
      badPod('bff-7d9c5b8f6d-m4m4m', { restarts: 1 }),
      badPod('bff-5f4d3c2b1a-old01', { isNew: false }),
    ];
    expect(printed(sampleCluster({ pods }))).toBe(`
2 of 3 pods are registered.
  The IdP refused its Initial Access Token (401 invalid_token).
    bff-7d9c5b8f6d-k8k8k  CrashLoopBackOff, 3 restarts
    bff-7d9c5b8f6d-m4m4m  CrashLoopBackOff, 1 restart
  not healthy
    bff-7d9c5b8f6d-bbbbb  running
  health not known
    bff-7d9c5b8f6d-aaaaa  running
  and 1 other is registered and healthy`);
  });

  test('of fifty at most a screen is shown, in 80 columns', () => {
    const problem = 'a long reason '.repeat(100);
    const name = (index: number) => `a-workload-with-a-very-long-name-${'x'.repeat(60)}-${index}`;
    const pods = Array.from({ length: 50 }, (_, index) =>
      index < 40 ? samplePod(name(index)) : badPod(name(index), { problem, state: `waiting: ${'Long'.repeat(50)}` }),
    );
    const lines = printed(sampleCluster({ pods })).split('\n');
    expect(lines.length).toBeLessThan(18);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.slice(-2)).toEqual(['  and 2 more that are not well', '  and 40 others are registered and healthy']);
  });

  test.for([
    ['all well, after a restart', manyPods(3, 0), '  All 3 pods are registered and healthy.'],
    [
      'all well, and none is new',
      manyPods(3, 0).map((pod) => ({ ...pod, isNew: false })),
      '  All 3 pods are registered and healthy.',
    ],
    [
      'asked at one address, and not each by itself',
      manyPods(3, 0).map((pod) => ({ ...pod, healthy: null })),
      '  All 3 pods are registered.',
    ],
    [
      'old ones beside them',
      [samplePod('a'), badPod('b', { isNew: false }), badPod('c', { isNew: false })],
      '  The pod is registered and healthy, 2 old pods are still there.',
    ],
  ] as const)('%s', ([, pods, line]) => {
    const well = printed(sampleCluster({ pods }), { error: null, verdict: 'healthy', diagnosis: null });
    expect(well.split('\n').slice(2)).toEqual([line]);
  });

  test('one pod has no line: the verdict is about it', () => {
    expect(printed(sampleCluster({ pods: [badPod('a')] }))).toBe('\n2 of 3 pods are registered.');
  });

  test('the Role that is missing can be copied', () => {
    const text = printed(sampleCluster({ pods: [], missingRights: ['create pods/portforward'], role: SAMPLE_ROLE }));
    expect(text).toContain('  The Role to ask for:\n    apiVersion: rbac.authorization.k8s.io/v1\n    kind: Role\n');
  });
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

  test('without an answer its checks are no failures of their own', () => {
    const checks = [failed('is 200', "expected PostmanResponse{ …(5) } to have property 'code'"), failed('b', 'x')];
    expect(printed(runOf([unanswered({ assertions: checks })], bad))).toContain(`
1 failure

  1. connect ECONNREFUSED 127.0.0.1:8000
     2 checks had no answer to look at.
     in BFF Health / Health
     GET http://localhost:8000/health [no answer]
`);
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
