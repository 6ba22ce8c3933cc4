import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { IAT_STEPS } from '../../scripts/runbook/iat.ts';
import type { Job } from '../../scripts/runbook/job.ts';
import { ENVIRONMENT, fail, NO_TOKEN, REFUSED, REGISTERED, UP, wellBehaved } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun, IAT } from '../support/fake-run.ts';
import { type Behaviour, FakeStack } from '../support/fake-stack.ts';
import { iat } from '../support/iat-run.ts';

const ALL = IAT_STEPS.map((step) => `${step} passed`);

describe('the main job', () => {
  test('mints once, writes, restarts, and sees the BFF register and stay healthy', async () => {
    const { result, ends, stack, events, ms } = await iat();
    expect(result).toMatchObject({ exitCode: 0, verdict: 'healthy', diagnosis: { code: 'registered' }, error: null });
    expect(ends).toEqual(ALL);
    expect(events).toEqual(['mint']);
    expect(stack.calls).toEqual(['write', 'restart']);
    expect(stack.environment).toEqual({ ...ENVIRONMENT, DCR_IAT: IAT });
    expect(result.next).toMatchObject([{ command: 'npm run iat:clear' }]);
    expect(ms).toBeLessThan(12_000);
  });

  test('a BFF that has credentials leaves the token alone, and the run says so', async () => {
    const { result } = await iat({ behave: (clock) => wellBehaved(clock, { isRegistered: true }) });
    expect(result).toMatchObject({ exitCode: 0, diagnosis: { code: 'credentials-cached' } });
    const words = /the new token was not used; it expires at 2026-01-01T01:/;
    expect(result.next[0]?.text).toMatch(words);
    expect(Object.fromEntries(result.facts)['Token']).toMatch(words);
  });

  test('--clear is refused before the mint where the next start would need a token again', async () => {
    const forced = { ...ENVIRONMENT, DCR_FORCE_REPLACE: 'true' };
    const { result, events, stack } = await iat({ job: { clear: true }, environment: forced });
    expect(result).toMatchObject({ exitCode: 2, error: { code: 'token-needed' } });
    expect([events, stack.calls]).toEqual([[], []]);
  });

  test('a BFF that does not see the token in its environment is not told to mint another one', async () => {
    const blind: Behaviour = async (bff) => fail(bff, NO_TOKEN);
    const { result } = await iat({ behave: () => blind });
    expect(result.error).toMatchObject({
      code: 'bootstrap-failed',
      message: 'The container has the token in DCR_IAT, but the BFF says that it has none.',
    });
    expect(result.diagnosis).toMatchObject({ code: 'iat-missing', iatHelps: false });
  });

  test.for<[string, string[], string]>([
    ['is not known to be registered: a plain restart would change nothing', [], 'fake up --force bff'],
    ['is registered: no restart changes that', [REGISTERED, UP], 'npm run health'],
  ])('a BFF that runs, is not healthy, and %s', async ([, lines, command]) => {
    const silent: Behaviour = async (bff) => bff.write(...lines);
    const { result } = await iat({ behave: () => silent, job: { healthTimeoutMs: 1_000 } });
    expect(result.error?.code).toBe('bff-unhealthy');
    expect(result.next).toEqual([
      { text: expect.stringMatching(/^The token is written and stays in place\./), command },
    ]);
  });

  test('a service without IDP_BASE_URL gets it, or a warning where it cannot be written', async () => {
    const { IDP_BASE_URL: _, ...environment } = ENVIRONMENT;
    const written = await iat({ environment });
    expect(written.stack.environment['IDP_BASE_URL']).toBe('https://idp.test/api/oidc');
    const kept = await iat({ environment, prepare: (stack) => Object.assign(stack, { addsOthers: false }) });
    expect(kept.events).toContainEqual(expect.stringContaining('The service has no IDP_BASE_URL'));
  });

  test('a value that is corrected under another name, as in a .env file, counts for the next start', async () => {
    const prepare = (stack: FakeStack) => {
      const planWrite = stack.planWrite.bind(stack);
      stack.planWrite = async (...args) => {
        const planned = await planWrite(...args);
        return { ...planned, preview: { ...planned.preview, changed: ['BFF_DCR_ENABLED', 'BFF_IAT'] } };
      };
      stack.replace();
      stack.current?.write(NO_TOKEN);
    };
    const { result } = await iat({ environment: { ...ENVIRONMENT, DCR_ENABLED: 'false' }, prepare });
    expect(result).toMatchObject({ exitCode: 0, verdict: 'healthy' });
  });

  test('--clear takes the token out again at the end', async () => {
    const { result, ends, stack, before } = await iat({ job: { clear: true } });
    expect(result).toMatchObject({ exitCode: 0, diagnosis: { code: 'credentials-cached' } });
    expect(ends).toEqual([...ALL, 'clear passed', 'restart passed', 'bootstrap passed', 'health passed']);
    expect(stack.text()).toBe(before);
    expect(stack.current?.env).toEqual(ENVIRONMENT);
  });

  test('--no-restart stops after writing', async () => {
    const { result, ends, stack } = await iat({ job: { restart: false } });
    expect(result).toMatchObject({ exitCode: 0, verdict: 'planned', next: [{ command: 'fake up bff' }] });
    expect(ends.slice(3)).toEqual(['restart skipped', 'bootstrap skipped', 'health skipped']);
    expect(stack.calls).toEqual(['write']);
  });

  test('--dry-run changes and mints nothing, and asks for no token', async () => {
    const asked: boolean[] = [];
    const adminToken = async (ask: boolean) => {
      asked.push(ask);
      throw new AppError('admin-token-missing', 'There is none.');
    };
    const { result, events, stack } = await iat({ job: { dryRun: true }, tools: { adminToken } });
    expect(result).toMatchObject({ exitCode: 0, verdict: 'planned', token: null, compose: { wrote: null } });
    expect(asked).toEqual([false]);
    expect(events).toEqual([]);
    expect(stack.calls).toEqual([]);
    expect(result.next).toContainEqual({ text: 'restart:', command: 'fake up bff' });
  });
});

