import type { Written } from '../core/stack.ts';
import type { Context } from './job.ts';
import type { Minted } from './mint.ts';
import type { Plan } from './preflight.ts';
import type { StepScope } from './recorder.ts';

/**
 * Writes the token to where the BFF takes it from, and has it proven that the next start gets it. Where it would not, or on an
 * interruption before that is known, everything is put back.
 *
 * @throws AppError `effective-value`, `file-…`
 */
export async function write(
  { signal }: Context,
  scope: StepScope,
  plan: Plan,
  { secret, facts }: Minted,
): Promise<Written> {
  const written = await plan.write.write(secret, facts.handle, scope, signal);
  if (written.doubt === null) scope.summary(written.summary);
  else scope.fail(written.doubt.message);
  return written;
}
