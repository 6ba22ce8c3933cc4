import { basename, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { ReportFiles, RunFolder } from '../core/report-files.ts';
import type { ReportPaths, Run } from '../core/result.ts';
import { reportFolderName } from '../report/folder.ts';
import { chooseOld } from '../report/keep.ts';
import type { History } from '../report/past-run.ts';
import { verifyNoLeak } from '../secrets/leak-guard.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Settings } from './settings.ts';

/** The renderers are slow to load (a component library, an XML builder): start while something else is waited for. */
export async function loadRenderers() {
  const [{ renderHtml }, { renderJunit }, { renderResult }, { isHistory, renderHistory }, { readHistory }] =
    await Promise.all([
      import('../report/html.tsx'),
      import('../report/junit.ts'),
      import('../report/result-json.ts'),
      import('../report/history.tsx'),
      import('../report/past-run.ts'),
    ]);
  loaded = { renderHtml };
  return { renderHtml, renderJunit, renderResult, isHistory, renderHistory, readHistory };
}

let loaded: Pick<Awaited<ReturnType<typeof loadRenderers>>, 'renderHtml'> | null = null;

/** Renders the page, where what it needs is loaded already: for a process that is about to end. Never throws. */
export function renderHtmlNow(run: Run, masker: Masker): string | null {
  try {
    return loaded?.renderHtml(run, masker, reportFolderName(run.startedAt, run.command)) ?? null;
  } catch {
    return null;
  }
}

/**
 * Writes the reports of a run into a folder of their own, and the page over all runs beside it; removes the oldest reports
 * beyond `keep`.
 *
 * @param more texts of other files beside them, by name
 * @returns the run beside the one before, what was written, and what the reader should know about it, in sentences
 * @throws AppError `leak` when a file held a secret in any form: that file is removed, and the message says where it was
 */
export async function writeReports(
  run: Run,
  masker: Masker,
  files: ReportFiles,
  { reports: folder, keep }: Pick<Settings, 'reports' | 'keep'>,
  more: Readonly<Record<string, string>> = {},
): Promise<{ run: Run; paths: ReportPaths; notes: string[] }> {
  const { renderHtml, renderJunit, renderResult } = await loadRenderers();
  const comparison = run.command === 'collection' ? await compareWithPrevious(run, masker, files, folder) : null;
  const compared = { ...run, comparison };
  const own = await files.makeRunFolder(folder, reportFolderName(run.startedAt, run.command));
  const paths = { html: join(own, 'index.html'), junit: join(own, 'junit.xml'), json: join(own, 'result.json') };
  try {
    await files.write(paths.html, renderHtml(compared, masker, basename(own)));
    await files.write(paths.junit, renderJunit(run, masker));
    await files.write(paths.json, renderResult(run, paths, masker));
    const others = Object.entries(more).map(([name, text]) => [join(own, name), text] as const);
    for (const [path, text] of others) await files.write(path, text);
    await verifyNoLeak([...Object.values(paths), ...others.map(([path]) => path)], masker, files);
  } catch (error) {
    // What an earlier run left there would be taken for this one.
    copyToLatest(folder, null, files);
    throw error;
  }
  const latest = copyToLatest(folder, own, files);
  const runs = await files.runs(folder);
  const removed = new Set<string>();
  for (const name of chooseOld(runs, keep)) {
    // What cannot be removed, or was added to, stays.
    if (name !== basename(own) && (await files.removeRun(join(folder, name)))) removed.add(name);
  }
  const left = runs.filter(({ name }) => !removed.has(name));
  const problem = await writeHistory(folder, left, masker, files).catch(
    () => `${join(folder, 'index.html')} could not be written.`,
  );
  return { run: compared, paths, notes: [latest, problem].filter((note) => note !== null) };
}

/** null: no run before was one of the same collection. What cannot be read is no reason to write no report. */
async function compareWithPrevious(run: Run, masker: Masker, files: ReportFiles, folder: string) {
  const { choosePrevious, compareRuns } = await import('../report/compare.ts');
  const name = choosePrevious(run, masker, await files.runs(folder));
  if (name === null) return null;
  const text = await files.read(join(folder, name, 'result.json')).catch(() => new Uint8Array());
  return compareRuns(run, masker, name, Buffer.from(text).toString('utf8'));
}

/** Never throws. What went wrong, as a sentence; null: nothing. */
function copyToLatest(folder: string, run: string | null, files: ReportFiles): string | null {
  const latest = join(folder, 'latest');
  try {
    return files.copyToLatest(folder, run) ? null : `${latest} was not written by this tool and stays as it is.`;
  } catch {
    return `${latest} could not be updated.`;
  }
}

/**
 * The page over all runs; a page of other origin in its place stays. A run that quotes what is a secret today is left out, and
 * its reports stay: they are not this run's to remove.
 *
 * @param runs those in the folder, as far as this run knows
 * @returns what went wrong, or what the reader should look at; null: nothing
 */
async function writeHistory(
  folder: string,
  runs: readonly RunFolder[],
  masker: Masker,
  files: ReportFiles,
): Promise<string | null> {
  const path = join(folder, 'index.html');
  const { isHistory, renderHistory, readHistory } = await loadRenderers();
  const there = await files.read(path).catch((error: { code?: string }) => (error.code === 'ENOENT' ? null : ''));
  if (there !== null && !isHistory(Buffer.from(there).toString('utf8'))) {
    return `${path} was not written by this tool and stays as it is, so there is no page over all runs.`;
  }
  const quoting = new Set<string>();
  const render = (history: History) => {
    const page = renderHistory(history);
    if (masker.find(page).length === 0) return page;
    for (const entry of history.entries) {
      if (masker.find(renderHistory({ entries: [entry], foreign: 0 })).length > 0) quoting.add(entry.folder);
    }
    return renderHistory({ ...history, entries: history.entries.filter(({ folder }) => !quoting.has(folder)) });
  };
  // Runs that end at the same time write the page in turn: the last one checks that the page lists all of them.
  for (let history = readHistory(runs), shown = '', round = 0; round < MOST_ROUNDS; round++) {
    const there = JSON.stringify(history);
    if (there === shown) break;
    await files.replace(path, render(history));
    shown = there;
    history = readHistory(await files.runs(folder));
  }
  if (quoting.size === 0) return null;
  const names = [...quoting].map((name) => join(folder, name)).join(', ');
  return `The page over all runs leaves out ${names}: what is a secret in this run stands in an earlier report. If it is one, remove that report.`;
}

/** More runs than this hardly end at the same moment. */
const MOST_ROUNDS = 5;

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
