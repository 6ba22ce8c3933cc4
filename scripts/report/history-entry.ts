import type { RunFolder } from '../core/report-files.ts';
import type { Verdict } from '../core/result.ts';
import { parseReportFolderName } from './folder.ts';
import { readPastRun } from './past-run.ts';

/** One run in the list of all runs. */
export interface HistoryEntry {
  /** The folder's name; the link is relative to the page over all runs. */
  readonly folder: string;
  readonly link: string | null;
  readonly startedAt: Date | null;
  readonly command: string;
  /** null: the run left no result, because it was killed or is still going. */
  readonly verdict: Verdict | null;
  readonly durationMs: number | null;
  readonly failedSteps: readonly string[];
  /** Why, in one sentence; '' when nothing failed. */
  readonly reason: string;
}

/**
 * What a folder says about its run. A folder that this tool named and that holds no readable result is a run that was killed, and
 * is listed as one; null means that the folder is not this tool's.
 */
export function readEntry({ name: folder, result, hasPage }: RunFolder): HistoryEntry | null {
  const named = parseReportFolderName(folder);
  const link = hasPage ? `${encodeURIComponent(folder)}/index.html` : null;
  const run = readPastRun(result);
  if (typeof run === 'string') {
    if (named === null) return null;
    const reason =
      run === 'other-version'
        ? 'Its result was written by another version of this tool.'
        : 'The run left no result: it was killed, or it is still going.';
    return { folder, link, ...named, verdict: null, durationMs: null, failedSteps: [], reason };
  }
  const { verdict, durationMs, failedSteps, reason } = run;
  return {
    folder,
    link,
    startedAt: run.startedAt ?? named?.startedAt ?? null,
    command: run.command || (named?.command ?? 'run'),
    verdict,
    durationMs,
    failedSteps,
    reason,
  };
}
