import { AppError } from '../core/errors.ts';
import { isPassed } from '../core/exchange.ts';
import type { StepName } from '../core/result.ts';
import { describeFailure } from './health.ts';
import type { Context } from './job.ts';
import type { Outcome } from './recorder.ts';
import { originsOf, planItems, readSource, titleOf, toRun } from './requests.ts';

export const COLLECTION_STEPS: readonly StepName[] = ['preflight', 'collection'];

/** One request of a team's collection may take this long. */
const REQUEST_TIMEOUT_MS = 60_000;

/** `npm run collection -- NAME...`: any folders and requests, once. */
export async function runCollection(context: Context, names: readonly string[]): Promise<Outcome> {
  const plan = await context.recorder.step('preflight', async (scope) => {
    context.tools.collections.preload();
    const planned = planItems(await readSource(context, scope), names);
    await context.tools.verifyReports();
    scope.fact('Hosts', originsOf(planned));
    scope.summary(titleOf(planned));
    return planned;
  });
  await context.recorder.step('collection', async (scope) => {
    scope.progress(titleOf(plan));
    const startMs = context.recorder.elapsedMs();
    const { exchanges } = await context.tools.collections.run(
      toRun(plan, context, { requestTimeoutMs: REQUEST_TIMEOUT_MS }),
    );
    const failed = exchanges.filter((exchange) => !isPassed(exchange));
    const passed = failed.length === 0 && exchanges.length > 0;
    const attempt = { startMs, durationMs: context.recorder.elapsedMs() - startMs, passed, exchanges };
    scope.attempt(attempt);
    if (!passed) {
      throw new AppError(
        'assertion-failed',
        `${failed.length} of ${exchanges.length} requests failed. ${describeFailure(attempt)}.`,
        { hint: 'The report has each of them with what was expected and what came.' },
      );
    }
    scope.summary(`${exchanges.length} of ${exchanges.length} requests pass`);
  });
  return { verdict: 'healthy' };
}
