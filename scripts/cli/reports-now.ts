import { join } from 'node:path';
import type { ReportFiles } from '../core/report-files.ts';
import type { Run } from '../core/result.ts';
import { reportFolderName } from '../report/folder.ts';
import { renderJunit } from '../report/junit.ts';
import { renderResult } from '../report/result-json.ts';
import { findIn } from '../secrets/compressed.ts';
import type { Masker } from '../secrets/masker.ts';
import { renderHtmlNow } from './reports.ts';

/**
 * Writes the reports of a run before it returns, for a process that is about to end: the page only where what it needs is
 * loaded already.
 *
 * @returns the result as a document, and the folder that the reports are in; null: nothing was written
 */
export function writeReportsNow(
  run: Run,
  masker: Masker,
  files: ReportFiles,
  reports: string,
): { readonly document: string; readonly folder: string | null } {
  const page = renderHtmlNow(run, masker);
  const junit = renderJunit(run, masker);
  const none = { html: null, junit: null, json: null };
  let ended = { document: renderResult(run, none, masker), folder: null as string | null };
  if ([page ?? '', junit, ended.document].some((text) => findIn(text, masker).length > 0))
    return { document: '', folder: null };
  try {
    files.writeNow(reports, reportFolderName(run.startedAt, run.command), (folder) => {
      const at = (name: string) => join(folder, name);
      const paths = { html: page && at('index.html'), junit: at('junit.xml'), json: at('result.json') };
      ended = { document: renderResult(run, paths, masker), folder };
      return { ...(page === null ? {} : { 'index.html': page }), 'junit.xml': junit, 'result.json': ended.document };
    });
  } catch {
    // The folder cannot be written; the document says so by naming no report.
    return { ...ended, folder: null };
  }
  return ended;
}
