import { diagnoseLog } from '../bff/log-reader.ts';
import { nounOf } from '../bff/verdict.ts';
import { isFault } from '../core/diagnosis.ts';
import { AppError, type Hint, hintText, toAppError } from '../core/errors.ts';
import type { LogLine, StepName } from '../core/result.ts';
import type { Instance, PlannedClear, Stack, Written } from '../core/stack.ts';
import { originsOf, planHealth, type RequestPlan } from '../postman/request-plan.ts';
import { watchUntilHealthy } from './bootstrap.ts';
import { checkHealth, checkOnce, describeFailure } from './health.ts';
import type { Context } from './job.ts';
import { type Look, lookAtEach } from './look-at-each.ts';
import { aimHealth, type HealthPlans, isShared } from './next-start.ts';
import { raiseObjections } from './objections.ts';
import {
  describeStack,
  LOG_TAIL,
  learnSecrets,
  openCollection,
  sayWhere,
  verifyNoTokenNeeded,
  warnOf,
} from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';
import { restart } from './restart.ts';
import { countWell, errorOfSome } from './some-of-many.ts';
import { type Turn, takeTurn } from './turn.ts';
import { waysOf } from './ways.ts';

export const CLEAR_STEPS: readonly StepName[] = ['preflight', 'clear', 'restart', 'bootstrap', 'health'];

/** What clearing works with. */
export interface ClearPlan {
  readonly stack: Stack;
  readonly healthOf: HealthPlans;
  /** All instances keep their credentials in the same place. */
  readonly isShared: boolean;
  readonly planned: PlannedClear;
  /** The instances as they are before anything changes, the newest first. */
  readonly instances: readonly Instance[];
}

/** `npm run iat:clear`: takes the token out of the environment, and proves that the BFF starts from its cached credentials. */
export async function runClear(context: Context): Promise<Outcome> {
  const { job, recorder } = context;
  let turn: Turn | null = null;
  try {
    const plan = await recorder.step('preflight', (scope) =>
      preflightClear(context, scope, async (stack, place) => {
        if (job.dryRun) return false;
        turn = await takeTurn(context, scope, stack, place);
        return turn.hasWaited;
      }),
    );
    if (job.dryRun) return describePlan(context, plan);
    if (plan.planned.isSet || isInInstance(context, plan)) return await clearToken(context, plan);
    const gone = `${job.variable} is already gone from both the file and the container`;
    recorder.skip(['clear', 'restart', 'bootstrap'], gone);
    await recorder.step('health', (scope) => checkAll(context, scope, plan));
    return { verdict: 'healthy', next: [{ text: `Nothing was changed: ${gone}.` }] };
  } finally {
    await (turn as Turn | null)?.release();
  }
}

/** Runs the health folder once, where there are several ways with each. Throws `bff-unhealthy`. */
async function checkAll(context: Context, scope: StepScope, { stack, healthOf, instances }: ClearPlan): Promise<void> {
  const ways = waysOf(context, stack, healthOf);
  if (ways === null) return checkOnce(context, scope, healthOf(instances[0] ?? null));
  const looks = await lookAtEach(context, scope, ways, instances);
  verifyLooks(looks, '');
  scope.summary(countWell(looks.length, looks.length, instances[0], 'healthy'));
}

/** Throws what is wrong with those that are not healthy. */
function verifyLooks(looks: readonly Look[], why: string): void {
  const [first, ...others] = looks.flatMap(({ instance, error }) =>
    error === null ? [] : [{ name: instance.name, error }],
  );
  if (first === undefined) return;
  const well = looks.length - others.length - 1;
  const count = countWell(well, looks.length, looks[0]?.instance, 'healthy');
  const error = errorOfSome(count, looks.length, [first, ...others]);
  throw new AppError(error.code, `${why}${error.message}`, {
    hint: error.hint ?? { text: 'See what is wrong:', command: 'npm run doctor' },
  });
}

/**
 * Takes the token out, restarts, and watches. When the BFF does not come up without it, everything is put back as it was.
 *
 * @returns with `error` what went wrong, and whether things are as they were
 */
