import { AppError } from '../core/errors.ts';
import { isPassed } from '../core/exchange.ts';
import type { StepName, Verdict } from '../core/result.ts';
import {
  describeEarlyEnd,
  originsOf,
  planHealth,
  planItems,
  type RequestPlan,
  titleOf,
  toRun,
} from '../postman/request-plan.ts';
import { readSource, type Source } from '../postman/source.ts';
import { checkHealth, describeFailure } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

export const HEALTH_STEPS: readonly StepName[] = ['preflight', 'health'];
export const COLLECTION_STEPS: readonly StepName[] = ['preflight', 'collection'];

/** One request of a team's collection may take this long. */
const REQUEST_TIMEOUT_MS = 60_000;

/** `npm run health`: the health folder, once. */
export async function runHealth(context: Context): Promise<Verdict> {
  const plan = await prepare(context, (source) => planHealth(source, context.job));
  await context.recorder.step('health', (scope) => checkOnce(context, scope, plan));
  return 'healthy';
}

/** Runs the health folder once. Throws `bff-unhealthy` when it does not pass. */
export async function checkOnce(context: Context, scope: StepScope, plan: RequestPlan): Promise<void> {
  scope.progress(titleOf(plan));
  const attempt = await checkHealth(context, scope, plan, context.signal);
  if (!attempt.passed) {
    throw new AppError('bff-unhealthy', `The BFF is not healthy. ${describeFailure(attempt)}.`, {
      hint: {
        text: 'The report has every request. If the BFF does not start at all:',
        command: 'npm run iat',
      },
    });
  }
  scope.summary(`${attempt.exchanges.length} of ${plan.requests.length} requests pass`);
}

/**
 * `npm run collection -- NAME...`: any folders and requests, once. A script may end the run early (`setNextRequest(null)`): what
 * ran has passed then, as in Newman, and the step says how much that was.
 *
 * @throws AppError `assertion-failed`
 */
export async function runCollection(context: Context, names: readonly string[]): Promise<Verdict> {
  const { job, tools, recorder, signal } = context;
  const plan = await prepare(context, (source) => planItems(source, names));
  await recorder.step('collection', async (scope) => {
    scope.progress(titleOf(plan));
    const startMs = recorder.elapsedMs();
    const { exchanges } = await tools.collections.run(
      toRun(plan, job, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal }),
    );
    const failed = exchanges.filter((exchange) => !isPassed(exchange));
    const passed = failed.length === 0 && exchanges.length > 0;
    const attempt = { startMs, durationMs: recorder.elapsedMs() - startMs, passed, exchanges };
    scope.attempt(attempt);
    const early = describeEarlyEnd(plan, exchanges);
    if (early !== null) scope.note(`${early}.`);
    if (!passed) {
      const count = `${failed.length} of ${exchanges.length} requests failed`;
      const message = exchanges.length === 0 ? 'No request was sent.' : `${count}. ${describeFailure(attempt)}.`;
      throw new AppError('assertion-failed', message, {
        hint: 'The report has each of them with what was expected and what came.',
      });
    }
    scope.summary(early ?? `${exchanges.length} of ${exchanges.length} requests pass`);
  });
  return 'healthy';
}

async function prepare(context: Context, plan: (source: Source) => RequestPlan): Promise<RequestPlan> {
  const { job, tools, recorder } = context;
  return recorder.step('preflight', async (scope) => {
    tools.collections.preload();
    const source = await readSource(job, tools);
    recorder.facts.push(...source.facts, ['Run by', tools.collections.engine]);
    const prepared = plan(source);
    await tools.verifyReports();
    recorder.facts.push(['Hosts', originsOf(prepared)]);
    scope.summary(titleOf(prepared));
    return prepared;
  });
}
