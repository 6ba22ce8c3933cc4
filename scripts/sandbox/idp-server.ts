import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Fault, IdpFaultName } from './faults.ts';
import { answerJson, ask, closeServer, listen, parseObject } from './http.ts';
import { type AdminTokens, isAdmin, mintIat, mintLikeKeycloak, mintRat } from './idp/admin.ts';
import { type Faulty, IDP_FAULTS, type IdpFault } from './idp/idp-faults.ts';
import { createProvider, type Policy, type RegistrationProvider } from './idp/provider.ts';

export interface IdpOptions {
  readonly tokens: AdminTokens;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** Default: `/api/oidc` at the address it listens on. */
  readonly issuer?: string;
  readonly policy?: Policy;
  readonly fault?: Fault<IdpFaultName> | null;
}

/** A request that reached the IdP or the login page, for tests that ask what was sent where. */
export interface ReceivedRequest {
  /** `elsewhere` is the login page that the fault `mint-redirect` points to. */
  readonly server: 'idp' | 'elsewhere';
  readonly method: string;
  readonly path: string;
  /** Whether it carried an Authorization header. */
  readonly authorized: boolean;
}

export interface Idp {
  /** Without a path: `http://127.0.0.1:8002`. */
  readonly url: string;
  /** The last requests, oldest first. */
  readonly received: readonly ReceivedRequest[];
  /** Switches a fault on (null: off) and counts its requests from zero again. */
  setFault(fault: Fault<IdpFaultName> | null): void;
  close(): Promise<void>;
}

/** Where the OpenID provider is mounted. */
const MOUNT = '/api/oidc';

/** Members that an update of a client may not contain (RFC 7592 §2.2). */
const READ_ONLY = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

const MOST_RECEIVED = 1000;

/** Starts the IdP in this process. It listens when the promise resolves. */
export async function startIdp(options: IdpOptions): Promise<Idp> {
  const received: ReceivedRequest[] = [];
  const active: ActiveFault = { fault: options.fault ?? null, mints: 0 };
  const loginServer = createServer((request, response) => {
    note(received, 'elsewhere', request);
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
  });
  const loginPage = async () => {
    const bound = loginServer.address() as AddressInfo | null;
    return `http://127.0.0.1:${bound?.port ?? (await listen(loginServer, '127.0.0.1', 0))}/login`;
  };

  const server = createServer();
  const host = options.host ?? '127.0.0.1';
  const port = await listen(server, host, options.port ?? 0);
  const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  const policy = () => ({ ...options.policy, ...effectOf(active).policy });
  const provider = createProvider(options.issuer ?? url + MOUNT, policy);

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    note(received, 'idp', request);
    route({ request, response, provider, loginPage }, options.tokens, active).catch(() => {
      if (!response.headersSent) answerJson(response, 400, { error: 'invalid_request' });
    });
  });
  return {
    url,
    received,
    setFault: (fault) => void Object.assign(active, { fault, mints: 0 }),
    async close() {
      await Promise.all([closeServer(server), closeServer(loginServer)]);
    },
  };
}

/** The fault that is on, and how often it was asked to answer a mint. */
interface ActiveFault {
  readonly fault: Fault<IdpFaultName> | null;
  mints: number;
}

function effectOf({ fault }: ActiveFault): IdpFault {
  return fault === null ? {} : IDP_FAULTS[fault.name];
}

function note(received: ReceivedRequest[], server: ReceivedRequest['server'], request: IncomingMessage): void {
  const { method = '', url: path = '', headers } = request;
  received.push({ server, method, path, authorized: headers.authorization !== undefined });
  if (received.length > MOST_RECEIVED) received.shift();
}

async function route(call: Faulty, tokens: AdminTokens, active: ActiveFault): Promise<void> {
  const { request, response, provider } = call;
  const path = new URL(request.url ?? '/', 'http://sandbox').pathname;
  const line = `${request.method} ${path}`;
  const rat = /^POST \/api\/admin\/dcr\/clients\/([^/]+)\/tokens$/.exec(line)?.[1];
  const effect = effectOf(active);

  if (line === 'GET /health') return answerJson(response, 200, { status: 'healthy' });
  if (line === 'POST /api/admin/dcr/initial-access-tokens') {
    const most = effect.mints === undefined ? Number.POSITIVE_INFINITY : (active.fault?.number ?? effect.mints);
    if (effect.mint && ++active.mints <= most) await effect.mint(call);
    else if (isAdmin(request, response, tokens)) await mintIat(request, response, provider);
    return;
  }
  if (/^POST \/admin\/realms\/[^/]+\/clients-initial-access$/.test(line)) {
    if (isAdmin(request, response, tokens)) await mintLikeKeycloak(request, response, provider);
    return;
  }
  if (rat !== undefined) {
    if (isAdmin(request, response, tokens)) await mintRat(decodeURIComponent(rat), response, provider);
    return;
  }
  if (/^PATCH \/api\/oidc\/(?:dcr\/)?register\/[^/]+$/.test(line)) return patchClient(request, response);
  if (effect.register && /^POST \/api\/oidc\/(dcr\/)?register$/.test(line)) return effect.register(call);
  if (path.startsWith(`${MOUNT}/`)) return passOn(request, response, provider);
  answerJson(response, 404, { error: 'not_found', error_description: 'no such route' });
}

/** Gives the request to the provider, which takes its mount point from the difference between `originalUrl` and `url`. */
function passOn(request: IncomingMessage, response: ServerResponse, provider: RegistrationProvider): void {
  const url = (request.url ?? '').slice(MOUNT.length).replace(/^\/dcr\/register/, '/register');
  provider.handle(Object.assign(request, { originalUrl: MOUNT + url, url }), response);
}

/**
 * EmpowerNow's own way to update a client: the given members replace the stored ones. RFC 7592 can only replace all of them,
 * so this reads, merges and replaces, and the provider checks both requests.
 */
async function patchClient(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const changes = parseObject(await text(request));
  if (changes === null) return answerJson(response, 400, { error: 'invalid_request' });
  const url = `http://127.0.0.1:${request.socket.localPort}${request.url}`;
  const headers = { Authorization: request.headers.authorization ?? '', Host: request.headers.host ?? '' };
  const stored = await ask(url, { headers });
  let answer = stored;
  if (stored.status === 200) {
    const client = { ...parseObject(stored.text), ...changes };
    const body = JSON.stringify(client, (key, value) => (READ_ONLY.includes(key) ? undefined : value));
    answer = await ask(url, { method: 'PUT', headers: { ...headers, 'Content-Type': 'application/json' }, body });
  }
  const challenge = answer.headers['www-authenticate'];
  response.writeHead(answer.status, {
    'Content-Type': 'application/json',
    ...(challenge === undefined ? {} : { 'WWW-Authenticate': challenge }),
  });
  response.end(answer.text);
}
