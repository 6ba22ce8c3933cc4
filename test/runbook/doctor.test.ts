import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { LogLine } from '../../scripts/core/result.ts';
import { runDoctor } from '../../scripts/runbook/doctor.ts';
import type { Tools } from '../../scripts/runbook/job.ts';
import { ENVIRONMENT, fail, NO_TOKEN, OVER, REGISTERED, UP } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun, IAT } from '../support/fake-run.ts';
import { type FakeInstance, FakeStack } from '../support/fake-stack.ts';

interface Terms {
  readonly environment?: Record<string, string | null>;
  /** What the instance has done by now; null: there is none. */
  readonly bff?: ((bff: FakeInstance) => void) | null;
  readonly prepare?: (stack: FakeStack) => void;
  readonly tools?: Partial<Tools>;
  readonly logFile?: string;
  readonly keys?: readonly string[];
}

async function doctor({ environment = ENVIRONMENT, bff = null, prepare, tools, logFile, keys }: Terms) {
  const clock = new FakeClock();
  const stack = new FakeStack(clock, environment, (each) => bff?.(each));
  if (bff !== null) stack.replace();
  prepare?.(stack);
  const run = createFakeRun(clock, stack, {
    ...(tools === undefined ? {} : { tools }),
    ...(keys === undefined ? {} : { keys }),
  });
  const outcome = await runDoctor(run.context, logFile ?? null).catch((error: unknown) => ({
    verdict: 'failed' as const,
    error,
  }));
  const result = run.finish(outcome);
  expect(stack.calls).toEqual([]);
  expect(run.events).not.toContain('mint');
  return { result, ends: result.steps.map(({ name, status }) => `${name} ${status}`) };
}

function serve(bff: FakeInstance): void {
  bff.write(REGISTERED, UP);
  bff.serve();
}

describe('npm run doctor', () => {
  test('registered and healthy: nothing is wrong', async () => {
    const { result, ends } = await doctor({ bff: serve });
    expect(result).toMatchObject({ exitCode: 0, verdict: 'healthy', diagnosis: { code: 'registered' } });
    expect(ends).toEqual(['settings', 'container', 'log', 'idp', 'health'].map((step) => `${step} passed`));
  });

  test('no token: a fresh one helps', async () => {
    const { result, ends } = await doctor({ bff: (bff) => fail(bff, NO_TOKEN) });
    expect(result).toMatchObject({
      exitCode: 1,
      error: { code: 'fault-found' },
      diagnosis: { code: 'iat-missing', iatHelps: true },
    });
    expect(ends).toEqual(['settings passed', 'container failed', 'log failed', 'idp passed', 'health failed']);
  });

  test('it helps, but none could be minted from here', async () => {
    const tools: Partial<Tools> = { reach: async () => ({ kind: 'dns' }) };
    const { result } = await doctor({ bff: (bff) => fail(bff, NO_TOKEN), tools });
    expect(result.next).toContainEqual({ text: expect.stringContaining('npm run iat could not mint') });
  });

  test('up and healthy, but unregistered: not fine', async () => {
    const environment = { ...ENVIRONMENT, ALLOW_BOOTSTRAP_FAILURE: 'true' };
    const bff = (each: FakeInstance) => {
      each.write(NO_TOKEN, UP);
      each.serve();
    };
    const { result, ends } = await doctor({ environment, bff });
    expect(ends).toContain('health passed');
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-missing', iatHelps: true } });
  });

  test('an IdP that cannot be reached from the BFF: no token helps', async () => {
    const prepare = (stack: FakeStack) => {
      stack.reach = { kind: 'dns' };
    };
    const { result, ends } = await doctor({ bff: serve, prepare });
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'idp-unreachable', iatHelps: false } });
    expect(ends).toContain('idp failed');
    expect(result.steps.find(({ name }) => name === 'idp')?.summary).toMatch(
      /^from the BFF it cannot be reached: its host name does not resolve; from here it answers/,
    );
  });

  test('no instance', async () => {
    const { result, ends } = await doctor({});
    expect(ends.slice(0, 3)).toEqual(['settings passed', 'container failed', 'log failed']);
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'unknown', iatHelps: null } });
  });

  test('an instance that is older than its environment', async () => {
    const prepare = (stack: FakeStack) => {
      stack.environment = { ...stack.environment, DCR_IAT: IAT };
    };
    const { result } = await doctor({ bff: serve, prepare });
    expect(result.warnings).toEqual([
      expect.stringMatching(/was started before DCR_IAT changed\. A new one gets the new values: fake up bff$/),
    ]);
  });
});

describe('what it cannot look at', () => {
  test('no stack: the other parts are looked at anyway, and the obstacle decides', async () => {
    const findStack = () => Promise.reject(new AppError('docker-missing', 'There is no Docker.'));
    const { result, ends } = await doctor({ tools: { findStack } });
    expect(result).toMatchObject({ exitCode: 3, error: { code: 'docker-missing' } });
    expect(ends).toEqual(['settings failed', 'container skipped', 'log skipped', 'idp passed', 'health failed']);
    expect(result.next).toContainEqual(expect.objectContaining({ command: 'npm run doctor -- --log-file FILE' }));
  });

  test('files that are not accepted: what runs is looked at', async () => {
    const { result, ends } = await doctor({
      bff: serve,
      prepare(stack) {
        stack.look = () => Promise.reject(new AppError('compose-invalid', 'The files are not accepted.'));
      },
    });
    expect(result).toMatchObject({ exitCode: 2, error: { code: 'compose-invalid' } });
    expect(ends).toEqual(['settings failed', 'container passed', 'log passed', 'idp passed', 'health passed']);
  });

  test('a log that is not kept', async () => {
    const { ends } = await doctor({
      bff(bff) {
        bff.logUnreadable = 'none is kept';
        bff.serve();
      },
    });
    expect(ends).toContain('log failed');
  });
});

describe('a saved log', () => {
  const read = (...texts: string[]) =>
    doctor({
      logFile: 'bff.log',
      tools: {
        async *logFile(): AsyncGenerator<LogLine> {
          for (const text of texts) yield { at: null, stream: 'stdout', text };
        },
      },
    });

  test('is all that is looked at', async () => {
    const { result, ends } = await read(NO_TOKEN, OVER);
    expect(ends).toEqual(['log failed']);
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-missing', iatHelps: true } });
    expect(result.steps[0]?.summary).toBe('2 lines of bff.log');
  });

  test('of a BFF that is well', async () => {
    const { result, ends } = await read(REGISTERED, UP);
    expect(ends).toEqual(['log passed']);
    expect(result).toMatchObject({ exitCode: 0, diagnosis: { code: 'registered' } });
  });
});
