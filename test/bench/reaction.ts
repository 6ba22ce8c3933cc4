import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { provideNodeImage } from '../support/docker-image.ts';
import { median } from './measure.ts';
import type { Row } from './row.ts';
import { startStandIn } from './stand-in.ts';

/** What a BFF does, and which words of the command are the verdict. */
interface Case {
  readonly name: string;
  /** Runs in the container; `now(line)` writes a line and notes that this is the moment. */
  readonly script: string;
  readonly verdict: RegExp;
  readonly exitCode: number;
  readonly budgetMs: number;
}

const REGISTERED = "console.log('Client registered: bff-server');";
const SERVE =
  'const up = (status) => http.createServer((request, response) => response.writeHead(status()).end(\'{"keys":[{"kid":"bff-sig-001"}]}\')).listen(8000, () => now(\'Uvicorn running on http://0.0.0.0:8000\'));';
const AFTER = 'const after = (ms, act) => setTimeout(act, ms * (0.7 + Math.random() * 0.6));';
const NOW = "const now = (line) => fs.writeSync(1, line + '\\nmoment ' + Date.now() + '\\n');";

const CASES: readonly Case[] = [
  {
    name: 'BFF healthy → verdict',
    script: `after(1500, () => { ${REGISTERED} after(500, () => up(() => 200)); });`,
    verdict: /Healthy\./,
    exitCode: 0,
    budgetMs: 300,
  },
  {
    name: 'BFF healthy after 503 → verdict',
    script: `${REGISTERED} let status = 503; up(() => status); after(3000, () => { status = 200; now(''); });`,
    verdict: /Healthy\./,
    exitCode: 0,
    budgetMs: 300,
  },
  {
    name: 'fatal line → verdict',
    script: `after(1500, () => now('ERROR dcr Client registration failed: 401 {"error":"invalid_token"}')); setInterval(() => {}, 1000);`,
    verdict: /does not accept the IAT/,
    exitCode: 1,
    budgetMs: 500,
  },
  {
    name: 'exit without a word → verdict',
    script: `after(1500, () => { now(''); process.exit(3); });`,
    verdict: /exited with code 3/,
    exitCode: 1,
    budgetMs: 1_000,
  },
];

/**
 * How long after the moment itself the verdict stands on the terminal, with the reports written: a real container that tells
 * the moment by its own clock, which is this machine's, and the real command. Needs Docker and its compose.
 */
export const benchReaction: Row = async ({ rounds }) => {
  const image = await provideNodeImage();
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-reaction-'));
  const standIn = await startStandIn();
  const compose = join(folder, 'docker-compose.yml');
  try {
    for (const each of CASES) {
      const times: number[] = [];
      // The first one warms caches up.
      for (let round = 0; round <= (rounds ?? 7); round++) {
        const port = await freePort();
        await writeFile(compose, render(image, port, each));
        const ms = await measure(each, { compose, folder, idp: standIn.url, bff: `http://127.0.0.1:${port}` });
        if (round > 0) times.push(ms);
      }
      const range = `${Math.min(...times)} to ${Math.max(...times)}`;
      const is = median(times) <= each.budgetMs ? '≤' : 'OVER';
      console.log(`${String(median(times)).padStart(8)} ms ${is} ${each.budgetMs} ms (${range})   ${each.name}`);
    }
  } finally {
    standIn.close();
    await execa('docker', ['compose', '-f', compose, 'down', '-t', '0'], { reject: false });
    await rm(folder, { recursive: true });
  }
};

interface Place {
  readonly compose: string;
  readonly folder: string;
  readonly idp: string;
  readonly bff: string;
}

/** Milliseconds from the moment to the verdict on standard output. */
async function measure({ name, verdict, exitCode }: Case, { compose, folder, idp, bff }: Place): Promise<number> {
  const urls = ['--idp-url', idp, '--bff-url', bff];
  const collection = ['--collection', join(ROOT, 'collections/EmpowerNow.postman_collection.json')];
  const args = ['-f', compose, ...urls, ...collection, '--stable-for', '0', '--reports', join(folder, 'reports')];
  const child = execa(process.execPath, [...FLAGS, join(ROOT, 'scripts/run.mjs'), 'iat', ...args], {
    cwd: folder,
    env: { IAT_ADMIN_TOKEN: 'bench-only-admin-token', NO_COLOR: '1' },
    all: true,
    reject: false,
  });
  let saidAt = 0;
  let seen = '';
  child.all.on('data', (chunk: Buffer) => {
    const at = Date.now();
    seen += chunk.toString();
    if (saidAt === 0 && /Report: /.test(seen)) saidAt = at;
  });
  const end = await child;
  const { stdout } = await execa('docker', ['compose', '-f', compose, 'logs', '--no-log-prefix', 'bff']);
  const moment = Number(/moment (\d+)(?![\s\S]*moment)/.exec(stdout)?.[1]);
  if (end.exitCode !== exitCode || !verdict.test(seen.replace(/\s+/g, ' ')) || Number.isNaN(moment))
    throw new Error(`${name}: it ended with ${end.exitCode}:\n${seen}\n${stdout}`);
  return saidAt - moment;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** As in `npm run iat`. */
const FLAGS = ['--max-semi-space-size=8'];

function render(image: string, port: number, { script }: Case): string {
  const command = ['node', '-e', `${NOW} ${AFTER} ${SERVE} ${script}`.replaceAll('$', '$$$$')];
  return `services:
  bff:
    image: ${image}
    command: ${JSON.stringify(command)}
    init: true
    ports: ["127.0.0.1:${port}:8000"]
    environment:
      DCR_ENABLED: "true"
      SKIP_DCR_BOOTSTRAP: "false"
      ALLOW_BOOTSTRAP_FAILURE: "false"
      IDP_BASE_URL: http://idp
      DCR_IAT: "bench-only-used-initial-access-token"
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
