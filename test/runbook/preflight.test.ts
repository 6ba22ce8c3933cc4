import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Settings } from '../../scripts/core/stack.ts';
import type { Job, Tools } from '../../scripts/runbook/job.ts';
import { preflight } from '../../scripts/runbook/preflight.ts';
import { ENVIRONMENT, NO_TOKEN, REFUSED, REGISTERED, UP } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { ADMIN_TOKEN, createFakeRun } from '../support/fake-run.ts';
import { FakeStack } from '../support/fake-stack.ts';

interface Terms {
  readonly environment?: Record<string, string | null>;
  readonly job?: Partial<Job>;
  readonly tools?: Partial<Tools>;
  /** The log of the instance that is there, of which null has none; the last line's words decide its state. */
  readonly log?: readonly string[] | null;
  readonly prepare?: (stack: FakeStack) => void;
}

async function check({ environment = ENVIRONMENT, job, tools, log = null, prepare }: Terms = {}) {
  const clock = new FakeClock();
  const stack = new FakeStack(clock, environment, () => {});
  if (log !== null) {
    const bff = stack.replace();
    bff.write(...log);
    if (!log.includes(UP)) bff.exit(3);
  }
  prepare?.(stack);
  let settings: Settings | null = null;
  const { planWrite } = stack;
  stack.planWrite = (given, signal) => {
    settings = given;
    return planWrite.call(stack, given, signal);
  };
  const learned: string[] = [];
  const learn = (secret: Secret) => learned.push(secret.reveal());
  const run = createFakeRun(clock, stack, { ...(job === undefined ? {} : { job }), tools: { learn, ...tools } });
  const { context } = run;
  const plan = await context.recorder
    .step('preflight', (scope) => preflight(context, scope))
    .catch((error: unknown) => error as AppError);
  const { steps, warnings } = run.finish({ verdict: 'planned' });
  expect(stack.calls).toEqual([]);
  return {
    plan,
    code: plan instanceof AppError ? plan.code : null,
    settings,
    warnings,
    notes: steps[0]?.notes,
    learned,
  };
}

describe('the other variables of the runbook', () => {
  test('that are as they should be stay', async () => {
    expect((await check()).settings).toEqual({ correct: {}, add: {} });
  });

  test('that contradict it are corrected, those that are not there are added', async () => {
    const { settings } = await check({ environment: { DCR_ENABLED: 'False', ALLOW_BOOTSTRAP_FAILURE: 'FALSE' } });
    expect(settings).toEqual({
      correct: { DCR_ENABLED: 'true' },
      add: { SKIP_DCR_BOOTSTRAP: 'false', IDP_BASE_URL: 'https://idp.test/api/oidc' },
    });
  });

  test('an IdP on loopback is none for a container: better no address than a wrong one', async () => {
    const environment = { ...ENVIRONMENT, IDP_BASE_URL: null };
    const { settings, warnings } = await check({ environment, job: { idpUrl: 'http://127.0.0.1:8002' } });
    expect(settings).toEqual({ correct: {}, add: {} });
    expect(warnings).toContainEqual(expect.stringContaining('has no IDP_BASE_URL'));
  });
});

describe('what is to be known beforehand', () => {
  test('side effects, and certificates that are not checked', async () => {
    const { warnings } = await check({
      job: { insecure: true },
      prepare(stack) {
        stack.sideEffects = ['The restart will also recreate redis.'];
      },
    });
    expect(warnings).toEqual([expect.stringContaining('--insecure'), 'The restart will also recreate redis.']);
  });

  test('secrets of the environment are masked from then on', async () => {
    const environment = { ...ENVIRONMENT, REDIS_PASSWORD: 'test-only-password-0001', DCR_IAT: 'test-only-token-0001' };
    const { learned } = await check({ environment });
    expect(learned).toEqual(expect.arrayContaining([ADMIN_TOKEN, 'test-only-password-0001', 'test-only-token-0001']));
  });
});

