import { isGood, sayWhetherIatHelps } from '../core/diagnosis.ts';
import { formatDuration } from '../core/duration.ts';
import { hintText } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Run, StepStatus, Verdict } from '../core/result.ts';
import { toVisible, withoutCommands } from '../core/visible.ts';
import type { Masker } from '../secrets/masker.ts';
import { countRows, measureRows } from './counts.ts';
import { maskRun } from './masked.ts';
import { answerOf, failedChecks, failedExchanges, iterationOf, pathOf, tallyOf, uncheckedInWords } from './outline.ts';
import { groupPods, placeInCluster, podsInWords, problemOf } from './pods.ts';
import { cut, formatCount, formatNumber, toLine } from './text.ts';
import { comparisonInWords, verdictSentence, verdictWord } from './words.ts';

/** The run as Markdown, for the file that `GITHUB_STEP_SUMMARY` names. Text of servers and names never becomes markup. */
export function renderStepSummary(run: Run, masker: Masker): string {
  const shown = maskRun(run, masker, (text) => withoutCommands(toVisible(text)));
  const tally = tallyOf(shown);
  const blocks = [
    `## ${VERDICT_SIGNS[shown.verdict]} ${verdictWord(shown, shown.token !== null)}: ${toInline(shown.collection?.title ?? shown.collection?.name ?? shown.command)}`,
    toInline(verdictSentence(shown, tally)),
    shown.kubernetes && `${toInline(placeInCluster(shown.kubernetes))}.`,
    shown.comparison && `${toInline(comparisonInWords(shown.comparison))}.`,
    shown.error?.hint && `**Way out:** ${toInline(hintText(shown.error.hint))}`,
    listOf('What to do next', shown.next.map(hintText)),
    listOf('Warnings', shown.warnings),
    ...(shown.collection === null ? [stepTable(shown)] : [countTable(shown), notesOf(shown)]),
    pods(shown),
    failures(shown),
    diagnosis(shown),
    `${formatCount(tally.requests, 'request')}, ${formatCount(tally.checks, 'check')}, ${formatDuration(shown.durationMs)}` +
      `${shown.token ? `, token ${toInline(shown.token.handle)}` : ''}`,
  ];
  return `${blocks.filter(Boolean).join('\n\n')}\n`;
}

function listOf(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `### ${title}\n\n${items.map((item) => `- ${toInline(item)}`).join('\n')}`;
}

function stepTable(run: Run): string {
  if (run.steps.length === 0) return '';
  const rows = run.steps.map(
    (step) =>
      `| ${STEP_SIGNS[step.status]} ${step.status} | ${step.name} | ${formatDuration(step.durationMs)} | ${toInline(step.summary)} |`,
  );
  return ['| | Step | Time | |', '| --- | --- | ---: | --- |', ...rows].join('\n');
}

/** What the steps noted: that a script ended the run early, say. */
function notesOf({ steps }: Run): string {
  return steps.flatMap(({ notes }) => notes.map((note) => `- ${toInline(note)}`)).join('\n');
}

/** The same as on the terminal. */
function countTable(run: Run): string {
  const rows = countRows(run).map(
    ([name, total, failed]) => `| ${name} | ${formatNumber(total)} | ${formatNumber(failed)} |`,
  );
  const measures = measureRows(run).map(([name, text]) => `- ${name}: ${text}`);
  return ['| | executed | failed |', '| --- | ---: | ---: |', ...rows, '', ...measures].join('\n');
}

function pods({ kubernetes }: Run): string {
  if (!kubernetes || kubernetes.pods.length === 0) return '';
  const groups = groupPods(kubernetes.pods);
  const { notWell } = groups;
  const lines = notWell.slice(0, MOST).map((pod) => {
    const why = [pod.state, problemOf(pod, groups)].filter(Boolean).join(', ');
    return `- **${toInline(pod.name)}**: ${toInline(why)}`;
  });
  const rest = notWell.length > MOST ? [`- and ${formatCount(notWell.length - MOST, 'more pod')}`] : [];
  return [`### Pods\n\n${podsInWords(groups)}.`, [...lines, ...rest].join('\n')].filter(Boolean).join('\n\n');
}

function failures(run: Run): string {
  const failed = failedExchanges(run);
  if (failed.length === 0) return '';
  const shown = failed.slice(0, MOST).map(({ exchange }) => failure(exchange, run));
  const rest = failed.length > MOST ? [`- and ${formatCount(failed.length - MOST, 'more request')}`] : [];
  return `### ${formatCount(failed.length, 'failed request')}\n\n${[...shown, ...rest].join('\n')}`;
}

function failure(exchange: Exchange, run: Run): string {
  const { request, error } = exchange;
  const iteration = iterationOf(exchange, run);
  const place = `${pathOf(exchange)}${iteration === null ? '' : `, iteration ${iteration}`}`;
  const unchecked = uncheckedInWords(exchange);
  const checks = failedChecks(exchange).map(({ name, message }) => `  - ${toInline(name)}: ${toInline(message ?? '')}`);
  return [
    `- **${toInline(place)}**: ${toInline(`${request.method} ${request.url}`)}, ${toInline(answerOf(exchange))}`,
    ...(error ? [`  - ${toInline(error.message)}`] : []),
    ...(unchecked === '' ? [] : [`  - ${unchecked}`]),
    ...checks.slice(0, MOST),
  ].join('\n');
}

function diagnosis(run: Run): string {
  if (!run.diagnosis) return '';
  const { code, cause, fix, evidence } = run.diagnosis;
  const help = isGood(run.diagnosis) ? '' : ` ${sayWhetherIatHelps(run.diagnosis)}`;
  const lines = evidence.map((line) => `    ${cut(toLine(line), 400)}`).join('\n');
  const blocks = [`### Diagnosis: ${code}`, toInline(cause), `${toInline(hintText(fix))}${help}`, lines];
  return blocks.filter(Boolean).join('\n\n');
}

/** One line of Markdown in which nothing is markup, also not at its start, where lists and headings begin. */
function toInline(text: string): string {
  return cut(toLine(text), 600)
    .replace(/[^\s`|<>&\\]+|[`|<>&\\]/g, toWord)
    .replace(/^(\d{0,9})([-+=.)])/, '$1\\$2');
}

/**
 * A word without blanks. Where GitHub would make something of it even when it is escaped (a link, a mail address, a mention, an
 * issue, a picture, a formula), it stands as code.
 */
function toWord(word: string): string {
  if (/@|www\.|:\/\/|mailto:|xmpp:|\$|#\d|:[a-z+][\w+-]*:/i.test(word)) return `\`${word}\``;
  return word
    .replace(/[\\`*_[\]|~#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

const MOST = 20;
const STEP_SIGNS: Readonly<Record<StepStatus, string>> = { passed: '✅', failed: '❌', skipped: '➖' };
const VERDICT_SIGNS: Readonly<Record<Verdict, string>> = {
  healthy: '✅',
  passed: '✅',
  unhealthy: '❌',
  failed: '❌',
  interrupted: '⏹️',
  planned: '📝',
};
