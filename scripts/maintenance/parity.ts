import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { argv } from 'zx';
import { writeFixtures } from '../../test/parity/fixtures.ts';
import { type Case, findCases, moveHostsAway } from './parity/cases.ts';
import { findDifference, type Observed } from './parity/compare.ts';
import { startEcho } from './parity/echo.ts';
import { runCommand } from './parity/run.ts';

/**
 * Runs every collection below a directory through Newman's command line and through this tool's, with the same options, against
 * a server of its own that is every host (a proxy for both), and compares what came over the wire, in which order, with which
 * statuses, checks and exit code. Without a directory: the fixtures of test/parity/.
 *
 *   npm run parity -- [DIR] [--json FILE] [--only TEXT] [--limit SECONDS]
 *
 * `--json` writes the results to a file, `--only` runs the collections with this text in their path, `--limit` is the time for
 * one run (default 120). Nothing is written in DIR, and nothing is sent off this machine. Exit code 1: something differs.
 */
const LIMIT_S = 120;

interface Result {
  readonly id: string;
  /** null: equal. */
  readonly difference: string | null;
  /** Of Newman, and of this tool. */
  readonly exitCodes: readonly [newman: Observed['exitCode'], ours: Observed['exitCode']];
  /** In Newman's run: what came over the wire, and the checks of the report. */
  readonly requests: number;
  readonly checks: number;
}

process.exitCode = (await compareAll(argv._[0])) ? 0 : 1;

async function compareAll(origin: string | undefined): Promise<boolean> {
  const root = await mkdtemp(join(tmpdir(), 'parity-'));
  try {
    if (origin === undefined) await writeFixtures(root);
    else
      await cp(resolve(origin), root, { recursive: true, filter: (path) => !/\/(?:node_modules|\.git)$/.test(path) });
    const only = String(argv['only'] ?? '');
    const cases = (await findCases(root)).filter(({ id }) => id.includes(only));
    const results = new Map<Case, Result>();
    const queue = cases.values();
    const workers = Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
      for (const each of queue) {
        results.set(each, await compareCase(each));
        if (process.stderr.isTTY) process.stderr.write(`\r${results.size} of ${cases.length}`);
      }
    });
    await Promise.all(workers);
    const ordered = cases.flatMap((each) => results.get(each) ?? []);
    print(ordered);
    if (typeof argv['json'] === 'string') await writeFile(argv['json'], `${JSON.stringify(ordered, null, 2)}\n`);
    return ordered.every(({ difference }) => difference === null);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function compareCase(each: Case): Promise<Result> {
  await moveHostsAway(each);
  const echo = await startEcho();
  const limitMs = Number(argv['limit'] ?? LIMIT_S) * 1_000;
  const newmans = () => runCommand('newman', each, echo, limitMs);
  try {
    const newman = await newmans();
    const ours = await runCommand('ours', each, echo, limitMs);
    return {
      id: each.id,
      difference: await findDifference(newman, ours, newmans),
      exitCodes: [newman.exitCode, ours.exitCode],
      requests: newman.arrivals.length,
      checks: (newman.executions ?? []).reduce((sum, { checks }) => sum + checks.length, 0),
    };
  } finally {
    await echo.close();
  }
}

function print(results: readonly Result[]): void {
  const differing = results.filter(({ difference }) => difference !== null);
  const sum = (of: (result: Result) => number) => results.reduce((total, result) => total + of(result), 0);
  const what = `${sum(({ requests }) => requests)} requests, ${sum(({ checks }) => checks)} checks`;
  console.log(`\n${results.length - differing.length} of ${results.length} collections are equal (${what}).`);
  const width = Math.max(0, ...differing.map(({ id }) => id.length));
  for (const { id, difference } of differing) console.log(`  ${id.padEnd(width)}  ${difference}`);
}
