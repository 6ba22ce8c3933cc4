import { IAT_STEPS, runIat } from '../../scripts/runbook/iat.ts';
import type { Job, Tools } from '../../scripts/runbook/job.ts';
import type { Outcome } from '../../scripts/runbook/recorder.ts';
import { ENVIRONMENT, wellBehaved } from './fake-bffs.ts';
import { FakeClock } from './fake-clock.ts';
import { createFakeRun } from './fake-run.ts';
import { type Answer, type Behaviour, FakeStack } from './fake-stack.ts';

/** What a run of the main job meets. */
export interface Terms {
  readonly environment?: Record<string, string | null>;
  readonly behave?: (clock: FakeClock) => Behaviour;
  readonly job?: Partial<Job>;
  readonly tools?: Partial<Tools>;
  readonly mint?: () => Answer;
  /** Hears the variables that a mint is sent with. */
  readonly onMint?: (variables: Readonly<Record<string, string>>) => void;
  /** Changes the stack before the run. */
  readonly prepare?: (stack: FakeStack, interrupt: () => void, clock: FakeClock) => void;
}

/** The main job against the fake stack. */
export async function iat(terms: Terms = {}) {
  const clock = new FakeClock();
  const { environment = ENVIRONMENT, behave = wellBehaved, job, tools, mint, onMint } = terms;
  const stack = new FakeStack(clock, environment, behave(clock));
  const before = stack.text();
  const run = createFakeRun(clock, stack, {
    ...(job === undefined ? {} : { job }),
    ...(tools === undefined ? {} : { tools }),
    ...(mint === undefined ? {} : { mint }),
    ...(onMint === undefined ? {} : { onMint }),
  });
  terms.prepare?.(stack, run.interrupt, clock);
  const outcome: Outcome = await runIat(run.context).catch((error: unknown) => ({ verdict: 'failed', error }));
  const result = run.finish(outcome, IAT_STEPS);
  const ends = result.steps.map(({ name, status }) => `${name} ${status}`);
  return { outcome, result, ends, stack, before, events: run.events, ms: clock.now() };
}
