import { join } from 'node:path';
import type { ReportFiles } from '../core/report-files.ts';
import type { Run } from '../core/result.ts';
import { reportFolderName } from '../report/folder.ts';
import { renderJunit } from '../report/junit.ts';
import { renderResult } from '../report/result-json.ts';
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
  const none = { html: null, junit: null, json: null };
  const document = renderResult(run, none, masker);
  const texts = {
    ...(page === null ? {} : { 'index.html': page }),
    'junit.xml': renderJunit(run, masker),
    'result.json': document,
  };
  if (Object.values(texts).some((text) => masker.find(text).length > 0)) return { document: '', folder: null };
  try {
    const folder = files.writeNow(reports, reportFolderName(run.startedAt, run.command), texts);
    const paths = {
      html: page && join(folder, 'index.html'),
      junit: join(folder, 'junit.xml'),
      json: join(folder, 'result.json'),
    };
    return { document: renderResult(run, paths, masker), folder };
  } catch {
    return { document, folder: null };
  }
}
