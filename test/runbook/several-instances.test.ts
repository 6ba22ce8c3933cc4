import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { IAT_STEPS } from '../../scripts/runbook/iat.ts';
import {
  CACHED,
  ENVIRONMENT,
  fail,
  NOTHING_TO_DO,
  OVER,
  REFUSED,
  REGISTERED,
  UP,
  wellBehaved,
} from '../support/fake-bffs.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import type { Behaviour, FakeInstance, FakeStack } from '../support/fake-stack.ts';
import { iat, type Terms } from '../support/iat-run.ts';

const ALL = IAT_STEPS.map((step) => `${step} passed`);
const { signal: NEVER } = new AbortController();
const RAT_REFUSED = 'WARNING - Registration access token (RAT) is invalid or expired: 401 Unauthorized';
const SCOPE_REFUSED = 'ERROR - Client registration failed: 400 Bad Request {"error":"invalid_scope"}';

/** The main job on a stack that makes so many instances by itself and has a way to each. */
function run({
  wanted = 3,
  atFirst,
  job,
  behave,
  prepare,
  ...terms
}: Terms & { wanted?: number; atFirst?: number } = {}) {
  return iat({
    ...terms,
    ...(behave === undefined ? {} : { behave }),
    job: { bffUrl: null, stableForMs: 0, ...job },
    prepare(stack, interrupt, clock) {
      stack.manage(wanted, atFirst);
      prepare?.(stack, interrupt, clock);
    },
  });
}

/** After a moment it says that it is registered, and serves. */
function serve(bff: FakeInstance): void {
  bff.write(REGISTERED, UP);
  bff.serve();
}

/** By the number of the instance, from 1 on; the others are well. */
const each =
  (
    acts: Readonly<Record<number, (bff: FakeInstance, clock: FakeClock, signal: AbortSignal) => void | Promise<void>>>,
  ) =>
  (clock: FakeClock): Behaviour =>
  async (bff, signal) => {
    await clock.sleep(500, signal);
    await (acts[bff.copy] ?? serve)(bff, clock, signal);
  };

async function late(bff: FakeInstance, clock: FakeClock, signal: AbortSignal): Promise<void> {
  await clock.sleep(1_000, signal);
  serve(bff);
}

/** It ends, and is started again after ten seconds. */
async function endAndStart(bff: FakeInstance, clock: FakeClock, signal: AbortSignal): Promise<void> {
  bff.exit(3, { status: 'restarting' });
  await clock.sleep(10_000, signal);
  bff.start({ counts: true });
}

describe('three instances', () => {
  test('all register, each is asked by itself', async () => {
    const { result, outcome, ends } = await run();
    expect(ends).toEqual(ALL);
    expect(result).toMatchObject({ exitCode: 0, verdict: 'healthy', diagnosis: { code: 'registered' } });
    const steps = Object.fromEntries(result.steps.map(({ name, summary }) => [name, summary]));
    expect(steps['bootstrap']).toBe('3 of 3 pods are registered');
    expect(steps['health']).toBe('3 of 3 pods are healthy: every request passes');
    const health = result.steps.find(({ name }) => name === 'health');
    const first = health?.attempts.map(({ exchanges }) => exchanges[0]?.folders[0]);
    expect(new Set(first)).toEqual(new Set(['fake-bff-1', 'fake-bff-2', 'fake-bff-3']));
    expect(outcome.instances?.map(({ name }) => name).sort()).toEqual(['fake-bff-1', 'fake-bff-2', 'fake-bff-3']);
    expect(outcome.instances?.[0]).toMatchObject({ isNew: true, state: 'running', registered: true, healthy: true });
  });

  test('the third comes only when another is healthy; what was there before is no fault', async () => {
    const { result, outcome } = await run({
      atFirst: 1,
      prepare(stack) {
        const { behave } = stack;
        stack.behave = (bff) => bff.change({ status: 'restarting', restartCount: 7 });
        for (let copy = 0; copy < 4; copy++) stack.add();
        stack.behave = behave;
      },
    });
    expect(result).toMatchObject({ exitCode: 0, error: null });
    expect(outcome.instances?.filter(({ isNew }) => isNew)).toHaveLength(3);
    const old = outcome.instances?.filter(({ isNew }) => !isNew) ?? [];
    expect(new Set(old.map(({ state, restarts }) => `${state} ${restarts}`))).toEqual(new Set(['restarting 7']));
  });

  test.for([
    [
      'does not start',
      (bff: FakeInstance) => bff.change({ status: 'created' }),
      /fake-bff-3 is created and not started yet/,
    ],
    ['does not come', (bff: FakeInstance) => bff.remove(), /1 more pod has not come/],
  ] as const)('one that %s is said when the time is up', async ([, act, words]) => {
    const { result, ms } = await run({ behave: each({ 3: act }), job: { healthTimeoutMs: 60_000 } });
    expect(result.error).toMatchObject({ code: 'not-registered', message: expect.stringMatching(words) });
    expect(result.error?.message).toMatch(/^2 of 3 pods are registered, and the time is up\./);
    expect(ms).toBeGreaterThan(60_000);
    expect(ms).toBeLessThan(62_000);
  });

  test('one that fails does not hide how the others are', async () => {
    const { result, outcome } = await run({
      behave: each({
        2: (bff) => fail(bff, SCOPE_REFUSED),
        3: async (bff, clock, signal) => {
          await clock.sleep(1_000, signal);
          serve(bff);
        },
      }),
    });
    expect(result).toMatchObject({ error: { code: 'bootstrap-failed' }, diagnosis: { code: 'invalid-scope' } });
    expect(result.error?.message).toMatch(/^2 of 3 pods are registered\. fake-bff-2 is not: .*invalid_scope/);
    const two = outcome.instances?.find(({ name }) => name === 'fake-bff-2');
    expect(two).toMatchObject({ registered: false, problem: expect.stringContaining('invalid_scope') });
  });

  test('two that fail for different reasons', async () => {
    const { result } = await run({
      behave: each({
        1: (bff) => fail(bff, SCOPE_REFUSED),
        2: (bff) =>
          bff.change({
            status: 'created',
            obstacle: new AppError('image-pull', 'The image cannot be pulled.', { hint: 'Check its name.' }),
          }),
      }),
    });
    expect(result.error?.code).toBe('not-registered');
    expect(result.error?.message).toMatch(
      /^1 of 3 pods is registered\. fake-bff-2 is not: The image .* fake-bff-1 is not: .*invalid_scope/,
    );
    expect(result.diagnosis?.code).toBe('invalid-scope');
  });

  test('an obstacle that the stack names is the error of all that have it', async () => {
    const obstacle = new AppError('image-pull', 'The image cannot be pulled.', { hint: 'Check its name.' });
    const { result } = await run({ behave: () => (bff) => bff.change({ status: 'created', obstacle }) });
    expect(result.error).toMatchObject({ code: 'image-pull', hint: { text: 'Check its name.' } });
    expect(result.error?.message).toMatch(/^0 of 3 pods are registered\. .* are not: The image cannot be pulled\.$/);
  });
});

