import { diagnoseLog } from '../bff/log-reader.ts';
import { isFault } from '../core/diagnosis.ts';
import { AppError, type Hint, hintText, toAppError } from '../core/errors.ts';
import type { LogLine, StepName } from '../core/result.ts';
import type { Instance, PlannedClear, Stack, Written } from '../core/stack.ts';
import { planHealth, type RequestPlan, withKid } from '../postman/request-plan.ts';
import { watchUntilHealthy } from './bootstrap.ts';
import { checkOnce } from './health.ts';
import type { Context } from './job.ts';
import { describeStack, LOG_TAIL, learnSecrets, openCollection, verifyNoTokenNeeded } from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';
import { restart } from './restart.ts';

export const CLEAR_STEPS: readonly StepName[] = ['preflight', 'clear', 'restart', 'bootstrap', 'health'];

/** What clearing works with. */
export interface ClearPlan {
  readonly stack: Stack;
  readonly health: RequestPlan;
  readonly planned: PlannedClear;
  /** The instance as it is before anything changes; null: there is none. */
  readonly instance: Instance | null;
}

/** `npm run iat:clear`: takes the token out of the environment, and proves that the BFF starts from its cached credentials. */
export async function runClear(context: Context): Promise<Outcome> {
  const { job, recorder } = context;
  const plan = await recorder.step('preflight', (scope) => preflightClear(context, scope));
  if (job.dryRun) return describePlan(context, plan);
  if (plan.planned.isSet || isInInstance(context, plan)) return clearToken(context, plan);
  recorder.skip(
    ['clear', 'restart', 'bootstrap'],
    `${job.variable} is already gone from both the file and the container`,
  );
  await recorder.step('health', (scope) => checkOnce(context, scope, plan.health));
  return { verdict: 'healthy' };
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
    const instance = await recorder.step('restart', (scope) => restart(context, scope, stack, null, onStart));
    const { error, ...watched } = await watchUntilHealthy(context, plan, instance);
    found = { ...found, ...watched };
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
  const how = found.diagnosis?.code === 'credentials-cached' ? ' from its cached credentials' : '';
  const text = `The BFF starts${how} without ${job.variable}, and no token is left in ${planned.place}.`;
  return { ...found, verdict: 'healthy', next: [{ text }] };
}

/**
 * Checks everything that can be known before a change, and changes nothing. What would make the next start need a token is
 * refused here, while the BFF still runs.
 *
 * @throws AppError `token-needed`, `bff-unregistered`, `shadowed`, and what the preflight of the main job throws
 */
async function preflightClear(context: Context, scope: StepScope): Promise<ClearPlan> {
  const { tools, signal } = context;
  const folder = planHealth(await openCollection(context, scope), context.job);
  for (const warning of folder.warnings) scope.warn(warning);
  await tools.verifyReports();
  scope.progress('looking for the BFF');
  const stack = await tools.findStack('look', signal);
  tools.collections.preload();
  describeStack(scope, stack);
  const state = await stack.look(signal);
  learnSecrets(context, state);
  const { environment, instance } = state;
  // Where the value is comes first; what the reports know of it is asked by its place.
  const withoutPrior = await stack.planClear(null, signal);
  const prior = await tools.priorValue(withoutPrior.place);
  const planned = prior === null ? withoutPrior : await stack.planClear(prior, signal);
  const plan = { stack, health: withKid(folder, environment['BFF_KID'] ?? null), planned, instance };
  verifyNoTokenNeeded(context, environment, instance);
  if (instance !== null && (planned.isSet || isInInstance(context, plan))) {
    await verifyRegistered(context, stack, instance);
  }
  scope.summary(stack.description);
  return plan;
}

function isInInstance({ job }: Context, { instance }: ClearPlan): boolean {
  return Boolean(instance?.env[job.variable]);
}

/** A BFF that is not up now would not come up without its token. */
async function verifyRegistered({ job, signal }: Context, stack: Stack, instance: Instance): Promise<void> {
  const lines: LogLine[] = [];
  for await (const line of stack.logs(instance.id, { follow: false, signal, tail: LOG_TAIL })) lines.push(line);
  const diagnosis = diagnoseLog(lines, { env: instance.env, service: job.service });
  if (instance.state.status === 'running' && !(isFault(diagnosis) && !diagnosis.code.startsWith('redis'))) return;
  const why = isFault(diagnosis) ? diagnosis.cause : `Its container is ${instance.state.status}.`;
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
  { instance }: ClearPlan,
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
  };
  const restarts = [
    { text: 'check:', command: check },
    { text: 'restart:', command: restart },
    { text: 'follow:', command: follow },
  ];
  const next = [clear, ...(planned.isSet || isInInstance(context, plan) ? restarts : [])];
  return { verdict: 'planned', change: planned.preview, next };
}
