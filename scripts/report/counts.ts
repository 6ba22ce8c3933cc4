import { formatDuration } from '../core/duration.ts';
import type { Run, RunCounts } from '../core/result.ts';
import { decidingExchanges, tallyOf } from './outline.ts';
import { formatBytes, formatCount } from './text.ts';

/** What the summary of a run counts, by Newman where it came to its end; else what is known of its requests. */
export function countsOf(run: Run): Partial<RunCounts> & Pick<RunCounts, 'requests' | 'assertions'> {
  if (run.collection?.counts) return run.collection.counts;
  const sent = run.steps.flatMap(decidingExchanges).filter(({ isSkipped }) => !isSkipped);
  const { checks, failed } = tallyOf(run);
  return {
    requests: { total: sent.length, failed: sent.filter(({ response }) => response === null).length },
    assertions: { total: checks, failed },
  };
}

/** The same as rows of a table for people: what it is, how many of it there were, how many failed. */
export function countRows(run: Run): (readonly [name: string, total: number, failed: number])[] {
  const { iterations, requests, prerequestScripts, testScripts, assertions } = countsOf(run);
  const counted = [
    ['iterations', iterations],
    ['requests', requests],
    ['prerequest scripts', prerequestScripts],
    ['test scripts', testScripts],
    ['checks', assertions],
  ] as const;
  return counted.flatMap(([name, count]) => (count === undefined ? [] : [[name, count.total, count.failed] as const]));
}

/** What else is said of a run in numbers: a name, and a text. */
export function measureRows(run: Run): (readonly [name: string, text: string])[] {
  const { receivedBytes } = countsOf(run);
  const { notSent, skipped } = tallyOf(run);
  const skips = [
    notSent === 0 ? [] : formatCount(notSent, 'request'),
    skipped === 0 ? [] : formatCount(skipped, 'check'),
  ].flat();
  const times = responseTimesOf(run);
  return [
    ...(skips.length === 0 ? [] : [['skipped by scripts', skips.join(', ')] as const]),
    ['total time', formatDuration(run.steps.reduce((sum, { durationMs }) => sum + durationMs, 0))],
    ...(receivedBytes === undefined ? [] : [['received', formatBytes(receivedBytes)] as const]),
    ...(times === null
      ? []
      : [
          [
            'response time',
            `median ${formatDuration(times.median)}, 95% within ${formatDuration(times.p95)}, slowest ${formatDuration(times.slowest)}`,
          ] as const,
        ]),
  ];
}

/** How long answers took, in milliseconds; null where none came. */
export function responseTimesOf(
  run: Run,
): { readonly median: number; readonly p95: number; readonly slowest: number } | null {
  const times = run.steps.flatMap(decidingExchanges).flatMap(({ response }) => response?.timeMs ?? []);
  if (times.length === 0) return null;
  return { median: rankOf(times, 0.5), p95: rankOf(times, 0.95), slowest: rankOf(times, 1) };
}

/** Nearest rank: the smallest number that such a share of all does not exceed; 0 for none. */
export function rankOf(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
