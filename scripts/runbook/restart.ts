import { judge } from '../bff/verdict.ts';
import { renderCommand } from '../compose/failures.ts';
import { UP_FINISH_MS } from '../compose/invocation.ts';
import { AppError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Instance, Stack } from '../core/stack.ts';
import { byHandOf } from './by-hand.ts';
import type { Context } from './job.ts';
import type { Plan } from './preflight.ts';
import type { StepScope } from './recorder.ts';

/**
 * `up -d` of the one service, and proof that it counted: a new container, with the token in its environment.
 *
 * Services that live in the network of the old container lost it, and are made anew.
 *
 * @param token what the variable has to hold; null: it has to be absent
 * @param onStart called when compose is about to act: from here on nothing is put back
 * @throws AppError `restart-failed`, `container-unchanged`
 */
export async function restart(
  context: Context,
  scope: StepScope,
  { stack }: Pick<Plan, 'stack'>,
  token: Secret | null,
  onStart: () => void = () => {},
): Promise<Instance> {
  const { job, recorder, signal } = context;
  const { container: old, sidecars } = await stack.beforeUp(job.service, signal);
  signal.throwIfAborted();
  onStart();
  scope.progress(renderCommand(stack.commands(job.service).restart));
  await finish(context, stack.up(job.service, signal)).catch(async (error: unknown) => {
    throw (await neverStarted(context, stack, old)) ?? error;
  });
  const container = await stack.container(job.service, signal);
  const command = renderCommand(stack.commands(job.service).restart);
  if (container === null) {
    throw new AppError('restart-failed', `Compose reported success, but ${job.service} has no container.`, {
      hint: `Run it by hand and look: ${command}`,
    });
  }
  if (container.id === old?.id) {
    throw new AppError(
      'container-unchanged',
      `Compose left the old container of ${job.service} in place, so nothing changed for it.`,
      {
        hint: `Run it by hand with --force-recreate: ${command}`,
      },
    );
  }
  const value = container.env[job.variable];
  if (token === null ? value !== undefined && value !== '' : !token.equals(value ?? '')) {
    throw new AppError(
      'effective-value',
      `The new container of ${job.service} has another ${job.variable} than was written.`,
      {
        hint: `An env_file, the image or another file sets it. See: docker inspect ${container.id.slice(0, 12)}`,
      },
    );
  }
  if (sidecars.length > 0) await stack.repair(sidecars, signal);
  recorder.facts.push(['Container', `${container.name} (${container.id.slice(0, 12)}), image ${container.image}`]);
  const also = sidecars.length > 0 ? `, and new ones for ${sidecars.join(', ')} on its network` : '';
  scope.summary(`new container ${container.id.slice(0, 12)}${also}`);
  return container;
}

/** Why the new container could not be started, by the daemon's own words; null: that is not what went wrong. */
async function neverStarted({ job, signal }: Context, stack: Stack, old: Instance | null): Promise<AppError | null> {
  const container = signal.aborted ? null : await stack.container(job.service, signal);
  if (container === null || container.id === old?.id || !/OCI runtime/i.test(container.state.error)) return null;
  const { kind, message, hint } = judge(container, container, byHandOf(stack, job.service));
  if (kind !== 'not-started') return null;
  const command = renderCommand(stack.commands(job.service).restart);
  return new AppError('container-not-started', message, { hint: { text: `${hint?.text ?? ''} Then:`, command } });
}

/** Compose is not stopped halfway by an interruption; whoever waits for that is told why. */
async function finish({ job, recorder, signal }: Context, up: Promise<void>): Promise<void> {
  const tell = () =>
    recorder.warn(
      `Compose is still replacing the container of ${job.service}, and stopped halfway it would leave the service down: it gets up to ${UP_FINISH_MS / 1_000} s to finish. Ctrl-C again ends at once.`,
    );
  signal.addEventListener('abort', tell, { once: true });
  try {
    await up;
  } finally {
    signal.removeEventListener('abort', tell);
  }
}
