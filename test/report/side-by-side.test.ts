import { describe, expect, it } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import { reportFolderName } from '../../scripts/report/folder.ts';
import { renderHistory } from '../../scripts/report/history.tsx';
import { type HistoryEntry, readHistory } from '../../scripts/report/past-run.ts';
import { renderResult } from '../../scripts/report/result-json.ts';
import { besideTheOnesBefore } from '../../scripts/report/side-by-side.ts';
import { collectionRun, hostileRun } from './extreme-runs.ts';
import { exchange, failed, passed, sampleMasker } from './sample-exchanges.ts';
import { attempt, failedMintRun, healthyRun, step } from './sample-run.ts';

/** Runs as they are read, the last one is the newest; each hour one. */
function read(...runs: Run[]) {
  const folders = runs.map((run, hour) => {
    const startedAt = new Date(Date.UTC(2026, 10, 23, hour));
    const result = renderResult({ ...run, startedAt }, { html: null, junit: null, json: null }, sampleMasker());
    return { name: reportFolderName(startedAt, run.command), result, hasPage: true };
  });
  return readHistory(folders);
}

const onStack = (files: string, run = healthyRun()): Run => ({ ...run, facts: [['Project', files], ...run.facts] });

describe('the run before', () => {
  it('is the newest earlier one of the same command that was for the same', () => {
    const { entries } = read(
      onStack('a'),
      onStack('b'),
      { ...onStack('a'), command: 'clear' },
      onStack('a', failedMintRun()),
      onStack('a'),
      onStack('c'),
    );
    const hourOf = (entry: HistoryEntry | null) => entry?.startedAt?.getUTCHours();
    expect(besideTheOnesBefore(entries).map(({ now, before }) => [hourOf(now), hourOf(before)])).toEqual([
      [5, undefined],
      [4, 3],
      [3, 0],
      [2, undefined],
      [1, undefined],
      [0, undefined],
    ]);
  });

  it('in the sandbox is any other there, though its folder has another name each time', () => {
    const inSandbox = (folder: string) => {
      const run = onStack(folder);
      return { ...run, facts: [['Compose', 'sandbox (processes on this machine)'] as const, ...run.facts] };
    };
    const [pair] = besideTheOnesBefore(read(inSandbox('/tmp/a'), inSandbox('/tmp/b')).entries);
    expect(pair?.before?.subject).toBe('the sandbox');
  });
});

describe('two runs', () => {
  const run = (checks: [string, boolean][], ms: number, more: Partial<Run> = {}) => {
    const isGood = checks.every(([, isPassed]) => isPassed);
    const { response } = exchange();
    const one = exchange({
      name: 'Read',
      folders: ['Orders'],
      response: response && { ...response, timeMs: ms },
      assertions: checks.map(([name, isPassed]) => (isPassed ? passed(name) : failed(name, 'no'))),
    });
    return {
      ...collectionRun(0),
      verdict: isGood ? 'passed' : 'failed',
      steps: [
        step('collection', {
          durationMs: ms + 5,
          status: isGood ? 'passed' : 'failed',
          attempts: [attempt(0, ms, [one])],
        }),
      ],
      ...more,
    } as const satisfies Run;
  };
  /** Part, row and change of what differs. */
  const differences = (before: Run, now: Run) =>
    (besideTheOnesBefore(read(before, now).entries)[0]?.parts ?? []).flatMap(({ title, rows }) =>
      rows.filter(({ change }) => change !== '').map(({ name, change }) => `${title}: ${name}: ${change}`),
    );

  it.each([
    ['the same', run([['a', true]], 50), run([['a', true]], 90), []],
    [
      'a check fails now',
      run([['a', true]], 50),
      run([['a', false]], 50),
      [
        'Result: Verdict: different',
        'Result: Failed checks: different',
        'What failed: Orders / Read: a: new',
        'Steps: collection: different',
      ],
    ],
    [
      'a check passes now',
      run([['a', false]], 50),
      run([['a', true]], 50),
      [
        'Result: Verdict: different',
        'Result: Failed checks: different',
        'What failed: Orders / Read: a: fixed',
        'Steps: collection: different',
      ],
    ],
    [
      'of two that failed one does still, and whether the other ran is not known',
      run(
        [
          ['a', false],
          ['b', false],
        ],
        50,
      ),
      run([['a', false]], 50),
      [
        'Result: Failed checks: different',
        'What failed: Orders / Read: a: still',
        'What failed: Orders / Read: b: not failing',
      ],
    ],
    [
      'slower',
      run([['a', true]], 50),
      run([['a', true]], 900),
      ['Steps: collection: slower', 'Slowest requests: Orders / Read: slower'],
    ],
    [
      'faster',
      run([['a', true]], 900),
      run([['a', true]], 50),
      ['Steps: collection: faster', 'Slowest requests: Orders / Read: faster'],
    ],
    [
      'another engine',
      run([['a', true]], 50, { facts: [['Run by', 'Newman 6.2.1']] }),
      run([['a', true]], 50, {
        facts: [
          ['Run by', 'Newman 6.2.2'],
          ['Proxy', 'http://proxy.test'],
        ],
      }),
      ['Environment: Run by: different', 'Environment: Proxy: different'],
    ],
  ] as [string, Run, Run, string[]][])('%s', (_, before, now, wanted) => {
    expect(differences(before, now)).toEqual(wanted);
  });

  it('of which one has more failures than are known: what is not among them is not called new or fixed', () => {
    const many = (from: number) =>
      run(
        Array.from({ length: 25 }, (_, index) => [`check ${from + index}`, false]),
        50,
      );
    const changes = differences(many(0), many(10)).filter((each) => each.startsWith('What failed'));
    expect(changes.filter((each) => each.endsWith(': still'))).toHaveLength(10);
    expect(changes.filter((each) => each.endsWith(': not known'))).toHaveLength(20);
    expect(changes).toHaveLength(30);
  });

  it('are not called faster where something failed early', () => {
    const early = run([['a', false]], 50, { durationMs: 60 });
    expect(differences(run([['a', true]], 900, { durationMs: 1_000 }), early)).toContain('Result: Duration: different');
  });
});

describe('the page over many runs', () => {
  it('is at most 250 kB for 50 runs in which much failed', () => {
    const runs = Array.from({ length: 50 }, (_, index) =>
      onStack(`stack-${index % 15}, /src/${'x'.repeat(80)}`, collectionRun(200, 2)),
    );
    const page = renderHistory(read(...runs));
    expect(page.length).toBeLessThan(250_000);
    expect(page.match(/<th scope="row"><a/g)).toHaveLength(50);
    expect(page).toMatch(/Only the newest are compared, so that this page stays small: \d+ of 50\./);
  });

  it('counts what is of other origin, and shows no markup of others', () => {
    const { entries } = read(hostileRun(), hostileRun());
    const foreign = { name: 'mine', result: '{"schema":"x"}', hasPage: true };
    expect(readHistory([foreign, { ...foreign, name: 'photos', result: null }])).toEqual({ entries: [], foreign: 1 });
    const page = renderHistory({ entries, foreign: 1 });
    expect(page).toContain(
      '1 folder beside this page holds a result.json that this tool did not write, and is not listed.',
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<(?:img|body onload)/);
  });

  it('leads to the part of a report that says what failed', () => {
    const page = renderHistory(read(failedMintRun(), healthyRun()));
    expect(page).toContain('<a href="2026-11-23T00-00-00-000Z-iat/index.html#failures">mint</a>');
    expect(page.match(/#failures/g)).toHaveLength(1);
  });
});
