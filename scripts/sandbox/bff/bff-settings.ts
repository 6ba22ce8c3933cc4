import { join } from 'node:path';

/** What the BFF reads from its environment; the comments name the variables of the compose file. */
export interface BffSettings {
  readonly host: string;
  readonly port: number;
  /** DCR_ENABLED */
  readonly dcrEnabled: boolean;
  /** SKIP_DCR_BOOTSTRAP */
  readonly skipBootstrap: boolean;
  /** DCR_IAT; null where absent or empty */
  readonly iat: string | null;
  /** IDP_BASE_URL without `/api/oidc`, which one of its two forms has at the end */
  readonly idpUrl: string;
  /** ALLOW_BOOTSTRAP_FAILURE */
  readonly allowFailure: boolean;
  /** DCR_FORCE_REPLACE */
  readonly forceReplace: boolean;
  /** DCR_CLIENT_ID */
  readonly clientId: string;
  /** DCR_REDIRECT_URIS, separated by commas or blanks */
  readonly redirectUris: readonly string[];
  /** BFF_KID */
  readonly kid: string;
  /** BFF_JWK_MAX_KEYS */
  readonly maxKeys: number;
  /** DCR_SIGNING_KEY, as it is in the environment */
  readonly keyPath: string;
  /** BFF_CLIENT_CRED_PATH, as it is in the environment */
  readonly credentialsPath: string;
  /** MS_BFF_TOKEN_AUTH_METHOD */
  readonly authMethod: string;
  /** BOOTSTRAP_ADMIN_TOKEN; null where absent or empty */
  readonly adminToken: string | null;
  /** REDIS_URL; null: not configured */
  readonly redisUrl: string | null;
  /** KAFKA_BOOTSTRAP_SERVERS; null: not configured */
  readonly kafka: string | null;
  readonly log: 'plain' | 'json' | 'silent';
  /** The folder in place of `/`: below it a process on this machine has what a container has in its volumes. */
  readonly root: string;
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): BffSettings {
  const text = (name: string, fallback: string) => env[name] || fallback;
  const optional = (name: string) => env[name] || null;
  const flag = (name: string, fallback: boolean) =>
    env[name] ? ['true', '1', 'yes', 'on'].includes(env[name].toLowerCase()) : fallback;
  return {
    host: text('BFF_HOST', '127.0.0.1'),
    port: Number(text('BFF_PORT', '8000')),
    dcrEnabled: flag('DCR_ENABLED', false),
    skipBootstrap: flag('SKIP_DCR_BOOTSTRAP', false),
    iat: optional('DCR_IAT'),
    idpUrl: text('IDP_BASE_URL', 'http://idp-app:8002')
      .replace(/\/+$/, '')
      .replace(/\/api\/oidc$/, ''),
    allowFailure: flag('ALLOW_BOOTSTRAP_FAILURE', false),
    forceReplace: flag('DCR_FORCE_REPLACE', false),
    clientId: text('DCR_CLIENT_ID', 'bff-server'),
    redirectUris: text('DCR_REDIRECT_URIS', 'https://localhost/auth/callback')
      .split(/[\s,]+/)
      .filter(Boolean),
    kid: text('BFF_KID', 'bff-sig-001'),
    maxKeys: Number(text('BFF_JWK_MAX_KEYS', '3')),
    keyPath: text('DCR_SIGNING_KEY', '/app/keys/bff-sig-001.pem'),
    credentialsPath: text('BFF_CLIENT_CRED_PATH', '/app/keys/bff_client.json'),
    authMethod: text('MS_BFF_TOKEN_AUTH_METHOD', 'private_key_jwt'),
    adminToken: optional('BOOTSTRAP_ADMIN_TOKEN'),
    redisUrl: optional('REDIS_URL'),
    kafka: optional('KAFKA_BOOTSTRAP_SERVERS'),
    log: env['SANDBOX_BFF_LOG'] === 'json' ? 'json' : 'plain',
    root: text('SANDBOX_ROOT', '/'),
  };
}

/** Where a path of the environment is on this machine. */
export function locate(settings: BffSettings, path: string): string {
  return settings.root === '/' ? path : join(settings.root, path);
}
