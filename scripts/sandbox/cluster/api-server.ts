import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isRecord, jsonOrNull } from '../../core/json.ts';
import { closeServer, listen } from '../http.ts';
import { discover } from './api-discovery.ts';
import { acceptExec, createExecSockets } from './api-exec.ts';
import { acceptForward } from './api-forward.ts';
import { answerLog, answerProxy, containerOf } from './api-pods.ts';
import { decodeReview } from './api-protobuf.ts';
import { notAllowed, type Route, reviewOf, routeOf } from './api-request.ts';
import { apiVersionOf } from './api-resources.ts';
import { selectorOf } from './api-selectors.ts';
import { ApiError, badRequest, noSuchPath, notFound, unauthorized } from './api-status.ts';
import type { ApiServer, ApiServerOptions, LoggedRequest, Review } from './api-types.ts';
import { answerWatch } from './api-watch.ts';
import { createWriter, type WriteOptions, type Writer } from './api-write.ts';
import type { ApiObject } from './store.ts';

const MOST_REQUESTS = 10_000;

/**
 * An API server of Kubernetes, as far as kubectl needs one for workloads, pods and Secrets: plain HTTP on loopback. SPDY and
 * `apply --server-side` are not there. It does nothing by itself: controllers and kubelet work on the store.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const requests: LoggedRequest[] = [];
  const sockets = createExecSockets();
  const api: Api = { options, writer: createWriter(options), rights: options.rights ?? (() => true) };
  const note = ({ method = '', url: path = '', headers }: IncomingMessage) => {
    requests.push({ method, path, userAgent: headers['user-agent'] ?? '' });
    if (requests.length > MOST_REQUESTS) requests.shift();
  };

  const server = createServer((request, response) => {
    note(request);
    answer(api, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answerError(response, error);
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    note(request);
    // Who goes away in the middle is no fault of the server.
    socket.on('error', () => socket.destroy());
    try {
      const { subresource, run, address } = upgradeOf(api, request);
      if (subresource === 'exec') acceptExec(sockets, request, socket, head, run);
      else acceptForward(sockets, request, socket, head, address);
    } catch (error) {
      const { status } = toApiError(error);
      const body = JSON.stringify(status);
      socket.end(
        `HTTP/1.1 ${status.code} ${status.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  });
  const port = await listen(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      await closeServer(server);
    },
  };
}

interface Api {
  readonly options: ApiServerOptions;
  readonly writer: Writer;
  readonly rights: (review: Review) => boolean;
}

async function answer(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', 'http://cluster');
  checkLogin(api);
  if (/^\/(healthz|livez|readyz)$/.test(url.pathname)) {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok');
    return;
  }
  const discovered = discover(url.pathname, headers.accept ?? '');
  if (discovered !== null) {
    send(response, 200, discovered.body, discovered.contentType);
    return;
  }
  const route = allowed(api, method, url);
  if (route.subresource === 'log' || route.subresource === 'proxy') {
    const { pods } = api.options;
    if (pods === undefined) throw noSuchPath();
    const pod = objectAt(api, route);
    if (route.subresource === 'log') await answerLog(pods, pod, url.searchParams, response);
    else await answerProxy(pods, pod, route.port, route.rest + url.search, request, response);
    return;
  }
  if (method === 'GET') {
    read(api, route, url.searchParams, response);
    return;
  }
  const bytes = await buffer(request);
  const isProtobuf = headers['content-type']?.startsWith('application/vnd.kubernetes.protobuf');
  const body = isProtobuf ? decodeReview(bytes) : jsonOrNull(bytes.toString());
  const [status, object] = write(api, route, method, request, url.searchParams, body);
  send(response, status, object);
}

/** @throws ApiError 404 for a path that is not there, 403 where the rights are missing */
function allowed(api: Api, method: string, url: URL): Route {
  const route = routeOf(url.pathname);
  if (route === null) throw noSuchPath();
  const review = reviewOf(method, route, url.searchParams);
  // Everybody may ask what they may do.
  if (route.type.group !== 'authorization.k8s.io' && !api.rights(review)) throw notAllowed(route.type, review);
  return route;
}

function checkLogin({ options: { isLoggedIn = () => true } }: Api): void {
  if (!isLoggedIn()) throw unauthorized();
}