describe('the admin token', () => {
  const jwt = (exp: number) =>
    `${[{ alg: 'none' }, { exp }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
  const seconds = new FakeClock().date().getTime() / 1_000;

  test.for([
    [seconds + 60, null],
    [seconds - 600, 'admin-token-expired'],
  ] as const)('is a JWT until %i: %s', async ([exp, code]) => {
    const adminToken = async () => new Secret(jwt(exp), 'admin token');
    expect((await check({ tools: { adminToken } })).code).toBe(code);
  });

  test('is missing, and needed unless it is a dry run', async () => {
    const adminToken = async () => {
      throw new AppError('admin-token-missing', 'There is none.');
    };
    expect((await check({ tools: { adminToken } })).code).toBe('admin-token-missing');
    expect((await check({ tools: { adminToken }, job: { dryRun: true } })).code).toBeNull();
  });
});

describe('whether a fresh token will help', () => {
  test('it does: by what the log says', async () => {
    const { code, notes } = await check({ log: [NO_TOKEN] });
    expect(code).toBeNull();
    expect(notes).toContainEqual(expect.stringMatching(/^A fresh token should help/));
  });

  test('it does: the IdP that could not be reached answers by now', async () => {
    const log = ['ERROR - dcr httpx.ConnectError: [Errno -2] Name or service not known'];
    expect((await check({ log })).code).toBeNull();
    const unreachable = (stack: FakeStack) => {
      stack.reach = { kind: 'dns' };
    };
    expect((await check({ log, prepare: unreachable })).code).toBe('iat-does-not-help');
  });

  const SCOPE = 'ERROR - Client registration failed: 400 {"error":"invalid_scope"}';
  const KEY = 'ERROR - token request failed: 401 {"error":"invalid_client"}';

  test('a fault that is mended at the IdP: a warning, and the run goes on', async () => {
    const asked: string[] = [];
    const confirm = async (question: string) => asked.push(question) > 0;
    for (const tools of [{}, { confirm }]) {
      const { code, warnings } = await check({ log: [SCOPE], tools });
      expect(code).toBeNull();
      expect(warnings).toContainEqual(expect.stringMatching(/fresh token alone will not help.*invalid_scope/));
    }
    expect(asked).toEqual([]);
  });

  test('it does not: the run ends, unless it is forced or only a dry run', async () => {
    expect((await check({ log: [KEY] })).code).toBe('iat-does-not-help');
    for (const job of [{ force: true }, { dryRun: true }]) {
      const { code, warnings } = await check({ log: [KEY], job });
      expect(code).toBeNull();
      expect(warnings).toContainEqual(expect.stringContaining('a fresh token will not help'));
    }
  });

  test('the next start is another one: its files have changed since that log', async () => {
    const prepare = (stack: FakeStack) => {
      stack.next = { ...stack.next, changed: 'its configuration changed' };
      stack.reach = { kind: 'dns' };
    };
    for (const log of [[KEY], ['ERROR - dcr httpx.ConnectError: [Errno -2] Name or service not known']]) {
      const { code, notes } = await check({ log, prepare });
      expect(code).toBeNull();
      expect(notes).toContainEqual(expect.stringContaining('its configuration changed since then'));
    }
  });

  test('one of several containers needs a token: the others do not decide', async () => {
    const prepare = (stack: FakeStack) => {
      stack.next = { ...stack.next, copies: 2 };
      stack.replace();
      for (const each of stack.all) each.write(...(each.copy === 1 ? [REFUSED] : [REGISTERED, UP]));
    };
    expect((await check({ log: [], prepare })).notes).toContainEqual(
      expect.stringMatching(/^A fresh token should help/),
    );
  });

  test.for([
    ['one tells that a token helps', [REFUSED], 'restarting', 8],
    ['one that is down is read first', [REFUSED], 'running', 8],
    ['none does', [REGISTERED, UP], 'running', 50],
  ] as const)('of fifty no more logs than it takes, a few at a time: %s', async ([, log, status, most]) => {
    const read = { all: 0, now: 0, most: 0 };
    const prepare = (stack: FakeStack) => {
      stack.next = { ...stack.next, copies: 50 };
      stack.replace();
      for (const each of stack.all) {
        each.write(...(each.copy === 1 ? log : status === 'running' ? [REGISTERED, UP] : [REFUSED]));
        each.change({ status: each.copy === 1 && log[0] === REFUSED ? 'restarting' : status });
        each.lineMs = 100;
      }
      const { logs } = stack;
      stack.logs = async function* (...args) {
        read.all += 1;
        read.most = Math.max(read.most, ++read.now);
        try {
          yield* logs.apply(stack, args);
        } finally {
          read.now -= 1;
        }
      };
    };
    const { code } = await check({ log: [], prepare });
    expect(code).toBeNull();
    expect(read).toMatchObject({ now: 0, most: 4 });
    expect(read.all).toBeLessThanOrEqual(most);
  });

  test('of several whose IdP did not answer, one asks it again', async () => {
    const asked: string[] = [];
    const prepare = (stack: FakeStack) => {
      stack.next = { ...stack.next, copies: 3 };
      stack.replace();
      for (const each of stack.all) each.write('ERROR - dcr httpx.ConnectError: [Errno -2] Name or service not known');
      stack.reachFrom = async (id) => {
        asked.push(id);
        return { kind: 'unknown', why: 'test' };
      };
    };
    await check({ log: [], prepare });
    expect(asked).toHaveLength(1);
  });

  test.for([
    [true, null],
    [false, 'iat-does-not-help'],
  ] as const)('it does not, and a person is asked: %s', async ([answer, code]) => {
    const asked: string[] = [];
    const confirm = async (question: string) => {
      asked.push(question);
      return answer;
    };
    expect((await check({ log: [KEY], tools: { confirm } })).code).toBe(code);
    expect(asked).toHaveLength(1);
  });

  test('a BFF that is well needs none; without a person to ask the run goes on', async () => {
    const { code, warnings } = await check({ log: [REGISTERED, UP] });
    expect(code).toBeNull();
    expect(warnings).toContainEqual(expect.stringContaining('It needs no IAT now.'));
  });

  test('a log of an earlier start counts less than the newest', async () => {
    expect(
      (
        await check({
          log: ['INFO:     Started server process [1]', KEY, 'INFO:     Started server process [1]', REFUSED],
        })
      ).code,
    ).toBeNull();
  });
});
