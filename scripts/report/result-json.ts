import type { Diagnosis } from '../core/diagnosis.ts';
import { type ErrorCode, hintText } from '../core/errors.ts';
import { type Assertion, type Exchange, type ExchangeError, isPassed } from '../core/exchange.ts';
import type {
  ChangeFacts,
  CollectionFacts,
  Failure,
  InstanceFacts,
  KubernetesFacts,
  ReportPaths,
  Run,
  RunCounts,
  StepName,
  StepRecord,
  TokenFacts,
} from '../core/result.ts';
import { escapeJson } from '../core/visible.ts';
import type { Masker } from '../secrets/masker.ts';
import { countsOf, rankOf } from './counts.ts';
import { maskRun } from './masked.ts';
import { decidingExchanges, placeOf, tallyOf, withoutMessages } from './outline.ts';
import { splitState } from './pods.ts';
import { summarize } from './request-summary.ts';
import { cut, toIso, toWellFormed } from './text.ts';

/** The result for programs: what `--json` prints and `result.json` holds. Times are RFC 3339 in UTC, durations milliseconds. */
export interface ResultDocument extends Pick<Run, 'command' | 'verdict' | 'exitCode' | 'durationMs'> {
  readonly schema: 1;
  readonly startedAt: string | null;
  readonly steps: readonly Pick<StepRecord, 'name' | 'status' | 'durationMs' | 'summary'>[];
  readonly token: (Omit<TokenFacts, 'expiresAt'> & { readonly expiresAt: string | null }) | null;
  /** null on a cluster: `kubernetes` says it there. */
  readonly compose: Omit<ChangeFacts, 'diff'> | null;
  readonly kubernetes: ResultCluster | null;
  readonly diagnosis: (Omit<Diagnosis, 'fix'> & { readonly fix: string }) | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null;
  readonly reports: ReportPaths;
  readonly collection: Pick<CollectionFacts, 'name' | 'title' | 'selection'> | null;
  /** null: no request was about to run. */
  readonly counts: ResultCounts | null;
  /** Where it ran and with what, in order. */
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** The first checks that failed, by request; `check` is null for the request itself or a script of it. */
  readonly failures: readonly { readonly request: string; readonly check: string | null }[];
  /** The slowest requests, by the median of all times that each was answered. */
  readonly slowest: readonly { readonly request: string; readonly medianMs: number }[];
  /** Those of the last attempt of each step, in order. The last member: what is before it can be read without them. */
  readonly requests: readonly ResultRequest[];
  /** How many that passed are left out of `requests`, because the document would be too large; absent: none. */
  readonly requestsOmitted?: number;
}

/** What Newman counts, where a run of a collection came to its end; else the requests and checks alone. */
interface ResultCounts
  extends Partial<Pick<RunCounts, 'iterations' | 'prerequestScripts' | 'testScripts' | 'receivedBytes'>> {
  readonly requests: RunCounts['requests'] & { readonly skipped: number };
  readonly checks: RunCounts['assertions'] & { readonly passed: number; readonly skipped: number };
}

interface ResultCluster extends Omit<KubernetesFacts, 'role' | 'pods'> {
  readonly pods: readonly ResultPod[];
}

interface ResultPod extends Omit<InstanceFacts, 'isNew' | 'state'> {
  /** Of the rollout: made by this run's restart, or there before. */
  readonly revision: 'new' | 'old';
  /** "running", "waiting" … */
  readonly phase: string;
  /** "CrashLoopBackOff"; null: the phase says it all. */
  readonly reason: string | null;
}

interface ResultRequest {
  readonly step: StepName;
  /** From 0; null: there was only one. */
  readonly iteration: number | null;
  readonly folders: readonly string[];
  readonly name: string;
  readonly method: string;
  readonly url: string;
  /** null: no answer came. */
  readonly status: number | null;
  readonly timeMs: number | null;
  /** Of the whole answer; null: not counted. */
  readonly sizeBytes: number | null;
  readonly error: ExchangeError | null;
  readonly checks: readonly Assertion[];
}

/** The result document as text, masked, with a newline at its end. Nothing in it moves a cursor or is a command for a CI. */
export function renderResult(run: Run, reports: ReportPaths, masker: Masker): string {
  const mask = (path: string | null) => (path === null ? null : toWellFormed(masker.mask(path)));
  const paths = { html: mask(reports.html), junit: mask(reports.junit), json: mask(reports.json) };
  const { requests, ...document } = toResult(maskRun(withoutMessages(run), masker, toWellFormed), paths);
  const text = escapeJson(JSON.stringify(document, null, 2));
  const lines = requests.map((request) => `    ${escapeJson(JSON.stringify(request))}`);
  const kept = chooseKept(run, lines, LARGEST - Buffer.byteLength(text));
  const omitted = lines.length - kept.length;
  const count = omitted === 0 ? '' : `,\n  "requestsOmitted": ${omitted}`;
  return `${text.slice(0, -2)}${count}${REQUESTS}${kept.length === 0 ? '' : `\n${kept.join(',\n')}\n  `}]\n}\n`;
}

/** How the last member begins. No text of JSON holds a line break, so this is nowhere else. */
const REQUESTS = ',\n  "requests": [';

