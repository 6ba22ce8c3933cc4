import type { ComparedCheck, ComparedRequest, ComparedTime, Comparison } from '../core/comparison.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { RunFolder } from '../core/report-files.ts';
import type { Run } from '../core/result.ts';
import type { Masker } from '../secrets/masker.ts';
import { rankOf } from './counts.ts';
import { maskRun } from './masked.ts';
import { withoutMessages } from './outline.ts';
import { readPastRun } from './past-run.ts';
import { type SummarizedRequest, type Summary, summarize } from './request-summary.ts';
import { type ResultDocument, toResult } from './result-json.ts';
import { toWellFormed } from './text.ts';

/**
 * The newest earlier run of the same collection with the same selection that came to its requests, by the name of its folder.
 * One that was interrupted has only some of them, and does not count.
 */
export function choosePrevious(run: Run, masker: Masker, folders: readonly RunFolder[]): string | null {
  const own = idOf(collectionOf(run, masker));
  let newest: { readonly name: string; readonly at: number } | null = null;
  for (const { name, result } of own === null ? [] : folders) {
    const past = readPastRun(result);
    if (typeof past === 'string' || idOf(past.collection) !== own) continue;
    if (past.verdict !== 'passed' && past.verdict !== 'failed') continue;
    const at = past.startedAt?.getTime() ?? Number.NaN;
    if (at < run.startedAt.getTime() && past.hasRequests && (newest === null || at > newest.at)) newest = { name, at };
  }
  return newest?.name ?? null;
}

/**
 * How a run went beside an earlier one.
 *
 * @param text the `result.json` of the earlier run; of any origin, so nothing in it is trusted
 * @returns null where it holds no requests
 */
export function compareRuns(run: Run, masker: Masker, folder: string, text: string): Comparison | null {
  const document = jsonOrNull(text);
  const past = readPastRun(text);
  if (typeof past === 'string' || !isRecord(document) || !Array.isArray(document['requests'])) return null;
  const before = summarize(document['requests'].flatMap(readRequest));
  const now = summarize(masked(run, masker).requests);
  const newlyFailing: ComparedCheck[] = [];
  const fixed: ComparedCheck[] = [];
  const slower: ComparedTime[] = [];
  for (const [key, { path, index, checks, times, failedAt }] of now) {
    const past = before.get(key);
    for (const [check, isFailed] of checks) {
      const wasFailed = past?.checks.get(check);
      const at = { path, index: isFailed ? (failedAt.get(check) ?? index) : index, check };
      if (isFailed && wasFailed !== true) newlyFailing.push(at);
      if (!isFailed && wasFailed === true) fixed.push(at);
    }
    if (past === undefined || past.times.length === 0) continue;
    const [beforeMs, nowMs] = [rankOf(past.times, 0.5), rankOf(times, 0.5)];
    if (isFarAbove(nowMs, beforeMs)) slower.push({ path, index, beforeMs, nowMs });
  }
  // What a document left out because it was too large has not been added, and what a run did not reach is not gone.
  const isWhole = document['requestsOmitted'] === undefined;
  const isEnded = run.verdict === 'passed' || run.error?.code === 'assertion-failed';
  return {
    since: past.startedAt,
    folder,
    newlyFailing,
    fixed,
    slower: slower.sort((a, b) => b.nowMs - b.beforeMs - (a.nowMs - a.beforeMs)),
    added: isWhole ? missingIn(before, now) : [],
    gone: isEnded ? missingIn(now, before).map(({ path }) => ({ path, index: null })) : [],
  };
}

/** The document of a run without headers, bodies and log: the same texts that a `result.json` holds. */
function masked(run: Run, masker: Masker): ResultDocument {
  const none = { html: null, junit: null, json: null };
  return toResult(maskRun(withoutMessages(run), masker, toWellFormed), none);
}

function collectionOf(run: Run, masker: Masker): ResultDocument['collection'] {
  return masked({ ...run, steps: [] }, masker).collection;
}

function idOf(collection: ResultDocument['collection']): string | null {
  return collection && JSON.stringify([collection.name, collection.selection]);
}

function missingIn(there: ReadonlyMap<string, Summary>, all: ReadonlyMap<string, Summary>): ComparedRequest[] {
  return [...all].flatMap(([key, { path, index }]) => (there.has(key) ? [] : [{ path, index }]));
}

/** What a comparison needs of a request; empty for what is none. */
function readRequest(value: unknown): SummarizedRequest[] {
  if (!isRecord(value)) return [];
  const { step, folders, name, status, timeMs, error, checks } = value;
  if (typeof name !== 'string' || !Array.isArray(folders) || !Array.isArray(checks)) return [];
  return [
    {
      step: String(step),
      folders: folders.map(String),
      name,
      status: typeof status === 'number' ? status : null,
      timeMs: typeof timeMs === 'number' ? timeMs : null,
      error,
      checks: checks
        .filter(isRecord)
        .map((check) => ({ name: String(check['name']), status: String(check['status']) })),
    },
  ];
}

/** Twice as long and more, and not by chance; both in milliseconds. */
export function isFarAbove(ms: number, otherMs: number): boolean {
  return ms > 2 * otherMs && ms > otherMs + 100;
}
