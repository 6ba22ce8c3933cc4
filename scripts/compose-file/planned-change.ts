import { AppError } from '../core/errors.ts';
import type { ChangeFacts, PriorValue } from '../core/result.ts';
import type { Environment, Listener, PlannedClear, PlannedWrite, Settings } from '../core/stack.ts';
import { diffOf } from './diff.ts';
import { chooseTarget, type Edit, type Target, type TargetOptions } from './target.ts';

/** Environments by service, as compose resolves them. In memory only: they hold every value. */
export type Project = Readonly<Record<string, Environment>>;

/** A project that compose files describe, and the one variable of one service of it that takes the token. */
export interface ProjectFiles extends TargetOptions {
  /**
   * Every service as its container would be made.
   *
   * @param exported variables that count as exported, for a try
   * @throws AppError `compose-invalid` where the files are not accepted
   */
  resolve(signal: AbortSignal, exported?: Readonly<Record<string, string>>): Promise<Project>;
  /** The command that shows a person what wins. */
  readonly checkByHand: string;
}

/** The project before a change, and the file that decides which value the service gets. */
export interface ProjectState {
  readonly project: Project;
  /** Or why there is none that can be written. */
  readonly target: Target | AppError;
  /** The project with a placeholder in the variable of `.env` that holds the value; null: the value does not live there. */
  readonly trial: Project | null;
}

/** Changes to the files of a project. What is reported is always the difference to what they held when the run began. */
export interface ProjectChanges {
  /** Throws what keeps the token from being written, as far as the files alone tell. */
  verifyWritable(): Promise<void>;
  /**
   * Reads the project. A value in `.env` can reach further than the one variable of the one service: what a placeholder there
   * would change is looked up at the same time.
   *
   * @throws AppError what is wrong with the files; not that they lack (`${X:?}`) just what will be written
   */
  read(signal: AbortSignal): Promise<ProjectState>;
  /** @throws AppError `shared`, `shadowed`, `file-…`, and what `chooseTarget` and the editor throw */
  planWrite(state: ProjectState, settings: Settings): Promise<PlannedWrite>;
  /** @throws AppError `shadowed` where the value comes from another place than the file, and what `planWrite` throws */
  planClear(state: ProjectState, prior: PriorValue | null): Promise<PlannedClear>;
}

/** Is in the token's place while a change is tried out. */
const PLACEHOLDER = 'to-be-minted';