test('the time for an answer of the IdP is what was asked for', async () => {
  const given: number[] = [];
  const seen = async (job: Partial<Job>) => {
    const clock = new FakeClock();
    const { collections } = createFakeRun(clock, new FakeStack(clock, ENVIRONMENT, () => {})).context.tools;
    const run: typeof collections.run = (order) => {
      if (order.origins !== null) given.push(order.requestTimeoutMs);
      return collections.run(order);
    };
    await iat({ job: { restart: false, ...job }, tools: { collections: { ...collections, run } } });
  };
  await seen({});
  await seen({ timeoutRequestMs: 60_000 });
  expect(given).toEqual([30_000, 60_000]);
});

describe('what would be left once the token is out', () => {
  const leftover = new AppError('shadowed', 'bff gets a DCR_IAT from bff.env:4 (env_file) as well.', {
    hint: 'Take it out.',
  });
  const prepare = (stack: FakeStack) => {
    const planWrite = stack.planWrite.bind(stack);
    stack.planWrite = async (...args) => ({ ...(await planWrite(...args)), leftover });
  };

  test('is said beforehand, and iat:clear is no advice before it is gone', async () => {
    const { result } = await iat({ prepare });
    expect(result).toMatchObject({ exitCode: 0, warnings: [expect.stringContaining('bff.env:4')] });
    expect(result.next).toEqual([
      {
        text: expect.stringMatching(/^The BFF has cached.* Before .*bff\.env:4 .* Take it out\. Then:$/),
        command: 'npm run iat:clear',
      },
    ]);
  });

  test('refuses --clear before the mint', async () => {
    const { result, events, stack } = await iat({ prepare, job: { clear: true } });
    expect(result).toMatchObject({ exitCode: 2, error: { code: 'shadowed' } });
    expect([events, stack.calls]).toEqual([[], []]);
  });
});

