import { AppError } from '../core/errors.ts';
import type { Container } from '../core/ports.ts';
import { waitForHealth } from './health.ts';
import type { Context } from './job.ts';
import type { Plan } from './preflight.ts';
import { watchContainer } from './watch.ts';

/** The steps bootstrap and health: watches a new container from its first line until it is healthy and stays so. */
export async function seeHealthy(
  context: Context,
  plan: Pick<Plan, 'stack' | 'health'>,
  container: Container,
): Promise<void> {
  const { job, recorder } = context;
  const limitMs = recorder.elapsedMs() + job.healthTimeoutMs;
  const watch = watchContainer(context, plan.stack, container);
  try {
    await recorder.step('bootstrap', async (scope) => {
      scope.progress(`following the log of ${container.name}`);
      const how = await withLimit(context, job.healthTimeoutMs, watch.settled);
      const { cause } = watch.reader.diagnosis();
      scope.summary(how === 'decided' ? cause : 'it runs; its log does not say whether it registered');
    });
    await recorder.step('health', (scope) =>
      waitForHealth(context, scope, plan.health, { failed: watch.failed, start: watch.start, limitMs }),
    );
  } finally {
    await watch.stop();
    recorder.diagnosis = watch.reader.diagnosis();
    recorder.log = watch.reader.excerpt();
  }
}

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
