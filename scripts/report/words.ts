import type { Comparison } from '../core/comparison.ts';
import type { Run, Verdict } from '../core/result.ts';
import { decidingExchanges, type Tally, tallyOf } from './outline.ts';
import { formatCount, formatNumber, formatUtc } from './text.ts';

/**
 * The verdict in one or two words.
 *
 * @param hasToken a token was minted
 */
export function verdictWord(run: Pick<Run, 'verdict' | 'command'>, hasToken: boolean): string {
  if (run.verdict === 'planned' && hasToken) return 'Written';
  return WORDS[run.verdict];
}

/** The same for a run in the list of all runs, which may have left no result. */
export function wordOf(run: {
  readonly verdict: Verdict | null;
  readonly command: string;
  readonly hasToken: boolean;
}): string {
  const { verdict, command, hasToken } = run;
  return verdict === null ? 'No result' : verdictWord({ verdict, command }, hasToken);
}

/** The verdict in one sentence: what happened, for a reader who reads nothing else. */
export function verdictSentence(run: Run, tally: Tally): string {
  if (run.error) return run.error.message;
  if (isPlan(run)) return 'This is what a run would do. Nothing was changed, and no token was minted.';
  if (run.verdict === 'planned') return 'The token is written. It takes effect with a restart; nothing was restarted.';
  if (run.verdict === 'interrupted') return 'The run was stopped before it was finished.';
  if (run.verdict === 'passed') return passedSentence(tally);
  if (run.verdict === 'healthy') return HEALTHY[run.command] ?? healthySentence(run);
  if (run.diagnosis) return run.diagnosis.cause;
  if (tally.failed > 0) return `${formatCount(tally.failed, 'check')} of ${formatNumber(tally.checks)} failed.`;
  return 'The run did not reach its goal.';
}

/** What failed in a run of requests: "3 of 40 checks, 1 request, 2 scripts"; '' where nothing did. */
export function failuresInWords(run: Run): string {
  const { checks, failed } = tallyOf(run);
  const errors = run.steps.flatMap(decidingExchanges).flatMap(({ error }) => error?.kind ?? []);
  const count = (kind: string) => errors.filter((each) => each === kind).length;
  const parts = [
    failed === 0 ? '' : `${formatNumber(failed)} of ${formatCount(checks, 'check')}`,
    ...(
      [
        ['network', 'request'],
        ['script', 'script'],
        ['file', 'file'],
      ] as const
    ).map(([kind, noun]) => (count(kind) === 0 ? '' : formatCount(count(kind), noun))),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** How a run of a collection went beside the run before: "2 newly failing, 1 fixed since 2026-11-28 10:12 UTC". */
export function comparisonInWords({ since, newlyFailing, fixed, slower, added, gone }: Comparison): string {
  const parts = [
    [newlyFailing, 'newly failing'],
    [fixed, 'fixed'],
    [slower, 'slower'],
    [added, 'added'],
    [gone, 'gone'],
  ] as const;
  const words = parts.flatMap(([list, word]) => (list.length === 0 ? [] : `${formatNumber(list.length)} ${word}`));
  return `${words.join(', ') || 'Nothing changed'} since ${since === null ? 'the run before' : formatUtc(since)}`;
}

/** Nothing was done: a dry run. A run that stops after writing has no other verdict, but it has minted a token. */
export function isPlan({ verdict, token }: Pick<Run, 'verdict' | 'token'>): boolean {
  return verdict === 'planned' && token === null;
}

/** What follows `npm run`. */
export function scriptName(command: string): string {
  return command === 'clear' ? 'iat:clear' : command;
}

function healthySentence(run: Run): string {
  return run.command === 'doctor' && run.diagnosis ? run.diagnosis.cause : 'The BFF is healthy.';
}

function passedSentence({ notSent, requests, checks }: Tally): string {
  const skipped = notSent === 0 ? '' : `; a script skipped ${formatCount(notSent, 'other request')}`;
  return `${formatCount(requests, 'request')} and ${formatCount(checks, 'check')}, all passed${skipped}.`;
}

const HEALTHY: Readonly<Record<string, string>> = {
  iat: 'The BFF is registered and healthy.',
  clear: 'The BFF starts from its cached credentials, and the token is out of the configuration.',
};

const WORDS: Readonly<Record<Verdict, string>> = {
  healthy: 'Healthy',
  passed: 'Passed',
  unhealthy: 'Not healthy',
  failed: 'Failed',
  interrupted: 'Interrupted',
  planned: 'Plan',
};

export type Tone = 'good' | 'bad' | 'neutral';

/** The colour that goes with a verdict; the words carry the meaning. */
export function toneOf(verdict: Verdict | null): Tone {
  if (verdict === 'healthy' || verdict === 'passed') return 'good';
  return verdict === 'unhealthy' || verdict === 'failed' ? 'bad' : 'neutral';
}
