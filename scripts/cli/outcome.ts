import { withoutTimestamp } from '../bff/log-line.ts';
import { type Diagnosis, isGood, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { formatDuration } from '../core/duration.ts';
import { type ErrorCode, type Hint, hintText } from '../core/errors.ts';
import type { Paragraph } from '../core/ports.ts';
import type { Failure, ReportPaths, Run } from '../core/result.ts';
import { toPlain } from '../core/visible.ts';
import { comparisonInWords } from '../report/words.ts';
import { maskText } from '../secrets/by-place.ts';
import { collectionVerdict, renderCollection } from './collection-outcome.ts';
import { renderPods, renderRole } from './pod-lines.ts';
import type { Layout } from './terminal-text.ts';

/** What is printed under the steps when a run has ended: the verdict, what to do next, where the report is. */
export function renderOutcome(run: Run, reports: ReportPaths, layout: Layout): (string | Paragraph)[] {
  const { redact } = layout;
  const { error, diagnosis } = run;
  const isPassed = run.verdict === 'healthy' || run.verdict === 'passed';
  const isCollection = run.command === 'collection';
  const lines = isCollection ? renderCollection(run, layout) : [''];
  if (isCollection && (error === null || error.code === 'assertion-failed')) lines.push(collectionVerdict(run, layout));
  else if (error === null) lines.push({ text: redact(verdictOf(run)), look: 'title' });
  else if (error.code === 'fault-found' && diagnosis !== null) lines.push(...renderFault(diagnosis, layout));
  else lines.push(...renderFailure(error, layout, evidenceOf(run)));
  if (error?.code === 'bootstrap-failed' && diagnosis !== null) lines.push(`  ${sayWhetherIatHelps(diagnosis)}`);
  if (run.compose?.diff && run.verdict === 'planned') lines.push('', ...redact(run.compose.diff).split('\n'), '');
  if (run.kubernetes) lines.push(...renderPods(run.kubernetes, layout), ...renderRole(run.kubernetes, layout));
  if (layout.quiet && isPassed) return lines;
  if (run.comparison) lines.push(`  ${comparisonInWords(run.comparison)}`);
  for (const next of run.next) lines.push(...layOutHint(next, layout, '    '));
  if (reports.html !== null) lines.push(`  Report: ${redact(reports.html)}`);
  return lines;
}

/** What is wrong, the log lines that show it, the way out, and whether a fresh token would help. */
function renderFault(diagnosis: Diagnosis, layout: Layout): (string | Paragraph)[] {
  const { cause, fix, evidence } = diagnosis;
  const title: Paragraph = { text: layout.redact(cause), look: 'failure', indent: '' };
  return [
    title,
    ...renderEvidence(evidence, layout),
    ...layOutHint(fix, layout, '  '),
    `  ${sayWhetherIatHelps(diagnosis)}`,
  ];
}

function renderEvidence(evidence: readonly string[], { columns, redact }: Layout): Paragraph[] {
  return evidence.slice(-MOST_EVIDENCE).map((line) => {
    const shown = toPlain(maskText(redact(withoutTimestamp(line.trim()))));
    // The report has it whole.
    const room = 2 * (columns - 2 * EVIDENCE_MARGIN.length);
    const short = shown.length > room ? `${shown.slice(0, room - 1)}…` : shown;
    return { text: EVIDENCE_MARGIN + short, look: 'dim', indent: EVIDENCE_MARGIN };
  });
}

/** The lines of the log that show why the BFF did not stay up; where none is known to, its last words. */
function evidenceOf({ error, diagnosis, log }: Run): readonly string[] {
  if (error === null || !SHOWN_BY_LOG.includes(error.code)) return [];
  // What proves a registration explains no end.
  const known = diagnosis === null || isGood(diagnosis) ? [] : diagnosis.evidence;
  return known.length > 0 ? known : log.slice(-MOST_EVIDENCE).map(({ text }) => text);
}

const SHOWN_BY_LOG: readonly ErrorCode[] = ['bootstrap-failed', 'container-exited', 'container-crash-loop'];

const EVIDENCE_MARGIN = '  | ';
const MOST_EVIDENCE = 3;

/** What, where, why and the way out; never a stack. */
export function renderFailure(
  failure: Failure,
  layout: Layout,
  evidence: readonly string[] = [],
): (string | Paragraph)[] {
  const { columns, redact } = layout;
  const lines: (string | Paragraph)[] = [{ text: redact(failure.message), look: 'failure', indent: '' }];
  lines.push(...renderEvidence(evidence, layout));
  const { where } = failure;
  if (where !== null) {
    const position = [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
    if (!failure.message.includes(position)) lines.push(`  at ${redact(position)}`);
    if (where.excerpt !== undefined && where.column !== undefined) {
      const margin = `  ${where.line} | `;
      const { line, caret } = point(where.excerpt, where.column, columns - margin.length);
      lines.push({ text: redact(margin + line), look: 'dim' }, ' '.repeat(margin.length) + caret);
    }
  }
  if (failure.hint !== null) lines.push(...layOutHint(failure.hint, layout, '  '));
  return lines;
}

/** What to do next. The command stays whole, on its own line where necessary: a broken one cannot be copied. */
function layOutHint(hint: Hint, { columns, redact }: Layout, indent: string): (string | Paragraph)[] {
  const whole = toPlain(redact(hintText(hint)));
  if (hint.command === undefined || 2 + whole.length <= columns) return [{ text: `  ${whole}`, indent }];
  return [{ text: `  ${redact(hint.text)}`, indent }, indent + redact(hint.command)];
}

/** The part of a line around a column, and the caret under it. */
function point(
  excerpt: string,
  excerptColumn: number,
  width: number,
): { readonly line: string; readonly caret: string } {
  const before = toPlain(excerpt.slice(0, excerptColumn - 1));
  const text = before + toPlain(excerpt.slice(excerptColumn - 1));
  const column = before.length + 1;
  const isLong = text.length > width;
  const start = isLong ? Math.max(0, Math.min(column - Math.ceil(width / 2), text.length - width)) : 0;
  return { line: text.slice(start, start + width), caret: `${' '.repeat(column - 1 - start)}^` };
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
