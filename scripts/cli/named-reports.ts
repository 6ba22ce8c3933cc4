import { dirname } from 'node:path';
import type { ReportFiles } from '../core/report-files.ts';
import type { Run } from '../core/result.ts';
import type { CollectionJob } from '../runbook/collection-job.ts';
import { verifyNoLeak } from '../secrets/leak-guard.ts';
import type { Masker } from '../secrets/masker.ts';
import { OUTPUT_PATH } from './option-values.ts';
import { loadRenderers } from './reports.ts';

/** What Newman calls a file that has no name (lib/reporters), by its reporter. */
const NAMES = {
  json: 'newman-run-report.json',
  junit: 'newman-run-report.xml',
  html: 'newman-run-report.html',
  htmlextra: 'newman-run-report.html',
} as const;

/**
 * Writes the reports that `-r json,junit,html,htmlextra` asks for, each where `--reporter-NAME-export` says, else into
 * `newman/` below the folder in which the person stands, as Newman does.
 *
 * @returns the paths
 * @throws AppError `leak` when a file held a secret; it is removed then
 */
export async function writeNamedReports(
  run: Run,
  masker: Masker,
  files: ReportFiles,
  { reporters, reporterOptions, typedFrom }: Pick<CollectionJob, 'reporters' | 'reporterOptions' | 'typedFrom'>,
): Promise<string[]> {
  const wanted = (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter((name) => reporters?.includes(name));
  if (wanted.length === 0) return [];
  const { renderHtml, renderJunit } = await loadRenderers();
  const { renderNewmanJson } = await import('../report/newman-json.ts');
  const renderers = { json: renderNewmanJson, junit: renderJunit, html: renderHtml, htmlextra: renderHtml };
  const paths: string[] = [];
  for (const name of wanted) {
    const given = reporterOptions[name]?.['export'];
    const path = OUTPUT_PATH.read(typeof given === 'string' ? given : `newman/${NAMES[name]}`, typedFrom) ?? typedFrom;
    const target = await files.fileAt(path, NAMES[name]);
    await files.verify(dirname(target));
    await files.replace(target, renderers[name](run, masker));
    paths.push(target);
  }
  await verifyNoLeak(paths, masker, files);
  return paths;
}
