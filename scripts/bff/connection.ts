import { kindOfWords, type NetworkErrorKind } from '../idp/network-errors.ts';

/** How a connection failed. One that broke counts as refused: what helps is the same. */
export type ConnectionFailure = Exclude<NetworkErrorKind, 'failed'>;

/** A connection that failed, and to what. */
export interface Connection {
  readonly failure: ConnectionFailure;
  /** `unnamed`: the statement does not say; `other`: something that takes no part in the bootstrap, or is not known. */
  readonly target: 'idp' | 'redis' | 'kafka' | 'other' | 'unnamed';
  /** The named host is this machine as the container sees it: the container itself. */
  readonly local: boolean;
}

export interface ConnectionSurroundings {
  readonly idpHosts: ReadonlySet<string>;
  readonly frames: string;
  /** The statement is about DCR. */
  readonly dcr: boolean;
  /** The statement names a URL of the IdP. */
  readonly idp: boolean;
}

/** The failed connection that a statement reports, in the words of Python's clients; null: none. */
export function connectionOf(text: string, around: ConnectionSurroundings): Connection | null {
  const kind = kindOfWords(text);
  if (kind === null) return null;
  const hosts = hostsIn(text);
  const local = hosts.some((host) => /^(?:localhost|127\.|::1$)/.test(host.name));
  return { failure: kind === 'failed' ? 'refused' : kind, target: targetOf(text, hosts, around), local };
}

interface Host {
  readonly name: string;
  readonly port: string;
}

function hostsIn(text: string): Host[] {
  const hosts: Host[] = [];
  for (const found of text.matchAll(HOSTS)) {
    const [name, port] = found.slice(1).filter((part) => part !== undefined);
    if (name !== undefined) hosts.push({ name: name.toLowerCase(), port: port ?? '' });
  }
  return hosts;
}

/** What a host is decides before what the statement is about: a BFF that bootstraps also talks to Redis and Kafka. */
function targetOf(text: string, hosts: readonly Host[], around: ConnectionSurroundings): Connection['target'] {
  for (const host of hosts) {
    if (around.idpHosts.has(host.name) || IDP.test(host.name)) return 'idp';
    if (/redis|valkey/.test(host.name) || /^(?:6379|6380|26379)$/.test(host.port)) return 'redis';
    if (/kafka|broker/.test(host.name) || /^909[2-4]$/.test(host.port)) return 'kafka';
    if (OTHER.test(host.name) || OTHER_PORTS.test(host.port)) return 'other';
  }
  if (around.idp) return 'idp';
  if (/\bredis\b|redis\.(?:exceptions|asyncio)|REDIS_URL|aioredis/i.test(text)) return 'redis';
  if (/kafka/i.test(text)) return 'kafka';
  if (OTHER.test(text) || OTHER.test(around.frames)) return 'other';
  if (/[/\\]redis[/\\]/.test(around.frames)) return 'redis';
  if (/kafka/.test(around.frames)) return 'kafka';
  if (around.dcr || ABOUT_IDP.test(text)) return 'idp';
  return hosts.length > 0 ? 'other' : 'unnamed';
}

/** The ways in which messages name a host, each with the host and its port where there is one. */
const HOSTS = new RegExp(
  [
    // A URL
    String.raw`\b\w+:\/\/(?:[^\s/@"']*@)?([\w.-]+)(?::(\d+))?`,
    // host='x', port=443
    String.raw`\bhost["']?[=:]\s*["']?([\w.-]+)["']?(?:,? port=(\d+)|:(\d+))?`,
    // to host x:443, connecting to x:6379
    String.raw`\b(?:to host|to|resolve(?: host)?|reach|known:)\s+["']?((?:[\w-]+\.)*[\w-]+)["']?:(\d+)`,
    // ('10.0.0.2', 443)
    String.raw`\(["']([\w.:-]+)["'], (\d+)`,
    // resolve 'x', known: x
    String.raw`\b(?:resolve(?: host)?:?|known:|to host)\s+["'(]?((?:[\w-]+\.)*[\w-]+)`,
  ].join('|'),
  'gi',
);
const IDP = /(?:^|[.-])(?:idp|oidc|keycloak)(?=$|[.-])/;
const OTHER = new RegExp(
  `push-?gateway|(?<![a-z])(?:${[
    'prometheus|jaeger|otel|opentelemetry|tempo|loki|sentry\\w*',
    'postgres\\w*|psycopg\\w*|asyncpg|sqlalchemy|mysql|mongo\\w*|neo4j|clickhouse|elastic\\w*|opensearch',
    'rabbitmq|amqp|nats|consul|vault|pdp|crud[-_]?(?:service|app)|smtp|ldap|minio',
  ].join('|')})(?![a-z])`,
  'i',
);
const OTHER_PORTS = /^(?:9091|5432|3306|27017|4317|4318|14268|6831|5672|8500|8200|389|636|25|587|9200|7687)$/;
const ABOUT_IDP =
  /\bidp\b|identity provider|openid-configuration|\boidc\b|jwks_uri|discovery (?:document|failed|error)|IDP_BASE_URL|token[ _]endpoint|authorization server/i;