function objectAt({ options: { store } }: Api, { type, namespace, name }: Route): ApiObject {
  const object = store.get(type.resource, namespace, name);
  if (object === undefined) throw notFound(type, name);
  return object;
}

function read(api: Api, route: Route, query: URLSearchParams, response: ServerResponse): void {
  const { type, within } = route;
  if (!type.verbs.includes('list')) throw noMethod();
  if (route.name !== '' && query.get('watch') !== 'true') {
    send(response, 200, objectAt(api, route));
    return;
  }
  const { store } = api.options;
  const matches = selectorOf(query);
  if (query.get('watch') === 'true') {
    answerWatch(store, { type, namespace: within, matches, query }, response);
    return;
  }
  const key = ({ metadata }: ApiObject) => `${metadata.namespace ?? ''}/${metadata.name}`;
  const found = store.list(type.resource, within).filter(matches);
  const sorted = found.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  send(response, 200, {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: { resourceVersion: store.version },
    items: sorted.map(({ kind, apiVersion, ...rest }) => rest),
  });
}

function write(
  { writer, rights }: Api,
  route: Route,
  method: string,
  { headers }: IncomingMessage,
  query: URLSearchParams,
  body: unknown,
): [number, unknown] {
  const options: WriteOptions = {
    manager: query.get('fieldManager') ?? headers['user-agent']?.split('/')[0] ?? 'unknown',
    dryRun: query.get('dryRun') === 'All',
  };
  const isCollection = route.name === '';
  if (method === 'POST' && route.type.kind === 'SelfSubjectAccessReview') return [201, reviewed(body, rights)];
  if (method === 'POST' && isCollection) return [201, writer.create(route, body, options)];
  if (method === 'PUT' && !isCollection) return [200, writer.replace(route, body, options)];
  if (method === 'DELETE' && !isCollection) return [200, writer.remove(route, body, options)];
  if (method !== 'PATCH' || isCollection) throw noMethod();
  const mediaType = headers['content-type']?.split(';')[0] ?? '';
  return [200, writer.patch(route, mediaType, body, options)];
}

function reviewed(body: unknown, rights: (review: Review) => boolean): unknown {
  const { spec } = isRecord(body) ? body : {};
  const attributes = isRecord(spec) && isRecord(spec['resourceAttributes']) ? spec['resourceAttributes'] : {};
  const text = (name: string) => String(attributes[name] ?? '');
  const allowed = rights({
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    name: text('name'),
    namespace: text('namespace'),
  });
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
    status: { allowed },
  };
}

/** @throws ApiError for every upgrade but that of exec and port-forward to a WebSocket */
function upgradeOf(api: Api, request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://cluster');
  checkLogin(api);
  const route = allowed(api, 'GET', url);
  // Since 1.35 an upgrade needs both (AuthorizePodWebsocketUpgradeCreatePermission).
  allowed(api, 'POST', url);
  const { pods } = api.options;
  const { subresource } = route;
  const isKnown = subresource === 'exec' || (subresource === 'portforward' && !isTunnel(request));
  if (pods === undefined || !isKnown || request.headers.upgrade?.toLowerCase() !== 'websocket')
    throw badRequest('unable to upgrade: only exec and port-forward over WebSocket are known here');
  const pod = objectAt(api, route);
  const query = url.searchParams;
  return {
    subresource,
    run: (signal: AbortSignal) =>
      pods.exec(pod, containerOf(pod, query.get('container')), query.getAll('command'), signal),
    address: (port: number) => pods.address(pod, port),
  };
}

/** kubectl's own port-forward has SPDY inside of the WebSocket (KEP-4006). */
function isTunnel({ headers }: IncomingMessage): boolean {
  return /SPDY/i.test(headers['sec-websocket-protocol'] ?? '');
}

function noMethod(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(
    500,
    'InternalError',
    `Internal error occurred: ${error instanceof Error ? error.message : error}`,
  );
}

function answerError(response: ServerResponse, error: unknown): void {
  const { status } = toApiError(error);
  send(response, status.code, status);
}

function send(response: ServerResponse, status: number, body: unknown, contentType = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-cache, private' });
  response.end(JSON.stringify(body));
}
