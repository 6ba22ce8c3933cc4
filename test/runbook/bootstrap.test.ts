import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../scripts/core/errors.ts';
import { watchUntilHealthy } from '../../scripts/runbook/bootstrap.ts';
import { aimHealth } from '../../scripts/runbook/next-start.ts';
import { openCollection } from '../../scripts/runbook/preflight.ts';
import { ENVIRONMENT, fail, REFUSED, REGISTERED, UP } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun, IAT } from '../support/fake-run.ts';
import { type Behaviour, type FakeInstance, FakeStack } from '../support/fake-stack.ts';

type Act = (bff: FakeInstance, wait: (ms: number) => Promise<void>, stack: FakeStack) => Promise<void> | void;

/** Watches a new instance that does this, and says how that ended and when. */
async function watch(
  act: Act,
  {
    copies = 1,
    ...job
  }: { healthTimeoutMs?: number; stableForMs?: number; interruptAfterMs?: number; copies?: number } = {},
) {
  const clock = new FakeClock();
  const behave: Behaviour = (bff, signal) => act(bff, (ms) => clock.sleep(ms, signal), stack);
  const stack: FakeStack = new FakeStack(clock, { ...ENVIRONMENT, DCR_IAT: IAT }, behave);
  const run = createFakeRun(clock, stack, { job: { stableForMs: 0, ...job }, keys: [] });
  const { context } = run;
  const source = await context.recorder.step('preflight', (scope) => openCollection(context, scope));
  stack.next = { ...stack.next, copies };
  stack.replace();
  const [first, ...others] = await stack.instances(context.signal);
  if (first === undefined) throw new Error('Nothing was started.');
  if (job.interruptAfterMs !== undefined) {
    void clock.sleep(job.interruptAfterMs, new AbortController().signal).then(() => run.interrupt());
  }
  const { error, diagnosis, log } = await watchUntilHealthy(
    context,
    { stack, healthOf: aimHealth(source, context.job, ENVIRONMENT) },
    { instances: [first, ...others] },
  );
  const { steps, error: failure, warnings } = run.finish({ verdict: 'healthy', error });
  const summaries = Object.fromEntries(steps.map(({ name, summary }) => [name, summary]));
  const { iatHelps } = diagnosis;
  return {
    failure,
    code: failure?.code ?? null,
    diagnosis: diagnosis.code,
    iatHelps,
    log,
    summaries,
    warnings,
    ms: clock.now(),
  };
}

/** It serves from now on, and its log says so. */
function serve(bff: FakeInstance): void {
  bff.write(REGISTERED, UP);
  bff.serve();
}

/** The engine's own check has failed so often that it calls the container unhealthy. */
function ill(bff: FakeInstance, lastOutput: string, checkedAt = ''): void {
  bff.change({ health: { status: 'unhealthy', lastOutput, checkedAt } });
}

describe('a container that the engine calls unhealthy', () => {
  test('because the BFF needs longer to start than its healthcheck allows: it is waited for', async () => {
    const { code, ms } = await watch(async (bff, wait) => {
      await wait(15_000);
      ill(bff, 'Connection refused');
      await wait(5_000);
      serve(bff);
      await wait(4_000);
      bff.change({ health: { status: 'healthy', lastOutput: '', checkedAt: '' } });
    });
    expect(code).toBeNull();
    expect(ms).toBeGreaterThan(24_000);
    expect(ms).toBeLessThan(28_000);
  });

  test('and that never answers: the end of the time, and what the healthcheck says', async () => {
    const { code, failure, ms } = await watch((bff) => {
      serve(bff);
      bff.answer = null;
      ill(bff, 'sessions are gone');
    });
    expect(code).toBe('bff-unhealthy');
    expect(failure?.message).toMatch(/no answer \(ECONNREFUSED\).*healthcheck fails: sessions are gone/);
    expect(ms).toBeGreaterThan(120_000);
    expect(ms).toBeLessThan(123_000);
  });

  test('although the BFF answers, check after check: only the healthcheck is wrong', async () => {
    const { code, failure, ms } = await watch(
      async (bff, wait) => {
        serve(bff);
        for (let check = 0; check < 60; check++) {
          ill(bff, 'connect to port 9999 refused', String(check));
          await wait(5_000);
        }
      },
      { stableForMs: 2_000 },
    );
    expect(code).toBe('bff-unhealthy');
    expect(failure?.message).toMatch(/^Every request .* passes, so only the healthcheck .* is wrong\..*9999/);
    expect(failure?.hint?.command).toBe('fake inspect fake-bff-1');
    expect(ms).toBeLessThan(30_000);
  });
});

