import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Case, findCases } from '../../scripts/maintenance/parity/cases.ts';
import { findDifference, type Observed } from '../../scripts/maintenance/parity/compare.ts';
import { type Echo, startEcho } from '../../scripts/maintenance/parity/echo.ts';
import { argsOf, ownExecutions, proxyVariables, runCommand } from '../../scripts/maintenance/parity/run.ts';
import { documentOf } from '../support/command.ts';
import { runHere } from '../support/in-process.ts';
import { FIXTURES, writeFixtures } from './fixtures.ts';
import { runNewmanHere } from './newman-here.ts';

/** What a process does beyond the library: the working directory, exit codes, how files are read. */
const AS_COMMANDS = ['body-formdata', 'data-csv', 'given-variables', 'script-throws'];

let folder: string;
let cases: ReadonlyMap<string, Case>;
let there: Echo;
let here: Echo;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parity-'));
  await writeFixtures(folder);
  cases = new Map((await findCases(folder)).map((each) => [each.id, each]));
  [there, here] = await Promise.all([startEcho(), startEcho()]);
  // Newman reads these when it sends a request.
  for (const [name, value] of Object.entries({ ...proxyVariables(there), NO_PROXY: '', no_proxy: '' })) {
    vi.stubEnv(name, value);
    vi.stubEnv(name.toLowerCase(), value);
  }
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([there?.close(), here?.close()]);
  await rm(folder, { recursive: true, force: true });
});

describe('a collection does the same here and in Newman', () => {
  test.each(Object.keys(FIXTURES))('%s', async (id) => {
    const each = caseOf(id);
    const newman = () => runNewmanHere(each, there);
    const [wanted, ours] = await Promise.all([newman(), runOursHere(each)]);
    expect(await findDifference(wanted, ours, newman)).toBe(null);
  });

  test.each(AS_COMMANDS)('%s, as commands', async (id) => {
    const newman = () => runCommand('newman', caseOf(id), there, 60_000);
    const [wanted, ours] = await Promise.all([newman(), runCommand('ours', caseOf(id), here, 60_000)]);
    expect(wanted.arrivals.length).toBeGreaterThan(0);
    expect(await findDifference(wanted, ours, newman)).toBe(null);
  });
});

function caseOf(id: string): Case {
  const found = cases.get(id);
  if (found === undefined) throw new Error(`There is no fixture ${id}`);
  return found;
}

async function runOursHere(each: Case): Promise<Observed> {
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
}
