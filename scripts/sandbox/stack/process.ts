import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { LIFELINE } from '../lifeline.ts';

export interface PipedChild extends ChildProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Variables that any program needs to run at all. */
const TECHNICAL = ['PATH', 'Path', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot', 'SYSTEMROOT'];

/** Those of them that this process has. */
function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    TECHNICAL.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** How long a process may take to end after SIGTERM. */
const GRACE_MS = 2_000;

/**
 * Starts a program of the sandbox with just this environment. It ends with this process, however that ends.
 *
 * @param node what runs it
 */
export function startProgram(
  program: 'idp' | 'bff',
  env: Readonly<Record<string, string>>,
  node: string = process.execPath,
): PipedChild {
  const run = fileURLToPath(new URL('../../run.mjs', import.meta.url));
  return startCommand(node, [run, `sandbox/${program}-main`], env);
}

/** Starts any program with just this environment and what programs need to run at all. Its standard input ends with this process. */
export function startCommand(file: string, args: readonly string[], env: Readonly<Record<string, string>>): PipedChild {
  const child = spawn(file, [...args], {
    env: { ...inheritedEnvironment(), ...env, [LIFELINE.name]: LIFELINE.value },
    // Ctrl-C in the terminal is for the parent alone, which ends its children itself.
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  }) as PipedChild;
  // A process that ended early reads no more. Its exit code says why.
  child.stdin.on('error', () => {});
  return child;
}

/** Resolves when the process is gone; its output may still be on its way. */
export function exitOf(child: ChildProcess): Promise<{ readonly code: number; readonly startError: string | null }> {
  return new Promise((resolve) => {
    // Node gives no exit code after a signal. Docker's is 128 plus the signal's number: 137 after SIGKILL, 143 after SIGTERM.
    child.once('exit', (code, signal) =>
      resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 143), startError: null }),
    );
    child.once('error', (error) => resolve({ code: 127, startError: error.message }));
  });
}

/** Ends a process: SIGTERM, then SIGKILL. `exited` is its `exitOf`. */
export async function endProcess(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(timer);
}
