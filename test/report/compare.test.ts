import { describe, expect, it, test } from 'vitest';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { Run } from '../../scripts/core/result.ts';
import { choosePrevious, compareRuns } from '../../scripts/report/compare.ts';
import { reportFolderName } from '../../scripts/report/folder.ts';
import { renderHtml } from '../../scripts/report/html.tsx';
import { renderResult } from '../../scripts/report/result-json.ts';
import { comparisonInWords } from '../../scripts/report/words.ts';
import { shopExchange, shopRun } from './collection-samples.ts';
import { at, exchange, failed, IAT, notSent, passed, sampleMasker, unanswered } from './sample-exchanges.ts';
import { attempt, step } from './sample-run.ts';

const masker = sampleMasker();
const resultOf = (run: Run) => renderResult(run, { html: null, junit: null, json: null }, masker);
const runOf = (exchanges: readonly Exchange[], overrides: Partial<Run> = {}) =>
  shopRun({ data: [] }, { steps: [step('collection', { attempts: [attempt(0, 5, exchanges)] })], ...overrides });
const taking = (timeMs: number, id: Parameters<typeof shopExchange>[0] = 'r-list', iteration = 0) => {
  const one = shopExchange(id, iteration);
  return { ...one, response: one.response && { ...one.response, timeMs } };
};
const checked = (...assertions: Exchange['assertions']) => exchange({ name: 'A', folders: ['F'], assertions });
const compare = (before: readonly Exchange[], now: readonly Exchange[], overrides: Partial<Run> = {}) => {
  const found = compareRuns(runOf(now, overrides), masker, 'earlier', resultOf(runOf(before)));
  if (found === null) throw new Error('nothing to compare');
  return found;
};
const namesOf = (list: readonly { readonly path: string; readonly check?: string | null }[]) =>
  list.map(({ path, check }) => (check === undefined ? path : `${path}: ${check}`));

describe('a check', () => {
  const good = checked(passed('200'), passed('fast'));
  const bad = checked(failed('200', 'no'), passed('fast'));
  test.for<[string, Exchange[], Exchange[], string[], string[]]>([
    ['that fails now is newly failing', [good], [bad], ['F / A: 200'], []],
    ['that passes again is fixed', [bad], [good], [], ['F / A: 200']],
    ['that failed before is neither', [bad], [bad], [], []],
    ['that is new and fails is newly failing', [checked(passed('fast'))], [bad], ['F / A: 200'], []],
    ['that is gone is not fixed', [bad], [checked(passed('fast'))], [], []],
    ['that is skipped is not fixed', [bad], [checked({ name: '200', status: 'skipped', message: null })], [], []],
    ['fails where it fails in one iteration', [good, good], [good, bad], ['F / A: 200'], []],
    ['is fixed where it passes in all', [bad, bad], [good, bad], [], []],
    ['of another folder is another one', [good], [good, { ...bad, folders: ['G'] }], ['G / A: 200'], []],
  ])('%s', ([, before, now, failing, fixed]) => {
    const found = compare(before, now);
    expect(namesOf(found.newlyFailing)).toEqual(failing);
    expect(namesOf(found.fixed)).toEqual(fixed);
  });

  test('leads to the request that shows it', () => {
    expect(compare([good, good], [good, bad]).newlyFailing).toMatchObject([{ index: 1 }]);
  });
});

describe('a request', () => {
  const named = (name: string) => exchange({ name, folders: [] });
  it('without an answer counts as a check that failed, and a skipped one is not fixed', () => {
    const gone = unanswered({ name: 'A', folders: [] });
    expect(namesOf(compare([named('A')], [gone]).newlyFailing)).toEqual(['A: null']);
    expect(namesOf(compare([gone], [named('A')]).fixed)).toEqual(['A: null']);
    expect(compare([gone], [notSent({ name: 'A', folders: [] })]).fixed).toEqual([]);
  });

  test.for([
    [100, 250, 1],
    [100, 190, 0],
    [300, 500, 0],
    [10, 105, 0],
    [10, 111, 1],
  ] as const)('of %i ms and now %i is slower: %i', ([before, now, count]) => {
    expect(compare([taking(before)], [taking(now)]).slower).toHaveLength(count);
  });

  it('is slower by its median in all iterations', () => {
    const times = (...each: number[]) => each.map((time, iteration) => taking(time, 'r-list', iteration));
    expect(compare(times(10, 10, 10), times(10, 10, 900)).slower).toEqual([]);
    expect(compare(times(10, 900), times(10, 400, 400)).slower).toEqual([
      { path: 'Orders / List orders', index: 0, beforeMs: 10, nowMs: 400 },
    ]);
  });

  it('that is new is added, and one that did not run is gone unless the run ended early', () => {
    const found = compare([named('A'), named('B')], [named('A'), named('C')]);
    expect([namesOf(found.added), namesOf(found.gone)]).toEqual([['C'], ['B']]);
    const error = { code: 'interrupted', message: '', hint: null, where: null } as const;
    expect(compare([named('A'), named('B')], [named('A')], { error, verdict: 'interrupted' }).gone).toEqual([]);
  });
});

