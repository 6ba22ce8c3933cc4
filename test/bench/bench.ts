import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { benchCollection } from './collection.ts';
import { benchFlood } from './flood.ts';
import { benchIat } from './iat.ts';
import { benchLongRun } from './long-run.ts';
import { benchParallel } from './parallel.ts';
import { benchPods } from './pods.ts';
import { benchReaction } from './reaction.ts';
import { benchReport } from './report.ts';
import type { Row } from './row.ts';
import { benchStart } from './start.ts';

/**
 * `npm run bench [-- ROW...] [--rounds N] [--also COMMAND]`: what this project costs beside what people use instead, measured
 * side by side in one run. Without a ROW all of them. Linux, with GNU time.
 */
const ROWS: Readonly<Record<string, Row>> = {
  /** Until a command answers: from a clone, and from the package. */
  start: benchStart,
  /** The main job beside the same by a shell script. */
  iat: benchIat,
  /** Collections of three sizes beside Newman's own command. */
  collection: benchCollection,
  /** Folders of a collection at the same time. */
  parallel: benchParallel,
  /** A run of 20,000 requests beside a quarter of it. */
  'long-run': benchLongRun,
  /** A large collection with its report beside Newman's best known one. */
  report: benchReport,
  /** How long after the moment itself there is a verdict. */
  reaction: benchReaction,
  /** The main job on a cluster of one pod, and of fifty. */
  pods: benchPods,
  /** A flood of log in front of the line that decides. */
  flood: benchFlood,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, also: { type: 'string', multiple: true } },
});
const rounds = values.rounds === undefined ? null : Number(values.rounds);
const unknown = positionals.filter((name) => !Object.hasOwn(ROWS, name));
if (unknown.length > 0)
  throw new Error(`There is no row ${unknown.join(', ')}. There are: ${Object.keys(ROWS).join(', ')}`);

console.log(`Node ${process.version}, ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}`);
for (const [name, run] of Object.entries(ROWS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`\n${name}`);
  await run({ rounds, also: values.also ?? [] });
}
