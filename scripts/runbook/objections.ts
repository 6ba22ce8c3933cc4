import { hintText } from '../core/errors.ts';
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
    const goesOn = job.dryRun || (job.force && yieldsToForce);
    if (!goesOn && tools.confirm === null) throw error;
    scope.warn(describeObjection({ error }));
    if (!goesOn && tools.confirm !== null && !(await tools.confirm(question))) throw error;
  }
}

/** As a warning. */
export function describeObjection({ error: { message, hint } }: Pick<Objection, 'error'>): string {
  return hint === undefined ? message : `${message} ${hintText(hint)}`;
}
