import { dirname } from 'node:path';
import { AppError } from '../core/errors.ts';
import { type Exchange, isPassed } from '../core/exchange.ts';
import type { LocalFiles } from '../core/ports.ts';
import type { StepName } from '../core/result.ts';
import { describeEarlyEnd, originsOf, planItems, titleOf, toRun } from '../postman/request-plan.ts';
import type { CollectionJob } from './collection-job.ts';
import { describeFailure, describePasses, describeSkips } from './health.ts';
import type { Context, Job } from './job.ts';
import { openCollection, warnOf } from './preflight.ts';
import type { Outcome } from './recorder.ts';

export const COLLECTION_STEPS: readonly StepName[] = ['preflight', 'collection'];

/** One request of a team's collection may take this long. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * `npm run collection -- NAME...`: any folders and requests, once. A script may end the run early (`setNextRequest(null)`): what
 * ran has passed then, as in Newman, and the step says how much that was.
 *
 * @throws AppError `assertion-failed`
 */
export async function runCollection(context: Context, job: CollectionJob): Promise<Outcome> {
  const { tools, recorder, signal } = context;
  const plan = await recorder.step('preflight', async (scope) => {
    tools.collections.preload();
    const planned = planItems(await openCollection({ ...context, job }, scope), job.names, job.folders ?? []);
    await tools.verifyReports();
    scope.fact('Hosts', originsOf(planned));
    warnOf(context, scope, planned);
    scope.summary(titleOf(planned));
    return planned;
  });
  await recorder.step('collection', async (scope) => {
    scope.progress(titleOf(plan));
    const startMs = recorder.elapsedMs();
    const toAttempt = (passed: boolean, exchanges: readonly Exchange[]) => ({
      startMs,
      durationMs: recorder.elapsedMs() - startMs,
      passed,
      exchanges,
    });
    const onCut = (exchanges: readonly Exchange[]) => scope.attempt(toAttempt(false, exchanges));
    const { exchanges } = await tools.collections.run(
      toRun(plan, job, {
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        local: localFilesOf(job),
        signal,
        isBounded: false,
        onCut,
      }),
    );
    const failed = exchanges.filter((exchange) => !isPassed(exchange));
    const isAnySent = exchanges.some(({ isSkipped }) => !isSkipped);
    const passed = failed.length === 0 && isAnySent;
    const attempt = toAttempt(passed, exchanges);
    scope.attempt(attempt);
    const early = describeEarlyEnd(plan, exchanges);
    if (early !== null) scope.note(`${early}.`);
    if (!passed) {
      const count = `${failed.length} of ${exchanges.length} requests failed`;
      const none = `No request was sent${exchanges.length === 0 ? '' : `: ${describeSkips(exchanges)}`}.`;
      const message = failed.length === 0 ? none : `${count}. ${describeFailure(attempt)}.`;
      throw new AppError('assertion-failed', message, {
        hint: 'The report shows each of them, with the expected and the actual result.',
      });
    }
    scope.summary(early ?? describePasses(exchanges, exchanges.length));
  });
  return { verdict: 'passed' };
}

/** As in Newman, paths start from `--working-dir`; the collection's own folder is what people mean without it. */
function localFilesOf({ collection, workingDir, typedFrom, composeFiles, reports }: Job): LocalFiles {
  const beside = dirname(collection);
  return {
    workingDir: workingDir ?? beside,
    folders: [...new Set([beside, typedFrom, ...(workingDir === null ? [] : [workingDir])])],
    withheld: [reports, ...(composeFiles ?? [])],
  };
}
