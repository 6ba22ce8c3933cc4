import { rmSync } from 'node:fs';
import { type Answer, parseObject } from '../http.ts';
import { type BffSettings, locate } from './bff-settings.ts';
import { type Credentials, readCredentials, writeCredentials, writePrivate } from './credentials.ts';
import { createIdpClient, errorOf, type IdpClient } from './idp-client.ts';
import { holdsKey, type Jwk, type SigningKey, toPem } from './keys.ts';
import { pythonError, traceback } from './python-errors.ts';
import type { Log } from './python-log.ts';

const LOGGER = 'ms_bff.bootstrap.dcr';

/** RFC 6750 §2.1: what a bearer token may consist of. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Error bodies are cut in the log. */
const MAX_BODY_IN_LOG = 300;

/** The bootstrap failed, and the log says why. */
export class BootstrapFailure extends Error {
  override readonly name = 'BootstrapFailure';
}

/**
 * Registers the BFF at the IdP, or finds that it is already registered.
 *
 * @param signingKey the key that tokens are requested with; a fault passes another one than the registered
 * @throws BootstrapFailure
 */
export async function bootstrap(
  settings: BffSettings,
  key: SigningKey,
  signingKey: SigningKey,
  log: Log,
): Promise<void> {
  if (!settings.dcrEnabled) return log.info(LOGGER, 'DCR disabled (DCR_ENABLED=false): no client registration');
  if (settings.skipBootstrap) return log.info(LOGGER, 'DCR bootstrap skipped (SKIP_DCR_BOOTSTRAP=true)');
  log.info(LOGGER, 'DCR bootstrap starting', { client_id: settings.clientId, idp: settings.idpUrl });
  const run: Bootstrap = { settings, key, log, idp: createIdpClient(settings, log) };
  try {
    const cached = readCredentials(locate(settings, settings.credentialsPath));
    const credentials =
      cached === null || settings.forceReplace ? await register(run, cached) : await reuse(run, cached);
    await verifyTokenEndpoint(run, credentials, signingKey);
  } catch (error) {
    if (!(error instanceof BootstrapFailure)) {
      const last = pythonError(error, settings.idpUrl);
      log.exception(LOGGER, `Cannot reach IdP at ${settings.idpUrl}`, traceback(last));
      adviseAdmin(log);
    }
    throw new BootstrapFailure('DCR bootstrap failed');
  }
}

interface Bootstrap {
  readonly settings: BffSettings;
  readonly key: SigningKey;
  readonly log: Log;
  readonly idp: IdpClient;
}

/** The BFF gives this advice after every failed registration, also where a new token does not help. */
function adviseAdmin(log: Log): void {
  log.error(LOGGER, 'Get new RAT/IAT from /api/admin/dcr/initial-access-tokens and update DCR_IAT');
}

async function register(run: Bootstrap, cached: Credentials | null): Promise<Credentials> {
  const { settings, log, idp } = run;
  if (cached === null) log.info(LOGGER, `No cached client credentials at ${settings.credentialsPath}`);
  else log.info(LOGGER, `Replacing client ${cached.clientId} (DCR_FORCE_REPLACE=true)`);

  if (settings.iat === null) {
    const why = cached === null ? 'No cached credentials and DCR_IAT is not set' : 'DCR_IAT is not set';
    return fail(log, `${why}: cannot register client ${settings.clientId}`);
  }
  if (!B64TOKEN.test(settings.iat)) return fail(log, 'DCR_IAT has an invalid token format: malformed bearer token');
  if (cached !== null) await removeOldClient(run, cached);

  const answer = await idp.register(settings.iat, metadataOf(run));
  if (answer.status !== 201) return fail(log, `Client registration failed: ${describe(answer)}`);
  const { client_id: clientId, registration_access_token: rat, client_secret: secret } = parseObject(answer.text) ?? {};
  const credentials = { clientId: String(clientId), rat: String(rat), secret: secret ? String(secret) : null };
  keep(run, credentials);
  log.info(LOGGER, `Client registered: ${credentials.clientId}`, { status: '201 Created' });
  reportMetric(log, 'success');
  return credentials;
}

async function removeOldClient({ settings, log, idp }: Bootstrap, cached: Credentials): Promise<void> {
  const removed = await idp.removeClient(cached);
  if (removed.status !== 204) log.warning(LOGGER, `Old client not removed: ${describe(removed)}`);
  rmSync(locate(settings, settings.credentialsPath), { force: true });
}

