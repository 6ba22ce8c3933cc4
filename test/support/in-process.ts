import process from 'node:process';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Session } from '../../scripts/cli/session.ts';
import { openSession, readCommandLine } from '../../scripts/cli/session.ts';

export interface Captured {
  readonly session: Session;
  readonly read: Extract<Awaited<ReturnType<typeof readCommandLine>>, { kind: 'run' }>;
  /** Writes where the command prints. */
  print(text: string): void;
  /** What was printed since the last time. */
  output(): { readonly stdout: string; readonly stderr: string };
}

/** A command in this process with a command line, an environment and a folder of its own, and with captured output. */
export async function openCaptured(
  command: Parameters<typeof readCommandLine>[0],
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string | undefined>> },
): Promise<Captured> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const session = openSession({
    argv: ['node', command, ...args],
    env: { ...env },
    cwd: () => cwd,
    stdin: process.stdin,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    platform: process.platform,
    on: () => process,
    exit: () => {
      throw new Error('the process would have ended');
    },
  });
  onTestFinished(() => session.outside.host.interruption.release());
  const read = await readCommandLine(command, session);
  if (read.kind === 'print') throw new Error('only printed');
  return {
    session,
    read,
    print: (text) => stdout.write(text),
    output: () => ({ stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }),
  };
}