/** The text of a result document without the requests: they are nearly all of it, and a list of many runs needs none. */
export function withoutRequests(text: string): string {
  const at = text.indexOf(REQUESTS);
  return at < 0 ? text : `${text.slice(0, at)}\n}`;
}

/** Bytes. The next run reads the documents of earlier ones up to a limit (platform/report-folder.ts). */
const LARGEST = 3_900_000;

/** The lines that fit: of the requests that failed, then of the others. */
function chooseKept(run: Run, lines: readonly string[], room: number): readonly string[] {
  const sizes = lines.map((line) => Buffer.byteLength(line) + 2);
  if (sizes.reduce((sum, size) => sum + size, 0) <= room) return lines;
  const failed = run.steps.flatMap(decidingExchanges).map((exchange) => !isPassed(exchange));
  let left = room;
  const keep = (wanted: boolean) =>
    sizes.map((size, index) => {
      if (failed[index] !== wanted || size > left) return false;
      left -= size;
      return true;
    });
  const [first, second] = [keep(true), keep(false)];
  return lines.filter((_, index) => first[index] || second[index]);
}

/** The result document of a run whose strings are masked already. */
export function toResult(run: Run, reports: ReportPaths): ResultDocument {
  const { token, compose, kubernetes, collection, diagnosis, error } = run;
  const requests = run.steps.flatMap((step) =>
    decidingExchanges(step).map((exchange) => toRequest(step.name, exchange)),
  );
  return {
    schema: 1,
    command: run.command,
    verdict: run.verdict,
    exitCode: run.exitCode,
    startedAt: toIso(run.startedAt),
    durationMs: Math.round(run.durationMs),
    steps: run.steps.map(({ name, status, durationMs, summary }) => ({
      name,
      status,
      durationMs: Math.round(durationMs),
      summary,
    })),
    token: token && { ...token, expiresAt: token.expiresAt && toIso(token.expiresAt) },
    compose: compose && !kubernetes ? withoutDiff(compose) : null,
    kubernetes: kubernetes ? toCluster(kubernetes) : null,
    diagnosis: diagnosis && { ...diagnosis, fix: hintText(diagnosis.fix) },
    error: error && { code: error.code, message: messageOf(error), hint: error.hint && hintText(error.hint) },
    reports,
    collection: collection && {
      name: collection.name,
      title: collection.title,
      selection: collection.selection,
    },
    counts: toCounts(run),
    environment: [...run.facts, ['Written by', `bff-iat ${run.version}`] as const].map(([name, value]) => ({
      name: cut(name, LONGEST_NAME),
      value: cut(value, LONGEST_TEXT),
    })),
    ...toOutline(requests),
    requests,
  };
}

/** What a list of many runs shows of the requests of one. */
function toOutline(requests: readonly ResultRequest[]): Pick<ResultDocument, 'failures' | 'slowest'> {
  const summaries = [...summarize(requests).values()];
  const named = (path: string) => cut(path, LONGEST_NAME);
  return {
    failures: summaries
      .flatMap(({ path, checks }) =>
        [...checks]
          .filter(([, isFailed]) => isFailed)
          .map(([check]) => ({ request: named(path), check: check && named(check) })),
      )
      .slice(0, MOST_OUTLINED),
    slowest: summaries
      .filter(({ times }) => times.length > 0)
      .map(({ path, times }) => ({ request: named(path), medianMs: rankOf(times, 0.5) }))
      .sort((a, b) => b.medianMs - a.medianMs)
      .slice(0, MOST_OUTLINED),
  };
}

const MOST_OUTLINED = 20;
const LONGEST_NAME = 200;

function toCounts(run: Run): ResultCounts | null {
  if (run.steps.every(({ attempts }) => attempts.length === 0)) return null;
  const { assertions, requests, items, ...counts } = countsOf(run);
  const { notSent, passed, skipped } = tallyOf(run);
  return {
    ...counts,
    requests: { ...requests, skipped: notSent },
    checks: { ...assertions, passed, skipped },
  };
}

function toRequest(
  step: StepName,
  { iteration, folders, name, request, response, ...exchange }: Exchange,
): ResultRequest {
  const { error, assertions } = exchange;
  return {
    step,
    iteration: iteration ?? null,
    folders,
    name,
    method: request.method,
    url: cut(request.url, LONGEST_TEXT),
    status: response?.status ?? null,
    timeMs: response === null ? null : Math.round(response.timeMs),
    sizeBytes: response?.sizeBytes ?? null,
    error: error && { ...error, message: cut(error.message, LONGEST_TEXT) },
    checks: assertions.map(({ name: check, status, message }) => ({
      name: check,
      status,
      message: message && cut(message, LONGEST_TEXT),
    })),
  };
}

const LONGEST_TEXT = 2_000;

function withoutDiff({ diff, ...compose }: ChangeFacts): ResultDocument['compose'] {
  return compose;
}

function toCluster({ role, pods, ...facts }: KubernetesFacts): ResultCluster {
  return {
    ...facts,
    pods: pods.map(({ name, isNew, state, ...pod }) => ({
      name,
      revision: isNew ? 'new' : 'old',
      ...splitState(state),
      ...pod,
    })),
  };
}

/** The message with the place, where there is one: the document has no field of its own for it. */
function messageOf({ message, where }: Failure): string {
  if (where === null || message.includes(where.file)) return message;
  return `${message} (${placeOf(where)})`;
}
