import { AppError, toAppError } from '../core/errors.ts';
import type { Attempt } from '../core/result.ts';
import type { Instance } from '../core/stack.ts';
import { createAsker } from './ask-together.ts';
import { describeFailure } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import type { Ways } from './ways.ts';

/** What one look at an instance came to. */
export interface Look {
  readonly instance: Instance;
  /** null: it could not be asked. */
  readonly attempt: Attempt | null;
  /** Why it is not healthy; null: it is. */
  readonly error: AppError | null;
  /** Of its signing key; null: not known. */
  readonly key: string | null;
}

/** Asks each instance once. */
export async function lookAtEach(
  context: Context,
  scope: Pick<StepScope, 'attempt'>,
  ways: Ways,
  instances: readonly Instance[],
): Promise<readonly Look[]> {
  const { signal } = context;
  const asker = createAsker(context, scope, ways);
  const look = async (instance: Instance): Promise<Look> => {
    try {
      const own = AbortSignal.any([signal]);
      const question = { instance, wantsKey: instances.length > 1, isSlow: false, isEarly: false, signal: own };
      const { attempt, key } = await asker.ask(question);
      const error = attempt.passed ? null : new AppError('bff-unhealthy', `${describeFailure(attempt)}.`);
      return { instance, attempt, error, key };
    } catch (error) {
      signal.throwIfAborted();
      return { instance, attempt: null, error: toAppError(error), key: null };
    }
  };
  return Promise.all(instances.map(look));
}
