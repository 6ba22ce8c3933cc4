import { AppError } from '../core/errors.ts';
import type { StepName, Verdict } from '../core/result.ts';
import type { Context } from './job.ts';
import { findTarget } from './preflight.ts';
import { planHealth, readSource } from './requests.ts';
import { restart } from './restart.ts';
import { seeHealthy } from './start.ts';

export const CLEAR_STEPS: readonly StepName[] = ['clear', 'restart', 'bootstrap', 'health'];

/** Takes the token out of the environment again, and proves that the BFF starts from its cached credentials. */
export async function runClear(context: Context): Promise<Verdict> {
  const { job, tools, recorder, signal } = context;
  const stack = await tools.connect(await tools.composeFiles(), signal);
  const health = planHealth(await readSource(context), context, null);
  await recorder.step('clear', async (scope) => {
    const target = await findTarget(context, stack.files, stack.dotenv);
    const edit = target.remove([job.variable]);
    await tools.files.replace(target.path, edit.before, edit.bytes);
    const value = (await stack.resolve(signal))[job.service]?.environment[job.variable];
    if (value) {
      await tools.files.replace(target.path, edit.bytes, edit.before ?? edit.bytes);
      throw new AppError(
        'effective-value',
        `Compose would still give ${job.service} a ${job.variable}, so the file was put back.`,
        {
          hint: `It is also set elsewhere: another file, an env_file, or ${job.variable} exported in this shell.`,
        },
      );
    }
    scope.summary(`${job.variable} is out of ${target.path}`);
  });
  const container = await recorder.step('restart', (scope) => restart(context, scope, { stack }, null));
  await seeHealthy(context, { stack, health }, container);
  return 'healthy';
}