describe('credentials that all share', () => {
  test('two race for one use of the token: the next start of the other finds them', async () => {
    let isUsed = false;
    const { result, ms } = await run({
      wanted: 2,
      behave: (clock) => async (bff, signal) => {
        await clock.sleep(500, signal);
        if (bff.state.restartCount > 0) bff.write('INFO:     Started server process [2]', CACHED, NOTHING_TO_DO);
        else if (isUsed) {
          bff.write(REFUSED, OVER);
          return endAndStart(bff, clock, signal);
        } else bff.write(REGISTERED);
        isUsed = true;
        bff.write(UP);
        bff.serve();
      },
    });
    expect(result).toMatchObject({ exitCode: 0, error: null });
    expect(ms).toBeGreaterThan(10_000);
  });

  test('one that is refused twice is not forgiven again', async () => {
    const { result } = await run({
      wanted: 2,
      behave: each({
        1(bff, clock, signal) {
          bff.write(REFUSED, OVER);
          return endAndStart(bff, clock, signal);
        },
      }),
    });
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-invalid' } });
  });

  test('one whose cached credentials are refused after they were found is not counted before its next start', async () => {
    const { result } = await run({
      behave: each({
        async 1(bff, clock, signal) {
          if (bff.state.restartCount > 0) {
            bff.write('INFO:     Started server process [2]', CACHED, NOTHING_TO_DO, UP);
            return bff.serve();
          }
          bff.write(CACHED, 'INFO - ms_bff.metrics - INFO - bff_dcr_status{status="rat_cached"} 1');
          await clock.sleep(100, signal);
          bff.write(RAT_REFUSED, OVER);
          return endAndStart(bff, clock, signal);
        },
        2: late,
        3: late,
      }),
    });
    expect(result).toMatchObject({ exitCode: 0, error: null });
    expect(result.steps.find(({ name }) => name === 'bootstrap')?.summary).toBe('3 of 3 pods are registered');
  });

  test('kept apart, the first refusal counts; an older copy that has used the token is the reason', async () => {
    const { result } = await run({
      wanted: 2,
      behave: each({ 2: (bff) => fail(bff, REFUSED), 3: (bff) => fail(bff, REFUSED) }),
      prepare(stack) {
        stack.add();
        stack.next = { ...stack.next, sharedPaths: [] };
        const { restart } = stack;
        stack.restart = (...args) => {
          const old = stack.current;
          if (old !== null) old.change({ startedAt: '2026-01-01T00:00:09.000000000Z', restartCount: 3 });
          old?.write(REGISTERED, UP);
          return restart.apply(stack, args);
        };
      },
    });
    expect(result.diagnosis).toMatchObject({ code: 'iat-used-by-old-pod', iatHelps: true });
    expect(result.error?.message).toMatch(/older copy of the BFF, fake-bff-1/);
    expect(result.diagnosis?.fix.text).toMatch(/--max-usages/);
  });
});

