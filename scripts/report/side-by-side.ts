import { formatDuration } from '../core/duration.ts';
import { isFarAbove } from './compare.ts';
import type { HistoryEntry, PastStep } from './past-run.ts';
import { cut } from './text.ts';
import { toneOf, wordOf } from './words.ts';

/** Two runs beside each other, part by part. */
export interface SideBySide {
  readonly before: HistoryEntry | null;
  readonly now: HistoryEntry;
  readonly parts: readonly Part[];
}

export interface Part {
  readonly title: string;
  /** What differs first. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly name: string;
  /** null: it has none. */
  readonly before: Value | null;
  readonly now: Value | null;
  /** What is different, in a word or two; '' for nothing that counts. */
  readonly change: string;
}

interface Value {
  readonly text: string;
  /** A time, of which only a large difference counts; absent: any difference does. */
  readonly ms?: number;
}

/**
 * Each run beside the one before it of the same command that was for the same.
 *
 * @param entries newest first
 */
export function besideTheOnesBefore(entries: readonly HistoryEntry[]): SideBySide[] {
  return entries
    .filter(({ verdict }) => verdict !== null)
    .map((now) => {
      const older = entries.slice(entries.indexOf(now) + 1);
      const before = older.find((each) => each.verdict !== null && kindOf(each) === kindOf(now)) ?? null;
      return { before, now, parts: compare(before, now) };
    });
}

function kindOf({ command, subject, collection }: HistoryEntry): string {
  return JSON.stringify([command, subject, collection?.selection]);
}

/** The same in the page's script, for two runs that a reader chooses (html/history-script.ts). */
function compare(before: HistoryEntry | null, now: HistoryEntry): Part[] {
  const [old, own] = [before === null ? [] : valuesOf(before), valuesOf(now)];
  return PARTS.map((title, index) => {
    const [was, is] = [old[index] ?? new Map(), own[index] ?? new Map()];
    const rows = [...new Set([...is.keys(), ...was.keys()])].map((name): Row => {
      const [a, b] = [was.get(name) ?? null, is.get(name) ?? null];
      const change =
        before === null ? '' : title === FAILED ? failureChange(a, b, { was, is, now }) : changeOf(a, b, title, now);
      return { name, before: a, now: b, change };
    });
    return { title, rows: [...rows.filter(({ change }) => change !== ''), ...rows.filter(({ change }) => !change)] };
  }).filter(({ rows }) => rows.length > 0);
}

type Values = ReadonlyMap<string, Value>;

/** A check that is not among the failures of a run that broke off may not have run at all. Of very many only the first are known. */
function failureChange(
  before: Value | null,
  now: Value | null,
  all: { readonly was: Values; readonly is: Values; readonly now: HistoryEntry },
): string {
  if (before !== null && now !== null) return 'still';
  if ((before === null ? all.was : all.is).size >= MOST_FAILURES) return 'not known';
  if (now !== null) return 'new';
  return toneOf(all.now.verdict) === 'good' ? 'fixed' : 'not failing';
}

function changeOf(was: Value | null, is: Value | null, title: string, { verdict }: HistoryEntry): string {
  // What is not among the slowest of a run may still have run.
  if (was === null || is === null) return title === SLOWEST ? '' : 'different';
  const [wasMs, isMs] = [was.ms ?? 0, is.ms ?? 0];
  if (isFarAbove(isMs, wasMs) && wasMs > 0) return 'slower';
  // What ends early because something failed is not fast.
  if (isFarAbove(wasMs, isMs) && isMs > 0) return toneOf(verdict) === 'good' ? 'faster' : 'different';
  return withoutTime(was) === withoutTime(is) ? '' : 'different';
}

/** "failed" of "failed, 4.6 s", '' of "4.6 s". */
function withoutTime({ text, ms }: Value): string {
  return ms === undefined ? text : text.split(', ').slice(0, -1).join();
}

/** The parts in order, and those of them that have rules of their own. */
export const FAILED = 'What failed';
export const SLOWEST = 'Slowest requests';
export const PARTS = ['Result', FAILED, 'Steps', SLOWEST, 'Environment'];

/** A run with so many may have more (`failures` in result-json.ts). */
export const MOST_FAILURES = 20;

/** Those of which a reader wants to see at first only what differs. */
export const DETAILS = [SLOWEST, 'Environment'];

/** What there is to compare of a run, in the order of the parts. */
function valuesOf(entry: HistoryEntry): Values[] {
  const { durationMs, reason, failures, failed, steps, slowest, environment } = entry;
  const time = (ms: number): Value => ({ text: formatDuration(ms), ms });
  const result: (readonly [string, Value])[] = [
    ['Verdict', { text: wordOf(entry) }],
    ...(reason === '' ? [] : [['Reason', { text: cut(reason, LONGEST) }] as const]),
    ...(failed === 0 ? [] : [['Failed checks', { text: String(failed) }] as const]),
    ...(durationMs === null ? [] : [['Duration', time(durationMs)] as const]),
  ];
  return [
    result,
    failures
      .slice(0, MOST_FAILURES)
      .map(({ request, check }) => [check === null ? request : `${request}: ${check}`, { text: 'failed' }] as const),
    steps.slice(0, MOST_STEPS).map((step) => [step.name, stepValue(step)] as const),
    slowest.slice(0, MOST_REQUESTS).map(({ request, medianMs }) => [request, time(medianMs)] as const),
    environment
      .slice(0, MOST_FACTS)
      .map(({ name, value }) => [name, { text: cut(value.replace(CONTAINER_ID, ''), LONGEST) }] as const),
  ].map((rows) => new Map(rows.map(([name, value]) => [cut(name, LONGEST_NAME), value])));
}

function stepValue({ status, durationMs }: PastStep): Value {
  if (status === 'skipped') return { text: 'skipped' };
  const text = formatDuration(durationMs);
  return { text: status === 'failed' ? `failed, ${text}` : text, ms: durationMs };
}

/** Each restart makes a new one. */
const CONTAINER_ID = / \([0-9a-f]{12}\)/;
const MOST_STEPS = 20;
const MOST_FACTS = 30;
const MOST_REQUESTS = 8;
const LONGEST = 120;
const LONGEST_NAME = 500;

/** About how many characters a page needs for it. */
export function sizeOf({ parts }: SideBySide): number {
  const sizes = parts.flatMap(({ rows }) =>
    rows.map(({ name, before, now }) => {
      const texts = now?.text === before?.text ? [name, now?.text] : [name, before?.text, now?.text];
      return texts.reduce((sum, text = '') => sum + text.length, ROW);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, HEAD);
}

/** Markup of a row, and of all that is around the rows. */
const ROW = 75;
const HEAD = 1_400;
