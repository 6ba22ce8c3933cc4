import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Contender, type Cost, measureInTurn, median } from './measure.ts';
import { startStandIn } from './stand-in.ts';

/**
 * `npm run bench [-- ROUNDS [COMMAND...]]`: the main job against the same by a shell script, with an IdP, a compose and a BFF
 * that answer at once. A further COMMAND in place of the one behind `npm run iat`, such as
 * `node --import tsx scripts/iat.ts`, is measured beside it. Linux, with GNU time.
 */
const [rounds = '7', ...others] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
const standIn = await startStandIn();

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
  URL: standIn.url,
};
const prepare = async () => {
  await writeFile(compose, COMPOSE_FILE);
  await writeFile(join(folder, 'container'), `${'0'.repeat(64)} none\n`);
};
const urls = ['--idp-url', standIn.url, '--bff-url', standIn.url];
const options = ['-f', compose, ...urls, '--stable-for', '0', '--reports', join(folder, 'reports')];
const job = (command: string): Contender => ({
  name: command,
  command: [...words(command), ...options],
  cwd: root,
  env,
  prepare,
});
const byHand: Contender = {
  name: 'newman, sed, compose, newman',
  command: [join(here, 'by-hand.sh')],
  cwd: root,
  env,
  prepare,
};

try {
  console.log(
    `Node ${process.version}, ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}, medians of ${rounds} runs`,
  );
  const contenders = [byHand, job(await npmScript('iat')), ...others.map(job)];
  print(byHand.name, await measureInTurn(contenders, Number(rounds)));
} finally {
  standIn.close();
  await rm(folder, { recursive: true });
}

/** The command behind `npm run NAME`, without npm's own half second. */
async function npmScript(name: string): Promise<string> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { scripts: Record<string, string> }).scripts[name] ?? '';
}

function words(command: string): [string, ...string[]] {
  const [first = '', ...rest] = command.split(' ');
  return [first === 'node' ? process.execPath : first, ...rest];
}

/** One line each, with how it compares to the first. */
function print(first: string, costs: Map<string, Cost[]>): void {
  const medians = (name: string) => {
    const all = costs.get(name) ?? [];
    const of = (what: keyof Cost) => median(all.map((cost) => cost[what]));
    return [of('wall') / 1_000, of('cpu') / 1_000, of('memory')] as const;
  };
  const base = medians(first);
  console.log(`${'wall'.padStart(14)}${'CPU'.padStart(16)}${'peak memory'.padStart(18)}   command`);
  for (const name of costs.keys()) {
    const cells = medians(name).map((value, index) => {
      const unit = index === 2 ? `${value.toFixed(0)} MB` : `${value.toFixed(2)} s`;
      return `${unit} ×${(value / (base[index] ?? 1)).toFixed(2)}`;
    });
    console.log(`${cells[0]?.padStart(14)}${cells[1]?.padStart(16)}${cells[2]?.padStart(18)}   ${name}`);
  }
}
