import { parse } from 'yaml';
import type { Project } from '../compose-file/project-checks.ts';
import type { Environment } from '../core/stack.ts';

/**
 * Reads what `compose config` prints (v2: JSON, v1: YAML): each service as its container would be made. Never pass it on: it
 * holds every value in the clear.
 */
export function parseConfig(text: string): Project {
  const isJson = text.trimStart().startsWith('{');
  const document = (isJson ? JSON.parse(text) : parse(text, AS_TEXT)) as {
    services?: Record<string, Service | null>;
  } | null;
  const services = Object.entries(document?.services ?? {});
  return Object.fromEntries(
    services.map(([name, service]): [string, Environment] => [name, toEnvironment(service?.environment)]),
  );
}

/** v1 leaves a text that looks like a number without quotes: read as one, 1e5 would become 100000. */
const AS_TEXT = { schema: 'failsafe' as const, customTags: ['null' as const], maxAliasCount: -1 };

interface Service {
  readonly environment?: Record<string, unknown> | string[] | null;
}

function toEnvironment(environment: Service['environment']): Environment {
  const entries = Array.isArray(environment)
    ? environment.map((entry): [string, unknown] => {
        const at = entry.indexOf('=');
        return at < 0 ? [entry, null] : [entry.slice(0, at), entry.slice(at + 1)];
      })
    : Object.entries(environment ?? {});
  // `config` prints a dollar as it would have to be written in a file: doubled.
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      value === null || value === undefined ? null : String(value).replaceAll('$$', '$'),
    ]),
  );
}

/**
 * Names of the containers that `docker compose --dry-run up -d SERVICE` would create or recreate, without the service's own.
 * Its lines: ` DRY-RUN MODE -  Container project-redis-1  Recreate`.
 *
 * @param own names of the service's containers
 */
export function parseDryRun(text: string, own: readonly string[]): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/Container (\S+)\s+(?:Recreate|Recreated|Creating|Created)\b/g)) {
    const name = match[1] ?? '';
    if (!own.includes(name)) found.add(name);
  }
  return [...found];
}
