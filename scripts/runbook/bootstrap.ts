import { diagnoseComponents, downIn } from '../bff/health-answers.ts';
import { type Diagnosis, isFault } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import type { Attempt, ClassifiedLine, InstanceFacts } from '../core/result.ts';
import type { Restarted } from '../core/stack.ts';
import { describeFailure } from './health.ts';
import { askEach } from './health-of-each.ts';
import type { Context } from './job.ts';
import type { HealthPlans } from './next-start.ts';
import type { StepScope } from './recorder.ts';
import { listNames } from './some-of-many.ts';
import { stayHealthy } from './stay-healthy.ts';
import type { Settled } from './watch-instance.ts';
import { type WatchedStack, type Watches, watchInstances } from './watch-instances.ts';
import { waysOf } from './ways.ts';

/** What became of the new instances. */
export interface Watched {
  readonly diagnosis: Diagnosis;
  readonly log: readonly ClassifiedLine[];
  /** Each of them, where there are several or each is asked by itself; absent: there is one. */
  readonly instances?: readonly InstanceFacts[];
  /** Every one of them says that it started from cached credentials. */
  readonly isCached: boolean;
  /** Why it is not healthy, or not known to be registered; undefined: it is both. */
  readonly error?: unknown;
}

/**
 * The steps bootstrap and health: watches new instances from their first line until the BFF is healthy, stays so, and each has
 * shown that it is registered. Never throws.
 */
export async function watchUntilHealthy(
  context: Context,
  plan: WatchedStack & { readonly healthOf: HealthPlans },
  restarted: Pick<Restarted, 'instances' | 'wanted'>,
): Promise<Watched> {
  const { recorder } = context;
  const { stack } = plan;
  const { instances } = restarted;
  const attempts: Attempt[] = [];
  const sinceMs = recorder.elapsedMs();
  const watch = watchInstances(context, plan, restarted);
  const onAttempt = (each: Attempt) => attempts.push(each);
  // One by one where that can be done, and from the moment on when an instance has come to rest.
  const ways = waysOf(context, stack, plan.healthOf);
  const each = ways && askEach(context, { ...ways, onAttempt }, watch);
  let error: unknown;
  try {
    await recorder.step('bootstrap', (scope) => bootstrap(context, scope, watch, each?.unhealthy));
    await recorder.step('health', (scope) =>
      each !== null
        ? each.untilHealthy(scope)
        : stayHealthy(context, scope, plan.healthOf(instances[0]), {
            reading: () => watch.reader().reading(),
            failed: watch.failed,
            up: watch.up,
            start: watch.start,
            complaint: watch.complaint,
            sinceMs,
            env: instances[0].env,
            onAttempt,
          }),
    );
  } catch (thrown) {
    error = thrown;
  }
  await each?.stop();
  await watch.stop();
  const fromLog = each?.diagnosis() ?? watch.diagnosis();
  const codes = watch.diagnoses().map(({ code }) => code);
  const facts = watch.facts().map((fact) => ({ ...fact, ...each?.factsOf(fact.name) }));
  return {
    diagnosis: withHealth(fromLog, each?.lastBad() ?? attempts.at(-1)),
    log: watch.reader().excerpt(),
    ...(facts.length > 1 || stack.connect !== undefined ? { instances: facts } : {}),
    isCached: codes.length > 0 && codes.every((code) => code === 'credentials-cached'),
    ...(error === undefined ? {} : { error }),
  };
}

/** The step: as many as are wanted have come to rest, or the time is up. */
async function bootstrap(
  context: Context,
  scope: StepScope,
  watch: Watches,
  unhealthy: Promise<'unhealthy'> = new Promise(() => {}),
): Promise<void> {
  const names = () => listNames(watch.current().map(({ first }) => first.name));
  scope.progress(`following the log of ${names()}`);
  const how = await withLimit(context, scope, watch, unhealthy);
  const missing = how === 'late' ? watch.missing() : null;
  if (missing !== null) throw missing;
  if (watch.wanted() > 1) scope.summary(`${watch.count()}${how === 'decided' ? '' : `; ${OTHERS[how]}`}`);
  else scope.summary(how === 'decided' ? watch.diagnosis().cause : SUMMARIES[how]);
  if (how === 'unreadable')
    scope.warn(`The log of ${names()} cannot be read here, so only its state and health are checked.`);
}

/** What the BFF says about itself counts where its log knows of no fault. */
function withHealth(fromLog: Diagnosis, attempt: Attempt | undefined): Diagnosis {
  const down = attempt?.exchanges.flatMap(downIn) ?? [];
  if (attempt === undefined || down.length === 0 || isFault(fromLog)) return fromLog;
  return diagnoseComponents(down, [describeFailure(attempt)]);
}

/** Why the log alone did not decide. */
const SUMMARIES = {
  unreadable: 'it is running; its log cannot be read here, so only state and health are checked',
  quiet: 'it is running, but its log does not say whether it registered',
  late: 'it is running, but its log does not say whether it registered',
  unhealthy: 'it is running, and not healthy',
} as const;

const OTHERS = {
  unreadable: 'a log cannot be read here, so only state and health are checked',
  quiet: 'the log of the others does not say it',
  late: 'the log of the others does not say it',
  unhealthy: 'not all are healthy',
} as const;

/** Between two words on how many are registered so far. */
const SAY_EVERY_MS = 1_000;

/**
 * How they came to rest, or `late` when that takes longer than it may; each that comes begins the time again, since it comes only
 * when the one before it is well.
 *
 * @param unhealthy resolves where one of them is known to stay unhealthy: no other may come then
 */
async function withLimit(
  { job, tools, signal }: Context,
  scope: StepScope,
  watch: Watches,
  unhealthy: Promise<'unhealthy'>,
): Promise<Settled | 'late' | 'unhealthy'> {
  const { clock } = tools;
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  const waiting = (async () => {
    for (;;) {
      const leftMs = watch.newestMs() + job.healthTimeoutMs - clock.now();
      if (leftMs <= 0) return 'late' as const;
      await clock.sleep(watch.wanted() > 1 ? Math.min(leftMs, SAY_EVERY_MS) : leftMs, end);
      if (watch.wanted() > 1) scope.progress(`${watch.count()} so far`);
    }
  })();
  try {
    return await Promise.race([watch.settled, waiting, unhealthy]);
  } finally {
    waiting.catch(() => {});
    ending.abort(new AppError('interrupted', 'The wait has ended.'));
  }
}
