import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { startApi, toCollection } from './large-collection.ts';
import { type Contender, measureInTurn } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { printCosts } from './print-costs.ts';
import type { Row } from './row.ts';

/** A small collection, where starting counts, and larger ones, where the requests do. */
const REQUESTS = [2, 200, 2_000];

/** A collection with all reports beside `newman run`, which prints each request and writes none. */
export const benchCollection: Row = async ({ rounds, also }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const api = await startApi();
  try {
    for (const count of REQUESTS) {
      const collection = join(folder, `${count}.json`);
      const reports = join(folder, 'reports');
      await writeFile(collection, toCollection(api.url, count));
      const contender = (name: string, command: Contender['command']): Contender => ({
        ...{ name, command, cwd: root, env: process.env },
        prepare: () => rm(reports, { recursive: true, force: true }),
      });
      const own = (command: string) => contender(command, [...words(command), collection, '--reports', reports]);
      const newman = join(root, 'node_modules/newman/bin/newman.js');
      const all = [
        contender(NEWMAN, [process.execPath, newman, 'run', collection]),
        ...[await npmScript('collection'), ...also].map(own),
      ];
      console.log(`${count} requests`);
      printCosts(NEWMAN, await measureInTurn(all, rounds ?? 5));
    }
  } finally {
    api.close();
    await rm(folder, { recursive: true });
  }
};

const NEWMAN = 'newman run';
