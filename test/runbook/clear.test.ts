import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { PriorValue } from '../../scripts/core/result.ts';
import { CLEAR_STEPS, runClear } from '../../scripts/runbook/clear.ts';
import type { Job, Tools } from '../../scripts/runbook/job.ts';
import type { Outcome } from '../../scripts/runbook/recorder.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { ENVIRONMENT, wellBehaved } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun, IAT, waitingFiles } from '../support/fake-run.ts';
import { type FakeInstance, FakeStack } from '../support/fake-stack.ts';

const NEVER = new AbortController().signal;

interface Terms {
  readonly environment?: Record<string, string | null>;
  readonly isRegistered?: boolean;
  readonly prior?: PriorValue;
  readonly job?: Partial<Job>;
  readonly tools?: Partial<Tools>;
  /** Changes what is there before the run. */
  readonly prepare?: (stack: FakeStack, bff: FakeInstance, interrupt: () => void, clock: FakeClock) => void;
  /** So many instances, which the stack makes by itself. */
  readonly copies?: number;
}

/** The BFF is up, with the token in its environment, when the run begins. */
async function clear({ environment, isRegistered = true, prior, job, tools: more, prepare, copies }: Terms = {}) {
  const clock = new FakeClock();
  const stack = new FakeStack(
    clock,
    environment ?? { ...ENVIRONMENT, DCR_IAT: IAT },
    wellBehaved(clock, { isRegistered }),
  );
  if (copies !== undefined) stack.manage(copies);
  const bff = stack.replace();
  await clock.sleep(1_000, NEVER);
  const before = stack.text();
  const tools = { ...more, ...(prior === undefined ? {} : { priorValue: async () => prior }) };
  const run = createFakeRun(clock, stack, { job: { stableForMs: 0, ...job }, tools });
  prepare?.(stack, bff, run.interrupt, clock);
  const outcome: Outcome = await runClear(run.context).catch((error: unknown) => ({ verdict: 'failed', error }));
  const result = run.finish(outcome, CLEAR_STEPS);
  const ends = result.steps.map(({ name, status }) => `${name} ${status}`);
  return { outcome, result, ends, stack, before };
}

const ALL = CLEAR_STEPS.map((step) => `${step} passed`);

