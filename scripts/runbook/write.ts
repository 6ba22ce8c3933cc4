import { diffOf } from '../compose-file/diff.ts';
import { AppError } from '../core/errors.ts';
import type { Project } from '../core/stack.ts';
import type { Context } from './job.ts';
import type { Minted } from './mint.ts';
import type { Plan } from './preflight.ts';
import type { StepScope } from './recorder.ts';
import { verifyNoSideEffect } from './side-effects.ts';

/** What was done, and how to undo it. */
export interface Written {
  /** What the file held before; null: there was none. */
  readonly original: Uint8Array | null;
  putBack(): Promise<void>;
}

/**
 * Writes the token, and proves with compose itself that the service will get it. When it would not, or when the run is
 * interrupted before that is known, the file is put back byte for byte.
 *
 * @returns the way back, for an interruption before anything was restarted
 * @throws AppError `effective-value`, `file-…`
 */
export async function writeToken(
  context: Context,
  scope: StepScope,
  plan: Plan,
  { secret, facts }: Minted,
): Promise<Written> {
  const { job, tools, recorder, signal } = context;
  const { stack } = plan;
  let { target } = plan;
  const values = { ...plan.settings, [job.variable]: secret.reveal() };

  let edit = target.edit(values);
  const replace = () => tools.files.replace(target.path, edit.before, edit.bytes);
  try {
    await replace();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'file-changed') throw error;
    // Somebody saved the file meanwhile: once more, on what it holds now.
    target = await target.refresh();
    edit = target.edit(values);
    await replace();
    scope.note(`${target.path} was saved by somebody else meanwhile; the change was made on the new content.`);
  }
  const changed = edit.changes.map(({ name }) => name);
  // A file that was not there before stays, empty: nobody knows who looks at it already.
  const putBack = async () => {
    await tools.files.replace(target.path, edit.bytes, edit.before ?? new Uint8Array());
    recorder.compose = null;
  };
  try {
    scope.progress('asking compose what the service would get');
    verifyEffective(plan.project, await stack.resolve(signal), job.service, values);
  } catch (error) {
    await putBack();
    if (!(error instanceof AppError) || error.code !== 'compose-invalid') throw error;
    throw new AppError('effective-value', 'Compose does not accept its files any more, so the file was put back.', {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.where === undefined ? {} : { where: error.where }),
    });
  }
  recorder.compose = {
    files: stack.files,
    service: job.service,
    wrote: target.kind,
    target: target.path,
    before: target.priorValueOf(job.variable),
    changed,
    diff: diffOf(target, edit.before, edit.bytes, {
      variables: Object.keys(values),
      secret: job.variable,
      handle: `IAT ${facts.handle}`,
    }),
  };
  const written = target.nameOf(job.variable);
  const line = edit.changes.find(({ name }) => name === written)?.line;
  const others = changed.filter((name) => name !== written);
  scope.summary(
    `${written} in ${target.path}${line === undefined ? '' : `:${line}`}${others.length > 0 ? `, also ${others.join(', ')}` : ''}`,
  );
  return { putBack, original: edit.before };
}

/** Exactly the named variables of the one service may differ, and have the values that were written. */
function verifyEffective(
  before: Project,
  after: Project,
  service: string,
  values: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (after[service]?.environment[name] === value) continue;
    throw new AppError(
      'effective-value',
      `Compose would still give ${service} another ${name}, so the file was put back.`,
      {
        hint: `Something beats the file: an override file, or ${name} exported in this shell. See what wins with "docker compose config".`,
      },
    );
  }
  verifyNoSideEffect(before, after, service, Object.keys(values));
}
