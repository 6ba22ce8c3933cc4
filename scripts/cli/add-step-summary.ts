import { AppError } from '../core/errors.ts';
import type { ReportFiles } from '../core/report-files.ts';
import type { Run } from '../core/result.ts';
import type { Masker } from '../secrets/masker.ts';

/**
 * Adds the run to the page that GitHub Actions shows for a job; `GITHUB_STEP_SUMMARY` names its file. Every step of the job
 * writes there, so the text is searched for secrets before it is added: nothing can be removed later without touching
 * what other steps wrote.
 *
 * @returns what went wrong, as a sentence; null when nothing did
 * @throws AppError `leak` when the text held a secret in any form; nothing is added then
 */
export async function addStepSummary(
  run: Run,
  masker: Masker,
  files: ReportFiles,
  path: string | undefined,
): Promise<string | null> {
  if (!path) return null;
  const { renderStepSummary } = await import('../report/step-summary.ts');
  // A step before this one may have left its last line open.
  const text = `\n${renderStepSummary(run, masker)}`;
  const [leak] = masker.find(text);
  if (leak !== undefined) {
    throw new AppError(
      'leak',
      `The step summary held a secret and was not written: ${leak.label}, ${leak.form}, at ${leak.offset}.`,
      {
        hint: 'That is a bug in this tool. Report it, with the form and the place; they reveal nothing about the value.',
      },
    );
  }
  try {
    await files.append(path, text);
    return null;
  } catch {
    return `The step summary could not be written to ${path} (GITHUB_STEP_SUMMARY).`;
  }
}