async function reuse(run: Bootstrap, cached: Credentials): Promise<Credentials> {
  const { key, log, idp, settings } = run;
  log.info(LOGGER, `Cached client credentials found: ${cached.clientId}`);
  let credentials = cached;
  let answer = await idp.readClient(credentials);
  if (answer.status === 401 || answer.status === 403) {
    credentials = await renewRat(run, credentials, answer);
    answer = await idp.readClient(credentials);
  }
  if (answer.status !== 200) return fail(log, `Cannot read client ${cached.clientId}: ${describe(answer)}`);

  const { keys = [] } = (parseObject(answer.text)?.['jwks'] ?? {}) as { readonly keys?: readonly Jwk[] };
  if (holdsKey(keys, key)) {
    log.info(LOGGER, `Client ${cached.clientId} exists and key ${key.kid} is registered: nothing to do`);
    reportMetric(log, 'rat_cached');
    return keep(run, withNewRat(credentials, answer));
  }
  const others = keys.filter((each) => each['kid'] !== key.kid).slice(0, Math.max(0, settings.maxKeys - 1));
  const patched = await idp.updateKeys(credentials, [key.jwk, ...others]);
  if (patched.status !== 200) {
    reportMetric(log, 'jwks_rotation_failed');
    return fail(log, `JWKS rotation failed: PATCH ${describe(patched)}`);
  }
  log.info(LOGGER, 'JWKS rotated successfully', { kid: key.kid });
  return keep(run, withNewRat(credentials, patched));
}

async function renewRat({ settings, log, idp }: Bootstrap, cached: Credentials, refused: Answer): Promise<Credentials> {
  reportMetric(log, 'rat_invalid');
  log.warning(LOGGER, `Registration access token (RAT) is invalid or expired: ${describe(refused)}`);
  if (settings.adminToken === null) {
    return fail(log, 'RAT cannot be renewed: BOOTSTRAP_ADMIN_TOKEN is not set, an admin must act');
  }
  const renewed = await idp.renewRat(settings.adminToken, cached.clientId);
  const rat = parseObject(renewed.text)?.['token'];
  if (typeof rat !== 'string') return fail(log, `RAT renewal failed: ${describe(renewed)}`);
  log.info(LOGGER, `RAT renewed for ${cached.clientId}`);
  return { ...cached, rat };
}

/** To be registered is not enough: a client whose key or method differs from its record gets no token. */
async function verifyTokenEndpoint(
  { settings, log, idp }: Bootstrap,
  credentials: Credentials,
  key: SigningKey,
): Promise<void> {
  const answer = await idp.requestToken(credentials, key);
  if (answer.status === 200) return;
  const why =
    errorOf(answer) === 'invalid_client' && settings.authMethod === 'private_key_jwt'
      ? ' (client_assertion_type must be jwt-bearer, signed with a registered key)'
      : '';
  fail(log, `Token endpoint refused client authentication at /token: ${describe(answer)}${why}`);
}

function metadataOf({ settings, key }: Bootstrap): object {
  return {
    client_id: settings.clientId,
    client_name: 'BFF',
    redirect_uris: settings.redirectUris,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: 'openid profile email offline_access',
    token_endpoint_auth_method: settings.authMethod,
    ...(settings.authMethod === 'private_key_jwt' ? { token_endpoint_auth_signing_alg: 'ES256' } : {}),
    jwks: { keys: [key.jwk] },
  };
}

/** The key is written only when the IdP has it: a start that fails must not leave a key that the IdP does not know. */
function keep({ settings, key, log }: Bootstrap, credentials: Credentials): Credentials {
  const { writable, keyPath, credentialsPath } = settings;
  const isWritable = (path: string) => writable?.some((folder) => path.startsWith(`${folder}/`)) ?? true;
  const refused = [...(key.isNew ? [keyPath] : []), credentialsPath].find((path) => !isWritable(path));
  if (refused !== undefined) {
    const last = `OSError: [Errno 30] Read-only file system: '${refused}'`;
    log.exception(LOGGER, 'Cannot store client credentials', [
      '  File "/app/ms_bff/src/bootstrap/dcr_bootstrap.py", line 318, in _store',
      "    with open(path, 'w') as file:",
      last,
    ]);
    throw new BootstrapFailure(last);
  }
  if (key.isNew) writePrivate(locate(settings, settings.keyPath), toPem(key));
  writeCredentials(locate(settings, settings.credentialsPath), credentials);
  return credentials;
}

/** Every answer about the client may bring a new registration access token, and the old one is void then (RFC 7592 §3). */
function withNewRat(credentials: Credentials, answer: Answer): Credentials {
  const rat = parseObject(answer.text)?.['registration_access_token'];
  return typeof rat === 'string' ? { ...credentials, rat } : credentials;
}

function describe(answer: Answer): string {
  return `${answer.status} ${answer.reason} ${answer.text.slice(0, MAX_BODY_IN_LOG)}`.trim();
}

function reportMetric(log: Log, status: string): void {
  log.info('ms_bff.metrics', `bff_dcr_status{status="${status}"} 1`);
}

function fail(log: Log, message: string): never {
  log.error(LOGGER, message);
  adviseAdmin(log);
  throw new BootstrapFailure(message);
}
