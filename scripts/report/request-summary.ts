import { pathOf } from './outline.ts';

/** What is summarized of a request, as `result.json` has it. */
export interface SummarizedRequest {
  readonly step: string;
  readonly folders: readonly string[];
  readonly name: string;
  readonly status: number | null;
  readonly timeMs: number | null;
  /** null: there was none. */
  readonly error: unknown;
  readonly checks: readonly { readonly name: string; readonly status: string }[];
}

/** All times that one request ran. */
export interface Summary {
  readonly path: string;
  /** The first of them, among the requests of its run. */
  readonly index: number;
  /** Whether a check failed in any of them, by its name; null: the request itself. */
  readonly checks: Map<string | null, boolean>;
  /** Where it failed first. */
  readonly failedAt: Map<string | null, number>;
  readonly times: number[];
}

/** By step, folders and name. */
export function summarize(requests: readonly SummarizedRequest[]): ReadonlyMap<string, Summary> {
  const summaries = new Map<string, Summary>();
  for (const [index, { step, folders, name, status, error, checks, timeMs }] of requests.entries()) {
    const key = JSON.stringify([step, folders, name]);
    let summary = summaries.get(key);
    if (summary === undefined) {
      summary = { path: pathOf({ folders, name }), index, checks: new Map(), failedAt: new Map(), times: [] };
      summaries.set(key, summary);
    }
    if (timeMs !== null) summary.times.push(timeMs);
    // What was skipped has neither passed nor failed.
    const isSkipped = status === null && error === null;
    const results = [
      ...(isSkipped ? [] : [{ name: null, isFailed: error !== null }]),
      ...checks.filter(isJudged).map((check) => ({ name: check.name, isFailed: check.status === 'failed' })),
    ];
    for (const { name: check, isFailed } of results) {
      summary.checks.set(check, isFailed || summary.checks.get(check) === true);
      if (isFailed && !summary.failedAt.has(check)) summary.failedAt.set(check, index);
    }
  }
  return summaries;
}

function isJudged({ status }: SummarizedRequest['checks'][number]): boolean {
  return status !== 'skipped';
}
