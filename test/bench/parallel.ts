import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { startApi, toCollection } from './large-collection.ts';
import { type Contender, measureInTurn } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { printCosts } from './print-costs.ts';
import type { Row } from './row.ts';

const REQUESTS = 2_000;

/** How long an answer takes, in milliseconds, and how many workers share the requests. */
const RUNS = [
  { answerMs: 20, workers: 4 },
  { answerMs: 0, workers: 2 },
] as const;

/** A collection of ten folders with `--parallel`, beside `newman run`. */
export const benchParallel: Row = async ({ rounds, also }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const newman = join(root, 'node_modules/newman/bin/newman.js');
  try {
    for (const { answerMs, workers } of RUNS) {
      const api = await startApi(answerMs);
      const collection = join(folder, `${answerMs}.json`);
      await writeFile(collection, toCollection(api.url, REQUESTS, 10));
      const contender = (name: string, command: Contender['command']): Contender => ({
        ...{ name, command, cwd: root, env: process.env },
        prepare: () => rm(join(folder, 'reports'), { recursive: true, force: true }),
      });
      const options = ['--parallel', String(workers), '--reports', join(folder, 'reports')];
      const own = (command: string) => contender(command, [...words(command), collection, ...options]);
      const all = [
        contender(NEWMAN, [process.execPath, newman, 'run', collection]),
        ...[await npmScript('collection'), ...also].map(own),
      ];
      console.log(`${REQUESTS} requests of ${answerMs} ms, --parallel ${workers}`);
      printCosts(NEWMAN, await measureInTurn(all, rounds ?? 2));
      api.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
};

const NEWMAN = 'newman run';
