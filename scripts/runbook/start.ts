import { diagnoseComponents, downIn } from '../bff/health-answers.ts';
import { type Diagnosis, isFault } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import type { Attempt } from '../core/result.ts';
import type { Instance } from '../core/stack.ts';
import { watchContainer } from './bootstrap.ts';
import { describeFailure, waitForHealth } from './health.ts';
import type { Context } from './job.ts';
import type { Plan } from './preflight.ts';
import { proveRegistration } from './registration.ts';

/**
 * The steps bootstrap and health: watches a new container from its first line until it is healthy, stays so, and has shown
 * that it is registered.
 */
export async function seeHealthy(
  context: Context,
  plan: Pick<Plan, 'stack' | 'health'>,
  container: Instance,
): Promise<void> {
  const { job, recorder } = context;
  let last: Attempt | null = null;
  const onAttempt = (attempt: Attempt) => {
    last = attempt;
  };
  const sinceMs = recorder.elapsedMs();
  const watch = watchContainer(context, plan.stack, container);
  try {
    await recorder.step('bootstrap', async (scope) => {
      scope.progress(`following the log of ${container.name}`);
      const how = await withLimit(context, job.healthTimeoutMs, watch.settled);
      scope.summary(how === 'decided' ? watch.reader.diagnosis().cause : SUMMARIES[how]);
      if (how === 'unreadable')
        recorder.warn(`The log of ${container.name} cannot be read here; only state and health count.`);
    });
    await recorder.step('health', async (scope) => {
      const { failed, up, start, reader } = watch;
      const { exchanges } = await waitForHealth(context, scope, plan.health, { failed, up, start, sinceMs, onAttempt });
      const proof = await proveRegistration(context, scope, plan.health, { reader, exchanges, env: container.env });
      recorder.facts.push(['Registration', proof]);
    });
  } finally {
    await watch.stop();
    recorder.diagnosis = withHealth(watch.reader.diagnosis(), last);
    recorder.log = watch.reader.excerpt();
  }
}

/** What the BFF says about itself counts where its log knows of no fault. */
function withHealth(fromLog: Diagnosis, attempt: Attempt | null): Diagnosis {
  const down = attempt?.exchanges.flatMap(downIn) ?? [];
  if (attempt === null || down.length === 0 || isFault(fromLog)) return fromLog;
  return diagnoseComponents(down, [describeFailure(attempt)]);
}

/** Why the log alone did not decide. */
const SUMMARIES = {
  unreadable: 'it runs; its log cannot be read here, only state and health count',
  quiet: 'it runs; its log does not say whether it registered',
  late: 'it runs; its log does not say whether it registered',
} as const;

/** The promise's value, or `late` when it takes longer; the timer does not outlive the wait. */
async function withLimit<T>({ tools, signal }: Context, ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const ending = new AbortController();
  const late = tools.clock.sleep(ms, AbortSignal.any([signal, ending.signal])).then(() => 'late' as const);
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    ending.abort(new AppError('interrupted', 'The wait has ended.'));
  }
}
