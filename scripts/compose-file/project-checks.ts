import { AppError } from '../core/errors.ts';
import type { Environment } from '../core/stack.ts';
import type { Target } from './target.ts';

/** Environments by service, as compose resolves them. In memory only: they hold every value. */
export type Project = Readonly<Record<string, Environment>>;

/** The one variable that a change is about. */
export interface Subject {
  readonly service: string;
  readonly variable: string;
  /** The command that shows a person what wins. */
  readonly checkByHand: string;
}

/** Is in the token's place while a change is tried out. */
export const PLACEHOLDER = 'to-be-minted';

/** A value in `.env` must reach the one variable, and nothing else. @throws AppError `shared`, `shadowed` */
export function verifyReach(
  { service, variable, checkByHand }: Subject,
  target: Target,
  project: Project,
  trial: Project,
) {
  const name = target.nameOf(variable);
  const beside = findSideEffect(project, trial, service, [variable]);
  if (beside !== null) {
    throw new AppError('shared', `${name} also sets ${beside.variable} of ${beside.service}.`, {
      hint: `If both used the same token, one of them would use it up. Give ${service} a variable of its own: ${variable}: \${BFF_${variable}:-}`,
      where: { file: target.path },
    });
  }
  const tried = trial[service]?.[variable];
  if (trial[service] === undefined || tried === PLACEHOLDER) return;
  if (tried?.includes(PLACEHOLDER)) {
    throw new AppError(
      'reference',
      `Compose makes more of ${name} than its value: ${variable} of ${service} would not be the token alone.`,
      {
        hint: `Old versions of compose do not know a default within a default. Write ${variable}: \${${name}:-} in the compose file, and run again.`,
        where: { file: target.path },
      },
    );
  }
  throw new AppError('shadowed', `${variable} of ${service} does not come from ${name} alone.`, {
    hint: { text: 'Another file sets it as well. Name that file with -f. To see what wins:', command: checkByHand },
    where: { file: target.path },
  });
}

/**
 * What the file says today has to be what the service gets today; else something beats it, and would beat the token, too.
 *
 * @throws AppError `shadowed`
 */
export function verifyNotShadowed({ service, variable }: Subject, target: Target, project: Project) {
  const own = target.valueOf(variable);
  if (own === null || own === (project[service]?.[variable] ?? '')) return;
  // An empty value in .env gives way to the default of `${X:-default}`.
  if (own === '' && target.kind === 'env-file') return;
  throw new AppError('shadowed', `${target.path} sets ${variable}, but ${service} gets another value from elsewhere.`, {
    hint: `Find what wins (another -f or override file, an exported ${target.nameOf(variable)}, --env-file) and name that, or take ${variable} out there.`,
    where: { file: target.path },
  });
}

/** What is to be taken out must not come from another place than the file. @throws AppError `shadowed` */
export function verifyFromHere({ service, variable }: Subject, target: Target, project: Project) {
  if (!project[service]?.[variable] || target.priorValueOf(variable) === 'value') return;
  const elsewhere = target.leftover(null);
  if (elsewhere !== null) throw elsewhere;
  throw new AppError('shadowed', `${service} gets ${variable} from somewhere other than ${target.path}.`, {
    hint: `Take it out where it is set: an env_file, another file (name it with -f), or ${variable} exported in this shell.`,
    where: { file: target.path },
  });
}

/**
 * After a write exactly the named variables of the one service may differ, and have the values that were written.
 *
 * @param after an error: compose does not accept its files any more
 * @throws AppError `effective-value`
 */
export function verifyEffective(
  { service, checkByHand }: Subject,
  before: Project,
  after: Project | AppError,
  values: Readonly<Record<string, string>>,
) {
  if (after instanceof AppError) {
    throw new AppError('effective-value', 'Compose no longer accepts its files, so the file was put back.', {
      ...(after.hint && { hint: after.hint }),
      ...(after.where && { where: after.where }),
    });
  }
  for (const [name, value] of Object.entries(values)) {
    if (after[service]?.[name] === value) continue;
    const message = `Compose would still give ${service} another ${name}, so the file was put back.`;
    const text = `Something beats the file: an override file, or ${name} exported in this shell. To see what wins:`;
    throw new AppError('effective-value', message, { hint: { text, command: checkByHand } });
  }
  verifyNoSideEffect(before, after, service, Object.keys(values));
}

/**
 * The one variable of the one service is gone, and everything else is as it was.
 *
 * @param after as for {@link verifyEffective}
 * @throws AppError `effective-value`
 */
export function verifyCleared(
  { service, variable }: Subject,
  target: Target,
  before: Project,
  after: Project | AppError,
) {
  if (after instanceof AppError) {
    const name = target.nameOf(variable);
    throw new AppError('effective-value', `Compose rejects its files without ${variable}, so it was put back.`, {
      hint: `Something requires it, such as \${${name}:?}: write \${${name}:-} there, and run again.`,
      cause: after,
    });
  }
  if (after[service]?.[variable]) {
    const message = `Compose would still give ${service} a ${variable}, so the file was put back.`;
    throw new AppError('effective-value', message, {
      hint: `It is also set elsewhere: another file, an env_file, or ${variable} exported in this shell. Take it out there.`,
    });
  }
  verifyNoSideEffect(before, after, service, [variable]);
}

/** Nothing but the named variables of the one service may differ. */
function verifyNoSideEffect(before: Project, after: Project, service: string, names: readonly string[]) {
  const beside = findSideEffect(before, after, service, names);
  if (beside === null) return;
  const message = `The change would also alter ${beside.variable} of ${beside.service}, so the file was put back.`;
  throw new AppError('effective-value', message, {
    hint: 'Two services share this part of the file. Give the service an environment entry of its own.',
  });
}

/** The first variable that differs although it is not one of the named ones of the one service; null: there is none. */
function findSideEffect(before: Project, after: Project, service: string, names: readonly string[]) {
  for (const other of Object.keys({ ...before, ...after })) {
    const [was, is] = [before[other] ?? {}, after[other] ?? {}];
    for (const variable of Object.keys({ ...was, ...is })) {
      if (other === service && names.includes(variable)) continue;
      if (was[variable] !== is[variable]) return { service: other, variable };
    }
  }
  return null;
}
