import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { startApi, toCollection } from './large-collection.ts';
import { type Contender, measureInTurn, median } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { printCosts } from './print-costs.ts';
import type { Row } from './row.ts';

const REQUESTS = 2_000;

/** The report that QA people know. Installed for the row alone: it pins a handlebars with known holes. */
const HTMLEXTRA = 'newman-reporter-htmlextra@1.23.1';

const EXTRA = 'newman run -r htmlextra';
const BARE = 'newman run';

/**
 * A collection of 2,000 requests with the report, beside Newman with htmlextra's report and Newman without one. After the last
 * request is what a contender does when all answers are there: the rendering, and its own end.
 */
export const benchReport: Row = async ({ rounds, also }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const collection = join(folder, 'collection.json');
  const reports = join(folder, 'reports');
  const extra = join(reports, 'htmlextra.html');
  const api = await startApi();
  try {
    installHtmlextra(folder);
    await writeFile(collection, toCollection(api.url, REQUESTS));
    const prepare = () => rm(reports, { recursive: true, force: true });
    const after = new Map<string, number[]>();
    const size = new Map<string, number>();
    const contender = (name: string, command: Contender['command']): Contender => ({
      name,
      command,
      cwd: root,
      env: process.env,
      prepare,
      async done() {
        after.set(name, [...(after.get(name) ?? []), api.sinceLastRequest()]);
        size.set(name, await sizeOfPage(reports));
      },
    });
    const newman = (...args: string[]) => [process.execPath, join(folder, NEWMAN), 'run', collection, ...args] as const;
    const own = (command: string) => contender(command, [...words(command), collection, '--reports', reports]);
    const contenders = [
      contender(EXTRA, [...newman('-r', 'htmlextra', '--reporter-htmlextra-export', extra)]),
      contender(BARE, [...newman()]),
      ...[await npmScript('collection'), ...also].map(own),
    ];
    printCosts(EXTRA, await measureInTurn(contenders, rounds ?? 3));
    const base = size.get(EXTRA) ?? Number.NaN;
    console.log(`${'page'.padStart(14)}${'after the last request'.padStart(26)}   command`);
    for (const { name } of contenders) {
      const bytes = size.get(name) ?? 0;
      const page = bytes === 0 ? 'none' : `${(bytes / 1e6).toFixed(2)} MB 1/${(base / bytes).toFixed(0)}`;
      const seconds = `${(median(after.get(name)?.slice(1) ?? []) / 1_000).toFixed(2)} s`;
      console.log(`${page.padStart(14)}${seconds.padStart(26)}   ${name}`);
    }
  } finally {
    api.close();
    await rm(folder, { recursive: true });
  }
};

const NEWMAN = 'node_modules/newman/bin/newman.js';

/** Newman finds reporters beside itself, so it is installed there as well, in the version of this project. */
function installHtmlextra(folder: string): void {
  const { version } = createRequire(import.meta.url)('newman/package.json') as { version: string };
  const options = ['--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  execFileSync('npm', ['install', ...options, `newman@${version}`, HTMLEXTRA], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Bytes of the one page in the folder or a folder in it; 0: there is none. */
async function sizeOfPage(reports: string): Promise<number> {
  const entries = await readdir(reports, { withFileTypes: true, recursive: true }).catch(() => []);
  const pages = entries.filter(
    ({ name, parentPath }) => /\.html$/.test(name) && !(name === 'index.html' && parentPath === reports),
  );
  const sizes = await Promise.all(pages.map(async ({ name, parentPath }) => (await stat(join(parentPath, name))).size));
  return Math.max(0, ...sizes);
}
