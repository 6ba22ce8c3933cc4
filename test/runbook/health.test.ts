import { describe, expect, test } from 'vitest';
import { LogReader } from '../../scripts/bff/log-reader.ts';
import { planHealth } from '../../scripts/postman/request-plan.ts';
import type { Job } from '../../scripts/runbook/job.ts';
import { openCollection } from '../../scripts/runbook/preflight.ts';
import { stayHealthy } from '../../scripts/runbook/stay-healthy.ts';
import { ENVIRONMENT, REGISTERED } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun } from '../support/fake-run.ts';
import { type Answer, FakeStack } from '../support/fake-stack.ts';

const HEALTHY: Answer = { status: 200, body: '{"status":"healthy"}' };
const DOWN: Answer = {
  status: 503,
  body: '{"status":"unhealthy","checks":{"redis":{"status":"down"},"idp":{"status":"up"}}}',
};

interface Terms {
  readonly job?: Partial<Job>;
  /** What the BFF answers from a time on, in milliseconds. */
  readonly answers: readonly (readonly [number, Answer])[];
  /** When its log says that it serves. */
  readonly upMs?: number;
  /** When it is restarted. */
  readonly restartMs?: number;
  /** When the watch of its log and its instance says that it has failed. */
  readonly failMs?: number;
  readonly log?: readonly string[];
  readonly keys?: readonly string[];
}

async function check({ job, answers, upMs, restartMs, failMs, log = [REGISTERED], keys }: Terms) {
  const clock = new FakeClock();
  const stack = new FakeStack(clock, ENVIRONMENT, () => {});
  const bff = stack.replace();
  const at = async (ms: number | undefined, act: () => void) => {
    await (ms === undefined ? new Promise(() => {}) : clock.sleep(ms, new AbortController().signal));
    act();
  };
  for (const [ms, answer] of answers) void at(ms, () => bff.serve(answer));
  let start = 'first';
  void at(restartMs, () => {
    start = 'second';
  });
  const failed = at(failMs, () => {
    throw new Error('the BFF has failed');
  }) as Promise<never>;
  failed.catch(() => {});
  const reader = new LogReader({ env: ENVIRONMENT });
  for (const text of log) reader.push({ at: null, stream: 'stdout', text });
  const run = createFakeRun(clock, stack, { job: { stableForMs: 0, ...job }, ...(keys === undefined ? {} : { keys }) });
  const { context } = run;
  const attempts: boolean[] = [];
  const error = await context.recorder
    .step('health', async (scope) =>
      stayHealthy(context, scope, planHealth(await openCollection(context, scope), context.job), {
        reading: () => reader.reading(),
        complaint: () => null,
        env: ENVIRONMENT,
        failed,
        up: at(upMs, () => {}),
        start: () => start,
        sinceMs: 0,
        onAttempt: ({ passed }) => attempts.push(passed),
      }),
    )
    .then(
      () => null,
      (thrown: unknown) => thrown as Error & { code?: string; hint?: { text: string } },
    );
  const { steps, facts } = run.finish({ verdict: 'healthy' });
  return { error, attempts, ms: clock.now(), step: steps[0], facts: Object.fromEntries(facts) };
}

