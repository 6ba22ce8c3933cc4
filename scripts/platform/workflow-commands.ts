import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { githubCommand } from '../core/ci-commands.ts';
import type { Secret } from '../core/secret.ts';

/** One of the process's streams: its file descriptor, and a way to write to it that no listener sees. */
export interface Channel {
  readonly descriptor: 1 | 2;
  write(text: string): void;
}

/**
 * In GitHub Actions: makes the runner show `***` in place of a secret in the job's log from now on (workflow command
 * `add-mask`). The runner does not show the command itself. Anything else would, so outside of GitHub Actions, and where the
 * stream goes into a file, nothing is written.
 */
export function createRunnerMask(
  env: Readonly<Record<string, string | undefined>>,
  { descriptor, write }: Channel,
): (secret: Secret) => void {
  if (env['GITHUB_ACTIONS'] !== 'true' || isFile(descriptor)) return () => {};
  const hidden = new Set<string>();
  return (secret) => {
    const value = secret.reveal();
    if (hidden.has(value)) return;
    hidden.add(value);
    write(`${githubCommand('add-mask', {}, value)}\n`);
  };
}

/**
 * Where lines for the log reader of a CI are written; null where a person reads the stream, or it goes into a file: nobody there
 * takes them for commands.
 */
export function openCiLog(
  stream: Writable & { readonly fd?: number; readonly isTTY?: boolean },
): ((line: string) => void) | null {
  if (stream.isTTY === true || (stream.fd !== undefined && isFile(stream.fd))) return null;
  return (line) => {
    if (stream.writable) stream.write(`${line}\n`);
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    // The stream is closed, so nothing is shown either.
    return true;
  }
}
