import { type Answer, ask, parseObject } from '../http.ts';
import type { BffSettings } from './bff-settings.ts';
import type { Credentials } from './credentials.ts';
import { type Jwk, type SigningKey, signAssertion } from './keys.ts';
import type { Log } from './python-log.ts';

export type IdpClient = ReturnType<typeof createIdpClient>;

/** The BFF's requests to the IdP. Each one is logged as httpx would. */
export function createIdpClient(settings: BffSettings, log: Log) {
  const base = settings.idpUrl;
  const send = async (method: string, url: string, headers: Readonly<Record<string, string>>, body?: string) => {
    const answer = await ask(url, { method, headers, ...(body === undefined ? {} : { body }) });
    log.info('httpx', `HTTP Request: ${method} ${url} "HTTP/1.1 ${answer.status} ${answer.reason}"`);
    return answer;
  };
  const clientUrl = (id: string) => `${base}/api/oidc/register/${encodeURIComponent(id)}`;
  return {
    readClient: ({ clientId, rat }: Credentials) => send('GET', clientUrl(clientId), bearer(rat)),
    /** PATCH of the JWKS, which is EmpowerNow's own. */
    updateKeys: ({ clientId, rat }: Credentials, keys: readonly Jwk[]) =>
      send('PATCH', clientUrl(clientId), { ...bearer(rat), ...JSON_TYPE }, JSON.stringify({ jwks: { keys } })),
    removeClient: ({ clientId, rat }: Credentials) => send('DELETE', clientUrl(clientId), bearer(rat)),
    /** RFC 7591 §3.1 */
    register: (iat: string, metadata: object) =>
      send('POST', `${base}/api/oidc/register`, { ...bearer(iat), ...JSON_TYPE }, JSON.stringify(metadata)),
    /** A fresh registration access token, with the admin token. */
    renewRat: (adminToken: string, clientId: string) =>
      send('POST', `${base}/api/admin/dcr/clients/${encodeURIComponent(clientId)}/tokens`, bearer(adminToken)),
    /** Client credentials grant with the BFF's own authentication method. */
    requestToken: (credentials: Credentials, key: SigningKey) => {
      const url = `${base}/api/oidc/token`;
      const { headers, form } = authenticate(settings.authMethod, credentials, key, url);
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString();
      return send('POST', url, { ...FORM_TYPE, ...headers }, body);
    },
  };
}

/** The member `error` of an answer (RFC 6749 §5.2, RFC 7591 §3.2.2); '' where there is none. */
export function errorOf(answer: Answer): string {
  return String(parseObject(answer.text)?.['error'] ?? '');
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };

function bearer(token: string): { readonly Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

function authenticate(method: string, { clientId, secret }: Credentials, key: SigningKey, audience: string) {
  if (method === 'client_secret_basic') {
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret ?? '')}`).toString('base64');
    return { headers: { Authorization: `Basic ${basic}` }, form: {} };
  }
  if (method === 'client_secret_post') {
    return { headers: {}, form: { client_id: clientId, client_secret: secret ?? '' } };
  }
  return {
    headers: {},
    form: {
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signAssertion(key, clientId, audience),
    },
  };
}
