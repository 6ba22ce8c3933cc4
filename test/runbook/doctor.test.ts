import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { LogLine } from '../../scripts/core/result.ts';
import { runDoctor } from '../../scripts/runbook/doctor.ts';
import type { Tools } from '../../scripts/runbook/job.ts';
import type { Outcome } from '../../scripts/runbook/recorder.ts';
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
  /** So many instances, each with a way to it. */
  readonly copies?: number;
}

async function doctor({ environment = ENVIRONMENT, bff = null, prepare, tools, logFile, keys, copies }: Terms) {
  const clock = new FakeClock();
  const stack = new FakeStack(clock, environment, (each) => bff?.(each));
  if (copies !== undefined) stack.manage(copies);
  if (bff !== null) stack.replace();
  prepare?.(stack);
  const run = createFakeRun(clock, stack, {
    ...(tools === undefined ? {} : { tools }),
    ...(copies === undefined ? {} : { job: { bffUrl: null } }),
    ...(keys === undefined ? {} : { keys }),
  });
  const outcome: Outcome = await runDoctor(run.context, logFile ?? null).catch((error: unknown) => ({
    verdict: 'failed',
    error,
  }));
  const result = run.finish(outcome);
  expect(stack.calls).toEqual([]);
  expect(run.events).not.toContain('mint');
  return { outcome, result, ends: result.steps.map(({ name, status }) => `${name} ${status}`) };
}

const STARTED = 'INFO:     Started server process [1]';

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

  test('an instance that is older than what its files say: whether a token helps the next start is open', async () => {
    const prepare = (stack: FakeStack) => {
      stack.next = { ...stack.next, changed: 'its configuration or its image changed' };
      stack.reach = { kind: 'dns' };
    };
    const bff = (each: FakeInstance) => fail(each, 'ERROR - dcr httpx.ConnectError: Name or service not known');
    const { result } = await doctor({ bff, prepare });
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'idp-unreachable', iatHelps: null } });
    expect(result.warnings).toEqual([
      expect.stringMatching(/was started before its configuration or its image changed\. .*: fake up bff$/),
    ]);
    expect(result.next).toContainEqual({ text: expect.stringMatching(/^The last log is out of date/) });
  });

  test('one that failed some times and is well now: nothing is wrong', async () => {
    const bff = (each: FakeInstance) => {
      each.write(NO_TOKEN, OVER);
      each.change({ restartCount: 4 });
      each.write(STARTED);
      serve(each);
    };
    expect((await doctor({ bff })).result).toMatchObject({ exitCode: 0, diagnosis: { code: 'registered' } });
  });

  test.for([[null], [{ status: 'healthy', lastOutput: '', checkedAt: '' }]] as const)(
    'one that is well at the moment, and dies again and again, with the health %j',
    async ([health]) => {
      const bff = (each: FakeInstance) => {
        serve(each);
        each.write('MemoryError: session_gc failed');
        each.change({ restartCount: 3, exitCode: 1, health });
        each.write(STARTED);
        serve(each);
      };
      const { result } = await doctor({ bff });
      expect(result).toMatchObject({
        exitCode: 1,
        error: { message: expect.stringMatching(/again and again .*exited with code 1/) },
        diagnosis: { evidence: ['MemoryError: session_gc failed'] },
      });
    },
  );
});

test('why there is nothing to look at is the answer where the stack knows', async () => {
  const error = new AppError('no-replicas', 'It is scaled to 0.', { hint: 'Scale it up.' });
  const prepare = (stack: FakeStack) => {
    stack.absence = error;
    stack.objections = [{ error, question: '', yieldsToForce: false }];
  };
  const { result } = await doctor({ bff: null, prepare });
  expect(result).toMatchObject({ error: { code: 'fault-found', message: 'It is scaled to 0.' }, warnings: [] });
  expect(result.steps.find(({ name }) => name === 'container')?.summary).toBe('It is scaled to 0.');
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

describe('several instances', () => {
  test('each is looked at and asked by itself', async () => {
    const { result, outcome } = await doctor({ copies: 3, bff: serve });
    expect(result.exitCode).toBe(0);
    const steps = Object.fromEntries(result.steps.map(({ name, summary }) => [name, summary]));
    expect(steps).toMatchObject({
      container: '3 of 3 containers are well.',
      log: '3 containers: 3 registered',
      health: '3 of 3 containers are healthy',
    });
    expect(outcome.instances).toHaveLength(3);
  });

  test('one that fails is the answer, and the others are said, too', async () => {
    const { result, outcome } = await doctor({
      copies: 3,
      bff: (bff) => (bff.copy === 2 ? fail(bff, NO_TOKEN) : serve(bff)),
    });
    expect(result).toMatchObject({ exitCode: 1, diagnosis: { code: 'iat-missing', iatHelps: true } });
    const steps = Object.fromEntries(result.steps.map(({ name, summary }) => [name, summary]));
    expect(steps['container']).toMatch(/^2 of 3 containers are well\. The container fake-bff-2 exited/);
    expect(steps['log']).toMatch(/^3 containers: 2 registered; fake-bff-2: The BFF has no cached credentials/);
    expect(steps['health']).toMatch(/^2 of 3 containers are healthy\. fake-bff-2: /);
    const problems = outcome.instances?.map(({ name, problem }) => `${name} ${problem}`).sort();
    expect(problems).toEqual([
      'fake-bff-1 null',
      expect.stringMatching(/^fake-bff-2 The BFF has no cached credentials/),
      'fake-bff-3 null',
    ]);
  });

  test('different keys are a fault, although each is well', async () => {
    const { result } = await doctor({
      copies: 2,
      bff(bff) {
        bff.jwk = { kty: 'OKP', crv: 'Ed25519', x: bff.name };
        serve(bff);
      },
    });
    expect(result).toMatchObject({ exitCode: 1, error: { code: 'fault-found' }, diagnosis: { code: 'keys-differ' } });
  });

  test('what would keep a run from changing anything is a warning', async () => {
    const error = new AppError('rollout-paused', 'It is paused.', { hint: 'Resume it.' });
    const prepare = (stack: FakeStack) => {
      stack.objections = [{ error, question: 'Go on?', yieldsToForce: false }];
    };
    const { result } = await doctor({ bff: serve, prepare });
    expect(result).toMatchObject({ exitCode: 0, warnings: ['It is paused. Resume it.'] });
  });
});
