import { describe, expect, test } from 'vitest';
import { findLeaks } from './leaks.ts';

/** The secrets of every attack: found where people read, they are leaks. Made up, and long enough to be looked for. */
export const CANARY = {
  admin: 'canary-admin-8Qx2Lw7Zr4Tn9Vb1Kd6Hs3',
  token: 'canary-iat-5Yp9Mg3Fj8Cs1Xe6Ru2Wa7Bq4',
};

/** What came of an attack. */
export interface Attempted {
  /** All that people and programs could read of it: terminal, reports, JSON. Searched for the canaries. */
  readonly shown: string;
}

/** One row of a table of attacks. */
export interface Attack<T extends Attempted> {
  /** What somebody does, in a few words. */
  readonly name: string;
  attempt(): T | Promise<T>;
  /** Fails unless the attack took place: a table of attacks that never happen proves nothing. */
  happened(attempted: T): void;
  /** Fails unless it came to what it has to. */
  outcome(attempted: T): void;
}

/** Runs a table of attacks. Each has to take place, to come to its outcome, and to show neither canary. */
export function attacks<T extends Attempted>(part: string, rows: readonly Attack<T>[]): void {
  describe(part, () => {
    test.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
      const attempted = await row.attempt();
      row.happened(attempted);
      row.outcome(attempted);
      const { shown } = attempted;
      expect([...findLeaks(CANARY.admin, { shown }), ...findLeaks(CANARY.token, { shown })]).toEqual([]);
    });
  });
}
