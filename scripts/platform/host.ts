import { readFileSync } from 'node:fs';
import { arch, hostname } from 'node:os';
import self, { version } from 'node:process';
import { fileURLToPath } from 'node:url';
import { BIN, type Caller } from '../core/callers.ts';
import { catchInterruption } from './signals.ts';
import { copyEnvironment } from './windows-variables.ts';

/** How long something still open (an idle connection) may keep the process after its work is done. */
const LINGER_MS = 100;

const HANDED_OVER = Symbol.for('IAT_ADMIN_TOKEN');

/** What a process hands over: `process` itself in an entry. */
export interface Process extends Pick<NodeJS.Process, 'argv' | 'env' | 'cwd' | 'platform' | 'exit' | 'on'> {
  readonly execArgv?: readonly string[];
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** The process as the rest of the program sees it. */
export interface Host {
  /** The command line without node and script. */
  readonly args: readonly string[];
  /** The options of Node.js that stand before the script. */
  readonly nodeOptions: readonly string[];
  /** The user's environment, without the admin token: children inherit it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What IAT_ADMIN_TOKEN held; null: it was not set. */
  readonly adminToken: string | null;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly platform: NodeJS.Platform;
  /** "Node 20.20.2, linux x64, host build-7": for people. */
  readonly title: string;
  /** Of this package. */
  readonly version: string;
  readonly packageFolder: string;
  readonly caller: Caller;
  readonly interruption: ReturnType<typeof catchInterruption>;
  /** Whether the whole process was handed over, and not a part of another program's. */
  readonly isWhole: boolean;
  /**
   * An uncaught error goes to `report` instead of being printed raw by Node; then the process ends with code 3, unless
   * `report` says that a run ends itself with it.
   */
  catchCrash(report: (error: unknown) => 'end' | 'run-ends'): void;
  /** Stops handling signals, and ends the process even if something is still open. */
  leave(): void;
}

/**
 * Takes the process over. The admin token leaves the environment at once, because child processes inherit the
 * environment and `process.report` prints it.
 */
export function openHost(process: Process): Host {
  // run.mjs takes it out before it starts anything itself.
  const kept = (process as { readonly [HANDED_OVER]?: string })[HANDED_OVER];
  const adminToken = process.env['IAT_ADMIN_TOKEN'] || kept || null;
  delete process.env['IAT_ADMIN_TOKEN'];
  const interruption = catchInterruption();
  return {
    args: process.argv.slice(2),
    nodeOptions: process.execArgv ?? [],
    env: copyEnvironment(process.env, process.platform),
    adminToken,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    platform: process.platform,
    title: `Node ${version.slice(1)}, ${process.platform} ${arch()}, host ${hostname()}`,
    version: readVersion(),
    packageFolder: fileURLToPath(PACKAGE),
    caller: (process as { readonly [BIN]?: true })[BIN] === true ? 'npx' : 'npm',
    interruption,
    isWhole: process === self,
    catchCrash(report) {
      const end = (error: unknown) => {
        if (report(error) === 'end') process.exit(3);
      };
      process.on('uncaughtException', end).on('unhandledRejection', end);
    },
    leave() {
      interruption.release();
      setTimeout(() => process.exit(), LINGER_MS).unref();
    },
  };
}

const PACKAGE = new URL('../..', import.meta.url);

function readVersion(): string {
  const text = readFileSync(new URL('package.json', PACKAGE), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
