import { judge, nounOf } from '../bff/verdict.ts';
import { AppError, type Hint } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Instance, Restarted, Stack } from '../core/stack.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import { listNames } from './some-of-many.ts';

/**
 * Restarts the BFF, and proves that it counted: new instances, with the token in its environment.
 *
 * @param token what the variable has to hold; null: it has to be absent
 * @param onStart called when the restart is about to begin: from here on nothing is put back
 * @throws AppError `restart-failed`, `container-unchanged`, `container-not-started`, `effective-value`
 */
export async function restart(
  { job, signal }: Context,
  scope: StepScope,
  stack: Stack,
  token: Secret | null,
  onStart: () => void,
): Promise<Restarted> {
  const restarted = await stack.restart(scope, onStart, signal).catch(async (error: unknown) => {
    const isExplained = error instanceof AppError && error.code === 'container-not-started' && !signal.aborted;
    throw isExplained ? await explain(stack, error, signal) : error;
  });
  const { instances, summary } = restarted;
  for (const instance of instances) {
    const value = instance.env[job.variable] ?? '';
    if (token === null ? value === '' : token.equals(value)) continue;
    const message = `The new ${nounOf(instance)} ${instance.name} has a different ${job.variable} from the one that was written.`;
    throw new AppError('effective-value', message, {
      hint: { text: 'The image, or another file, sets it. To see it:', command: stack.byHand.inspect(instance) },
    });
  }
  const shown = listNames(instances.map(({ name, id }) => `${name} (${id.slice(0, 12)})`));
  scope.fact(factName(instances[0]), `${shown}, image ${instances[0].image}`);
  scope.summary(summary);
  return restarted;
}

/** "Container" */
export function factName(instance: Instance): string {
  return nounOf(instance).replace(/^./, (letter) => letter.toUpperCase());
}

/** Why the new instance could not be started, in the engine's own words where it has some. */
async function explain(stack: Stack, error: AppError, signal: AbortSignal): Promise<AppError> {
  const [instance] = await stack.instances(signal);
  if (instance === undefined) return error;
  const { kind, message, hint } = judge(instance, instance, stack.byHand);
  if (kind !== 'not-started') return error;
  const again: Hint = {
    text: `${hint?.text ?? ''} When that is fixed, restart it:`.trimStart(),
    command: stack.byHand.restart,
  };
  return new AppError('container-not-started', message, { hint: again });
}