export function createProjectChanges(options: ProjectFiles): ProjectChanges {
  const { files, service, variable, paths } = options;
  /** What the file held before this run wrote it first, and the variables that differ since then. */
  let original: { readonly bytes: Uint8Array | null; readonly prior: PriorValue } | null = null;
  let changed: readonly string[] = [];

  /** @param handle what is shown in place of the variable's value */
  const factsOf = (target: Target, edit: Edit, names: readonly string[], handle: string): ChangeFacts => {
    const own = target.nameOf(variable);
    const diff = diffOf(target, original === null ? edit.before : original.bytes, edit.bytes, {
      variables: [...new Set([...changed, ...names])],
      secret: own,
      handle,
    });
    return {
      files: paths,
      service,
      wrote: target.kind,
      target: target.path,
      before: original?.prior ?? target.priorValueOf(variable),
      changed: [...new Set([...changed, ...edit.changes.map(({ name }) => name)])],
      diff: diff === '' ? null : diff,
    };
  };

  /** Writes an edit; once more on what the file holds now where somebody saved it meanwhile. */
  const replace = async (target: Target, editOf: (target: Target) => Edit, { note }: Listener) => {
    let used = target;
    let edit = editOf(used);
    try {
      await files.replace(used.path, edit.before, edit.bytes);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'file-changed') throw error;
      used = await target.refresh();
      edit = editOf(used);
      await files.replace(used.path, edit.before, edit.bytes);
      note(`${used.path} was saved by somebody else meanwhile; the change was made on the new content.`);
    }
    const { before, bytes } = edit;
    // A file that was not there before stays, empty: something may be looking at it already.
    const putBack = async () => void (await files.replace(used.path, bytes, before ?? new Uint8Array()));
    return { target: used, edit, putBack };
  };

  return {
    async verifyWritable() {
      const target = await chooseTarget(options);
      target.edit({ [variable]: PLACEHOLDER });
      await files.verifyWritable(target.path);
    },

    async read(signal) {
      const target = await chooseTarget(options).catch((error: unknown) => {
        if (error instanceof AppError) return error;
        throw error;
      });
      if (target instanceof AppError || target.kind !== 'env-file') {
        return { project: await options.resolve(signal), target, trial: null };
      }
      const [now, trial] = await Promise.allSettled([
        options.resolve(signal),
        options.resolve(signal, { [target.nameOf(variable)]: PLACEHOLDER }),
      ]);
      if (trial.status === 'rejected') throw now.status === 'rejected' ? now.reason : trial.reason;
      const project = now.status === 'fulfilled' ? now.value : withoutPlaceholder(trial.value);
      return { project, target, trial: trial.value };
    },

    async planWrite({ project, target, trial }, settings) {
      if (target instanceof AppError) throw target;
      if (trial !== null) verifyReach(options, target, project, trial);
      verifyNotShadowed(options, target, project[service]?.[variable] ?? null);
      // Beside a value in .env the compose file is left alone, so there only what contradicts has to change.
      const others = { ...settings.correct, ...(target.kind === 'compose' ? settings.add : {}) };
      const names = [...Object.keys(others), variable];
      const tried = target.edit({ ...others, [variable]: PLACEHOLDER });
      await files.verifyWritable(target.path);
      return {
        place: target.path,
        warnings: (await files.isTracked(target.path)) === true ? [trackedWarning(target.path, variable)] : [],
        preview: { ...factsOf(target, tried, names, 'the new IAT'), wrote: null, before: null },
        async write(token, handle, listener, signal) {
          const values = { ...others, [variable]: token.reveal() };
          const made = await replace(target, (fresh) => fresh.edit(values), listener);
          listener.progress('checking what the service would get');
          let doubt: AppError | null = null;
          try {
            verifyEffective(options, project, await resolveAgain(options, signal), values);
          } catch (error) {
            if (!isUnproven(error)) {
              await made.putBack();
              throw error;
            }
            doubt = inDoubt(options, made.target, error);
          }
          const own = made.target.nameOf(variable);
          const change = factsOf(made.target, made.edit, names, `IAT ${handle}`);
          const was = { bytes: made.edit.before, prior: made.target.priorValueOf(variable) };
          original ??= was;
          changed = change.changed;
          const line = made.edit.changes.find(({ name }) => name === own)?.line;
          const also = made.edit.changes.map(({ name }) => name).filter((name) => name !== own);
          return {
            change,
            summary: `${own} in ${target.path}${line === undefined ? '' : `:${line}`}${also.length > 0 ? `, also ${also.join(', ')}` : ''}`,
            doubt,
            putBack: made.putBack,
          };
        },
      };
    },

    async planClear({ project, target }, prior) {
      if (target instanceof AppError) throw target;
      const isSet = target.priorValueOf(variable) === 'value';
      await files.verifyWritable(target.path);
      if (project[service]?.[variable] && !isSet) throw fromElsewhere(options, target);
      const was = original?.prior ?? null;
      const back = was === null || was === 'value' ? prior : was;
      const factsAfter = (used: Target, edit: Edit) => {
        const own = used.nameOf(variable);
        const facts = factsOf(used, edit, [variable], 'nothing');
        // This run wrote it, and now it is as it was.
        return was === null || was === 'value'
          ? facts
          : { ...facts, changed: facts.changed.filter((name) => name !== own) };
      };
      const unchanged = {
        files: paths,
        service,
        wrote: null,
        target: target.path,
        before: null,
        changed: [],
        diff: null,
      };
      return {
        place: target.path,
        isSet,
        preview: isSet ? { ...factsAfter(target, target.clear(variable, back)), wrote: null, before: null } : unchanged,
        async clear(listener, signal) {
          if (!isSet) {
            const summary = `${variable} has no value in ${target.path}; only what runs now still has it`;
            return { change: null, summary, doubt: null, putBack: async () => {} };
          }
          const made = await replace(target, (fresh) => fresh.clear(variable, back), listener);
          listener.progress('checking what the service would get');
          try {
            verifyCleared(options, made.target, project, await resolveAgain(options, signal));
          } catch (error) {
            await made.putBack();
            throw error;
          }
          const isLeft = back === 'empty' || back === 'passed-through';
          return {
            change: factsAfter(made.target, made.edit),
            summary: `${made.target.nameOf(variable)} ${isLeft ? 'has no value any more in' : 'is out of'} ${target.path}`,
            doubt: null,
            putBack: made.putBack,
          };
        },
      };
    },
  };
}

