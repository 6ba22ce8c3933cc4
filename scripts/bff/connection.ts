import { kindOfWords, type NetworkErrorKind } from '../idp/network-errors.ts';
import { type WrongWay, wrongWayIn } from './wrong-way.ts';

/**
 * How a connection failed. One that broke counts as refused: what helps is the same. `elsewhere`: what answered is no
 * registration endpoint.
 */
export type ConnectionFailure = Exclude<NetworkErrorKind, 'failed'> | WrongWay | 'elsewhere';

/** A connection that failed, and to what. */
export interface Connection {
  readonly failure: ConnectionFailure;
  /** `unnamed`: the statement does not say; `other`: something that takes no part in the bootstrap, or is not known. */
  readonly target: 'idp' | 'redis' | 'kafka' | 'other' | 'unnamed';
}

export interface ConnectionSurroundings {
  readonly idpHosts: ReadonlySet<string>;
  readonly frames: string;
  /** The statement is about DCR. */
  readonly dcr: boolean;
  /** The statement names a URL of the IdP. */
  readonly idp: boolean;
  /** It was answered by something that is no registration endpoint. */
  readonly elsewhere: boolean;
}

/** The failed connection that a statement reports, in the words of Python's clients; null: none. */
export function connectionOf(text: string, around: ConnectionSurroundings): Connection | null {
  const failure = wrongWayIn(text, around.frames) ?? (around.elsewhere ? 'elsewhere' : kindOfWords(text));
  if (failure === null) return null;
  return { failure: failure === 'failed' ? 'refused' : failure, target: targetOf(text, around) };
}

/** What a host is decides before what the statement is about: a BFF that bootstraps also talks to Redis and Kafka. */
function targetOf(text: string, around: ConnectionSurroundings): Connection['target'] {
  let isNamed = false;
  for (const found of text.matchAll(HOSTS)) {
    const [host = '', port = ''] = found.slice(1).filter((part) => part !== undefined);
    const name = host.toLowerCase();
    if (around.idpHosts.has(name) || IDP_HOST.test(name)) return 'idp';
    if (/redis|valkey/.test(name) || /^(?:6379|6380|26379)$/.test(port)) return 'redis';
    if (/kafka|broker/.test(name) || /^909[2-4]$/.test(port)) return 'kafka';
    if (OTHER.test(name) || OTHER_PORTS.test(port)) return 'other';
    isNamed = true;
  }
  if (around.idp) return 'idp';
  if (/\bredis\b|redis\.(?:exceptions|asyncio)|REDIS_URL|aioredis/i.test(text)) return 'redis';
  if (/kafka/i.test(text)) return 'kafka';
  if (OTHER.test(text) || OTHER.test(around.frames)) return 'other';
  if (/[/\\]redis[/\\]/.test(around.frames)) return 'redis';
  if (/kafka/.test(around.frames)) return 'kafka';
  if (around.dcr || ABOUT_IDP.test(text)) return 'idp';
  return isNamed ? 'other' : 'unnamed';
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
/** Names that an IdP's host usually has. */
export const IDP_HOST = /(?:^|[.-])(?:idp|oidc|keycloak)(?=$|[.-])/;
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
