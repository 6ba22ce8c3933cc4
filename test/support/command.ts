import process from 'node:process';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import type { ResultDocument } from '../../scripts/report/result-json.ts';

export interface CommandOptions {
  readonly cwd: string;
  /** All that the process gets: whoever runs the tests may have settings for the real thing. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default `iat`. */
  readonly command?: string;
  /** What stands on standard input; default: nothing, and it is closed. */
  readonly input?: string;
}

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly all: string;
  readonly durationMs: number;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the output, broken into no lines, matches; rejects when the process ends without. */
  prints(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** What `npm run` runs, from any folder. */
export const RUN = new URL('../../scripts/run.mjs', import.meta.url).pathname;

/** Starts a command as its own process, in a process group of its own; it ends with the test. */
export function startCommand(args: readonly string[], options: CommandOptions): Running {
  const child = execa(process.execPath, [RUN, options.command ?? 'iat', ...args], {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    all: true,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    detached: true,
    cleanup: false,
    stripFinalNewline: false,
  });
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    if (isGroupAlive(pid)) process.kill(-pid, 'SIGKILL');
  });
  let seen = '';
  const ended = child.then(({ exitCode, stdout, stderr, all, durationMs }) => ({
    exitCode,
    stdout: String(stdout ?? ''),
    stderr: String(stderr ?? ''),
    all: String(all ?? ''),
    durationMs,
  }));
  child.all.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  return {
    pid,
    kill: (signal) => process.kill(pid, signal),
    ended,
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(seen.replace(/\s+/g, ' '))) resolve();
        };
        child.all.on('data', look);
        look();
        void ended.then(() => reject(new Error(`It ended without ${pattern}:\n${seen}`)));
      }),
  };
}

/** Runs a command to its end. */
export function runCommand(args: readonly string[], options: CommandOptions): Promise<Ended> {
  return startCommand(args, options).ended;
}

/** Resolves when no process of the group is there any more: they tell nobody but their parent. */
export async function groupEnds(pid: number): Promise<void> {
  while (isGroupAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

/** The one document on stdout; throws where there is anything else. */
export function documentOf({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): ResultDocument {
  try {
    return JSON.parse(stdout) as ResultDocument;
  } catch {
    throw new Error(`stdout is not one JSON document:\n${stdout}\n${stderr}`);
  }
}
