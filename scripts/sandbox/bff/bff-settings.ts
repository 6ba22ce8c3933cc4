import { join } from 'node:path';

/** What the BFF reads from its environment; null: absent or empty. */
export type BffSettings = ReturnType<typeof readSettings>;

export function readSettings(env: Readonly<Record<string, string | undefined>>) {
  const text = (name: string, fallback: string) => env[name] || fallback;
  const optional = (name: string) => env[name] || null;
  const flag = (name: string) => ['true', '1', 'yes', 'on'].includes((env[name] ?? '').toLowerCase());
  return {
    host: text('BFF_HOST', '127.0.0.1'),
    port: Number(text('BFF_PORT', '8000')),
    dcrEnabled: flag('DCR_ENABLED'),
    skipBootstrap: flag('SKIP_DCR_BOOTSTRAP'),
    iat: optional('DCR_IAT'),
    /** Without `/api/oidc`, which one of the variable's two forms has at the end. */
    idpUrl: text('IDP_BASE_URL', 'http://idp-app:8002')
      .replace(/(?<!\/)\/+$/, '')
      .replace(/\/api\/oidc$/, ''),
    allowFailure: flag('ALLOW_BOOTSTRAP_FAILURE'),
    forceReplace: flag('DCR_FORCE_REPLACE'),
    clientId: text('DCR_CLIENT_ID', 'bff-server'),
    redirectUris: text('DCR_REDIRECT_URIS', 'https://localhost/auth/callback')
      .split(/[\s,]+/)
      .filter(Boolean),
    kid: text('BFF_KID', 'bff-sig-001'),
    maxKeys: Number(text('BFF_JWK_MAX_KEYS', '3')),
    /** As it is in the environment, like the next one; `locate` tells where that is. */
    keyPath: text('DCR_SIGNING_KEY', '/app/keys/bff-sig-001.pem'),
    credentialsPath: text('BFF_CLIENT_CRED_PATH', '/app/keys/bff_client.json'),
    authMethod: text('MS_BFF_TOKEN_AUTH_METHOD', 'private_key_jwt'),
    adminToken: optional('BOOTSTRAP_ADMIN_TOKEN'),
    redisUrl: optional('REDIS_URL'),
    kafka: optional('KAFKA_BOOTSTRAP_SERVERS'),
    log: (env['SANDBOX_BFF_LOG'] === 'json' ? 'json' : 'plain') as 'plain' | 'json' | 'silent',
    /** The folder in place of `/`: below it a process on this machine has what a container has in its volumes. */
    root: text('SANDBOX_ROOT', '/'),
    /** Folders that can be written where the file system is read-only; null: all of it can. */
    writable: env['SANDBOX_WRITABLE'] === undefined ? null : env['SANDBOX_WRITABLE'].split(':').filter(Boolean),
  };
}

/** Where a path of the environment is on this machine. */
export function locate(settings: BffSettings, path: string): string {
  return settings.root === '/' ? path : join(settings.root, path);
}
