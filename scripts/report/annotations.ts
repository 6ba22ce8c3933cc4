import { isFault } from '../core/diagnosis.ts';
import { hintText } from '../core/errors.ts';
import type { Assertion, Exchange } from '../core/exchange.ts';
import type { Run } from '../core/result.ts';
import { toVisible, withoutCommands } from '../core/visible.ts';
import type { Masker } from '../secrets/masker.ts';
import { maskRun } from './masked.ts';
import { answerOf, describeError, failedChecks, failedExchanges, pathOf, withoutMessages } from './outline.ts';
import { cut, formatCount, toLine } from './text.ts';
import { isPlan, verdictWord } from './words.ts';

/** What a CI shows beside a line of a file, or above the log where no place is known. Masked, and without commands for a CI. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  /** One line. */
  readonly title: string;
  /** One line or more. */
  readonly message: string;
  readonly place: Place | null;
}

export interface Place {
  readonly file: string;
  /** From 1; null: somewhere in the file. */
  readonly line: number | null;
}

/** Where a failed request, or a check in it, stands; null: not known. */
export type FindPlace = (exchange: Exchange, check: string | null) => Place | null;

/** The names of the checks whose lines are worth looking for: the first ones, and each is looked for in every script. */
export function checksToFind(run: Run): Set<string> {
  const failures = failuresOf(run).slice(0, MOST_SOUGHT);
  return new Set(failures.flatMap(({ check }) => check?.name ?? []));
}

const MOST_SOUGHT = 100;

/**
 * The annotations of a run, what matters most first: its error, each check that failed (once, also where it failed in many
 * iterations), its warnings, and the file and line that were written.
 *
 * @param level of what failed: `warning` where the job is to pass whatever happens
 */
export function annotationsOf(
  raw: Run,
  masker: Masker,
  findPlace: FindPlace,
  level: 'error' | 'warning' = 'error',
): Annotation[] {
  // Somebody stopped it: that is no finding.
  if (raw.verdict === 'interrupted') return [];
  const bare = withoutMessages(raw);
  const run = maskRun(bare, masker, (text) => withoutCommands(toVisible(text)));
  const { error, diagnosis, compose } = run;
  const name = verdictWord(run, run.token !== null);
  const cause =
    diagnosis !== null && isFault(diagnosis) && !error?.message.includes(diagnosis.cause) ? diagnosis.cause : '';
  // A mask may make one text of two, so each is found by its position.
  const shown = failedExchanges(run);
  const failures = failuresOf(bare).map(({ exchange, check, position, times }) => {
    const masked = shown[position]?.exchange ?? exchange;
    const assertion = check === null ? null : (masked.assertions[check.position] ?? null);
    return {
      level,
      title: titleOf(masked, assertion),
      message: messageOf(masked, assertion, times),
      place: findPlace(exchange, check?.name ?? null),
    };
  });
  const target = raw.compose?.target ?? null;
  return [
    ...(error === null || error.code === 'assertion-failed'
      ? []
      : [
          {
            level,
            title: `${name}: ${run.command} (${error.code})`,
            message: [error.message, cause, error.hint === null ? '' : hintText(error.hint)].filter(Boolean).join('\n'),
            place: error.where && { file: error.where.file, line: error.where.line ?? null },
          },
        ]),
    ...failures,
    ...run.warnings.map((message) => ({
      level: 'warning' as const,
      title: `${run.command}: warning`,
      message,
      place: null,
    })),
    ...(compose === null || target === null || compose.changed.length === 0 || isPlan(raw)
      ? []
      : [
          {
            level: 'notice' as const,
            title: `${run.command} changed this file`,
            message: `Changed for the service ${compose.service}: ${compose.changed.join(', ')}.`,
            place: { file: target, line: changedLine(compose.diff ?? '', compose.changed) },
          },
        ]),
  ].map((each) => ({
    ...each,
    title: cut(toLine(each.title), LONGEST_TITLE),
    message: cut(each.message, LONGEST_MESSAGE),
  }));
}

/** GitHub cuts a title at 255 characters. */
const LONGEST_TITLE = 200;
const LONGEST_MESSAGE = 2_000;

interface FailedCheck {
  readonly exchange: Exchange;
  /** Among the failed exchanges. */
  readonly position: number;
  /** The check, and its place among those of the request; null: the request itself failed, or a script of it. */
  readonly check: { readonly name: string; readonly position: number } | null;
  /** In how many iterations. */
  times: number;
}

function failuresOf(run: Run): FailedCheck[] {
  const failures = new Map<string, FailedCheck>();
  for (const [position, { exchange }] of failedExchanges(run).entries()) {
    const failed = failedChecks(exchange).map((each) => ({
      name: each.name,
      position: exchange.assertions.indexOf(each),
    }));
    for (const check of exchange.error === null ? failed : [null, ...failed]) {
      const key = JSON.stringify([exchange.id ?? pathOf(exchange), check?.name ?? null]);
      const known = failures.get(key);
      if (known !== undefined) known.times += 1;
      else failures.set(key, { exchange, position, check, times: 1 });
    }
  }
  return [...failures.values()];
}

function titleOf(exchange: Exchange, assertion: Assertion | null): string {
  return `${pathOf(exchange)}: ${assertion?.name ?? (exchange.error?.kind === 'script' ? 'a script broke' : 'no answer')}`;
}

function messageOf(exchange: Exchange, assertion: Assertion | null, times: number): string {
  const { request, error } = exchange;
  const why = assertion === null && error !== null ? describeError(error) : (assertion?.message ?? 'It failed.');
  const often = times > 1 ? ` (${formatCount(times, 'time')})` : '';
  return `${why}\n${request.method} ${request.url}: ${answerOf(exchange)}${often}`;
}

/** The first line in the new text that holds one of the changed variables, by a unified diff. */
function changedLine(diff: string, changed: readonly string[]): number | null {
  let at = 0;
  let first: number | null = null;
  for (const line of diff.split('\n')) {
    const start = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(line)?.[1];
    if (start !== undefined) at = Number(start);
    if (start !== undefined) first ??= Math.max(1, at);
    if (start !== undefined || first === null || line.startsWith('-')) continue;
    if (line.startsWith('+') && changed.some((name) => line.includes(name))) return at;
    at += 1;
  }
  return first;
}
