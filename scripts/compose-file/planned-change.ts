import { AppError } from '../core/errors.ts';
import type { ChangeFacts, PriorValue } from '../core/result.ts';
import type { Listener, PlannedClear, PlannedWrite, Settings, Written } from '../core/stack.ts';
import { renderDiff } from './diff.ts';
import {
  PLACEHOLDER,
  type Project,
  type Subject,
  verifyCleared,
  verifyEffective,
  verifyFromHere,
  verifyNotShadowed,
  verifyReach,
} from './project-checks.ts';
import { chooseTarget, type Edit, type Target, type TargetOptions } from './target.ts';

/** A project that compose files describe, and the one variable of one service of it that takes the token. */
export interface ProjectFiles extends TargetOptions, Subject {
  /**
   * Every service as its container would be made.
   *
   * @param exported variables that count as exported, for a try
   * @throws AppError `compose-invalid` where the files are not accepted
   */
  resolve(signal: AbortSignal, exported?: Readonly<Record<string, string>>): Promise<Project>;
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

/** Throws what keeps the token from being written, as far as the files alone tell. */
export async function verifyWritable(options: TargetOptions): Promise<void> {
  const target = await chooseTarget(options);
  target.edit({ [options.variable]: PLACEHOLDER });
  await options.files.verifyWritable(target.path);
}

export function createProjectChanges(options: ProjectFiles): ProjectChanges {
  const { files, service, variable, paths } = options;
  /** What the file held before this run wrote it first, and the names of what differs since then. */
  let original: { readonly bytes: Uint8Array | null; readonly prior: PriorValue } | null = null;
  let changed: readonly string[] = [];

  const factsOf = (target: Target, names: readonly string[], diff: string): ChangeFacts => {
    const diffOrNone = diff === '' ? null : diff;
    return { files: paths, service, wrote: null, target: target.path, before: null, changed: names, diff: diffOrNone };
  };

  /**
   * What an edit would change.
   *
   * @param variables what the edit is about
   * @param handle what is shown in place of the variable's value
   */
  const previewOf = (target: Target, edit: Edit, variables: readonly string[], handle: string) => {
    const before = original === null ? edit.before : original.bytes;
    const diff = renderDiff(target.path, textOf(before), textOf(edit.bytes), {
      names: [...changed, ...variables.map(target.nameOf)],
      secretName: target.nameOf(variable),
      handle,
    });
    return factsOf(target, [...new Set([...changed, ...edit.changes.map(({ name }) => name)])], diff);
  };

  /** As what was done, no longer what would be. */
  const asDone = (facts: ChangeFacts, target: Target): ChangeFacts => {
    return { ...facts, wrote: target.kind, before: original?.prior ?? target.priorValueOf(variable) };
  };

  /**
   * Makes an edit and asks for what the service would get now. Where that proves the edit wrong, or the signal aborts, the file
   * is put back. `unchecked` is why it could not be asked for; null: the edit is right.
   */
  const apply = async (
    target: Target,
    editOf: (target: Target) => Edit,
    verify: (after: Project | AppError, target: Target) => void,
    listener: Listener,
    signal: AbortSignal,
  ) => {
    const made = await replace(options, target, editOf, listener);
    listener.progress('checking what the service would get');
    try {
      verify(await resolveAgain(options, signal), made.target);
      return { ...made, unchecked: null };
    } catch (error) {
      if (isUnproven(error)) return { ...made, unchecked: error };
      await made.putBack();
      throw error;
    }
  };

  return {
    async read(signal) {
      const target = await chooseTarget(options).catch((error: unknown) => {
        if (error instanceof AppError) return error;
        throw error;
      });
      if (target instanceof AppError || target.kind !== 'env-file') {
        const project = await options.resolve(signal).catch((error: unknown) => {
          // Where the file itself is broken, the editor says more precisely how.
          throw target instanceof AppError && target.code === 'yaml-syntax' ? target : error;
        });
        return { project, target, trial: null };
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
      verifyNotShadowed(options, target, project);
      // Beside a value in .env the compose file is left alone, so there only what contradicts has to change.
      const others = { ...settings.correct, ...(target.kind === 'compose' ? settings.add : {}) };
      const variables = [...Object.keys(others), variable];
      const tried = target.edit({ ...others, [variable]: PLACEHOLDER });
      await files.verifyWritable(target.path);
      return {
        place: target.path,
        warnings: (await files.isTracked(target.path)) === true ? [trackedWarning(target.path, variable)] : [],
        preview: previewOf(target, tried, variables, 'the new IAT'),
        leftover: target.leftover(target.priorValueOf(variable)),

        async write(token, handle, listener, signal): Promise<Written> {
          const values = { ...others, [variable]: token.reveal() };
          const made = await apply(
            target,
            (fresh) => fresh.edit(values),
            (after) => verifyEffective(options, project, after, values),
            listener,
            signal,
          );
          const { target: written, edit, unchecked, putBack } = made;
          const change = asDone(previewOf(written, edit, variables, `IAT ${handle}`), written);
          original ??= { bytes: edit.before, prior: written.priorValueOf(variable) };
          changed = change.changed;
          const doubt = unchecked && inDoubt(options, written, unchecked);
          return { change, summary: summaryOf(written, edit, variable), doubt, putBack };
        },
      };
    },

    async planClear({ project, target }, prior) {
      if (target instanceof AppError) throw target;
      const isSet = target.priorValueOf(variable) === 'value';
      await files.verifyWritable(target.path);
      verifyFromHere(options, target, project);
      // This run wrote it where there was no value: it gets back exactly what was there.
      const was = original?.prior ?? null;
      const isOurs = was !== null && was !== 'value';
      const before = (used: Target) => {
        if (isOurs) return was;
        // A line with a remark is a person's, whatever the reports know of it.
        return prior !== 'passed-through' && used.isCommented(variable) ? 'empty' : prior;
      };
      const clearOf = (used: Target) => used.clear(variable, before(used));
      const previewOfClear = (used: Target, edit: Edit) => {
        const facts = previewOf(used, edit, [variable], 'nothing');
        const own = used.nameOf(variable);
        return isOurs ? { ...facts, changed: facts.changed.filter((name) => name !== own) } : facts;
      };
      return {
        place: target.path,
        isSet,
        leftover: isSet ? target.leftover(before(target)) : null,
        preview: isSet ? previewOfClear(target, clearOf(target)) : factsOf(target, [], ''),

        async clear(listener, signal): Promise<Written> {
          if (!isSet) {
            const summary = `${variable} has no value in ${target.path}; only the running container still has it`;
            return { change: null, summary, doubt: null, putBack: async () => {} };
          }
          const verify = (after: Project | AppError, used: Target) => verifyCleared(options, used, project, after);
          const { target: cleared, edit, unchecked, putBack } = await apply(target, clearOf, verify, listener, signal);
          if (unchecked !== null) {
            await putBack();
            throw unchecked;
          }
          const left = before(cleared);
          const isLeft = left === 'empty' || left === 'passed-through';
          const name = cleared.nameOf(variable);
          if (left === null)
            listener.note(`No report here says how ${name} was before it held a token, so its whole line was removed.`);
          return {
            change: asDone(previewOfClear(cleared, edit), cleared),
            summary: `${name} ${isLeft ? 'no longer has a value in' : 'was removed from'} ${cleared.path}`,
            doubt: null,
            putBack,
          };
        },
      };
    },
  };
}

/** Writes an edit; once more on what the file holds now where somebody saved it meanwhile. */
async function replace(
  { files }: ProjectFiles,
  target: Target,
  editOf: (target: Target) => Edit,
  { note }: Listener,
): Promise<{ readonly target: Target; readonly edit: Edit; putBack(): Promise<void> }> {
  const write = async (used: Target) => {
    const edit = editOf(used);
    await files.replace(used.path, edit.before, edit.bytes);
    // A file that was not there before stays, empty: something may be looking at it already.
    const putBack = () => files.replace(used.path, edit.bytes, edit.before ?? new Uint8Array());
    return { target: used, edit, putBack };
  };
  try {
    return await write(target);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'file-changed') throw error;
    const made = await write(await target.refresh());
    note(`${target.path} was saved by another program in the meantime; the change was applied to the new content.`);
    return made;
  }
}

/** The project after a change. A rejection is an answer, too: the value would not take effect. */
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
  const message = `The token is written to ${target.path} and stays there, but this tool could not check whether it takes effect: ${error.message}`;
  return new AppError(error.code, message, {
    hint: { text: 'To check it by hand, and then run again:', command: checkByHand },
    cause: error,
  });
}

function summaryOf(target: Target, { changes }: Edit, variable: string): string {
  const own = target.nameOf(variable);
  const line = changes.find(({ name }) => name === own)?.line;
  const also = changes.map(({ name }) => name).filter((name) => name !== own);
  const place = line === undefined ? target.path : `${target.path}:${line}`;
  return `${own} in ${place}${also.length > 0 ? `, also ${also.join(', ')}` : ''}`;
}

function trackedWarning(path: string, variable: string): string {
  return `git tracks ${path}, and would commit the token with it. To keep it out for good: write ${variable}: \${${variable}} there, and ${variable}= into a .env file beside it that git ignores.`;
}

function withoutPlaceholder(project: Project): Project {
  const clean = (value: string | null) => (value?.includes(PLACEHOLDER) ? null : value);
  return Object.fromEntries(
    Object.entries(project).map(([name, environment]) => {
      return [name, Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, clean(value)]))];
    }),
  );
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
