import { spawn } from 'node:child_process';

/** What one run of a program cost, with all that it started and waited for. */
export interface Cost {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of user and system time. */
  readonly cpu: number;
  /** Megabytes: the peak resident set of the largest process. */
  readonly memory: number;
}

/** A program to measure. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Brings the world back to where a run starts. */
  prepare(): Promise<void>;
  /** Called at the end of each run, the one that does not count included. */
  done?(): Promise<void>;
}

/**
 * Runs the contenders in turn, `rounds` times after one round that warms caches up and does not count. On a busy machine
 * only runs side by side can be compared.
 *
 * @throws Error when a program ends with anything but 0
 */
export async function measureInTurn(contenders: readonly Contender[], rounds: number): Promise<Map<string, Cost[]>> {
  const costs = new Map(contenders.map(({ name }) => [name, [] as Cost[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      await contender.prepare();
      const cost = await measure(contender);
      await contender.done?.();
      if (round > 0) costs.get(contender.name)?.push(cost);
    }
  }
  return costs;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
}

/** GNU time knows what the kernel counted: nothing is sampled, and nothing missed. */
async function measure({ name, command, cwd, env }: Contender): Promise<Cost> {
  const format = '\nmeasured: %e %U %S %M';
  const startedAt = performance.now();
  const child = spawn('time', ['-f', format, ...command], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(new Error('GNU time is missing: apt-get install time', { cause: error })));
    child.once('close', resolve);
  });
  const wall = performance.now() - startedAt;
  const [, , user, system, peak] = /measured: (\S+) (\S+) (\S+) (\d+)\s*$/.exec(stderr) ?? [];
  if (code !== 0 || peak === undefined) throw new Error(`${name} ended with ${code}:\n${stderr}`);
  return { wall, cpu: (Number(user) + Number(system)) * 1_000, memory: Number(peak) / 1024 };
}
