import process from 'node:process';
import { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { RunName } from '../../scripts/cli/commands.ts';
import { execute } from '../../scripts/cli/execute.ts';
import { workOf } from '../../scripts/cli/main.ts';
import { openSession, readCommandLine, type Session } from '../../scripts/cli/session.ts';
import type { Sandbox } from '../../scripts/cli/wiring.ts';
import { BIN } from '../../scripts/core/callers.ts';
import type { Run } from '../../scripts/core/result.ts';
import type { CommandOptions, Ended } from './command.ts';
import { startSharedWorker } from './shared-worker.ts';

export interface OpenHere {
  readonly session: Session;
  readonly read: Awaited<ReturnType<typeof readCommandLine>>;
  /** Writes where the command prints. */
  print(text: string): void;
  /** All that was printed. */
  output(): Pick<Ended, 'stdout' | 'stderr' | 'all'>;
}

/** A stand-in for `process` with captured output. */
export function inProcess(
  args: readonly string[],
  { cwd, env = {}, input = '', caller }: Partial<CommandOptions> = {},
) {
  const texts = { stdout: '', stderr: '', all: '' };
  const capture = (name: 'stdout' | 'stderr') => {
    const write = (chunk: Buffer, _: string, done: () => void) => {
      texts[name] += chunk.toString();
      texts.all += chunk.toString();
      done();
    };
    return new Writable({ write }) as unknown as NodeJS.WriteStream;
  };
  return {
    process: {
      ...(caller === 'npx' ? { [BIN]: true } : {}),
      argv: ['node', 'entry', ...args],
      env: { ...env },
      cwd: () => cwd ?? process.cwd(),
      stdin: Readable.from([Buffer.from(input)]) as unknown as NodeJS.ReadStream,
      stdout: capture('stdout'),
      stderr: capture('stderr'),
      platform: process.platform,
      exitCode: undefined as unknown,
      on: () => process,
      exit: (): never => {
        throw new Error('the process would have ended');
      },
    },
    output: () => ({ ...texts }),
  };
}

/** A command in this process up to where its work begins, with captured output. */
export async function openHere(args: readonly string[], options: CommandOptions): Promise<OpenHere> {
  const { command = 'iat' } = options;
  const { process, output } = inProcess(args, options);
  const opened = openSession(process, command);
  const session = { ...opened, outside: { ...opened.outside, startNewmanWorker: startSharedWorker } };
  onTestFinished(() => session.outside.host.interruption.release());
  const read = await readCommandLine(command, session);
  return { session, read, print: (text) => process.stdout.write(text), output };
}

export interface EndedHere extends Ended {
  /** What the reports are made of. */
  readonly run: Run;
}

/**
 * Runs a command in this process to its end: without the second that a process of its own takes to start, and against a
 * sandbox that is there already. The demo, which tells a story of several runs, is not among these commands.
 */
export async function runHere(
  args: readonly string[],
  options: CommandOptions & {
    readonly command?: RunName;
    readonly sandbox?: Sandbox;
  },
): Promise<EndedHere> {
  const { command = 'iat', sandbox } = options;
  const { session, read, output } = await openHere(args, options);
  if (read.kind === 'print') throw new Error(`It only prints:\n${read.text}`);
  const work = workOf(command, session, read);
  const run = await execute(session, sandbox === undefined ? work : { ...work, sandbox });
  session.outside.host.interruption.release();
  return { run, exitCode: run.exitCode, ...output() };
}
