import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { type Case, findCases } from '../../scripts/maintenance/parity/cases.ts';
import { findDifference, type Observed } from '../../scripts/maintenance/parity/compare.ts';
import { type Echo, startEcho } from '../../scripts/maintenance/parity/echo.ts';
import { argsOf, ownExecutions, proxyVariables, runCommand } from '../../scripts/maintenance/parity/run.ts';
import { documentOf } from '../support/command.ts';
import { runHere } from '../support/in-process.ts';
import type { Fixtures } from './building.ts';
import { writeFixtures } from './fixtures.ts';
import { runNewmanHere } from './newman-here.ts';

export interface SideBySide {
  /** The first difference between Newman as a library and this tool, both in this process; null: none. */
  compareHere(id: string): Promise<string | null>;
  /** The same for their command lines. */
  compareCommands(id: string): Promise<string | null>;
}

/** Fixtures that both run, each against an echo of its own, for the tests of one file. */
export function sideBySide(fixtures: Fixtures): SideBySide {
  let folder: string;
  let cases: ReadonlyMap<string, Case>;
  let there: Echo;
  let here: Echo;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parity-'));
    await writeFixtures(folder, fixtures);
    cases = new Map((await findCases(folder)).map((each) => [each.id, each]));
    [there, here] = await Promise.all([startEcho(), startEcho()]);
    // Newman reads these when it sends a request.
    for (const [name, value] of Object.entries({ ...proxyVariables(there), NO_PROXY: '' })) {
      vi.stubEnv(name, value);
      vi.stubEnv(name.toLowerCase(), value);
    }
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await Promise.all([there?.close(), here?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const caseOf = (id: string): Case => {
    const found = cases.get(id);
    if (found === undefined) throw new Error(`There is no fixture ${id}`);
    return found;
  };
  const runOursHere = async (each: Case): Promise<Observed> => {
    here.take();
    const ended = await runHere([...argsOf(each), '--reports', join(folder, 'reports'), '--json'], {
      command: 'collection',
      cwd: each.cwd,
      env: { HOME: folder, ...proxyVariables(here) },
    });
    return {
      exitCode: ended.exitCode ?? 'killed',
      arrivals: here.take(),
      executions: ownExecutions(documentOf(ended)),
      output: ended.stderr,
    };
  };
  const compare = async (newman: () => Promise<Observed>, ours: () => Promise<Observed>) => {
    const [wanted, got] = await Promise.all([newman(), ours()]);
    return findDifference(wanted, got, newman);
  };
  return {
    compareHere: (id) =>
      compare(
        () => runNewmanHere(caseOf(id), there),
        () => runOursHere(caseOf(id)),
      ),
    compareCommands: (id) =>
      compare(
        () => runCommand('newman', caseOf(id), there, LIMIT_MS),
        () => runCommand('ours', caseOf(id), here, LIMIT_MS),
      ),
  };
}

const LIMIT_MS = 60_000;
