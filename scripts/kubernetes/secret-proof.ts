import type { Container } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { resolveEnvironment } from './environment.ts';
import type { Kubectl } from './kubectl.ts';
import { nameOf, type Workload } from './model.ts';
import { ownSecretOf } from './own-entry.ts';
import { lastWriterOf } from './secret-key.ts';
import { readSources } from './sources.ts';
import { describe, type Place } from './token-place.ts';

export interface Proof {
  readonly kubectl: Kubectl;
  readonly workload: Workload;
  /** As the next start has it. */
  readonly container: Container;
  readonly variable: string;
}

/**
 * Reads everything again, and computes what the next start gets.
 *
 * @param value Base64 of what was written
 * @returns why it could not be checked; null: the next start gets the token
 * @throws AppError `reverted` where the key holds something else by now, `effective-value` where something beats it; the
 *   signal's reason
 */
export async function proveWritten(
  proof: Proof,
  { secret, key }: Pick<Place, 'secret' | 'key'>,
  value: string,
  token: string,
  signal: AbortSignal,
): Promise<AppError | null> {
  const { variable, container } = proof;
  const now = await readAgain(proof, signal).catch((error: unknown) => unproven(error, signal));
  if (now instanceof AppError) return inDoubt(proof, secret, key, now);
  const source = now.sources.secrets.get(secret);
  if (typeof source !== 'object') {
    const why = new AppError(
      'rights-missing',
      `secret/${secret} ${source === 'forbidden' ? 'may not be read' : 'is gone'}.`,
    );
    return inDoubt(proof, secret, key, why);
  }
  if (source.values[key] !== value) {
    throw new AppError(
      'reverted',
      `secret/${secret} does not hold the token any more: ${await lastWriterOf(proof.kubectl, secret)} changed it at once.`,
      {
        hint: 'Find out what keeps this Secret as it wants it, and have the token set there. Or say --write own-secret.',
      },
    );
  }
  if (now.environment[variable] === token) return null;
  throw new AppError(
    'effective-value',
    `Container ${container.name} would not get the token, because ${variable} comes from ${describe(now.origin)}. So it was put back.`,
    { hint: 'Something else was changed in the meantime. Run again.' },
  );
}

/** @throws AppError `effective-value` where some value is left; what keeps it from an answer */
export async function proveCleared(proof: Proof, signal: AbortSignal): Promise<void> {
  const { environment, origin } = await readAgain(proof, signal);
  const { container, variable } = proof;
  if (!environment[variable]) return;
  throw new AppError(
    'effective-value',
    `Container ${container.name} would still get a value of ${variable}, from ${describe(origin)}. So it was put back.`,
    { hint: 'Take it out there, where your team keeps it, and run again.' },
  );
}

/** What a person types to see how long the value is that a key holds; the value itself is not shown. */
export function checkCommand(kubectl: Kubectl, secret: string, key: string): string {
  const template = `{{len (index .data ${JSON.stringify(key)} | base64decode)}}`;
  return kubectl.typed(['get', `secret/${secret}`, '-o', `go-template=${template}`]);
}

async function readAgain({ kubectl, workload, container, variable }: Proof, signal: AbortSignal) {
  const request = { containers: [container], variable, ownSecret: ownSecretOf(workload.name) };
  const sources = await readSources(kubectl, request, signal);
  const resolved = resolveEnvironment(container, sources);
  return { sources, environment: resolved.environment, origin: resolved.originOf(variable) };
}

/** That the check could not be made proves nothing against what was written. */
function unproven(error: unknown, signal: AbortSignal): AppError {
  signal.throwIfAborted();
  if (error instanceof AppError) return error;
  throw error;
}

function inDoubt({ kubectl, workload }: Proof, secret: string, key: string, why: AppError): AppError {
  return new AppError(
    why.code,
    `The token is written to secret/${secret} and stays there, but this tool could not check whether ${nameOf(workload)} takes it: ${why.message}`,
    {
      hint: {
        text: 'To see how many characters the key holds, and then run again:',
        command: checkCommand(kubectl, secret, key),
      },
      cause: why,
    },
  );
}
