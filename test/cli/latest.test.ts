import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { writeReports } from '../../scripts/cli/reports.ts';
import { writeReportsNow } from '../../scripts/cli/reports-now.ts';
import type { Run } from '../../scripts/core/result.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { reportFiles } from '../../scripts/platform/report-folder.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { reportFolderName } from '../../scripts/report/folder.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { sampleMasker } from '../report/sample-exchanges.ts';
import { failedMintRun, healthyRun } from '../report/sample-run.ts';
import { bundle } from '../support/bundle.ts';

const FILES = ['index.html', 'junit.xml', 'result.json'];

let reports: string;
let latest: string;

beforeEach(async () => {
  const temporary = await makeTemporaryFolder();
  onTestFinished(() => temporary.remove());
  reports = join(temporary.path, 'reports');
  latest = join(reports, 'latest');
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 10, minute));
const write = (run: Run, masker = sampleMasker()) => writeReports(run, masker, reportFiles, { reports, keep: 50 });
const copied = (name: string) => readFile(join(latest, name), 'utf8');
const startOf = async () => JSON.parse(await copied('result.json')).startedAt;

describe('reports/latest', () => {
  test('is a copy of the newest run, whatever it was', async () => {
    await write(healthyRun({ startedAt: at(1) }));
    const { paths } = await write(failedMintRun({ command: 'collection', startedAt: at(2) }));
    expect((await readdir(latest)).sort()).toEqual(FILES);
    for (const path of Object.values(paths) as string[]) {
      expect(await copied(path.slice(path.lastIndexOf('/') + 1))).toBe(await readFile(path, 'utf8'));
    }
    expect(await startOf()).toBe(at(2).toISOString());
  });

  test('is no run: neither listed nor counted nor removed', async () => {
    for (const minute of [1, 2, 3])
      await writeReports(healthyRun({ startedAt: at(minute) }), sampleMasker(), reportFiles, { reports, keep: 2 });
    expect((await readdir(reports)).sort()).toEqual(
      [reportFolderName(at(2), 'iat'), reportFolderName(at(3), 'iat'), 'index.html', 'latest'].sort(),
    );
    expect(await readFile(join(reports, 'index.html'), 'utf8')).toContain('2 runs, newest first');
    expect((await reportFiles.runs(reports)).map(({ name }) => name)).not.toContain('latest');
  });

  test('is there for a run that is cut short, without the page of the one before', async () => {
    await write(healthyRun({ startedAt: at(1) }));
    const run = failedMintRun({ startedAt: at(2) });
    const { folder } = writeReportsNow(run, sampleMasker(), reportFiles, reports);
    expect(await readdir(latest)).toEqual(await readdir(folder ?? ''));
    expect(await startOf()).toBe(at(2).toISOString());
  });

  test('goes where a report held a secret: an older one would be taken for this run', async () => {
    await write(healthyRun({ startedAt: at(1) }));
    class Blind extends Masker {
      override mask(text: string): string {
        return text;
      }
    }
    const blind = new Blind();
    blind.add(new Secret('test-only-seen-0001', 'IAT'));
    const leaking = healthyRun({ startedAt: at(2), warnings: ['test-only-seen-0001'] });
    await expect(write(leaking, blind)).rejects.toMatchObject({ code: 'leak' });
    expect(existsSync(latest)).toBe(false);
  });

  test('keeps what was added to it', async () => {
    await write(healthyRun({ startedAt: at(1) }));
    await writeFile(join(latest, 'notes.txt'), 'read by QA');
    await write(healthyRun({ startedAt: at(2) }));
    expect(await copied('notes.txt')).toBe('read by QA');
    expect(await startOf()).toBe(at(2).toISOString());
  });

  test.for([
    ['a folder with a page', (dir: string) => mkdir(dir).then(() => writeFile(join(dir, 'index.html'), 'my site'))],
    ['a file', (dir: string) => writeFile(dir, 'my site')],
    [
      'a link to a folder',
      async (dir: string) => {
        await mkdir(`${dir}-elsewhere`);
        await symlink(`${dir}-elsewhere`, dir, 'junction');
      },
    ],
    ['a pipe as result', (dir: string) => mkdir(join(dir, 'result.json'), { recursive: true })],
  ] as const)('of other origin stays, and that is said: %s', async ([, make]) => {
    await mkdir(reports);
    await make(latest);
    const { notes } = await write(healthyRun({ startedAt: at(1) }));
    expect(notes).toEqual([`${latest} was not written by this tool and stays as it is.`]);
    expect(existsSync(`${latest}-elsewhere`) ? await readdir(`${latest}-elsewhere`) : []).toEqual([]);
    if (existsSync(join(latest, 'index.html'))) expect(await copied('index.html')).toBe('my site');
  });

  test('never writes through a link in it', async () => {
    await write(healthyRun({ startedAt: at(1) }));
    const mine = join(reports, 'mine.txt');
    await writeFile(mine, 'mine');
    await rm(join(latest, 'junit.xml'));
    await symlink(mine, join(latest, 'junit.xml'));
    await write(healthyRun({ startedAt: at(2) }));
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect(await copied('junit.xml')).toContain('<testsuites');
  });

  test('a file of it that cannot be replaced is no failure of the run', async () => {
    await write(healthyRun({ startedAt: at(1) }));
    await rm(join(latest, 'junit.xml'));
    await mkdir(join(latest, 'junit.xml', 'x'), { recursive: true });
    const { notes } = await write(healthyRun({ startedAt: at(2) }));
    expect(notes).toEqual([`${latest} could not be updated.`]);
  });

  test('is one whole set whenever runs end at once', async () => {
    const runs = [1, 2, 3].map((number) => join(reports, `run-${number}`));
    for (const run of runs) {
      await mkdir(run, { recursive: true });
      for (const name of FILES) await writeFile(join(run, name), JSON.stringify({ schema: 1, command: run }));
    }
    // Each round is let go for all threads at the same moment: [0] is the round, [1] how many have ended it.
    const turns = new Int32Array(new SharedArrayBuffer(8));
    await bundle(reports, [fileURLToPath(new URL('../../scripts/platform/latest-report.ts', import.meta.url))]);
    const code = `
      const { workerData: { turns, reports, run, rounds } } = require('node:worker_threads');
      import(${JSON.stringify(pathToFileURL(join(reports, 'latest-report.mjs')).href)}).then(({ copyToLatest }) => {
        for (let round = 1; round <= rounds; round++) {
          Atomics.wait(turns, 0, round - 1);
          try {
            copyToLatest(reports, run);
          } finally {
            Atomics.add(turns, 1, 1);
            Atomics.notify(turns, 1);
          }
        }
      });`;
    const rounds = 150;
    const threads = runs.map((run) => new Worker(code, { eval: true, workerData: { turns, reports, run, rounds } }));
    const ended = Promise.all(threads.map((thread) => once(thread, 'exit')));
    let mixed = 0;
    for (let round = 1; round <= rounds; round++) {
      Atomics.store(turns, 0, round);
      Atomics.notify(turns, 0);
      for (let done = 0; done < round * runs.length; done = Atomics.load(turns, 1)) Atomics.wait(turns, 1, done, 1_000);
      const owners = FILES.map((name) => JSON.parse(readFileSync(join(latest, name), 'utf8')).command);
      if (new Set(owners).size > 1) mixed++;
    }
    await ended;
    expect(mixed).toBe(0);
    expect((await readdir(latest)).sort()).toEqual(FILES);
  });
});
