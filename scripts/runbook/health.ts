import { downIn } from '../bff/health-answers.ts';
import { AppError } from '../core/errors.ts';
import { type Exchange, isPassed } from '../core/exchange.ts';
import type { Attempt, StepName } from '../core/result.ts';
import { describeEarlyEnd, originsOf, planHealth, type RequestPlan, titleOf, toRun } from '../postman/request-plan.ts';
import type { Context } from './job.ts';
import { openCollection, warnOf } from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';

export const HEALTH_STEPS: readonly StepName[] = ['preflight', 'health'];

/** One health request's limit. */
export const REQUEST_TIMEOUT_MS = 5_000;

/** `npm run health`: the health folder, once. */
export async function runHealth(context: Context): Promise<Outcome> {
  const { recorder, tools } = context;
  const plan = await recorder.step('preflight', async (scope) => {
    tools.collections.preload();
    const planned = planHealth(await openCollection(context, scope), context.job);
    await tools.verifyReports();
    scope.fact('Hosts', originsOf(planned));
    warnOf(context, scope, planned);
    scope.summary(titleOf(planned));
    return planned;
  });
  await recorder.step('health', (scope) => checkOnce(context, scope, plan));
  return { verdict: 'healthy' };
}

/**
 * Runs the health folder once.
 *
 * @throws AppError `bff-unhealthy` when it does not pass
 */
export async function checkOnce(context: Context, scope: StepScope, plan: RequestPlan): Promise<void> {
  scope.progress(titleOf(plan));
  const attempt = await checkHealth(context, scope, plan, context.signal);
  if (!attempt.passed) {
    throw new AppError('bff-unhealthy', `The BFF is not healthy. ${describeFailure(attempt)}.`, {
      hint: { text: 'The report has every request. If the BFF does not start at all:', command: 'npm run iat' },
    });
  }
  scope.summary(describePasses(attempt.exchanges, plan.requests.length));
}

/**
 * One attempt with the health folder.
 *
 * @param name of the instance that answers, where there are several: the first folder of what is recorded
 * @returns the attempt, which is recorded too; it passed when every request got an answer and no assertion failed
 * @throws AppError `bff-unhealthy` where all that ran has passed, but scripts ended the folder early or skipped all of it:
 *   they would do so again
 */
export async function checkHealth(
  context: Context,
  scope: Pick<StepScope, 'attempt'>,
  plan: RequestPlan,
  signal: AbortSignal,
  name: string | null = null,
): Promise<Attempt> {
  const { job, tools, recorder } = context;
  const startMs = recorder.elapsedMs();
  const { exchanges } = await tools.collections.run(toRun(plan, job, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal }));
  return toAttempt(scope, plan, exchanges, { startMs, durationMs: recorder.elapsedMs() - startMs }, name);
}

/** What one run of the folder came to, as an attempt that is recorded. Parameters and errors are those of `checkHealth`. */
export function toAttempt(
  scope: Pick<StepScope, 'attempt'>,
  plan: RequestPlan,
  exchanges: readonly Exchange[],
  times: Pick<Attempt, 'startMs' | 'durationMs'>,
  name: string | null,
): Attempt {
  const early = describeEarlyEnd(plan, exchanges);
  const attempt = {
    ...times,
    // Newman calls a run without a single request a success.
    passed: exchanges.some(({ isSkipped }) => !isSkipped) && early === null && exchanges.every(isPassed),
    exchanges: name === null ? exchanges : exchanges.map((each) => ({ ...each, folders: [name, ...each.folders] })),
  };
  scope.attempt(attempt);
  if (exchanges.length > 0 && exchanges.every(({ isSkipped }) => isSkipped)) {
    throw new AppError('bff-unhealthy', `Nothing was checked: ${describeSkips(exchanges)}.`, {
      hint: 'Take pm.execution.skipRequest out of its scripts, or give them the variables that they look at (--env-var, --environment).',
    });
  }
  if (early !== null && exchanges.every(isPassed)) {
    throw new AppError('bff-unhealthy', `The health folder did not run to its end. ${early}.`, {
      hint: 'The check counts only if every request in the folder ran. Remove setNextRequest from its scripts, or name another folder with --health-folder.',
    });
  }
  return attempt;
}

/** How many requests passed, of all; and how many a script skipped. */
export function describePasses(exchanges: readonly Exchange[], total: number): string {
  const sent = exchanges.filter(({ isSkipped }) => !isSkipped);
  const skips = sent.length === exchanges.length ? '' : `; ${describeSkips(exchanges)}`;
  return `${sent.filter(isPassed).length} of ${total} requests pass${skips}`;
}

/** Which requests their scripts skipped, as half a sentence. */
export function describeSkips(exchanges: readonly Exchange[]): string {
  const names = exchanges.filter(({ isSkipped }) => isSkipped).map(({ name }) => `"${name}"`);
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} others`] : names;
  return `scripts skipped ${shown.join(', ')}`;
}

/** The first thing that failed in an attempt, in one line. */
export function describeFailure(attempt: Attempt): string {
  const exchange = attempt.exchanges.find((each) => !isPassed(each));
  if (exchange === undefined) return 'No request was sent';
  return `${exchange.name}: ${reasonOf(exchange)}`;
}

function reasonOf(exchange: Exchange): string {
  const { via } = exchange;
  return via === undefined ? ownReasonOf(exchange) : `${ownReasonOf(exchange)}, through the proxy of ${via}`;
}

function ownReasonOf(exchange: Exchange): string {
  const { response, error, assertions } = exchange;
  if (response === null)
    return error === null || error.code === '' ? (error?.message ?? 'no answer') : `no answer (${error.code})`;
  const { status, body } = response;
  const down = downIn(exchange);
  if (down.length > 0) return `${status}, down: ${down.join(', ')}`;
  if (error?.kind === 'file') return error.message;
  if (status >= 300 && status < 400) return `${status}, a redirect that was not followed`;
  if (status === 200 && /^\s*</.test(body?.text ?? '')) return `${status} with a web page, such as a login page`;
  const failed = assertions.find(({ status }) => status === 'failed');
  if (failed === undefined) return `${status}, ${error?.message ?? 'and nothing says why it failed'}`;
  return `${status}, "${failed.name}" failed`;
}