/** A value in `.env` must reach the one variable, and nothing else. */
function verifyReach(
  { service, variable, checkByHand }: ProjectFiles,
  target: Target,
  project: Project,
  trial: Project,
) {
  const name = target.nameOf(variable);
  const beside = findSideEffect(project, trial, service, [variable]);
  if (beside !== null) {
    throw new AppError('shared', `${name} also sets ${beside.variable} of ${beside.service}.`, {
      hint: `A token that both use would be spent by one of them. Give ${service} a variable of its own: ${variable}: \${BFF_${variable}:-}`,
      where: { file: target.path },
    });
  }
  const value = trial[service]?.[variable];
  if (trial[service] === undefined || value === PLACEHOLDER) return;
  throw new AppError('shadowed', `${variable} of ${service} does not come from ${name} alone.`, {
    hint: { text: 'Another file sets it as well. Name that file with -f. To see what wins:', command: checkByHand },
    where: { file: target.path },
  });
}

/** What the file says today has to be what the service gets today; else something beats it, and would beat the token, too. */
function verifyNotShadowed({ service, variable }: ProjectFiles, target: Target, effective: string | null) {
  const own = target.valueOf(variable);
  if (own === null || own === (effective ?? '')) return;
  // An empty value in .env gives way to the default of `${X:-default}`.
  if (own === '' && target.kind === 'env-file') return;
  throw new AppError('shadowed', `${target.path} sets ${variable}, but ${service} gets another value from elsewhere.`, {
    hint: `Find what wins (another -f or override file, an exported ${target.nameOf(variable)}, --env-file) and name that, or take ${variable} out there.`,
    where: { file: target.path },
  });
}

function trackedWarning(path: string, variable: string): string {
  return `git tracks ${path}, and would commit the token with it. To keep it out for good: write ${variable}: \${${variable}} there, and ${variable}= into a .env file beside it that git ignores.`;
}

/** The project after a write. That it is not accepted any more is an answer: the value would not count. */
async function resolveAgain({ resolve }: ProjectFiles, signal: AbortSignal): Promise<Project | AppError> {
  return resolve(signal).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'compose-invalid') return error;
    throw error;
  });
}

/** The check itself could not be made: that proves nothing against what was written. */
function isUnproven(error: unknown): error is AppError {
  return error instanceof AppError && error.code !== 'effective-value' && error.code !== 'interrupted';
}

function inDoubt({ checkByHand }: ProjectFiles, target: Target, error: AppError): AppError {
  const message = `The token is written to ${target.path} and stays there, but whether it counts could not be checked: ${error.message}`;
  return new AppError(error.code, message, {
    hint: { text: 'To check it by hand, and then run again:', command: checkByHand },
    cause: error,
  });
}

/** Exactly the named variables of the one service may differ, and have the values that were written. */
function verifyEffective(
  { service, checkByHand }: ProjectFiles,
  before: Project,
  after: Project | AppError,
  values: Readonly<Record<string, string>>,
) {
  if (after instanceof AppError) {
    throw new AppError('effective-value', 'Compose does not accept its files any more, so the file was put back.', {
      ...(after.hint === undefined ? {} : { hint: after.hint }),
      ...(after.where === undefined ? {} : { where: after.where }),
    });
  }
  for (const [name, value] of Object.entries(values)) {
    if (after[service]?.[name] === value) continue;
    const message = `Compose would still give ${service} another ${name}, so the file was put back.`;
    throw new AppError('effective-value', message, {
      hint: {
        text: `Something beats the file: an override file, or ${name} exported in this shell. To see what wins:`,
        command: checkByHand,
      },
    });
  }
  verifyNoSideEffect(before, after, service, Object.keys(values));
}

/** The one variable of the one service is gone, and everything else is as it was. */
function verifyCleared(
  { service, variable }: ProjectFiles,
  target: Target,
  before: Project,
  after: Project | AppError,
) {
  if (after instanceof AppError) {
    const name = target.nameOf(variable);
    throw new AppError('effective-value', `Without ${variable} compose rejects its files, so it was put back.`, {
      hint: `Something demands it, as \${${name}:?} does: write \${${name}:-} there, and run again.`,
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

function fromElsewhere({ service, variable }: ProjectFiles, target: Target): AppError {
  return new AppError('shadowed', `${service} gets ${variable} from elsewhere than ${target.path}.`, {
    hint: `Take it out where it is set: an env_file, another file (name it with -f), or ${variable} exported in this shell.`,
    where: { file: target.path },
  });
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
  for (const other of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = before[other] ?? {};
    const is = after[other] ?? {};
    for (const variable of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (other === service && names.includes(variable)) continue;
      if (was[variable] !== is[variable]) return { service: other, variable };
    }
  }
  return null;
}

function withoutPlaceholder(project: Project): Project {
  const clean = (value: string | null) => (value?.includes(PLACEHOLDER) ? null : value);
  return Object.fromEntries(
    Object.entries(project).map(([name, environment]) => {
      return [name, Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, clean(value)]))];
    }),
  );
}
