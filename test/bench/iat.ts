import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Contender, measureInTurn } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { printCosts } from './print-costs.ts';
import type { Row } from './row.ts';
import { startStandIn } from './stand-in.ts';

/**
 * The main job against the same by a shell script, with an IdP, a compose and a BFF that answer at once. A further command
 * takes the place of the one behind `npm run iat`.
 */
export const benchIat: Row = async ({ rounds, also }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const standIn = await startStandIn();
  try {
    const toContender = contenders(folder, standIn.url);
    const all = [toContender(BY_HAND), ...[await npmScript('iat'), ...also].map(toContender)];
    printCosts(BY_HAND, await measureInTurn(all, rounds ?? 7));
  } finally {
    standIn.close();
    await rm(folder, { recursive: true });
  }
};

const here = fileURLToPath(new URL('.', import.meta.url));
const BY_HAND = 'newman, sed, compose, newman';
const COMPOSE_FILE = `services:
  bff:
    image: bff
    environment:
      DCR_ENABLED: "true"
      SKIP_DCR_BOOTSTRAP: "false"
      IDP_BASE_URL: http://idp
      DCR_IAT: "bench-only-used-initial-access-token"
      ALLOW_BOOTSTRAP_FAILURE: "false"
`;

/** A contender of a command: the script by hand, or a job with the options that stand for the same. */
function contenders(folder: string, url: string): (command: string) => Contender {
  const compose = join(folder, 'docker-compose.yml');
  const env = {
    ...process.env,
    PATH: `${join(here, 'bin')}${delimiter}${process.env['PATH']}`,
    IAT_ADMIN_TOKEN: 'bench-only-admin-token',
    BENCH_FOLDER: folder,
    // For the script.
    NEWMAN: `${process.execPath} ${join(root, 'node_modules/newman/bin/newman.js')}`,
    COLLECTION: join(root, 'collections/EmpowerNow.postman_collection.json'),
    COMPOSE: compose,
    URL: url,
  };
  const prepare = async () => {
    await writeFile(compose, COMPOSE_FILE);
    await writeFile(join(folder, 'container'), `${'0'.repeat(64)} none\n`);
  };
  const urls = ['--idp-url', url, '--bff-url', url];
  const options = ['-f', compose, ...urls, '--stable-for', '0', '--reports', join(folder, 'reports')];
  return (name) => ({
    name,
    command: name === BY_HAND ? [join(here, 'by-hand.sh')] : [...words(name), ...options],
    cwd: root,
    env,
    prepare,
  });
}
