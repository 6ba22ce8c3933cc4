import type { Environment } from '../core/stack.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { isSecretVariable } from '../secrets/places.ts';
import type { Context } from './job.ts';

/** What services have in variables that are named like secrets: their logs and compose's messages may quote it. */
export function learnEnvironments(
  environments: readonly Environment[],
  { learn }: Pick<Context['tools'], 'learn'>,
): void {
  const found = new FoundSecrets((secret) => learn(secret, 'found'));
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== null && isSecretVariable(name)) found.add(value, name);
      else if (value?.includes('://')) found.see({ headers: [], body: '', url: value });
    }
  }
}
