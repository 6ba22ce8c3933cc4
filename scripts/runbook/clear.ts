import { renderCommand } from '../compose/failures.ts';
import { diffOf } from '../compose-file/diff.ts';
import { AppError, hintText, toAppError, toHint } from '../core/errors.ts';
import type { StepName, Verdict } from '../core/result.ts';
import { type ClearPlan, planClear } from './clear-plan.ts';
import { removeToken } from './clear-write.ts';
import { checkOnce } from './collection.ts';
import type { Context } from './job.ts';
import { restart } from './restart.ts';
import { seeHealthy } from './start.ts';

export const CLEAR_STEPS: readonly StepName[] = ['preflight', 'clear', 'restart', 'bootstrap', 'health'];

/** `npm run iat:clear`: takes the token out of the environment, and proves that the BFF starts from its cached credentials. */
export async function runClear(context: Context): Promise<Verdict> {
  const { job, recorder } = context;
  const plan = await recorder.step('preflight', (scope) => planClear(context, scope));
  if (job.dryRun) return describePlan(context, plan);
  if (!plan.isSet && !plan.isInContainer) {
    for (const step of ['clear', 'restart', 'bootstrap'] as const)
      recorder.skip(step, `${job.variable} is out already, of the file and of the container`);
    await recorder.step('health', (scope) => checkOnce(context, scope, plan.health));
    return 'healthy';
  }
  await clearToken(context, plan);
  return 'healthy';
}

/**
 * Takes the token out, restarts, and watches. When the BFF does not come up without it, everything is put back as it was.
 *
 * @throws AppError with what went wrong, and whether things are as they were
 */
export async function clearToken(context: Context, plan: ClearPlan): Promise<void> {
  const { job, recorder } = context;
  const putBack = await recorder.step('clear', (scope) => removeToken(context, scope, plan));
  let isStarted = false;
  const onStart = () => {
    isStarted = true;
  };
  try {
    const container = await recorder.step('restart', (scope) => restart(context, scope, plan, null, onStart));
    await seeHealthy(context, plan, container);
  } catch (thrown) {
    const error = toAppError(thrown);
    const isInterrupted = error.code === 'interrupted';
    if (isInterrupted && isStarted) {
      recorder.next = [
        {
          text: `${job.variable} is out of ${plan.target.path}. To see whether the BFF is well:`,
          command: 'npm run iat:clear',
        },
      ];
      throw error;
    }
    const isBack = await restore(context, plan, { putBack, isStarted });
    throw isInterrupted ? error : explain(context, plan, error, isBack);
  }
  const how = recorder.diagnosis?.code === 'credentials-cached' ? ' from its cached credentials' : '';
  recorder.next = [
    { text: `The BFF starts${how} without ${job.variable}, and no token is left in ${plan.target.path}.` },
  ];
}

/** The file as it was and, where compose acted already, the container, too. Whether that went well. */
async function restore(
  { job, recorder }: Context,
  { stack, target }: ClearPlan,
  { putBack, isStarted }: { readonly putBack: () => Promise<void>; readonly isStarted: boolean },
): Promise<boolean> {
  // The run's own signal may have been what ended it.
  const { signal } = new AbortController();
  try {
    await recorder.step('restore', async (scope) => {
      await putBack();
      scope.progress(renderCommand(stack.commands(job.service).restart));
      if (isStarted) await stack.up(job.service, signal);
      scope.summary(`${target.path} is as it was${isStarted ? `, and ${job.service} was started with it` : ''}`);
    });
    return true;
  } catch (error) {
    const { message, hint } = toAppError(error);
    recorder.warn(
      `${target.path} could not be put back: ${message} ${hint === undefined ? '' : hintText(hint)}`.trim(),
    );
    return false;
  }
}

/** Why the BFF needs the token still. */
function explain({ job, recorder }: Context, plan: ClearPlan, error: AppError, isBack: boolean): AppError {
  const credentials = plan.container?.env['BFF_CLIENT_CRED_PATH'];
  const isMissing = recorder.diagnosis?.code === 'iat-missing';
  const hint = isMissing
    ? `It has no cached credentials. See that ${credentials ?? 'the file that it keeps them in (BFF_CLIENT_CRED_PATH)'} lies on a volume, and that the BFF may write there; then: npm run iat`
    : error.hint;
  return new AppError(
    error.code,
    `Without ${job.variable} the BFF is not well${isBack ? ', so everything was put back' : ''}: ${error.message}`,
    { ...(hint === undefined ? {} : { hint }), cause: error },
  );
}

/** `--dry-run`: what would happen, to read. */
function describePlan({ job, recorder }: Context, { stack, target, before, isSet }: ClearPlan): Verdict {
  const edit = isSet ? target.clear(job.variable, before) : null;
  recorder.compose = {
    files: stack.files,
    service: job.service,
    wrote: null,
    target: target.path,
    before: null,
    changed: edit?.changes.map(({ name }) => name) ?? [],
    diff:
      edit &&
      diffOf(target, edit.before, edit.bytes, { variables: [job.variable], secret: job.variable, handle: 'nothing' }),
  };
  for (const step of CLEAR_STEPS.slice(1)) recorder.skip(step, 'dry run');
  const commands = stack.commands(job.service);
  recorder.next = [
    isSet ? `clear: ${target.path}` : `clear: nothing, ${job.variable} has no value in ${target.path}`,
    `check: ${renderCommand(commands.check)}`,
    `restart: ${renderCommand(commands.restart)}`,
    `follow: ${renderCommand(commands.follow)}`,
  ].map(toHint);
  return 'planned';
}