export async function clearToken(context: Context, plan: ClearPlan): Promise<Outcome> {
  const { job, recorder, signal } = context;
  const { stack, planned } = plan;
  let found: Outcome = { verdict: 'failed' };
  let areCached = false;
  let written: Written;
  try {
    written = await recorder.step('clear', async (scope) => {
      const cleared = await planned.clear(scope, signal);
      scope.summary(cleared.summary);
      return cleared;
    });
  } catch (error) {
    return { ...found, error };
  }
  found = { ...found, change: written.change };

  let isStarted = false;
  const onStart = () => {
    isStarted = true;
  };
  try {
    const restarted = await recorder.step('restart', (scope) => restart(context, scope, stack, null, onStart));
    const { healthOf, isShared, instances: before } = plan;
    const watching = { stack, healthOf, isShared, before };
    const { error, isCached, ...watched } = await watchUntilHealthy(context, watching, restarted);
    found = { ...found, ...watched };
    areCached = isCached;
    if (error !== undefined) throw error;
  } catch (thrown) {
    const error = toAppError(thrown);
    const isInterrupted = error.code === 'interrupted';
    if (isInterrupted && isStarted) {
      const text = `${job.variable} was removed from ${planned.place}. To check whether the BFF is healthy:`;
      return { ...found, error, next: [{ text, command: 'npm run iat:clear' }] };
    }
    const isBack = await restore(context, plan, written, isStarted);
    if (isBack) found = { ...found, change: null };
    return { ...found, error: isInterrupted ? error : explain(context, plan, found, error, isBack) };
  }
  const count = found.instances?.filter(({ isNew }) => isNew).length ?? 1;
  const who = count > 1 ? `All ${count} ${nounOf(plan.instances[0])}s start` : 'The BFF starts';
  const how = areCached ? ` from ${count > 1 ? 'their' : 'its'} cached credentials` : '';
  const text = `${who}${how} without ${job.variable}, and no token is left in ${planned.place}.`;
  return { ...found, verdict: 'healthy', next: [{ text }] };
}

/**
 * Checks everything that can be known before a change, and changes nothing. What would make the next start need a token is
 * refused here, while the BFF still runs.
 *
 * @param begin waits for the run that is at work there, which may be restarting the BFF: whether there was one
 * @throws AppError `token-needed`, `bff-unregistered`, `shadowed`, and what the preflight of the main job throws
 */
async function preflightClear(
  context: Context,
  scope: StepScope,
  begin: (stack: Stack, place: string) => Promise<boolean>,
): Promise<ClearPlan> {
  const { job, tools, signal } = context;
  const source = await openCollection(context, scope);
  warnOf(context, scope, planHealth(source, job));
  await tools.verifyReports();
  scope.progress('looking for the BFF');
  const stack = await tools.findStack('clear', signal);
  tools.collections.preload();
  describeStack(scope, stack);
  const look = async () => {
    const state = await stack.look(signal);
    learnSecrets(context, state);
    // Where the value is comes first; what the reports know of it is asked by its place.
    return { state, withoutPrior: await stack.planClear(null, signal) };
  };
  let looked = await look();
  await raiseObjections(context, scope, looked.state.objections);
  if (await begin(stack, looked.withoutPrior.place)) looked = await look();
  const { state, withoutPrior } = looked;
  const { environment, instance, instances, next } = state;
  const prior = await tools.priorValue(withoutPrior.place);
  const planned = prior === null ? withoutPrior : await stack.planClear(prior, signal);
  if (planned.leftover) throw planned.leftover;
  const healthOf = aimHealth(source, job, environment);
  const plan = { stack, healthOf, isShared: isShared(next, environment, instance), planned, instances };
  const health = healthOf(instance);
  sayWhere(scope, health, stack, job);
  for (const each of instance === null ? [null] : instances) verifyNoTokenNeeded(context, environment, each);
  if (planned.isSet || isInInstance(context, plan)) {
    for (const each of instances) await verifyRegistered(context, stack, each);
    const ways = waysOf(context, stack, healthOf);
    const why = 'The BFF is not healthy with its token in place, so nothing was changed. ';
    if (ways !== null) verifyLooks(await lookAtEach(context, scope, ways, instances), why);
    else if (instance !== null) await verifyHealthy(context, scope, health, why);
  }
  scope.summary(stack.description);
  return plan;
}

function isInInstance({ job }: Context, { instances }: Pick<ClearPlan, 'instances'>): boolean {
  return instances.some(({ env }) => Boolean(env[job.variable]));
}

