import type { RunFolder } from '../core/report-files.ts';
import type { Verdict } from '../core/result.ts';
import { parseReportFolderName } from './folder.ts';
import { toLine, toVisible } from './text.ts';

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
  /** The steps that failed. */
  readonly failures: readonly string[];
  /** Why, in one sentence; '' when nothing failed. */
  readonly reason: string;
}

/**
 * What a folder beside the others says about its run. A folder that this tool named and that holds no readable result is a run
 * that died, and is listed as one; null means that the folder is somebody else's.
 */
export function readEntry({ name: folder, result: resultJson, hasPage }: RunFolder): HistoryEntry | null {
  const named = parseReportFolderName(folder);
  const link = hasPage ? `${encodeURIComponent(folder)}/index.html` : null;
  const result = resultJson === null ? null : parseResult(resultJson);
  if (result === null) {
    if (named === null) return null;
    const reason = isOfOtherVersion(resultJson)
      ? 'Its result was written by another version of this tool.'
      : 'The run left no result: it was killed, or it is still going.';
    return { folder, link, ...named, verdict: null, durationMs: null, failures: [], reason };
  }
  const startedAt = new Date(textOf(result['startedAt']));
  return {
    folder,
    link,
    startedAt: Number.isNaN(startedAt.getTime()) ? (named?.startedAt ?? null) : startedAt,
    command: textOf(result['command']) || (named?.command ?? 'run'),
    verdict: isVerdict(result['verdict']) ? result['verdict'] : null,
    durationMs: typeof result['durationMs'] === 'number' ? result['durationMs'] : null,
    failures: failedSteps(result['steps']),
    reason: reasonOf(result),
  };
}

type Json = Readonly<Record<string, unknown>>;

/** A result of this schema as JSON, or null for anything else. */
export function parseResult(text: string): Json | null {
  const result = parseRecord(text);
  return result['schema'] === 1 ? result : null;
}

function isOfOtherVersion(text: string | null): boolean {
  return text !== null && typeof parseRecord(text)['schema'] === 'number';
}

function parseRecord(text: string): Json {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function failedSteps(steps: unknown): string[] {
  if (!Array.isArray(steps)) return [];
  return steps
    .map(recordOf)
    .filter((step) => step['status'] === 'failed')
    .map((step) => textOf(step['name']));
}

function reasonOf(result: Json): string {
  if (result['verdict'] === 'healthy') return '';
  const message = textOf(recordOf(result['error'])['message']);
  return message || textOf(recordOf(result['diagnosis'])['cause']);
}

function isVerdict(value: unknown): value is Verdict {
  return ['healthy', 'unhealthy', 'failed', 'interrupted', 'planned'].includes(String(value));
}

function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? toLine(toVisible(value)) : '';
}
