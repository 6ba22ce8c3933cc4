import { isGood } from '../core/diagnosis.ts';
import { type Hint, hintText, type Where } from '../core/errors.ts';
import { type Assertion, type Exchange, type ExchangeError, isPassed } from '../core/exchange.ts';
import type { Run, StepRecord } from '../core/result.ts';
import { formatCount } from './text.ts';

/** How a run went in numbers; of steps that tried again, the last attempt counts. */
export interface Tally {
  /** Without those that a script skipped. */
  readonly requests: number;
  readonly checks: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Requests that a script kept from being sent. */
  readonly notSent: number;
  /** Requests of attempts before the last. */
  readonly earlier: number;
}

/** A request that did not pass in the last attempt of its step. */
export interface FailedExchange {
  readonly step: StepRecord;
  readonly exchange: Exchange;
}

/** The exchanges that decide: those of the last attempt. Earlier attempts were waiting, not failing. */
export function decidingExchanges(step: StepRecord): readonly Exchange[] {
  return step.attempts.at(-1)?.exchanges ?? [];
}

/** Every exchange of every attempt. */
export function allExchanges({ steps }: Run): Exchange[] {
  return steps.flatMap((step) => step.attempts.flatMap((attempt) => attempt.exchanges));
}

export function tallyOf(run: Run): Tally {
  const exchanges = run.steps.flatMap(decidingExchanges);
  const assertions = exchanges.flatMap((exchange) => exchange.assertions);
  const count = (status: string) => assertions.filter((assertion) => assertion.status === status).length;
  return {
    requests: exchanges.filter(({ isSkipped }) => !isSkipped).length,
    notSent: exchanges.filter(({ isSkipped }) => isSkipped).length,
    checks: assertions.length,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    earlier: allExchanges(run).length - exchanges.length,
  };
}

export function failedExchanges(run: Run): FailedExchange[] {
  return run.steps.flatMap((step) =>
    decidingExchanges(step)
      .filter((exchange) => !isPassed(exchange))
      .map((exchange) => ({ step, exchange })),
  );
}

/** The checks that are findings of their own. Without an answer there was nothing to check, and that is one finding. */
export function failedChecks({ assertions, error }: Pick<Exchange, 'assertions' | 'error'>): Assertion[] {
  return error?.kind === 'network' ? [] : assertions.filter(({ status }) => status === 'failed');
}

/** How many checks fail only because no answer came, as a sentence; '' for none. */
export function uncheckedInWords({ assertions, error }: Pick<Exchange, 'assertions' | 'error'>): string {
  const count = assertions.filter(({ status }) => status === 'failed').length;
  return error?.kind !== 'network' || count === 0 ? '' : `${formatCount(count, 'check')} had no answer to look at.`;
}

/** The answer in one line. */
export function answerOf({ response, isSkipped }: Exchange): string {
  return response ? `${response.status} ${response.reason}` : isSkipped ? 'not sent' : 'no answer';
}

/** Why there is no answer, or why a script broke, in one line. */
export function describeError({ code, message }: ExchangeError): string {
  return code === '' || message.includes(code) ? message : `${code}: ${message}`;
}

/** The folders and the request, as one path. */
export function pathOf(exchange: Pick<Exchange, 'folders' | 'name'>): string {
  return [...exchange.folders, exchange.name].join(' / ');
}

/** Which iteration it belongs to, as people count; null: there was only one. */
export function iterationOf({ iteration }: Exchange, { collection }: Pick<Run, 'collection'>): number | null {
  return iteration === undefined || (collection?.iterations ?? 2) < 2 ? null : iteration + 1;
}

/** The run with the requests that decide only, and nothing of them that is long: masking all of it takes a moment. */
export function withoutMessages(run: Run): Run {
  const bare = { headers: [], body: null };
  const strip = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: { ...exchange.request, ...bare },
    response: exchange.response && { ...exchange.response, ...bare },
  });
  const steps = run.steps.map((step) => ({
    ...step,
    attempts: step.attempts.map((attempt, index) => ({
      ...attempt,
      exchanges: index < step.attempts.length - 1 ? [] : attempt.exchanges.map(strip),
    })),
  }));
  return { ...run, steps, log: [] };
}

/** `file:line:column`, as far as it is known. */
export function placeOf({ file, line, column }: Where): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** What the reader does next, most important first: the fix of the fault, the way out of the error, the next steps of the run. */
export function nextSteps({ error, diagnosis, next }: Run): Hint[] {
  const fix = error !== null && diagnosis !== null && !isGood(diagnosis) ? diagnosis.fix : null;
  const hints = [error?.hint ?? null, ...next].filter((hint) => hint !== null);
  const isThere = fix === null || fix.text === '' || hints.some((hint) => hintText(hint).includes(hintText(fix)));
  const all = isThere ? hints : [fix, ...hints];
  return [...new Map(all.map((hint) => [hintText(hint), hint])).values()];
}
