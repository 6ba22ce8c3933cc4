import { AppError, hintText } from '../core/errors.ts';
import type { Objection } from '../core/stack.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

/**
 * What speaks against a change: in a dry run, and where `--force` is enough, a warning each. Else a person is asked; a no, or
 * nobody to ask, ends the run.
 *
 * @throws AppError the objection's own
 */
export async function raiseObjections(
  { job, tools }: Context,
  scope: StepScope,
  objections: readonly Objection[] = [],
): Promise<void> {
  for (const { error, question, yieldsToForce } of objections) {
    const isForced = job.force && yieldsToForce;
    const goesOn = job.dryRun || isForced;
    if (!goesOn && tools.confirm === null) throw yieldsToForce ? withForce(error) : error;
    const stops = job.dryRun && !isForced ? ` ${yieldsToForce ? WITHOUT_FORCE : STOPS}` : '';
    scope.warn(`${describeObjection({ error })}${stops}`);
    if (!goesOn && tools.confirm !== null && !(await tools.confirm(question))) throw error;
  }
}

const WITHOUT_FORCE = 'The run itself asks whether to go on, or stops here without --force.';
const STOPS = 'The run itself stops here, or asks first.';

/** Says how to go on anyway. */
function withForce(error: AppError): AppError {
  const { code, message, hint } = error;
  const forced = 'To go on anyway: --force.';
  // A command stands right behind its text.
  const text = hint?.command === undefined ? `${hint?.text ?? ''} ${forced}` : `${forced} ${hint.text}`;
  return new AppError(code, message, { hint: { ...hint, text: text.trimStart() }, cause: error });
}

/** As a warning. */
export function describeObjection({ error: { message, hint } }: Pick<Objection, 'error'>): string {
  return hint === undefined ? message : `${message} ${hintText(hint)}`;
}