describe('until it is healthy', () => {
  test('one that is healthy is asked once', async () => {
    const { error, attempts, step, facts } = await check({ answers: [[0, HEALTHY]] });
    expect(error).toBeNull();
    expect(attempts).toEqual([true]);
    expect(step).toMatchObject({ status: 'passed', summary: '2 of 2 requests pass' });
    expect(facts['Registration']).toContain('Its log says so');
  });

  test.for([300, 3_000, 30_000])('one that answers after %i ms is found soon after that', async (ms) => {
    const { error, attempts, ms: foundMs, step } = await check({ answers: [[ms, HEALTHY]] });
    expect(error).toBeNull();
    expect(foundMs - ms).toBeLessThan(200 + ms / 20);
    expect(step?.attempts).toHaveLength(attempts.length);
  });

  test('its log says that it serves: it is asked at once, however long the pauses had become', async () => {
    const { ms } = await check({ answers: [[60_000, HEALTHY]], upMs: 60_000 });
    expect(ms).toBeLessThan(60_150);
  });

  test('the time counts from its start; the message says what failed last', async () => {
    const terms = { answers: [[0, { status: 404, body: 'no' }]] as const, job: { healthTimeoutMs: 5_000 } };
    const { error, attempts, ms } = await check(terms);
    expect(error).toMatchObject({ code: 'bff-unhealthy' });
    expect(error?.message).toMatch(
      /not healthy 5(?:\.\d)? s after its start, after \d+ tries\. Health: 404, "status is 200" failed\./,
    );
    expect(error?.hint?.text).toContain('--health-timeout SECONDS');
    expect(attempts.length).toBeGreaterThan(10);
    expect(ms).toBeLessThan(5_400);
  });

  test.for([
    [{ status: 302, body: '' }, /302, a redirect that was not followed/],
    [{ status: 200, body: '<html></html>', fails: true }, /200 with a web page, such as a login page/],
    [{ status: 500, body: '<html></html>' }, /500, "status is 200" failed/],
    [null, /no answer \(ECONNREFUSED\)/],
  ] as const)('what answers: %j', async ([answer, words]) => {
    const { error } = await check({ answers: [[0, answer]], job: { healthTimeoutMs: 1_000 } });
    expect(error?.message).toMatch(words);
  });

  test('a component that it calls down for four seconds is the answer, and no reason to wait on', async () => {
    const { error, ms } = await check({ answers: [[0, DOWN]], job: { healthTimeoutMs: 600_000 } });
    expect(error?.message).toMatch(/Health: 503, down: redis/);
    expect(error?.hint?.text).toMatch(/REDIS_URL/);
    expect(ms).toBeGreaterThanOrEqual(4_000);
    expect(ms).toBeLessThan(4_500);
  });

  test('a component that comes back before that is waited for', async () => {
    const { error } = await check({
      answers: [
        [0, DOWN],
        [3_500, HEALTHY],
      ],
    });
    expect(error).toBeNull();
  });

  test('what the watch of its log and its instance says ends it at once', async () => {
    const { error, ms } = await check({ answers: [], failMs: 1_234 });
    expect(error?.message).toBe('the BFF has failed');
    expect(ms).toBe(1_234);
  });
});

describe('until it has stayed so', () => {
  const job = { stableForMs: 10_000 };

  test('for as long as it shall, asking every two seconds', async () => {
    const { error, attempts, ms, step } = await check({ answers: [[0, HEALTHY]], job });
    expect(error).toBeNull();
    expect(attempts).toHaveLength(6);
    expect(ms).toBeLessThan(10_400);
    expect(step?.summary).toBe('2 of 2 requests pass, and still do after 10 s');
  });

  test('a failure in between begins the time again', async () => {
    const broken = { status: 500, body: 'broken' };
    const { error, ms } = await check({
      answers: [
        [0, HEALTHY],
        [7_000, broken],
        [9_000, HEALTHY],
      ],
      job,
    });
    expect(error).toBeNull();
    expect(ms).toBeGreaterThan(19_000);
  });

  test('a restart begins it again as well, and is noted', async () => {
    const { error, ms, step } = await check({ answers: [[0, HEALTHY]], restartMs: 7_000, job });
    expect(error).toBeNull();
    expect(ms).toBeGreaterThan(17_000);
    expect(step?.notes).toEqual([expect.stringContaining('restarted while it was being watched')]);
  });

  test('healthy and broken in turn is not healthy, and ends with the time', async () => {
    const answers = Array.from(
      { length: 40 },
      (_, at) => [at * 3_000, at % 2 === 0 ? HEALTHY : { status: 503 }] as const,
    );
    const { error, ms } = await check({ answers, job: { ...job, healthTimeoutMs: 60_000 } });
    expect(error).toMatchObject({ code: 'bff-unhealthy' });
    expect(ms).toBeGreaterThan(60_000);
    expect(ms).toBeLessThan(68_000);
  });
});

describe('what shows that it is registered', () => {
  test('its key, where the log does not say', async () => {
    const { error, facts } = await check({ answers: [[0, HEALTHY]], log: [], keys: ['other', 'bff-sig-001'] });
    expect(error).toBeNull();
    expect(facts['Registration']).toMatch(/JWKS holds the key bff-sig-001/);
  });

  test('nothing does: healthy is not enough', async () => {
    const { error } = await check({ answers: [[0, HEALTHY]], log: [], keys: [] });
    expect(error).toMatchObject({ code: 'bff-unregistered' });
  });
});
