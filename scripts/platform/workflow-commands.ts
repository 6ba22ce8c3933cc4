import { fstatSync } from 'node:fs';
import type { Secret } from '../core/secret.ts';

/** One of the process's streams: its number, and how to write to it past everything that listens. */
export interface Channel {
  readonly descriptor: 1 | 2;
  write(text: string): void;
}

/**
 * In GitHub Actions: has the runner put `***` for a secret wherever it turns up in the job's log from now on (workflow
 * command `add-mask`). The runner takes the line out of what it shows. Elsewhere nobody would, so nothing is written there,
 * nor where the stream goes into a file: what is in a file does not pass the runner.
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
    write(`::add-mask::${value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}\n`);
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    // Closed: then nothing is shown either.
    return true;
  }
}
