import type { Secret } from '../core/secret.ts';
import type { Environment } from '../core/stack.ts';
import { FoundSecrets } from './found.ts';
import { isSecretVariable } from './places.ts';

/**
 * Registers the values of variables that are named like secrets, and passwords in URLs: logs of the services, and what the
 * stack prints, may quote them.
 *
 * @param environments a variable that is null has no value
 * @param register gets each value that is a secret
 */
export function registerEnvironments(environments: readonly Environment[], register: (secret: Secret) => void): void {
  const found = new FoundSecrets(register);
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== null && isSecretVariable(name)) found.add(value, name);
      else if (value?.includes('://')) found.addFrom({ headers: [], body: '', url: value });
    }
  }
}