describe('npm run iat:clear', () => {
  test('certificates that the collection does not check are a warning', async () => {
    const unchecked = { protocolProfileBehavior: { strictSSL: false } };
    const bytes = collectionBytes([{ ...folder('BFF Health', request('Up', '{{bff_url}}/health')), ...unchecked }]);
    const { files } = createFakeRun(new FakeClock(), new FakeStack(new FakeClock(), {}, () => {})).context.tools;
    const { result } = await clear({
      job: { bffUrl: 'http://localhost:8000' },
      tools: { files: { ...files, read: async () => bytes } },
    });
    expect(result.warnings.join()).toMatch(/switches off the check of certificates \(strictSSL\)/);
  });

  test('takes the token out, and proves that the BFF starts from its cached credentials', async () => {
    const { result, ends, stack } = await clear();
    expect(result).toMatchObject({ exitCode: 0, verdict: 'healthy', diagnosis: { code: 'credentials-cached' } });
    expect(ends).toEqual(ALL);
    expect(stack.calls).toEqual(['clear', 'restart']);
    expect(stack.environment).toEqual(ENVIRONMENT);
    expect(stack.current?.env).toEqual(ENVIRONMENT);
  });

  test('a value that would be left: nothing is changed', async () => {
    const error = new AppError('shadowed', 'It comes from bff.env:4 as well.');
    const { result, stack } = await clear({
      prepare(stack) {
        const planClear = stack.planClear.bind(stack);
        stack.planClear = async (...args) => ({ ...(await planClear(...args)), leftover: error });
      },
    });
    expect(result).toMatchObject({ exitCode: 2, error: { code: 'shadowed' } });
    expect(stack.calls).toEqual([]);
  });

  test.for([
    ['absent', ENVIRONMENT],
    ['empty', { ...ENVIRONMENT, DCR_IAT: '' }],
    ['passed-through', { ...ENVIRONMENT, DCR_IAT: null }],
    ['value', ENVIRONMENT],
  ] as const)('leaves what was there before, as the reports tell: %s', async ([prior, environment]) => {
    const { result, stack } = await clear({ prior });
    expect(result.exitCode).toBe(0);
    expect(stack.environment).toEqual(environment);
  });

  test('where the token is out already, only health is checked', async () => {
    const { result, ends, stack } = await clear({ environment: ENVIRONMENT });
    expect(result.exitCode).toBe(0);
    expect(ends).toEqual([
      'preflight passed',
      'clear skipped',
      'restart skipped',
      'bootstrap skipped',
      'health passed',
    ]);
    expect(stack.calls).toEqual([]);
    expect(result.next[0]?.text).toMatch(/^Nothing was changed: DCR_IAT is already gone/);
  });

  test('another run that is at work is waited for; what it has done counts, and not what was there before', async () => {
    let otherEnds = async () => {};
    const files = waitingFiles(['process 4711 on ci']);
    const takeTurn: typeof files.takeTurn = async (...args) => {
      await otherEnds();
      return files.takeTurn(...args);
    };
    const { result, ends, stack } = await clear({
      tools: { files: { ...files, takeTurn } },
      prepare(stack, bff, _, clock) {
        bff.serve({ status: 503, body: 'starting' });
        otherEnds = async () => {
          stack.environment = ENVIRONMENT;
          stack.behave = wellBehaved(clock, { isRegistered: true });
          stack.replace();
          await clock.sleep(1_000, NEVER);
        };
      },
    });
    expect(result).toMatchObject({ exitCode: 0, verdict: 'healthy' });
    expect(ends.slice(0, 2)).toEqual(['preflight passed', 'clear skipped']);
    expect(stack.calls).toEqual([]);
  });

  test.for([[{}], [{ dryRun: true }]])('its turn is over when it has ended: %j', async ([job = {}]) => {
    const turns: string[] = [];
    await clear({ job, tools: { files: waitingFiles([], null, () => turns.push('over')) } });
    expect(turns).toEqual('dryRun' in job ? [] : ['over']);
  });

  test('where only the instance still has it, the restart takes it out', async () => {
    const { result, stack } = await clear({
      prepare(stack) {
        stack.environment = ENVIRONMENT;
      },
    });
    expect(result).toMatchObject({ exitCode: 0, compose: null });
    expect(stack.current?.env).toEqual(ENVIRONMENT);
  });

  test('--dry-run changes nothing', async () => {
    const { result, stack, before } = await clear({ job: { dryRun: true } });
    expect(result).toMatchObject({ exitCode: 0, verdict: 'planned', compose: { wrote: null, changed: ['DCR_IAT'] } });
    expect(stack.text()).toBe(before);
  });
});

describe('what would make the next start need a token is refused', () => {
  test('DCR_FORCE_REPLACE', async () => {
    const { result, stack } = await clear({ environment: { ...ENVIRONMENT, DCR_IAT: IAT, DCR_FORCE_REPLACE: 'TRUE' } });
    expect(result).toMatchObject({ exitCode: 2, error: { code: 'token-needed' } });
    expect(stack.calls).toEqual([]);
  });

  test.for([
    ['/app/keys/bff_client.json', ['/app/keys'], null],
    ['/app/keys/bff_client.json', ['/app/keys/bff_client.json'], null],
    ['/app/keys/bff_client.json', ['/app/key'], 'token-needed'],
    ['/app/keys/bff_client.json', [], 'token-needed'],
    ['keys/bff_client.json', [], null],
  ] as const)('credentials in %s, and what outlives it: %j', async ([path, persistentPaths, code]) => {
    const { result } = await clear({
      environment: { ...ENVIRONMENT, DCR_IAT: IAT, BFF_CLIENT_CRED_PATH: path },
      prepare(_, bff) {
        bff.persistentPaths = persistentPaths;
      },
    });
    expect(result.error?.code ?? null).toBe(code);
  });

  test('a BFF that is not up', async () => {
    const { result, stack } = await clear({
      prepare(_, bff) {
        bff.exit(1);
      },
    });
    expect(result).toMatchObject({ exitCode: 1, error: { code: 'bff-unregistered' } });
    expect(stack.calls).toEqual([]);
  });
});

