import type { Splice } from './splice.ts';

/** What an edit replaces in the text. */
export interface EnvironmentPlan {
  readonly splices: readonly Splice[];
  readonly changes: readonly PlannedChange[];
  /**
   * The anchor whose map the environment merges so that nothing inherited is lost: named by a new environment, or no longer
   * named because the environment goes away. null: no such thing.
   */
  readonly inherited: string | null;
}

export interface PlannedChange {
  readonly name: string;
  readonly action: 'replaced' | 'filled' | 'added' | 'emptied' | 'removed';
  readonly splice: Splice;
  /** Where in the splice's text the entry stands. */
  readonly offset: number;
}

export type Assignment = readonly [name: string, value: string];

export const NOTHING: EnvironmentPlan = { splices: [], changes: [], inherited: null };

/** The entries that one splice adds, in the order of its text. */
export function added(splice: Splice, wanted: readonly Assignment[]): PlannedChange[] {
  // A name may be "environment", too.
  let from = /^\s*"?environment"?:/.exec(splice.text)?.[0].length ?? 0;
  return wanted.map(([name]) => {
    const offset = Math.max(splice.text.indexOf(name, from), from);
    from = offset + name.length;
    return { name, action: 'added', splice, offset };
  });
}
