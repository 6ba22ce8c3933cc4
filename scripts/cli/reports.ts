import { basename, join } from 'node:path';
import type { ReportFiles } from '../core/report-files.ts';
import type { ReportPaths, Run } from '../core/result.ts';
import { reportFolderName } from '../report/folder.ts';
import { verifyHistory, verifyNoLeak } from '../secrets/leak-guard.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Settings } from './settings.ts';

/** The renderers are slow to load (a component library, an XML builder): start while something else is waited for. */
export async function loadRenderers() {
  const [{ renderHtml }, { renderJunit }, { renderResult }, { isHistory, renderHistory }, { readEntry }] =
    await Promise.all([
      import('../report/html.tsx'),
      import('../report/junit.ts'),
      import('../report/result-json.ts'),
      import('../report/history.tsx'),
      import('../report/past-run.ts'),
    ]);
  return { renderHtml, renderJunit, renderResult, isHistory, renderHistory, readEntry };
}

/** What was written, and what the reader should know about it, in sentences. */
export interface WrittenReports {
  readonly paths: ReportPaths;
  readonly notes: readonly string[];
}

/**
 * Writes the reports of a run into a folder of their own, and the page over all runs beside it; removes the oldest reports
 * beyond `keep`.
 *
 * @throws AppError `leak` when a file held a secret in any form: that file is removed, and the message says where it was
 */
export async function writeReports(
  run: Run,
  masker: Masker,
  files: ReportFiles,
  { reports: folder, keep }: Pick<Settings, 'reports' | 'keep'>,
): Promise<WrittenReports> {
  const { renderHtml, renderJunit, renderResult } = await loadRenderers();
  const own = await files.makeRunFolder(folder, reportFolderName(run.startedAt, run.command));
  const paths = {
    html: join(own, 'index.html'),
    junit: join(own, 'junit.xml'),
    json: join(own, 'result.json'),
  };
  await files.write(paths.html, renderHtml(run, masker));
  await files.write(paths.junit, renderJunit(run, masker));
  await files.write(paths.json, renderResult(run, paths, masker));
  await verifyNoLeak(Object.values(paths), masker, files);
  await removeOld(folder, basename(own), keep, files);
  const history = join(folder, 'index.html');
  const problem = await writeHistory(folder, history, files).catch(() => `${history} could not be written.`);
  if (problem === null) await verifyHistory(folder, history, masker, files);
  return { paths, notes: problem === null ? [] : [problem] };
}

/** Makes room. What cannot be removed, or was added to, stays. */
async function removeOld(folder: string, own: string, keep: number, files: ReportFiles): Promise<void> {
  const { chooseOld } = await import('../report/keep.ts');
  for (const name of chooseOld(await files.runs(folder), keep)) {
    if (name !== own) await files.removeRun(join(folder, name));
  }
}

/** The page over all runs; a page of other origin in its place stays. Returns what went wrong, or null. */
async function writeHistory(folder: string, path: string, files: ReportFiles): Promise<string | null> {
  const { isHistory, renderHistory, readEntry } = await loadRenderers();
  const there = await files.read(path).catch(() => null);
  if (there !== null && !isHistory(Buffer.from(there).toString('utf8'))) {
    return `${path} was not written by this tool and stays as it is, so there is no page over all runs.`;
  }
  const render = async () => renderHistory((await files.runs(folder)).map(readEntry).filter((entry) => entry !== null));
  // Runs that end at the same time write the page in turn: the last one checks that the page lists all of them.
  for (let page = '', next = await render(), round = 0; next !== page && round < MOST_ROUNDS; round++) {
    page = next;
    await files.replace(path, page);
    next = await render();
  }
  return null;
}

/** More runs than this hardly end at the same moment. */
const MOST_ROUNDS = 5;