describe('a BFF that does not come up without its token', () => {
  test('everything is put back, and the run says why', async () => {
    const { result, ends, stack, before } = await clear({
      prepare(stack, _, __, clock) {
        stack.behave = wellBehaved(clock);
      },
    });
    expect(result).toMatchObject({ exitCode: 1, error: { code: 'bootstrap-failed' }, compose: null });
    expect(result.error?.message).toMatch(/^The BFF does not work without DCR_IAT, so everything was put back: /);
    expect(result.error?.hint).toMatchObject({ text: expect.stringContaining('volume'), command: 'npm run iat' });
    expect(ends.slice(-3)).toEqual(['bootstrap failed', 'restore passed', 'health skipped']);
    expect(stack.calls).toEqual(['clear', 'restart', 'put back', 'restart']);
    expect(stack.text()).toBe(before);
    expect(stack.current?.env['DCR_IAT']).toBe(IAT);
  });

  test('what cannot be put back is a warning', async () => {
    const { result, ends } = await clear({
      prepare(stack, _, __, clock) {
        stack.behave = wellBehaved(clock);
        const { planClear } = stack;
        stack.planClear = async (...args) => {
          const plan = await planClear.apply(stack, args);
          const putBack = () => Promise.reject(new AppError('file-changed', 'It was saved by another program.'));
          return { ...plan, clear: async (...given) => ({ ...(await plan.clear(...given)), putBack }) };
        };
      },
    });
    expect(result.error?.message).toMatch(/^The BFF does not work without DCR_IAT: /);
    expect(result.compose).not.toBeNull();
    expect(result.warnings).toEqual([
      expect.stringContaining('could not be put back: It was saved by another program.'),
    ]);
    expect(ends).toContain('restore failed');
  });
});

describe('an interruption', () => {
  test('before the restart puts everything back', async () => {
    const { result, stack, before } = await clear({
      prepare(stack, _, interrupt) {
        stack.restart = async (__, ___, signal) => {
          interrupt();
          throw signal.reason;
        };
      },
    });
    expect(result).toMatchObject({ verdict: 'interrupted', error: { message: 'Interrupted.' }, compose: null });
    expect(stack.text()).toBe(before);
  });

  test('after it leaves the token out, and the run says how to go on', async () => {
    const { result, stack } = await clear({
      prepare(stack, _, interrupt, clock) {
        stack.behave = async (__, signal) => {
          await clock.sleep(100, signal);
          interrupt();
        };
      },
    });
    expect(result).toMatchObject({ verdict: 'interrupted', next: [{ command: 'npm run iat:clear' }] });
    expect(stack.environment).toEqual(ENVIRONMENT);
  });
});

describe('several instances', () => {
  const job = { bffUrl: null };

  test('each has to start from its cached credentials, and the verdict says so of all', async () => {
    const { result, outcome } = await clear({ copies: 3, job });
    expect(result).toMatchObject({ exitCode: 0, diagnosis: { code: 'credentials-cached' } });
    expect(result.next[0]?.text).toMatch(/^All 3 containers start from their cached credentials without DCR_IAT/);
    expect(outcome.instances?.filter(({ isNew, healthy }) => isNew && healthy)).toHaveLength(3);
  });

  test('one that is not healthy now keeps everything as it is', async () => {
    const { result, stack } = await clear({
      copies: 3,
      job,
      prepare: (_, bff) => bff.serve({ status: 500, body: 'broken' }),
    });
    expect(result.error?.message).toMatch(
      /so nothing was changed\. 2 of 3 containers are healthy\. fake-bff-3 is not: /,
    );
    expect(stack.calls).toEqual([]);
  });

  test('one that loses its credentials with its restart is refused', async () => {
    const path = '/app/keys/bff_client.json';
    const { result, stack } = await clear({
      copies: 2,
      job,
      environment: { ...ENVIRONMENT, DCR_IAT: IAT, BFF_CLIENT_CRED_PATH: path },
      prepare(stack) {
        for (const each of stack.all.slice(1)) each.persistentPaths = [];
      },
    });
    expect(result.error?.code).toBe('token-needed');
    expect(stack.calls).toEqual([]);
  });
});
