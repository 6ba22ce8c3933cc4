import process from 'node:process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import type { CommandName } from '../../scripts/cli/commands.ts';
import type { ResultDocument } from '../../scripts/report/result-json.ts';

/** How a command is started, whether as a process, in this process (in-process.ts) or on a terminal (terminal.ts). */
export interface CommandOptions {
  /** Default `iat`. */
  readonly command?: CommandName;
  readonly cwd: string;
  /** `npx`: as by the bin of the package; only in this process (in-process.ts). */
  readonly caller?: 'npx';
  /** The whole environment: the person who runs the tests may have settings for the real thing. */
  readonly env?: Readonly<Record<string, string>>;
  /** All of standard input, which is closed after it; default: nothing. A terminal is typed on instead. */
  readonly input?: string;
}

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly all: string;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the output, with its line breaks as blanks, matches; rejects when the process ends without. */
  prints(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** What `npm run` runs, from any folder. */
export const RUN = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));

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
  const ended = child.then(({ exitCode, stdout, stderr, all }) => ({
    exitCode,
    stdout: String(stdout ?? ''),
    stderr: String(stderr ?? ''),
    all: String(all ?? ''),
  }));
  const output = watchOutput(child.all, ended);
  return {
    pid,
    kill: (signal) => process.kill(pid, signal),
    ended,
    prints: (pattern) => output.until((text) => pattern.test(text.replace(/\s+/g, ' ')), String(pattern)),
  };
}

/** Runs a command to its end. */
export function runCommand(args: readonly string[], options: CommandOptions): Promise<Ended> {
  return startCommand(args, options).ended;
}

/** The text that a process has written so far, and a way to wait for some. */
export function watchOutput(stream: Readable, ended: Promise<unknown>) {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    text: () => text,
    /** @throws Error when the process ends without */
    until: (isThere: (text: string) => boolean, wanted: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!isThere(text)) return;
          stream.off('data', look);
          resolve();
        };
        stream.on('data', look);
        look();
        void ended.then(() => reject(new Error(`It ended without ${wanted}:\n${text}`)));
      }),
  };
}

/** Resolves when no process of the group is left: only their parent would be told. */
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

/** This process's environment without settings for the real thing: for commands that call Docker. */
export function ownEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(IAT|COMPOSE|npm|DCR|VITEST|NODE)_?/.test(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
}