describe('the run before', () => {
  const folder = (run: Run, text = resultOf(run)) => ({
    name: reportFolderName(run.startedAt, run.command),
    result: text,
    hasPage: true,
  });
  const earlier = (minutes: number, overrides: Partial<Run> = {}, facts = {}) =>
    shopRun(facts, { startedAt: at(-minutes * 60_000), ...overrides });
  const run = shopRun();

  it('is the newest of the same collection and selection that was finished', () => {
    const newest = earlier(5);
    const error = { code: 'interrupted', message: '', hint: null, where: null } as const;
    const others = [
      earlier(9),
      earlier(1, {}, { name: 'Another' }),
      earlier(1, {}, { selection: ['Orders'] }),
      earlier(1, { verdict: 'interrupted', error }),
      earlier(1, { steps: [] }),
      earlier(1, { command: 'health', collection: null }),
      earlier(-1),
    ].map((each) => folder(each));
    expect(choosePrevious(run, masker, [...others, folder(newest)])).toBe(folder(newest).name);
    expect(choosePrevious(run, masker, others.slice(1))).toBeNull();
    expect(choosePrevious({ ...run, collection: null }, masker, [folder(newest)])).toBeNull();
    const part = shopRun({ selection: ['Orders'] });
    expect(choosePrevious(part, masker, [...others, folder(newest)])).toBe(others[2]?.name);
  });

  test.for(['', '[]', '{"schema":1}', '{"schema":2,"requests":[]}', '{"schema":1,"requests":{"length":1}}'])(
    'is none where its result is %s',
    (text) => {
      expect(compareRuns(run, masker, 'x', text)).toBeNull();
    },
  );

  it('may hold anything: what is no request counts as none', () => {
    const requests = [
      null,
      7,
      'x',
      {},
      { name: 'A', folders: 'x', checks: [] },
      { name: 'A', folders: [null, 7], checks: [null, { name: 5 }], timeMs: 'x' },
    ];
    const found = compareRuns(runOf([]), masker, 'x', JSON.stringify({ schema: 1, requests, startedAt: 5 }));
    expect(found).toMatchObject({ since: null, added: [], gone: [{ path: 'null / 7 / A' }] });
  });

  it('does not make all requests new where its result was too large for them', () => {
    const document = { schema: 1, requests: [], requestsOmitted: 3 };
    expect(compareRuns(run, masker, 'x', JSON.stringify(document))?.added).toEqual([]);
  });
});

describe('the comparison in the report', () => {
  const before = [
    taking(10),
    shopExchange('r-lines', 0, { assertions: [failed('has lines', 'no')] }),
    taking(5, 'r-login'),
  ];
  const now = [
    taking(400),
    shopExchange('r-lines', 0, { assertions: [passed('has lines'), failed(`${IAT} is`, 'no')] }),
  ];
  const comparison = compare(before, now);
  const page = renderHtml({ ...runOf(now), comparison }, masker);

  it('says in one line what is different, and links both runs', () => {
    expect(comparisonInWords(comparison)).toBe(
      '1 newly failing, 1 fixed, 1 slower, 1 gone since 2026-11-23 10:11:12 UTC',
    );
    expect(page).toContain(comparisonInWords(comparison));
    expect(page).toContain('<a href="../earlier/index.html">');
    expect(page).toContain('<a href="#x1"><bdi>Orders / List orders</bdi></a>: 10 ms → 400 ms');
    expect(page).toContain('<li><bdi>Log in</bdi></li>');
    expect(comparisonInWords(compare(now, now))).toMatch(/^Nothing changed since 2026-/);
  });

  it('shows no secret', () => {
    expect(page).not.toContain(IAT);
    const raw = {
      ...comparison,
      folder: IAT,
      fixed: [{ path: IAT, index: 0, check: IAT }],
      gone: [{ path: IAT, index: null }],
    };
    expect(renderHtml({ ...runOf(now), comparison: raw }, masker)).not.toContain(IAT);
  });
});