/** What does not answer now would not answer afterwards either, and the token would be blamed for it. */
async function verifyHealthy(context: Context, scope: StepScope, health: RequestPlan, why: string): Promise<void> {
  const attempt = await checkHealth(context, scope, health, context.signal);
  if (attempt.passed) return;
  const message = `${why}${describeFailure(attempt)}.`;
  throw new AppError('bff-unhealthy', message, {
    hint: {
      text: `It was asked at ${originsOf(health)}: name its address with --bff-url if it is another one. Or see what is wrong:`,
      command: 'npm run doctor',
    },
  });
}

/** A BFF that is not up now would not come up without its token. */
async function verifyRegistered({ job, signal }: Context, stack: Stack, instance: Instance): Promise<void> {
  const lines: LogLine[] = [];
  for await (const line of stack.logs(instance.id, { follow: false, signal, tail: LOG_TAIL })) lines.push(line);
  const diagnosis = diagnoseLog(lines, { env: instance.env, service: job.service });
  if (instance.state.status === 'running' && !(isFault(diagnosis) && !diagnosis.code.startsWith('redis'))) return;
  const { status, obstacle } = instance.state;
  const why = isFault(diagnosis) ? diagnosis.cause : (obstacle?.message ?? `Its ${nounOf(instance)} is ${status}.`);
  throw new AppError('bff-unregistered', `The BFF is not up and registered, so it still needs its token. ${why}`, {
    hint: { text: 'Mint a fresh token with npm run iat, or see what is wrong:', command: 'npm run doctor' },
  });
}

/** What was there before and, where the restart had begun, the BFF with it. Whether that went well. */
async function restore(
  { job, recorder }: Context,
  { stack, planned }: ClearPlan,
  { putBack }: Written,
  isStarted: boolean,
): Promise<boolean> {
  // The run's own signal may have been what ended it.
  const { signal } = new AbortController();
  try {
    await recorder.step('restore', async (scope) => {
      const explain = (what: string) => (error: unknown) => {
        const { code, message, hint } = toAppError(error);
        // What was never replaced still runs as it was.
        if (code === 'container-unchanged') return;
        scope.warn(`${what}: ${message} ${hint === undefined ? '' : hintText(hint)}`.trim());
        throw error;
      };
      await putBack().catch(explain(`${planned.place} could not be put back`));
      if (isStarted)
        await stack.restart(scope, () => {}, signal).catch(explain(`${job.service} could not be restarted`));
      scope.summary(`${planned.place} is as it was${isStarted ? `, and ${job.service} was started with it` : ''}`);
    });
    return true;
  } catch {
    return false;
  }
}

/** Why the BFF still needs the token. */
function explain(
  { job }: Context,
  { instances: [instance] }: ClearPlan,
  { diagnosis }: Outcome,
  error: AppError,
  isBack: boolean,
): AppError {
  const credentials = instance?.env['BFF_CLIENT_CRED_PATH'] ?? 'the file that it keeps them in (BFF_CLIENT_CRED_PATH)';
  const hint: Hint | undefined =
    diagnosis?.code === 'iat-missing'
      ? {
          text: `It has no cached credentials. Check that ${credentials} is on a volume, and that the BFF may write there; then:`,
          command: 'npm run iat',
        }
      : error.hint;
  return new AppError(
    error.code,
    `The BFF does not work without ${job.variable}${isBack ? ', so everything was put back' : ''}: ${error.message}`,
    { ...(hint === undefined ? {} : { hint }), cause: error },
  );
}

/** `--dry-run`: what would happen, to read. */
function describePlan(context: Context, plan: ClearPlan): Outcome {
  const { job, recorder } = context;
  const { stack, planned } = plan;
  recorder.skip(CLEAR_STEPS.slice(1), 'dry run');
  const { check, restart, follow } = stack.byHand;
  const clear = {
    text: planned.isSet ? `clear: ${planned.place}` : `clear: ${job.variable} has no value in ${planned.place}`,
    ...(planned.isSet && planned.command !== undefined ? { command: planned.command } : {}),
  };
  const restarts = [
    { text: 'check:', command: check },
    { text: 'restart:', command: restart },
    { text: 'follow:', command: follow },
  ];
  const next = [clear, ...(planned.isSet || isInInstance(context, plan) ? restarts : [])];
  return { verdict: 'planned', change: planned.preview, next };
}
