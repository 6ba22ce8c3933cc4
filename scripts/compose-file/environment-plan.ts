import type { Splice } from './splice.ts';

/** What an edit replaces in the text. */
export interface Replacement {
  readonly splices: readonly Splice[];
  /**
   * The anchor whose map the environment merges so that nothing inherited is lost: named by a new environment, or no longer
   * named because the environment goes away. null: no such thing.
   */
  readonly inherited: string | null;
}

export interface EnvironmentPlan extends Replacement {
  /** The variables that change. */
  readonly names: readonly string[];
}

export type Assignment = readonly [name: string, value: string];

export const NOTHING: EnvironmentPlan = { splices: [], names: [], inherited: null };

/**
 * How taking a variable out again finds the way back to the same bytes. An edit leaves marks in the file that no person writes,
 * and `environment-unset.ts` undoes only what has them; without them it takes out the variable and nothing else:
 * - a service in braces gets `"environment":{"NAME":"value"}`, without a blank after the colons;
 * - below an `environment:` without a value comes a line `{"NAME":"value"}` of the same kind;
 * - of `environment: ~` it also makes `environment: # was ~`;
 * - `environment: *shared` becomes `environment: {<<: *shared, "NAME": "value"}`, with the merge first and alone.
 *
 * A program that formats the file in between takes the marks away. The undo is then no longer exact: an empty environment stays.
 */
export const MARKS = { was: '# was ', afterColon: '' } as const;