describe('what goes wrong at the mint changes nothing', () => {
  test('a refusal', async () => {
    const { result, ends, stack } = await iat({
      mint: () => ({ status: 403, body: '{"error":"insufficient_scope"}' }),
    });
    expect(result).toMatchObject({ exitCode: 3, error: { code: 'idp-forbidden' }, token: null });
    expect(ends.slice(1, 3)).toEqual(['mint failed', 'write skipped']);
    expect(stack.calls).toEqual([]);
  });

  test('an IdP that breaks twice is asked again, with pauses', async () => {
    let tries = 0;
    const good = { status: 201, body: JSON.stringify({ token: IAT }) };
    const { result, events } = await iat({ mint: () => (++tries < 3 ? { status: 503, body: '' } : good) });
    expect(result.exitCode).toBe(0);
    expect(events).toEqual(['mint', 'mint', 'mint']);
    expect(result.steps[1]?.notes).toHaveLength(2);
  });

  test('an IdP that stays broken is not asked for ever', async () => {
    const { result, events, stack } = await iat({ mint: () => ({ status: 503, body: '' }) });
    expect(result.error?.code).toBe('idp-unavailable');
    expect(events).toEqual(['mint', 'mint', 'mint']);
    expect(stack.calls).toEqual([]);
  });
});

describe('a token that was minted', () => {
  test('stays written when the BFF fails with it, and the run says how to go on', async () => {
    const { result, stack } = await iat({
      behave: () => (bff) => {
        bff.write('INFO - starts');
        if (bff.env['DCR_IAT'] === IAT) fail(bff, REFUSED);
      },
    });
    expect(result).toMatchObject({
      exitCode: 1,
      verdict: 'unhealthy',
      diagnosis: { code: 'iat-invalid', iatHelps: null },
      error: { message: expect.stringContaining('refuses the token that was minted for this start a moment ago') },
    });
    // Another restart with a token that is refused, or the same run again, is no way out.
    expect(result.error?.hint).toEqual({ text: expect.stringMatching(/http:\/\/idp-app:8002.*https:\/\/idp\.test/) });
    expect(result.next).toEqual([{ text: expect.stringContaining('although the IdP refuses it') }]);
    expect(stack.environment['DCR_IAT']).toBe(IAT);
  });

  test('stays written when it could not be checked whether it counts; then nothing is restarted', async () => {
    const { result, ends, stack } = await iat({
      prepare(stack) {
        const { planWrite } = stack;
        stack.planWrite = async (...args) => {
          const plan = await planWrite.apply(stack, args);
          const doubt = new AppError('compose-failed', 'It could not be checked.');
          return { ...plan, write: async (...given) => ({ ...(await plan.write(...given)), doubt }) };
        };
      },
    });
    expect(result).toMatchObject({ exitCode: 3, error: { code: 'compose-failed' }, compose: { changed: ['DCR_IAT'] } });
    expect(ends.slice(2, 4)).toEqual(['write failed', 'restart skipped']);
    expect(stack.calls).toEqual(['write']);
  });

  test('is taken out again by an interruption before the restart', async () => {
    const { result, stack, before } = await iat({
      prepare(stack, interrupt) {
        stack.restart = async (_, __, signal) => {
          interrupt();
          throw signal.reason;
        };
      },
    });
    expect(result).toMatchObject({ verdict: 'interrupted', exitCode: 130, compose: null });
    expect(stack.calls).toEqual(['write', 'put back']);
    expect(stack.text()).toBe(before);
  });

  test('stays written by an interruption after it', async () => {
    const { result, stack, ends, ms } = await iat({
      prepare(stack, interrupt, clock) {
        stack.behave = async (_, signal) => {
          await clock.sleep(1_000, signal);
          interrupt();
        };
      },
    });
    expect(result).toMatchObject({ verdict: 'interrupted', exitCode: 130, compose: { changed: ['DCR_IAT'] } });
    expect(ends.slice(3)).toEqual(['restart passed', 'bootstrap failed', 'health skipped']);
    expect(stack.environment['DCR_IAT']).toBe(IAT);
    expect(ms).toBeLessThan(1_100);
  });
});
