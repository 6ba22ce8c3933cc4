import { describe, expect, onTestFinished, test } from 'vitest';
import { parseCollection } from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { planHealth } from '../../scripts/postman/request-plan.ts';
import { createAsker, planTogether } from '../../scripts/runbook/ask-together.ts';
import type { AimedHealth } from '../../scripts/runbook/next-start.ts';
import { collectionBytes, folder, request, sourceOf } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeInstance } from '../support/fake-instance.ts';
import { createFakeRun } from '../support/fake-run.ts';
import { FakeStack } from '../support/fake-stack.ts';
import { sendJson, serve } from '../support/server.ts';

const check = (code: string): Pick<Item, 'event'> => ({ event: [{ listen: 'test', script: { exec: [code] } }] });
const LOOKS = "pm.test('200', () => pm.response.to.have.status(200));";

/** The folder aimed at a URL. */
function planAt(url: string, code = LOOKS, written = '{{bff_url}}/health'): AimedHealth {
  const bytes = collectionBytes([folder('BFF Health', request('Health', written, check(code)))], {
    variable: [{ key: 'bff_url', value: 'http://localhost:8000' }],
  });
  const source = sourceOf(parseCollection(bytes, 'c.json'));
  return { ...planHealth(source, { healthFolder: 'BFF Health', bffUrl: url }), published: url };
}

describe('what instances share a run', () => {
  const [one, two] = ['http://127.0.0.1:4001', 'http://127.0.0.1:4002'];

  test('differs in the variable that says where each is', () => {
    expect(planTogether([planAt(one), planAt(two)])).toEqual([{ bff_url: one }, { bff_url: two }]);
  });

  test.each([
    ["pm.environment.set('seen', 1)"],
    ["pm.variables.set('seen', 1)"],
    ["pm.sendRequest('http://127.0.0.1/')"],
    ["pm.execution.setNextRequest('Health')"],
    ['postman.setNextRequest(null)'],
    ['pm.execution.skipRequest()'],
    ['pm.cookies.jar()'],
    ['console.log(pm.info.iteration)'],
  ])('is none where a script does more than to look: %s', (code) => {
    expect(planTogether([planAt(one, code), planAt(two, code)])).toBeNull();
  });

  test('is none where the addresses are written out', () => {
    const written = 'http://localhost:8000/health';
    expect(planTogether([planAt(one, LOOKS, written), planAt(two, LOOKS, written)])).toBeNull();
  });

  test('is none with data of its own', () => {
    expect(planTogether([{ ...planAt(one), data: [{ a: 1 }] }])).toBeNull();
  });
});

/** Instances that answer as `answers` says, asked by Newman. */
async function asker(answers: readonly (Readonly<Record<string, string>> | number)[]) {
  const clock = new FakeClock();
  const urls = await Promise.all(
    answers.map((answer) =>
      serve((_, response) =>
        typeof answer === 'number' ? sendJson(response, answer, {}) : sendJson(response, 200, {}, answer),
      ),
    ),
  );
  const real = createCollections(() => {});
  onTestFinished(() => real.close());
  const runs: number[] = [];
  const collections: typeof real = {
    ...real,
    engine: 'Newman',
    run(options) {
      runs.push(options.newman?.iterationCount ?? 1);
      return real.run(options);
    },
  };
  const { context } = createFakeRun(clock, new FakeStack(clock, {}, () => {}), { tools: { collections } });
  const numberOf = (id: string) => Number(id) - 1;
  const ways = {
    connect: async (id: string) => urls[numberOf(id)] ?? '',
    healthOf: (_: unknown, url = '') => planAt(url),
  };
  const attempts: string[] = [];
  const { ask } = createAsker(
    context,
    { attempt: ({ exchanges }) => attempts.push(exchanges[0]?.folders[0] ?? '') },
    ways,
  );
  const results = await Promise.all(
    urls.map(async (_, index) => {
      const instance = new FakeInstance(index + 1, index + 1, {}, clock, () => {}).describe();
      const own = AbortSignal.any([context.signal]);
      const asked = await ask({ instance, wantsKey: false, isSlow: false, isEarly: true, signal: own });
      const [exchange] = asked.attempt.exchanges;
      return { passed: asked.attempt.passed, isOwn: exchange?.request.url === `${urls[index]}/health` };
    }),
  );
  return { results, runs, attempts };
}

describe('instances that wait at the same time', () => {
  test('are asked in one run, and each answer is told of its own', async () => {
    const { results, runs, attempts } = await asker([{}, {}, {}, {}]);
    expect(runs).toEqual([4]);
    expect(results).toEqual(Array(4).fill({ passed: true, isOwn: true }));
    expect(new Set(attempts).size).toBe(4);
  });

  test('are asked alone where one of them is ill before their turn', async () => {
    const { results, runs } = await asker([{}, 503, {}]);
    expect(results.map(({ passed }) => passed)).toEqual([true, false, true]);
    expect(results.every(({ isOwn }) => isOwn)).toBe(true);
    expect(runs).toEqual([3, 1]);
  });

  test('are asked alone where an answer sets a cookie, which the others would get', async () => {
    const { results, runs } = await asker([{ 'set-cookie': 'session=test-only' }, {}]);
    expect(results).toEqual(Array(2).fill({ passed: true, isOwn: true }));
    expect(runs).toEqual([2, 1]);
  });
});
