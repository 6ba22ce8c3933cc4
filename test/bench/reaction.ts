import { execa } from 'execa';
import { type ContainerBff, openContainerBff } from './container-bff.ts';
import { median } from './measure.ts';
import type { Row } from './row.ts';

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
    verdict: /refuses the token that was minted/,
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
 * How long after the moment itself the verdict is on the terminal, with the reports written: a real container that tells
 * the moment by its own clock, which is this machine's, and the real command. Needs Docker and its compose.
 */
export const benchReaction: Row = async ({ rounds }) => {
  const bff = await openContainerBff();
  try {
    for (const each of CASES) {
      const times: number[] = [];
      // The first one warms caches up.
      for (let round = 0; round <= (rounds ?? 7); round++) {
        const ms = await measure(each, bff);
        if (round > 0) times.push(ms);
      }
      const range = `${Math.min(...times)} to ${Math.max(...times)}`;
      const is = median(times) <= each.budgetMs ? '≤' : 'OVER';
      console.log(`${String(median(times)).padStart(8)} ms ${is} ${each.budgetMs} ms (${range})   ${each.name}`);
    }
  } finally {
    await bff.close();
  }
};

/** Milliseconds from the moment to the end of what the command says, which is the path of the report. */
async function measure({ name, script, verdict, exitCode }: Case, bff: ContainerBff): Promise<number> {
  const { command, cwd, env, prepare } = await bff.job(name, `${NOW} ${AFTER} ${SERVE} ${script}`);
  await prepare();
  const [program, ...args] = command;
  const child = execa(program, args, { cwd, env: { ...env }, extendEnv: false, all: true, reject: false });
  let saidAt = 0;
  let seen = '';
  child.all.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    if (saidAt === 0 && seen.includes('Report: ')) saidAt = Date.now();
  });
  const end = await child;
  const log = await bff.lastLines();
  const moment = Number(/moment (\d+)(?![\s\S]*moment)/.exec(log)?.[1]);
  if (end.exitCode !== exitCode || !verdict.test(seen.replace(/\s+/g, ' ')) || Number.isNaN(moment))
    throw new Error(`${name}: it ended with ${end.exitCode}:\n${seen}\n${log}`);
  return saidAt - moment;
}
