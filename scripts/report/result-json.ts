import type { DiagnosisCode } from '../core/diagnosis.ts';
import { type ErrorCode, hintText } from '../core/errors.ts';
import type { Failure, PriorValue, ReportPaths, Run, StepName, StepStatus, Verdict } from '../core/result.ts';
import type { Masker } from '../secrets/masker.ts';
import { maskRun } from './masked.ts';
import { placeOf } from './outline.ts';
import { toIso } from './text.ts';

/** The result for programs: what `--json` prints and `result.json` holds. Times are RFC 3339 in UTC, durations milliseconds. */
export interface ResultDocument {
  readonly schema: 1;
  readonly command: string;
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly startedAt: string | null;
  readonly durationMs: number;
  readonly steps: readonly {
    readonly name: StepName;
    readonly status: StepStatus;
    readonly durationMs: number;
    readonly summary: string;
  }[];
  readonly token: {
    readonly handle: string;
    readonly expiresAt: string | null;
    readonly maxUsages: number | null;
  } | null;
  readonly compose: {
    readonly files: readonly string[];
    readonly service: string;
    readonly wrote: 'compose' | 'env-file' | null;
    /** The file that was written, and how the token's variable was there before. */
    readonly target: string | null;
    readonly before: PriorValue | null;
    readonly changed: readonly string[];
  } | null;
  readonly diagnosis: {
    readonly code: DiagnosisCode;
    readonly cause: string;
    readonly fix: string;
    readonly iatHelps: boolean | null;
    readonly evidence: readonly string[];
  } | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null;
  readonly reports: ReportPaths;
}

/** The result document as text, masked, with a newline at its end. */
export function renderResult(run: Run, reports: ReportPaths, masker: Masker): string {
  const mask = (path: string | null) => (path === null ? null : toWellFormed(masker.mask(path)));
  const paths = { html: mask(reports.html), junit: mask(reports.junit), json: mask(reports.json) };
  // The requests are not in the document, and masking thousands of them takes a moment.
  const bare = { ...run, steps: run.steps.map((step) => ({ ...step, attempts: [] })), log: [] };
  return `${JSON.stringify(toResult(maskRun(bare, masker, toWellFormed), paths), null, 2)}\n`;
}

/** The result document of a run whose strings are masked already. */
export function toResult(run: Run, reports: ReportPaths): ResultDocument {
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
    token: run.token && {
      handle: run.token.handle,
      expiresAt: run.token.expiresAt && toIso(run.token.expiresAt),
      maxUsages: run.token.maxUsages,
    },
    compose: run.compose && {
      files: run.compose.files,
      service: run.compose.service,
      wrote: run.compose.wrote,
      target: run.compose.target,
      before: run.compose.before,
      changed: run.compose.changed,
    },
    diagnosis: run.diagnosis && {
      code: run.diagnosis.code,
      cause: run.diagnosis.cause,
      fix: hintText(run.diagnosis.fix),
      iatHelps: run.diagnosis.iatHelps,
      evidence: run.diagnosis.evidence,
    },
    error: run.error && {
      code: run.error.code,
      message: messageOf(run.error),
      hint: run.error.hint && hintText(run.error.hint),
    },
    reports: { html: reports.html, junit: reports.junit, json: reports.json },
  };
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
