import { formatDuration } from '../core/duration.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Paragraph } from '../core/ports.ts';
import type { Run } from '../core/result.ts';
import { countRows, countsOf, measureRows } from '../report/counts.ts';
import { readExpectation } from '../report/expectation.ts';
import {
  describeError,
  failedChecks,
  failedExchanges,
  iterationOf,
  pathOf,
  uncheckedInWords,
} from '../report/outline.ts';
import { formatCount, formatNumber } from '../report/text.ts';
import { failuresInWords } from '../report/words.ts';
import { requestLine } from './collection-lines.ts';
import { type Layout, toShown } from './terminal-text.ts';

/** What is printed below the requests of `npm run collection`: every failure, and what there was of everything. */
export function renderCollection(run: Run, layout: Layout): (string | Paragraph)[] {
  // It ended before it came to them.
  if (run.steps.every(({ attempts }) => attempts.length === 0)) return [''];
  const failures = failureLines(run, layout);
  if (layout.quiet) return run.error === null ? [] : [...failures, ''];
  const notes = run.steps.flatMap((step) => (step.name === 'collection' ? step.notes : []));
  return [
    ...failures,
    '',
    ...summary(run),
    ...notes.flatMap((note) => ['', { text: toShown(note, layout, LONGEST), indent: '' }]),
    '',
  ];
}

/** The verdict of a run of a collection that came to its end. */
export function collectionVerdict(run: Run, { quiet, redact }: Layout): Paragraph {
  const time = formatDuration(run.durationMs);
  if (run.error !== null) {
    const what = failuresInWords(run) || redact(run.error.message).replace(/\.$/, '');
    return { text: `Failed. ${what}. (${time})`, look: 'failure', indent: '' };
  }
  const { requests, assertions } = countsOf(run);
  const counts = `${formatCount(requests.total, 'request')}, ${formatCount(assertions.total, 'check')}. `;
  return { text: `Passed. ${quiet ? counts : ''}(${time})`, look: 'title' };
}

/** So many failures are printed; beyond them a reader is better off with the report. */
const MOST_FAILURES = 50;
const LONGEST = 600;

interface Problem {
  readonly exchange: Exchange;
  /** The check that failed; null: `message` is about the request or a script. */
  readonly check: string | null;
  readonly message: string;
}

function failureLines(run: Run, layout: Layout): (string | Paragraph)[] {
  const problems = failedExchanges(run).flatMap(({ exchange }) => problemsOf(exchange));
  if (problems.length === 0) return [];
  const rest = problems.length - MOST_FAILURES;
  return [
    '',
    { text: formatCount(problems.length, 'failure'), look: 'title' },
    ...problems.slice(0, MOST_FAILURES).flatMap((problem, index) => problemLines(problem, index + 1, run, layout)),
    ...(rest > 0
      ? ['', `${layout.signs.dots} and ${formatCount(rest, 'more failure')}; the report has all of them.`]
      : []),
  ];
}

/** In the order in which the requests' own lines have them. */
function problemsOf(exchange: Exchange): Problem[] {
  const { error } = exchange;
  return [
    ...(error === null ? [] : [{ exchange, check: null, message: describeError(error) }]),
    ...failedChecks(exchange).map(({ name, message }) => ({ exchange, check: name, message: message ?? '' })),
  ];
}

function problemLines(problem: Problem, number: number, run: Run, layout: Layout): (string | Paragraph)[] {
  const { exchange, check, message } = problem;
  const shown = (text: string) => toShown(text, layout, LONGEST);
  const iteration = iterationOf(exchange, run);
  const proxy = exchange.via === undefined ? '' : `, through the proxy of ${shown(exchange.via)}`;
  const place = `in ${shown(pathOf(exchange))}${iteration === null ? '' : `, iteration ${formatNumber(iteration)}`}${proxy}`;
  return [
    '',
    { text: `${String(number).padStart(3)}. ${shown(check ?? message)}`, look: 'bad', indent: INDENT },
    ...(check === null ? uncheckedLines(exchange) : reasonLines(message, layout)),
    { text: INDENT + place, look: 'dim', indent: INDENT },
    ...requestLine(exchange, INDENT, layout),
  ];
}

const INDENT = '     ';

function uncheckedLines(exchange: Exchange): string[] {
  const unchecked = uncheckedInWords(exchange);
  return unchecked === '' ? [] : [INDENT + unchecked];
}

/** What a check wanted and what it got, below each other where its message says it. */
function reasonLines(message: string, layout: Layout): Paragraph[] {
  // Masked before it is taken apart.
  const masked = layout.redact(message);
  const read = readExpectation(masked);
  const line = (label: string, text: string): Paragraph => ({
    text: `${INDENT}${label}${toShown(text, layout, LONGEST)}`,
    indent: INDENT + ' '.repeat(label.length),
  });
  if (read === null) return masked === '' ? [] : [line('', masked)];
  return [line('expected  ', read.expected), line('actual    ', read.actual)];
}

/** The counts as a table, and the times. */
function summary(run: Run): string[] {
  const rows = countRows(run).map(([name, ...counts]) => [name, ...counts.map(formatNumber)] as const);
  const table = [['', 'executed', 'failed'] as const, ...rows].map(
    ([name, executed = '', failed = '']) => `${name.padEnd(NAMES)}${executed.padStart(10)}${failed.padStart(10)}`,
  );
  return [...table, '', ...measureRows(run).map(([name, text]) => `${name.padEnd(NAMES)}  ${text}`)];
}

const NAMES = 20;
