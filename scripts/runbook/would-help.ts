import { diagnoseEnvironment, type ServiceEnvironment } from '../bff/environment-check.ts';
import { LogReader } from '../bff/log-reader.ts';
import { type Prospect, wouldIatHelp } from '../bff/prospect.ts';
import { isAboutReaching } from '../bff/signatures.ts';
import { isGood } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import type { Instance, Stack } from '../core/stack.ts';
import { askIdpFrom } from './idp.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

/** Enough of the last log to hold a whole start. */
export const LOG_TAIL = 2_000;

/**
 * Says whether a fresh token will help, from the environment as it will be and the log of the last start. Where it will not,
 * somebody is asked, or the run ends here.
 *
 * @throws AppError `iat-does-not-help`
 */
export async function foresee(
  context: Context,
  scope: StepScope,
  { stack, looking }: { readonly stack: Stack; readonly looking: Promise<[Instance | null, readonly string[]]> },
  environment: ServiceEnvironment,
): Promise<void> {
  const { job, recorder } = context;
  for (const { level, variable, message, hint } of diagnoseEnvironment(environment, job.variable)) {
    if (variable === job.variable || (stack.isLocal && variable === 'IDP_BASE_URL')) continue;
    if (level === 'info') scope.note(`${message} ${hint}`);
    else recorder.warn(`${message} ${hint}`);
  }
  const [container, beside] = await looking;
  if (beside.length > 0) {
    recorder.warn(
      `The restart will also make ${beside.join(', ')} anew: its configuration or image changed since it was started. --no-deps leaves it alone.`,
    );
  }
  if (container === null) return;
  const prospect = await foretell(context, scope, stack, container, environment);
  if (prospect === null) return;
  const { helps, reason, isUp } = prospect;
  if (helps === false) await insist(context, reason, isUp);
  else scope.note(helps ? `By the last log a fresh token helps: ${reason}` : `Whether a fresh token helps: ${reason}`);
}

async function foretell(
  { job, signal }: Context,
  scope: StepScope,
  stack: Stack,
  container: Instance,
  environment: ServiceEnvironment,
): Promise<(Prospect & { readonly isUp: boolean }) | null> {
  const reader = new LogReader({ env: environment });
  for await (const line of stack.logs(container.id, { follow: false, signal, tail: LOG_TAIL })) reader.push(line);
  if (reader.count === 0) return null;
  const log = reader.diagnosis();
  // A log is as old as the start that wrote it: whether the IdP answers can be asked again.
  const isStale = isAboutReaching(log);
  if (isStale) scope.progress('asking the IdP from the network of the BFF');
  const idp = isStale ? await askIdpFrom(container, stack, environment, signal) : null;
  const isUp = container.state.status === 'running' && isGood(log);
  return { ...wouldIatHelp(log, environment, { startedWith: container.env, variable: job.variable, idp }), isUp };
}

/**
 * Whoever wants a token all the same says so: by `--force`, or when asked. Where nobody can be asked, a BFF that is well is no
 * reason to stop: running again is safe, and all that is lost is a token that stays unused.
 */
async function insist({ job, tools, recorder }: Context, reason: string, isUp: boolean): Promise<void> {
  const message = `By the last log a fresh token will not help. ${reason}`;
  const goesOn = job.dryRun || job.force || (isUp && tools.confirm === null);
  if (goesOn || tools.confirm !== null) recorder.warn(message);
  if (goesOn) return;
  if (tools.confirm === null) {
    throw new AppError('iat-does-not-help', message, {
      hint: 'Nothing was minted or changed. To go on all the same: --force. To look closer: npm run doctor',
    });
  }
  if (await tools.confirm('Mint one and restart the BFF all the same?')) return;
  throw new AppError('iat-does-not-help', 'Stopped: a fresh token would not help.', {
    hint: 'Nothing was minted or changed. To look closer: npm run doctor',
  });
}