describe('several containers', () => {
  test('each has to register: one that does not is the reason', async () => {
    const { code, diagnosis, failure } = await watch(
      async (bff, wait) => {
        await wait(1_000);
        if (bff.copy === 2) return serve(bff);
        await wait(2_000);
        fail(bff, REFUSED);
      },
      { copies: 2 },
    );
    expect({ code, diagnosis }).toEqual({ code: 'bootstrap-failed', diagnosis: 'iat-invalid' });
    expect(failure?.message).toContain('does not accept the IAT');
  });

  test('all of them are waited for', async () => {
    const { code, ms } = await watch(
      async (bff, wait) => {
        await wait(bff.copy * 4_000);
        serve(bff);
      },
      { copies: 2 },
    );
    expect(code).toBeNull();
    expect(ms).toBeGreaterThan(8_000);
  });

  test('one that dies later is found, although the other answers', async () => {
    const { code, failure } = await watch(
      async (bff, wait) => {
        serve(bff);
        await wait(3_000);
        if (bff.copy === 1) bff.exit(137, { oomKilled: true });
      },
      { copies: 2, stableForMs: 10_000 },
    );
    expect(code).toBe('container-exited');
    expect(failure?.message).toContain('fake-bff-1');
  });
});

describe('a BFF that comes up', () => {
  test('the log decides, and health is asked at once when it says that it serves', async () => {
    const { code, diagnosis, summaries, ms } = await watch(async (bff, wait) => {
      await wait(5_000);
      bff.write(REGISTERED);
      await wait(30_000);
      bff.write(UP);
      bff.serve();
    });
    expect(code).toBeNull();
    expect(diagnosis).toBe('registered');
    expect(summaries['bootstrap']).toContain('registered itself');
    expect(summaries['health']).toBe('2 of 2 requests pass');
    expect(ms).toBeLessThan(35_200);
  });

  test('a log that says nothing for ten seconds is no reason to wait on', async () => {
    const { code, summaries, failure } = await watch(async (bff, wait) => {
      await wait(1_000);
      bff.serve();
    });
    expect(summaries['bootstrap']).toContain('does not say whether it registered');
    // Nothing shows that it is registered: not its log, and it publishes no key.
    expect(code).toBe('bff-unregistered');
    expect(failure?.message).toContain('nothing shows that it is registered');
  });

  test('one that serves has its bootstrap behind it, whatever else it goes on logging', async () => {
    const { summaries, ms } = await watch(async (bff, wait) => {
      bff.write(UP);
      bff.serve();
      for (;;) {
        await wait(100);
        bff.write('INFO - GET /health 200');
      }
    });
    expect(summaries['bootstrap']).toContain('does not say whether it registered');
    expect(ms).toBeLessThan(4_000);
  });

  test('a log that cannot be read: state and health count, and a warning says so', async () => {
    const { summaries, warnings } = await watch((bff) => {
      bff.logUnreadable = 'none is kept';
      bff.serve();
    });
    expect(summaries['bootstrap']).toContain('cannot be read here');
    expect(warnings).toEqual(['The log of fake-bff-1 cannot be read here, so only its state and health are checked.']);
  });

  test('a registration that fails and is tried again by the BFF itself is no failure', async () => {
    const { code, diagnosis } = await watch(async (bff, wait) => {
      bff.write(REFUSED);
      await wait(200);
      serve(bff);
    });
    expect({ code, diagnosis }).toEqual({ code: null, diagnosis: 'registered' });
  });

  test('one restart after a failure is no crash loop', async () => {
    const { code, diagnosis } = await watch(async (bff, wait) => {
      if (bff.state.restartCount > 0) return serve(bff);
      bff.write('ERROR - dcr connection refused: idp-app:8002');
      await wait(100);
      bff.exit(1, { status: 'restarting' });
      await wait(100);
      bff.start({ counts: true });
    });
    expect({ code, diagnosis }).toEqual({ code: null, diagnosis: 'registered' });
  });

  test('one that is paused for a moment goes on', async () => {
    const { code } = await watch(
      async (bff, wait) => {
        serve(bff);
        await wait(1_000);
        bff.change({ status: 'paused' });
        await wait(1_500);
        bff.change({ status: 'running' });
      },
      { stableForMs: 10_000 },
    );
    expect(code).toBeNull();
  });
});

/** What goes wrong, with the error and the diagnosis, and how long after its moment that may be known at the latest. */
const FAILURES: Readonly<
  Record<
    string,
    {
      readonly act: Act;
      readonly code: ErrorCode;
      readonly diagnosis: string;
      readonly says: RegExp;
      readonly ms: number;
    }
  >
