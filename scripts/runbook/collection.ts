import { AppError } from '../core/errors.ts';
import { isPassed } from '../core/exchange.ts';
import type { StepName, Verdict } from '../core/result.ts';
import {
  originsOf,
  planHealth,
  planItems,
  type RequestPlan,
  readSource,
  titleOf,
  toRun,
} from '../postman/request-plan.ts';
import { checkHealth, describeFailure } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

export const HEALTH_STEPS: readonly StepName[] = ['preflight', 'health'];
export const COLLECTION_STEPS: readonly StepName[] = ['preflight', 'collection'];

/** One request of a team's collection may take this long. */
const REQUEST_TIMEOUT_MS = 60_000;

/** `npm run health`: the health folder, once. */
export async function runHealth(context: Context): Promise<Verdict> {
  const plan = await prepare(context, (source) => planHealth(source, context, null));
  await context.recorder.step('health', (scope) => checkOnce(context, scope, plan));
  return 'healthy';
}

/** Runs the health folder once. Throws `bff-unhealthy` when it does not pass. */
export async function checkOnce(context: Context, scope: StepScope, plan: RequestPlan): Promise<void> {
  scope.progress(titleOf(plan));
  const attempt = await checkHealth(context, scope, plan, context.signal);
  if (!attempt.passed) {
    throw new AppError('bff-unhealthy', `The BFF is not healthy. ${describeFailure(attempt)}.`, {
      hint: 'The report has every request. If the BFF does not start at all: npm run iat',
    });
  }
  scope.summary(`${attempt.exchanges.length} of ${plan.requests.length} requests pass`);
}

/** `npm run collection -- NAME...`: any folders and requests, once. */
export async function runCollection(context: Context, names: readonly string[]): Promise<Verdict> {
  const plan = await prepare(context, (source) => planItems(source, names));
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
  return 'healthy';
}

type Source = Awaited<ReturnType<typeof readSource>>;

async function prepare(context: Context, plan: (source: Source) => RequestPlan): Promise<RequestPlan> {
  return context.recorder.step('preflight', async (scope) => {
    context.tools.collections.preload();
    const source = await readSource(context);
    const prepared = plan(source);
    await context.tools.verifyReports();
    context.recorder.facts.push(['Hosts', originsOf(prepared)]);
    scope.summary(titleOf(prepared));
    return prepared;
  });
}
