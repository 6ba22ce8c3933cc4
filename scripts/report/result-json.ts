import type { Diagnosis } from '../core/diagnosis.ts';
import { type ErrorCode, hintText } from '../core/errors.ts';
import type { ChangeFacts, Failure, ReportPaths, Run, StepRecord, TokenFacts } from '../core/result.ts';
import { escapeJson } from '../core/visible.ts';
import type { Masker } from '../secrets/masker.ts';
import { maskRun } from './masked.ts';
import { placeOf } from './outline.ts';
import { toIso } from './text.ts';

/** The result for programs: what `--json` prints and `result.json` holds. Times are RFC 3339 in UTC, durations milliseconds. */
export interface ResultDocument extends Pick<Run, 'command' | 'verdict' | 'exitCode' | 'durationMs'> {
  readonly schema: 1;
  readonly startedAt: string | null;
  readonly steps: readonly Pick<StepRecord, 'name' | 'status' | 'durationMs' | 'summary'>[];
  readonly token: (Omit<TokenFacts, 'expiresAt'> & { readonly expiresAt: string | null }) | null;
  readonly compose: Omit<ChangeFacts, 'diff'> | null;
  readonly diagnosis: (Omit<Diagnosis, 'fix'> & { readonly fix: string }) | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null;
  readonly reports: ReportPaths;
}

/** The result document as text, masked, with a newline at its end. Nothing in it moves a cursor or is a command for a CI. */
export function renderResult(run: Run, reports: ReportPaths, masker: Masker): string {
  const mask = (path: string | null) => (path === null ? null : toWellFormed(masker.mask(path)));
  const paths = { html: mask(reports.html), junit: mask(reports.junit), json: mask(reports.json) };
  // The requests are not in the document, and masking thousands of them takes a moment.
  const bare = { ...run, steps: run.steps.map((step) => ({ ...step, attempts: [] })), log: [] };
  return `${escapeJson(JSON.stringify(toResult(maskRun(bare, masker, toWellFormed), paths), null, 2))}\n`;
}

/** The result document of a run whose strings are masked already. */
export function toResult(run: Run, reports: ReportPaths): ResultDocument {
  const { token, compose, diagnosis, error } = run;
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
    compose: compose && withoutDiff(compose),
    diagnosis: diagnosis && { ...diagnosis, fix: hintText(diagnosis.fix) },
    error: error && { code: error.code, message: messageOf(error), hint: error.hint && hintText(error.hint) },
    reports,
  };
}

function withoutDiff({ diff, ...compose }: ChangeFacts): ResultDocument['compose'] {
  return compose;
}

/** The message with the place, where there is one: the document has no field of its own for it. */
function messageOf({ message, where }: Failure): string {
  if (where === null || message.includes(where.file)) return message;
  return `${message} (${placeOf(where)})`;
}

/** Halves of surrogate pairs are legal in JSON text and break most of its readers. */
function toWellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
