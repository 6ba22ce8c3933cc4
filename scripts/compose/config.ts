import { parse } from 'yaml';

/** Name to value; null: passed through from the shell, and unset there. */
export type Environment = Readonly<Record<string, string | null>>;

/**
 * Reads what `compose config` prints (v2: JSON, v1: YAML): each service's environment, as the container would get it.
 * Never pass it on: it holds every value in the clear.
 */
export function parseConfig(text: string): Record<string, Environment> {
  const isJson = text.trimStart().startsWith('{');
  const document = (isJson ? JSON.parse(text) : parse(text, { maxAliasCount: -1 })) as {
    services?: Record<string, { environment?: Record<string, unknown> | string[] | null }>;
  } | null;
  const services: Record<string, Environment> = {};
  for (const [name, service] of Object.entries(document?.services ?? {})) {
    services[name] = toEnvironment(service?.environment);
  }
  return services;
}

function toEnvironment(environment: Record<string, unknown> | string[] | null | undefined): Environment {
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
