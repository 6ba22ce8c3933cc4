import { parse } from 'yaml';
import { isRecord } from '../core/json.ts';
import type { Environment } from '../core/stack.ts';

/** A service as compose resolves it: as its container would be made. */
export interface ServiceConfig {
  readonly environment: Environment;
  /** null: it is built, or nothing says. */
  readonly image: string | null;
  /** How many containers it is to have. */
  readonly replicas: number;
  /** Absolute paths in its containers that all of them share, and that outlive them: named volumes and bind mounts. */
  readonly sharedPaths: readonly string[];
  /** Services that are started before it, without those that have to end first (`service_completed_successfully`). */
  readonly dependencies: readonly string[];
}

/**
 * Reads what `compose config` prints (v2: JSON, v1: YAML). Never pass it on: it holds every value in the clear.
 */
export function parseConfig(text: string): Readonly<Record<string, ServiceConfig>> {
  const isJson = text.trimStart().startsWith('{');
  const document = (isJson ? JSON.parse(text) : parse(text, AS_TEXT)) as {
    services?: Record<string, Service | null>;
  } | null;
  const services = Object.entries(document?.services ?? {});
  return Object.fromEntries(services.map(([name, service]) => [name, toConfig(service ?? {})]));
}

/** v1 leaves a text that looks like a number without quotes: read as one, 1e5 would become 100000. */
const AS_TEXT = { schema: 'failsafe' as const, customTags: ['null' as const], maxAliasCount: -1 };

interface Service {
  readonly environment?: Record<string, unknown> | string[] | null;
  readonly image?: string | null;
  readonly build?: unknown;
  readonly scale?: number | string | null;
  readonly deploy?: { readonly replicas?: number | string | null } | null;
  readonly volumes?: readonly (
    | string
    | { readonly source?: string; readonly target?: string; readonly type?: string }
  )[];
  readonly depends_on?: Record<string, unknown> | readonly string[] | null;
  readonly network_mode?: string | null;
}

function toConfig(service: Service): ServiceConfig {
  const { image = null, build, scale, deploy, depends_on: dependsOn, network_mode: network } = service;
  const beside = /^service:(.+)$/.exec(network ?? '')?.[1];
  return {
    environment: toEnvironment(service.environment),
    image: build === undefined || build === null ? image : null,
    replicas: Number(deploy?.replicas ?? scale ?? 1),
    sharedPaths: (service.volumes ?? []).flatMap(sharedPath),
    dependencies: [
      ...(Array.isArray(dependsOn) ? (dependsOn as string[]) : Object.entries(dependsOn ?? {}).flatMap(stays)),
      ...(beside === undefined ? [] : [beside]),
    ],
  };
}

function stays([name, how]: [string, unknown]): string[] {
  return isRecord(how) && how['condition'] === 'service_completed_successfully' ? [] : [name];
}

/** Each container gets a new volume where none is named, and `tmpfs` is lost with it. */
function sharedPath(volume: NonNullable<Service['volumes']>[number]): string[] {
  if (typeof volume !== 'string') {
    const { source, target, type } = volume;
    return source && target && type !== 'tmpfs' ? [target] : [];
  }
  // `keys:/app/keys:rw`, on Windows `C:\keys:/app/keys`.
  const target = /^.+?:(\/[^:]*)(?::[^:/\\]*)?$/.exec(volume)?.[1];
  return target === undefined ? [] : [target];
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
 * Names of the containers that `docker compose --dry-run up -d SERVICE` would create or recreate, in the order of
 * its lines: ` DRY-RUN MODE -  Container project-redis-1  Recreate`. `Created` alone says of one that is there that it is stopped.
 */
export function parseDryRun(text: string): string[] {
  const made = text.matchAll(/Container (\S+)[ \t]{1,9}(?:Recreate|Recreated|Creating)\b/g);
  return [...new Set([...made].map((match) => match[1] ?? ''))];
}

/** Configuration hashes by service, as v1's `config --hash=*` prints them: `bff 77cd98…`, a line each. */
export function parseHashes(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^(\S+) ([0-9a-f]{64})$/gm)].map(([, name, hash]) => [name, hash]));
}
