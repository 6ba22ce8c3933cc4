import { existsSync } from 'node:fs';
import process from 'node:process';
import { execa } from 'execa';
import { describe, onTestFinished } from 'vitest';
import { type CommandOptions, RUN, watchOutput } from './command.ts';

/** Of util-linux: it gives a command a terminal of its own, and passes on what comes on its standard input. */
const SCRIPT = '/usr/bin/script';

const COLUMNS = 80;

/** A command on a terminal. */
export interface OnTerminal {
  /** What a person types or pastes. */
  type(text: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the output matches; rejects when the command ends without. */
  shows(pattern: RegExp): Promise<void>;
  /** All that the terminal got, with its control sequences. */
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly output: string }>;
}

/** Whether a terminal can be made here. */
export function hasTerminal(): boolean {
  return process.platform === 'linux' && existsSync(SCRIPT);
}

/** A suite that needs a terminal; skipped with a line that says so where none can be made. */
export function describeInTerminal(name: string, body: () => void): void {
  const isThere = hasTerminal();
  if (!isThere) process.stderr.write(`SKIPPED: "${name}", because there is no ${SCRIPT} of util-linux here.\n`);
  describe.skipIf(!isThere)(name, body);
}

export function startInTerminal(args: readonly string[], options: Omit<CommandOptions, 'input'>): OnTerminal {
  return startProgramInTerminal([process.execPath, RUN, options.command ?? 'iat', ...args], options);
}

/** Any program, such as a shell. */
export function startProgramInTerminal(
  words: readonly string[],
  options: Pick<CommandOptions, 'cwd' | 'env'>,
): OnTerminal {
  const command = words.map((each) => `'${each}'`).join(' ');
  const child = execa(SCRIPT, ['-qefc', `/bin/stty cols ${COLUMNS}; echo "PID $$"; exec ${command}`, '/dev/null'], {
    cwd: options.cwd,
    env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env },
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
    all: true,
    stripFinalNewline: false,
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = child.then(({ exitCode, all }) => ({ exitCode, output: String(all ?? '') }));
  const output = watchOutput(child.all, ended);
  return {
    type: (text) => child.stdin.write(text),
    kill: (signal) => process.kill(Number(/PID (\d+)/.exec(output.text())?.[1]), signal),
    ended,
    shows: (pattern) => output.until((text) => pattern.test(text), String(pattern)),
  };
}

/** Every state of every line that was drawn: without colours, and what moves the cursor ends a line. */
export function drawnLines(output: string): string[] {
  return output
    .replace(/\x1b\[[\d;]*m|\x1b\[\?\d+[hl]/g, '')
    .split(/[\r\n]|\x1b\[[\d;]*[A-Za-z]/)
    .map((line) => line.trimEnd());
}
