import { groupBy } from '../core/group-by.ts';
import type { HistoryEntry } from './past-run.ts';
import { cut } from './text.ts';
import { wordOf } from './words.ts';

/** What the runs can be filtered by, with the values that there are. */
export interface Filter {
  /** One letter: the name of its controls, and of the attribute of what it filters. */
  readonly name: 'c' | 'v' | 's';
  readonly title: string;
  /** Most frequent first. */
  readonly values: readonly { readonly text: string; readonly count: number }[];
  of(entry: HistoryEntry): string;
}

/** The filters between whose values there is a choice. */
export function filtersOf(entries: readonly HistoryEntry[]): Filter[] {
  const all: readonly Omit<Filter, 'values'>[] = [
    { name: 'c', title: 'Command', of: ({ command }) => command },
    { name: 'v', title: 'Verdict', of: wordOf },
    { name: 's', title: 'For', of: ({ subject }) => subject ?? 'not known' },
  ];
  return all
    .map((filter) => {
      const groups = [...groupBy(entries, filter.of)].map(([text, { length }]) => ({ text, count: length }));
      return { ...filter, values: groups.sort((a, b) => b.count - a.count).slice(0, MOST) };
    })
    .filter(({ values }) => values.length > 1);
}

/** More are too many to choose from; such runs are among all of them only. */
const MOST = 12;

/** The attributes by which the style finds a run: `data-c` is the number of its command, from 0. */
export function filterMarks(entry: HistoryEntry, filters: readonly Filter[]): Record<string, number> {
  return Object.fromEntries(
    filters.map(({ name, values, of }) => [`data-${name}`, values.findIndex(({ text }) => text === of(entry))]),
  );
}

/** A value beside its control. */
export function shortValue(text: string): string {
  return cut(text, 80);
}
