import { publishedThumbprint } from '../bff/health-answers.ts';
import { AppError } from '../core/errors.ts';
import type { Attempt } from '../core/result.ts';
import type { Instance, Stack } from '../core/stack.ts';
import type { RequestPlan } from '../postman/request-plan.ts';
import { checkHealth } from './health.ts';
import type { Context } from './job.ts';
import type { HealthPlans } from './next-start.ts';
import type { StepScope } from './recorder.ts';
import { askForKeys } from './registration.ts';

/** What is wrong with each of those whose keys differ: which of them the IdP knows cannot be seen. */
export const OTHER_KEY = 'It signs with another key than the others.';

/** How instances are asked one by one. */
export interface Ways {
  readonly connect: NonNullable<Stack['connect']>;
  readonly healthOf: HealthPlans;
}

/** How its instances are asked one by one; null: they are asked at one address. */
export function waysOf({ job }: Context, stack: Stack, healthOf: HealthPlans): Ways | null {
  if (stack.connect === undefined || job.bffUrl !== null) return null;
  return { connect: stack.connect.bind(stack), healthOf };
}

/** Does something by the way to an instance, which is given back afterwards. @throws AppError `port-forward-failed` */
export async function byWay<T>(
  { connect, healthOf }: Ways,
  instance: Instance,
  signal: AbortSignal,
  work: (plan: RequestPlan) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  try {
    return await work(healthOf(instance, await connect(instance.id, AbortSignal.any([signal, done.signal]))));
  } finally {
    done.abort(new AppError('interrupted', 'It was asked.'));
  }
}

/** One attempt with the health folder, and the thumbprint of the key where that is wanted. @throws AppError as `checkHealth` */
export function askOne(
  context: Context,
  scope: Pick<StepScope, 'attempt'>,
  ways: Ways,
  instance: Instance,
  wantsKey: boolean,
  signal: AbortSignal,
): Promise<{ readonly attempt: Attempt; readonly plan: RequestPlan; readonly key: string | null }> {
  return byWay(ways, instance, signal, async (plan) => {
    const attempt = await checkHealth(context, scope, plan, signal, instance.name);
    return { attempt, plan, key: wantsKey ? await keyOf(context, scope, plan, attempt, instance) : null };
  });
}

/** The thumbprint of its signing key: by the answers of the folder, else it is asked for. */
export async function keyOf(
  context: Context,
  scope: Pick<StepScope, 'attempt'>,
  plan: RequestPlan,
  attempt: Attempt,
  { env }: Instance,
): Promise<string | null> {
  const shown = publishedThumbprint(attempt.exchanges, env);
  if (shown !== null || !attempt.passed) return shown;
  return publishedThumbprint(await askForKeys(context, scope, plan, attempt.exchanges), env);
}