describe('health of each', () => {
  test('one that stays down is said with its component, and the others with it', async () => {
    const down = { status: 503, body: '{"status":"unhealthy","checks":{"redis":{"status":"down"}}}' };
    const { result, outcome } = await run({
      behave: each({
        2(bff) {
          bff.write(REGISTERED, UP);
          bff.serve(down);
        },
      }),
    });
    expect(result).toMatchObject({ error: { code: 'bff-unhealthy' }, diagnosis: { code: 'redis-unavailable' } });
    expect(result.error?.message).toMatch(/^2 of 3 pods are healthy\. fake-bff-2 is not: .*down: redis/);
    expect(outcome.instances?.find(({ name }) => name === 'fake-bff-2')).toMatchObject({ healthy: false });
  });

  test('one that stays down while others are still to come ends the wait for them', async () => {
    const { result, ms } = await run({
      atFirst: 1,
      behave: each({
        1(bff) {
          bff.write(REGISTERED, UP);
          bff.answer = { status: 503, body: '{"checks":{"redis":{"status":"down"}}}' };
        },
      }),
    });
    expect(result.error).toMatchObject({ code: 'bff-unhealthy' });
    expect(ms).toBeLessThan(10_000);
  });

  test('different keys under one client id', async () => {
    const { result, outcome } = await run({
      wanted: 2,
      behave: each({
        2(bff) {
          bff.jwk = { kty: 'EC', crv: 'P-256', x: 'second', y: 'second' };
          serve(bff);
        },
        1(bff) {
          bff.jwk = { kty: 'EC', crv: 'P-256', x: 'first', y: 'first' };
          serve(bff);
        },
      }),
    });
    expect(result).toMatchObject({ exitCode: 1, error: { code: 'keys-differ' }, diagnosis: { code: 'keys-differ' } });
    expect(result.error?.message).toMatch(/2 different keys.*fake-bff-\d with [\w-]{8}, fake-bff-\d with [\w-]{8}/);
    expect(new Set(outcome.instances?.map(({ key }) => key)).size).toBe(2);
    const own = 'It signs with another key than the others.';
    expect(outcome.instances?.map(({ problem }) => problem)).toEqual([own, own]);
    // A restart would need two more uses of the token.
    expect(outcome.next).toEqual([{ text: 'The token is written and stays in place.' }]);
  });

  test('one that is replaced while all have to stay healthy begins the time again', async () => {
    const { result, ms } = await run({
      job: { stableForMs: 10_000 },
      prepare(stack, _, clock) {
        void clock.sleep(6_000, NEVER).then(() => {
          stack.current?.remove();
          stack.add();
        });
      },
    });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(ms).toBeGreaterThan(16_000);
    expect(result.steps.at(-1)?.notes).toEqual([expect.stringContaining('starts over')]);
  });

  test('that there is no way to them is said when the time is up, and of each', async () => {
    const { result, outcome } = await run({
      job: { healthTimeoutMs: 60_000 },
      prepare(stack) {
        stack.connect = async (id) => {
          throw new AppError('port-forward-failed', `No way to ${id}.`, { hint: 'Or say --bff-url.' });
        };
      },
    });
    expect(result.error).toMatchObject({ code: 'port-forward-failed', hint: { text: 'Or say --bff-url.' } });
    expect(result.error?.message).toMatch(/^No way to \d+\.$/);
    expect(outcome.instances?.map(({ healthy, problem }) => [healthy, problem?.startsWith('No way to')])).toEqual(
      Array.from({ length: 3 }, () => [null, true]),
    );
  });

  test('--bff-url is asked once for all', async () => {
    const { result } = await run({ job: { bffUrl: 'https://bff.test' } });
    expect(result.exitCode).toBe(0);
    expect(result.steps.at(-1)?.summary).toBe('2 of 2 requests pass');
  });
});

test('fifty instances: few ways at the same time, and a verdict right after the last is healthy', async () => {
  const busy = { ways: 0, mostWays: 0 };
  let lastMs = 0;
  const { result, outcome, ms } = await run({
    wanted: 50,
    atFirst: 25,
    behave: (clock) => {
      const behave = wellBehaved(clock);
      return async (bff, signal) => {
        await behave(bff, signal);
        lastMs = clock.now();
      };
    },
    prepare(stack: FakeStack) {
      const { connect } = stack;
      stack.connect = async (id, signal) => {
        busy.mostWays = Math.max(busy.mostWays, ++busy.ways);
        signal.addEventListener('abort', () => {
          busy.ways -= 1;
        });
        return (await connect?.(id, signal)) ?? '';
      };
    },
    environment: ENVIRONMENT,
  });
  expect(result).toMatchObject({ exitCode: 0, error: null });
  expect(outcome.instances?.filter(({ healthy, registered }) => healthy && registered)).toHaveLength(50);
  expect(busy).toMatchObject({ ways: 0 });
  expect(busy.mostWays).toBeLessThanOrEqual(8);
  expect(ms - lastMs).toBeLessThanOrEqual(1_000);
});
