import type { Project } from '../core/stack.ts';
import type { Context } from '../runbook/job.ts';
import { FoundSecrets } from './found.ts';
import { isSecretVariable } from './places.ts';

/** What the services have in variables that are named like secrets: their logs and compose's messages may quote it. */
export function learnEnvironments(project: Project, { learn }: Pick<Context['tools'], 'learn'>): void {
  const found = new FoundSecrets((secret) => learn(secret, 'found'));
  for (const { environment } of Object.values(project)) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== null && isSecretVariable(name)) found.add(value, name);
      else if (value?.includes('://')) found.see({ headers: [], body: '', url: value });
    }
  }
}
