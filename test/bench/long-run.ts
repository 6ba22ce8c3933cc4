import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { startApi, toCollection } from './large-collection.ts';
import { type Contender, measureInTurn } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { printCosts } from './print-costs.ts';
import type { Row } from './row.ts';

/** Ten requests, so often. */
const ITERATIONS = [500, 2_000];

/** What a run of 20,000 requests takes beside one of 5,000: its memory grows with failures, and there are none. */
export const benchLongRun: Row = async ({ rounds }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const api = await startApi();
  try {
    const collection = join(folder, 'collection.json');
    await writeFile(collection, toCollection(api.url, 10, 2));
    const command = await npmScript('collection');
    const contender = (count: number): Contender => ({
      name: `${count * 10} requests`,
      command: [...words(command), collection, '-n', String(count), '--reports', join(folder, 'reports')],
      cwd: root,
      env: process.env,
      prepare: () => rm(join(folder, 'reports'), { recursive: true, force: true }),
    });
    printCosts(`${(ITERATIONS[0] ?? 0) * 10} requests`, await measureInTurn(ITERATIONS.map(contender), rounds ?? 1));
  } finally {
    api.close();
    await rm(folder, { recursive: true });
  }
};
