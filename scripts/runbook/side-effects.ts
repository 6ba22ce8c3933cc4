import type { Target } from '../compose-file/target.ts';
import { AppError } from '../core/errors.ts';
import type { Project, Stack } from '../core/stack.ts';

/** What stands in the token's place while a change is tried out. Nobody's secret, and nobody's value. */
export const PLACEHOLDER = 'to-be-minted';

/**
 * Every service as it is before anything changes. A value in `.env` can reach further than the one variable of the one
 * service: that is tried out with a placeholder.
 *
 * @throws AppError `shared`, `shadowed`, and what compose says about its files; not that they lack (`${X:?}`) just what will
 *   be written
 */
export async function resolveBefore(
  stack: Stack,
  target: Target,
  { service, variable }: { readonly service: string; readonly variable: string },
  signal: AbortSignal,
): Promise<Project> {
  if (target.kind !== 'env-file') return stack.resolve(signal);
  const name = target.nameOf(variable);
  const [now, trial] = await Promise.allSettled([
    stack.resolve(signal),
    stack.resolve(signal, { [name]: PLACEHOLDER }),
  ]);
  if (trial.status === 'rejected') throw now.status === 'rejected' ? now.reason : trial.reason;
  const project = now.status === 'fulfilled' ? now.value : withoutPlaceholder(trial.value);
  const beside = findSideEffect(project, trial.value, service, [variable]);
  if (beside !== null) {
    throw new AppError('shared', `${name} also sets ${beside.variable} of ${beside.service}.`, {
      hint: `A token that both use would be spent by one of them. Give ${service} a variable of its own: ${variable}: \${BFF_${variable}:-}`,
      where: { file: target.path },
    });
  }
  const value = trial.value[service]?.environment[variable];
  if (trial.value[service] === undefined || value === PLACEHOLDER) return project;
  throw new AppError('shadowed', `${variable} of ${service} does not come from ${name} alone.`, {
    hint: 'Another file sets it as well. See what wins with "docker compose config", and name that file with -f.',
    where: { file: target.path },
  });
}

/** The first variable that differs although it is not one of the named ones of the one service; null: there is none. */
function findSideEffect(
  before: Project,
  after: Project,
  service: string,
  names: readonly string[],
): { readonly service: string; readonly variable: string } | null {
  for (const other of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = before[other]?.environment ?? {};
    const is = after[other]?.environment ?? {};
    for (const variable of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (other === service && names.includes(variable)) continue;
      if (was[variable] !== is[variable]) return { service: other, variable };
    }
  }
  return null;
}

/**
 * Nothing but the named variables of the one service may differ, for a file that has been put back when something does.
 *
 * @throws AppError `effective-value`
 */
export function verifyNoSideEffect(before: Project, after: Project, service: string, names: readonly string[]): void {
  const beside = findSideEffect(before, after, service, names);
  if (beside === null) return;
  const message = `The change would also alter ${beside.variable} of ${beside.service}, so the file was put back.`;
  throw new AppError('effective-value', message, {
    hint: 'Two services share this part of the file. Give the service an environment entry of its own.',
  });
}

function withoutPlaceholder(project: Project): Project {
  const clean = (value: string | null) => (value?.includes(PLACEHOLDER) ? null : value);
  return Object.fromEntries(
    Object.entries(project).map(([name, service]) => {
      const environment = Object.entries(service.environment).map(([key, value]) => [key, clean(value)]);
      return [name, { ...service, environment: Object.fromEntries(environment) }];
    }),
  );
}
