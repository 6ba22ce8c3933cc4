import { diffOf } from '../compose-file/diff.ts';
import { AppError } from '../core/errors.ts';
import type { Project } from '../core/stack.ts';
import type { ClearPlan } from './clear-plan.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import { verifyNoSideEffect } from './side-effects.ts';

/**
 * Takes the token out of the file, and lets compose confirm that the service gets none any more and that nothing else changed.
 * Otherwise the file is put back byte for byte.
 *
 * @returns puts the file back
 * @throws AppError `effective-value`, `file-…`
 */
export async function removeToken(
  { job, tools, recorder, signal }: Context,
  scope: StepScope,
  plan: ClearPlan,
): Promise<() => Promise<void>> {
  const { stack, target, before } = plan;
  const { variable, service } = job;
  if (!plan.isSet) {
    scope.summary(`${variable} has no value in ${target.path}; only the container has it still`);
    return async () => {};
  }
  const edit = target.clear(variable, before);
  await tools.files.replace(target.path, edit.before, edit.bytes);
  const putBack = async () => {
    await tools.files.replace(target.path, edit.bytes, edit.before ?? new Uint8Array());
    recorder.compose = null;
  };
  try {
    scope.progress('asking compose what the service would get');
    verifyCleared(plan.project, await stack.resolve(signal), service, variable);
  } catch (error) {
    await putBack();
    if (!(error instanceof AppError) || error.code !== 'compose-invalid') throw error;
    const name = target.nameOf(variable);
    throw new AppError('effective-value', `Without ${variable} compose rejects its files, so it was put back.`, {
      hint: `Something demands it, as \${${name}:?} does: write \${${name}:-} there, and run again.`,
      cause: error,
    });
  }
  recorder.compose = {
    files: stack.files,
    service,
    wrote: target.kind,
    target: target.path,
    before: 'value',
    changed: [variable],
    diff: diffOf(target, edit.before, edit.bytes, { variables: [variable], secret: variable, handle: 'nothing' }),
  };
  const isThere = before === 'empty' || before === 'passed-through';
  scope.summary(`${target.nameOf(variable)} ${isThere ? 'has no value any more in' : 'is out of'} ${target.path}`);
  return putBack;
}

/** The one variable of the one service is gone, and everything else is as it was. */
function verifyCleared(before: Project, after: Project, service: string, variable: string): void {
  if (after[service]?.environment[variable]) {
    const message = `Compose would still give ${service} a ${variable}, so the file was put back.`;
    throw new AppError('effective-value', message, {
      hint: `It is also set elsewhere: another file, an env_file, or ${variable} exported in this shell. Take it out there.`,
    });
  }
  verifyNoSideEffect(before, after, service, [variable]);
}
