/** How a connection failed. */
export type ConnectionFailure = 'refused' | 'dns' | 'timeout' | 'tls';

/** A connection that failed, and to what. */
export interface Connection {
  readonly failure: ConnectionFailure;
  /** `unnamed`: the statement does not say; `other`: something that takes no part in the bootstrap, or nobody knows what. */
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

/** The failed connection that a statement tells of, as Python's clients word it; null: none. */
export function connectionOf(text: string, around: ConnectionSurroundings): Connection | null {
  const failure = failureOf(text);
  if (failure === null) return null;
  const hosts = hostsIn(text);
  const local = hosts.some((host) => /^(?:localhost|127\.|::1$)/.test(host.name));
  return { failure, target: targetOf(text, hosts, around), local };
}

function failureOf(text: string): ConnectionFailure | null {
  for (const [failure, pattern] of FAILURES) if (pattern.test(text)) return failure;
  return null;
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

const FAILURES: readonly (readonly [ConnectionFailure, RegExp])[] = [
  [
    'tls',
    /CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLCertVerificationError|ClientConnectorCertificateError|ClientConnectorSSLError|self[- ]signed certificate|unable to get local issuer|certificate has expired|hostname mismatch|doesn't match (?:either of )?['"]|WRONG_VERSION_NUMBER|\bSSLError\b|ssl\.SSL\w*Error|\bSSL: [A-Z_]+|TLSV1_ALERT|sslv3 alert|(?:TLS|SSL) handshake (?:failed|failure|error)|handshake failure|CA certificate bundle/i,
  ],
  [
    'dns',
    /Name or service not known|Temporary failure in name resolution|nodename nor servname|getaddrinfo failed|gaierror|NameResolutionError|Failed to resolve|Could not resolve|Cannot resolve|unable to resolve|no such host|Errno -[235]\b|No address associated|\bENOTFOUND\b|EAI_AGAIN|ClientConnectorDNSError|name resolution (?:failed|error)|DNS (?:lookup|resolution) (?:failed|error)/i,
  ],
  [
    'refused',
    /Connection ?refused|ConnectionRefusedError|ECONNREFUSED|Errno 111\b|Error 111 connecting|WinError 10061|actively refused|Connect call failed|All connection attempts failed|\bConnectError\b|Cannot connect to host|Failed to establish a new connection|ClientConnectorError|NewConnectionError|No route to host|Errno 113\b|Network is unreachable|Errno 101\b|Connection reset by peer|ConnectionResetError|ECONNRESET|Errno 104\b|EHOSTUNREACH|ENETUNREACH|ServerDisconnectedError|RemoteProtocolError|RemoteDisconnected|\b(?:Read|Write)Error\b|Server disconnected without sending|Connection aborted|Max retries exceeded|(?:not|un)[ -]?reachable/i,
  ],
  [
    'timeout',
    /ConnectTimeout|ReadTimeout|PoolTimeout|WriteTimeout|ConnectionTimeoutError|ServerTimeoutError|SocketTimeoutError|\bTimeoutError\b|\bTimeoutException\b|timed out|ETIMEDOUT|Errno 110\b|Connection timeout|Read timeout|Timeout (?:while|on|contacting|connecting|reading|waiting for (?:the )?(?:idp|response))/i,
  ],
];
/** A URL, `host='x', port=443`, `to host x:443`, `connecting to x:6379`, `('10.0.0.2', 443)`, `resolve 'x'`, `known: x`, `for x:443`. */
const HOSTS =
  /\b\w+:\/\/(?:[^\s/@"']*@)?([\w.-]+)(?::(\d+))?|\bhost["']?[=:]\s*["']?([\w.-]+)["']?(?:,? port=(\d+)|:(\d+))?|\b(?:to host|to|resolve(?: host)?|reach|known:)\s+["']?((?:[\w-]+\.)*[\w-]+)["']?:(\d+)|\(["']([\w.:-]+)["'], (\d+)|\b(?:resolve(?: host)?:?|known:|to host)\s+["'(]?((?:[\w-]+\.)*[\w-]+)/gi;
const IDP = /(?:^|[.-])(?:idp|oidc|keycloak)(?=$|[.-])/;
const OTHER =
  /push-?gateway|(?<![a-z])(?:prometheus|postgres\w*|psycopg\w*|asyncpg|sqlalchemy|mysql|mongo\w*|neo4j|clickhouse|elastic\w*|opensearch|jaeger|otel|opentelemetry|tempo|loki|sentry\w*|rabbitmq|amqp|nats|consul|vault|pdp|crud[-_]?(?:service|app)|smtp|ldap|minio)(?![a-z])/i;
const OTHER_PORTS = /^(?:9091|5432|3306|27017|4317|4318|14268|6831|5672|8500|8200|389|636|25|587|9200|7687)$/;
const ABOUT_IDP =
  /\bidp\b|identity provider|openid-configuration|\boidc\b|jwks_uri|discovery (?:document|failed|error)|IDP_BASE_URL|token[ _]endpoint|authorization server/i;
