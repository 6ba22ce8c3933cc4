import { toDisplay, withoutTimestamp } from '../bff/log-line.ts';
import { type Diagnosis, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { formatDuration } from '../core/duration.ts';
import { type Hint, hintText } from '../core/errors.ts';
import type { Failure, ReportPaths, Run } from '../core/result.ts';
import { maskText } from '../secrets/by-place.ts';
import { type Style, wrap } from './terminal-text.ts';

/** How text is printed. `redact` comes before a text is broken into lines, because it changes the length. */
export interface Printer {
  readonly style: Style;
  readonly columns: number;
  redact(text: string): string;
}

/** What is printed under the steps when a run has ended: the verdict, what to do next, where the report is. */
export function renderOutcome(run: Run, reports: ReportPaths, printer: Printer): string {
  const { style, redact } = printer;
  const { error, diagnosis } = run;
  const lines: string[] = [''];
  if (error === null) lines.push(style.bold(verdictOf(run)));
  else if (error.code === 'fault-found' && diagnosis !== null) lines.push(...renderFault(diagnosis, printer));
  else lines.push(...renderFailure(error, printer));
  if (error?.code === 'bootstrap-failed' && diagnosis !== null) lines.push(`  ${sayWhetherIatHelps(diagnosis)}`);
  if (run.compose?.diff && run.verdict === 'planned') lines.push('', redact(run.compose.diff), '');
  for (const next of run.next) lines.push(wrapHint(next, printer, '    '));
  if (reports.html !== null) lines.push(`  Report: ${redact(reports.html)}`);
  return `${lines.join('\n')}\n`;
}

/** What is wrong, the log lines that show it, the way out, and whether a fresh token would help. */
function renderFault(diagnosis: Diagnosis, printer: Printer): string[] {
  const { cause, fix, evidence } = diagnosis;
  const { style, columns, redact } = printer;
  const lines = [style.bad(style.bold(wrap(redact(cause), columns)))];
  for (const line of evidence.slice(-MOST_EVIDENCE)) {
    const shown = maskText(redact(withoutTimestamp(toDisplay(line).trim())));
    // The report has it whole.
    const room = 2 * (columns - 2 * EVIDENCE_MARGIN.length);
    const short = shown.length > room ? `${shown.slice(0, room - 1)}…` : shown;
    lines.push(style.dim(wrap(EVIDENCE_MARGIN + short, columns, EVIDENCE_MARGIN)));
  }
  lines.push(wrapHint(fix, printer, '  '));
  lines.push(`  ${sayWhetherIatHelps(diagnosis)}`);
  return lines;
}

const EVIDENCE_MARGIN = '  | ';
const MOST_EVIDENCE = 3;

/** What, where, why and the way out; never a stack. */
export function renderFailure(failure: Failure, printer: Printer): string[] {
  const { style, columns, redact } = printer;
  const lines = [style.bad(style.bold(wrap(redact(failure.message), columns)))];
  const { where } = failure;
  if (where !== null) {
    const position = [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
    if (!failure.message.includes(position)) lines.push(`  at ${redact(position)}`);
    if (where.excerpt !== undefined && where.column !== undefined) {
      const margin = `  ${where.line} | `;
      const { line, caret } = point(where.excerpt, where.column, columns - margin.length);
      lines.push(style.dim(margin + line), ' '.repeat(margin.length) + caret);
    }
  }
  if (failure.hint !== null) lines.push(wrapHint(failure.hint, printer, '  '));
  return lines;
}

/** What to do next. The command stays whole, on its own line where necessary: a broken one cannot be copied. */
function wrapHint(hint: Hint, { columns, redact }: Printer, indent: string): string {
  const whole = redact(hintText(hint));
  if (hint.command === undefined || 2 + whole.length <= columns) return wrap(`  ${whole}`, columns, indent);
  return `${wrap(`  ${redact(hint.text)}`, columns, indent)}\n${indent}${redact(hint.command)}`;
}

/** The part of a line around a column, and the caret under it; a tab is as wide in one as in the other. */
function point(text: string, column: number, width: number): { readonly line: string; readonly caret: string } {
  const isLong = text.length > width;
  const start = isLong ? Math.max(0, Math.min(column - Math.ceil(width / 2), text.length - width)) : 0;
  const line = text.slice(start, start + width);
  return { line, caret: `${line.slice(0, column - 1 - start).replace(/[^\t]/g, ' ')}^` };
}

function verdictOf(run: Run): string {
  const time = formatDuration(run.durationMs);
  switch (run.command) {
    case 'iat':
      if (run.verdict === 'healthy') return `Healthy. The BFF is registered and stays up. (${time})`;
      return run.token === null
        ? 'This is the plan; nothing was changed.'
        : `The token is written; nothing was restarted. (${time})`;
    case 'clear':
      if (run.verdict === 'planned') return 'This is the plan; nothing was changed.';
      return `Healthy. The BFF is up without the token. (${time})`;
    case 'doctor':
      return `Nothing is wrong. ${run.diagnosis?.cause ?? 'The BFF is up, which proves that it is registered.'} (${time})`;
    default:
      return `${run.verdict === 'healthy' ? 'Healthy' : 'Done'}. (${time})`;
  }
}
