import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Contender, measureInTurn } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { printCosts } from './print-costs.ts';
import type { Row } from './row.ts';

const BARE = 'node -e 0';

/** From the command line to `--help`: Node alone, the script of a clone, and the bin of the package, installed from its tarball. */
export const benchStart: Row = async ({ rounds, also }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  try {
    execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: root, stdio: 'ignore' });
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
    execFileSync('npm', ['install', '--no-save', '--prefix', folder, join(folder, tarball)], { stdio: 'ignore' });
    const contender = (name: string, command: Contender['command']): Contender => {
      return { name, command, cwd: root, env: process.env, prepare: async () => {} };
    };
    const contenders = [
      contender(BARE, [process.execPath, '-e', '0']),
      ...[await npmScript('iat'), ...also].map((each) => contender(each, [...words(each), '--help'])),
      contender('bff-iat iat', [join(folder, 'node_modules', '.bin', 'bff-iat'), 'iat', '--help']),
    ];
    printCosts(BARE, await measureInTurn(contenders, rounds ?? 5));
  } finally {
    await rm(folder, { recursive: true });
  }
};