> = {
  'a fatal line': {
    act: (bff) => bff.write(REFUSED),
    code: 'bootstrap-failed',
    diagnosis: 'iat-invalid',
    says: /does not accept the IAT/,
    ms: 500,
  },
  'a fatal line, and then the end of the process': {
    act: (bff) => fail(bff, REFUSED),
    code: 'bootstrap-failed',
    diagnosis: 'iat-invalid',
    says: /does not accept the IAT/,
    ms: 800,
  },
  'an end without a word': {
    act: (bff) => bff.exit(3),
    code: 'container-exited',
    diagnosis: 'unknown',
    says: /exited with code 3/,
    ms: 800,
  },
  'an end because there is too little memory': {
    act: (bff) => bff.exit(137, { oomKilled: true }),
    code: 'container-exited',
    diagnosis: 'unknown',
    says: /too much memory/,
    ms: 3_000,
  },
  'a program that does not exist': {
    act: (bff) =>
      bff.change({ status: 'created', error: 'OCI runtime create failed: exec: "bff": executable file not found' }),
    code: 'container-not-started',
    diagnosis: 'unknown',
    says: /bff/,
    ms: 800,
  },
  'crash after crash': {
    async act(bff, wait) {
      bff.write(REGISTERED);
      await wait(50);
      bff.exit(1, { status: 'restarting', restartCount: bff.state.restartCount + 1 });
      await wait(50);
      bff.start();
    },
    code: 'container-crash-loop',
    diagnosis: 'registered',
    says: /again and again/,
    // As long as it goes on writing, what it says is read on for a moment.
    ms: 3_000,
  },
  'a health check of its own that names what is down': {
    act(bff) {
      bff.write(REGISTERED);
      ill(bff, '{"status": "unhealthy", "checks": {"redis": "down"}}');
    },
    code: 'bff-unhealthy',
    diagnosis: 'registered',
    says: /healthcheck fails: /,
    ms: 1_000,
  },
  'a pause that lasts': {
    act: (bff) => bff.change({ status: 'paused' }),
    code: 'container-paused',
    diagnosis: 'unknown',
    says: /is paused/,
    ms: 3_000,
  },
  'another instance in its place': {
    act(bff, _, stack) {
      if (stack.current !== bff) return;
      bff.exit(143);
      stack.behave = () => {};
      stack.replace();
    },
    code: 'container-replaced',
    diagnosis: 'unknown',
    says: /replaced/,
    ms: 1_500,
  },
  'its removal': {
    act: (bff) => bff.remove(),
    code: 'container-replaced',
    diagnosis: 'unknown',
    says: /is gone/,
    ms: 2_500,
  },
};

describe('a BFF that fails', () => {
  test.for(Object.entries(FAILURES))('%s', async ([, { act, code, diagnosis, says, ms }]) => {
    const MOMENT_MS = 2_000;
    const end = await watch(async (bff, wait, stack) => {
      if (bff.state.restartCount === 0) await wait(MOMENT_MS);
      await act(bff, wait, stack);
    });
    expect(end).toMatchObject({ code, diagnosis });
    expect(end.failure?.message).toMatch(says);
    expect(end.ms).toBeLessThanOrEqual(MOMENT_MS + ms);
  });

  test('the log of one that has ended is read to its end: the line that decides may be the last one', async () => {
    const { code, diagnosis, ms } = await watch(async (bff, wait) => {
      bff.lineMs = 20;
      await wait(1_000);
      bff.write(...Array.from({ length: 500 }, () => 'DEBUG - cache entry refreshed'));
      fail(bff, REFUSED);
    });
    expect({ code, diagnosis }).toEqual({ code: 'bootstrap-failed', diagnosis: 'iat-invalid' });
    expect(ms).toBeGreaterThan(11_000);
    expect(ms).toBeLessThan(11_600);
  });

  test('a log that comes late: the end of the log decides, not its silence', async () => {
    const { code, diagnosis, ms } = await watch(async (bff, wait) => {
      bff.lineMs = 2_000;
      await wait(1_000);
      fail(bff, REFUSED);
    });
    expect({ code, diagnosis }).toEqual({ code: 'bootstrap-failed', diagnosis: 'iat-invalid' });
    expect(ms).toBeLessThan(6_000);
  });

  test('a log that never comes: what became of the container is said after a while', async () => {
    const { code, ms } = await watch(async (bff, wait) => {
      bff.lineMs = 600_000;
      await wait(1_000);
      fail(bff, REFUSED);
    });
    expect(code).toBe('container-exited');
    expect(ms).toBeLessThan(13_000);
  });

  test('the end of the time, and what was answered last', async () => {
    const { code, failure, ms } = await watch((bff) => bff.write(REGISTERED), { healthTimeoutMs: 60_000 });
    expect(code).toBe('bff-unhealthy');
    expect(failure?.message).toMatch(
      /not healthy 6[0-2](?:\.\d)? s after its start, after \d+ tries, and it never answered: .*\. Health: no answer \(ECONNREFUSED\)/,
    );
    expect(ms).toBeLessThan(62_500);
  });

  test('an interruption ends it with its reason', async () => {
    const { code, ms } = await watch(() => {}, { interruptAfterMs: 3_210 });
    expect(code).toBe('interrupted');
    expect(ms).toBe(3_210);
  });
});
