import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { jsonOrNull } from '../../core/json.ts';
import { createCertificate } from '../../sandbox/certificate.ts';
import { closeServer, listen } from '../../sandbox/http.ts';

/** A request as it came over the wire. */
export interface Arrival {
  readonly method: string;
  /** Whether it came through TLS, whatever its URL says. */
  readonly isEncrypted: boolean;
  readonly host: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** In the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** One character a byte. */
  readonly body: string;
}

export interface Echo {
  /** The URL of the proxy that answers for every host: `HTTP_PROXY` and `HTTPS_PROXY`. */
  readonly proxy: string;
  /** What came since the last call, in order. */
  take(): readonly Arrival[];
  close(): Promise<void>;
}

/** Nothing listens there: port 1 of any host, and a host whose variable nobody set. */
const NOBODY = /[{}]|%7B|:1$/i;

const USER = 'postman';
const PASSWORD = 'password';

/**
 * A proxy on loopback that is every host of the Internet: it records what comes and answers it by itself, with the paths of
 * postman-echo.com, https with a certificate that nobody signed included. So a collection runs as it is, whatever hosts are in
 * it and wherever their names come from, and nothing leaves this machine.
 */
export async function startEcho(): Promise<Echo> {
  let arrivals: Arrival[] = [];
  const handle: RequestListener = async (request, response) => {
    const url = urlOf(request);
    if (NOBODY.test(request.headers.host ?? '') || NOBODY.test(url.host)) return void request.socket.destroy();
    const at = arrivals.push({
      method: request.method ?? '',
      isEncrypted: 'encrypted' in request.socket,
      host: request.headers.host ?? '',
      target: (request.url ?? '').replace(/^https?:\/\/[^/?#]*/i, ''),
      headers: pairsOf(request.rawHeaders),
      body: '',
    });
    const own = arrivals;
    const body = await buffer(request).catch(() => Buffer.from('(broken off)'));
    own[at - 1] = { ...(own[at - 1] as Arrival), body: body.toString('latin1') };
    answer(request, response, url, body);
  };
  const secure = createSecureServer(await createCertificate('echo.test'), handle);
  const plain = createServer(handle);
  const tunnels = new Set<Duplex>();
  plain.on('connect', ({ url = '' }, socket) => {
    // Nobody else closes those.
    tunnels.add(socket.on('close', () => tunnels.delete(socket)));
    if (NOBODY.test(url)) return void socket.destroy();
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    secure.emit('connection', socket);
  });
  for (const server of [plain, secure] satisfies Server[]) server.on('clientError', (_, socket) => socket.destroy());
  const port = await listen(plain, '127.0.0.1', 0);
  return {
    proxy: `http://127.0.0.1:${port}`,
    take() {
      const taken = arrivals;
      arrivals = [];
      return taken;
    },
    async close() {
      for (const tunnel of tunnels) tunnel.destroy();
      await closeServer(plain);
    },
  };
}

function urlOf({ url = '', headers }: IncomingMessage): URL {
  const text = url.startsWith('/') ? `http://${headers.host}${url}` : url;
  return URL.canParse(text) ? new URL(text) : new URL('http://odd.test/');
}

function pairsOf(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

type Way = (context: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What comes after the name of the path. */
  readonly rest: readonly string[];
  readonly echo: () => string;
}) => void;

function answer(request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): void {
  const [, name = '', ...rest] = url.pathname.split('/');
  const echo = () => JSON.stringify(echoOf(request, url, body));
  (WAYS[name] ?? sendEcho)({ request, response, url, rest, echo });
}

const sendEcho: Way = ({ response, echo }) => sendText(response, 200, echo());

/** By the first part of the path; any other path is an echo. */
const WAYS: Readonly<Record<string, Way>> = {
  status: ({ response, rest: [code], echo }) => {
    const status = Number(code) || 200;
    const isEmpty = status === 204 || status === 304;
    response.writeHead(status, isEmpty ? {} : { 'content-type': 'application/json' }).end(isEmpty ? '' : echo());
  },
  delay: ({ response, rest: [seconds], echo }) => {
    const timer = setTimeout(() => sendText(response, 200, echo()), Math.min(10, Number(seconds) || 0) * 1_000);
    response.on('close', () => clearTimeout(timer));
  },
  'redirect-to': ({ response, url }) =>
    redirect(response, url.searchParams.get('url') ?? '/get', Number(url.searchParams.get('status_code')) || 302),
  redirect: ({ response, rest: [count] }) => {
    const left = (Number(count) || 1) - 1;
    redirect(response, left > 0 ? `/redirect/${left}` : '/get', 302);
  },
  'basic-auth': ({ request, response }) => {
    const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    if (request.headers.authorization === expected) sendText(response, 200, '{"authenticated": true}');
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="Users"' }).end('Unauthorized');
  },
  'digest-auth': ({ request, response }) => {
    if (isDigest(request)) sendText(response, 200, '{"authenticated": true}');
    else response.writeHead(401, { 'www-authenticate': 'Digest realm="Users", nonce="n1", qop="auth"' }).end();
  },
  cookies: ({ request, response, url, rest: [verb] }) => {
    if (verb === undefined || verb === '') return sendText(response, 200, JSON.stringify(cookiesOf(request)));
    const ending = verb === 'delete' ? '; Expires=Thu, 01 Jan 1970 00:00:00 GMT' : '';
    const cookies = [...url.searchParams].map(([key, value]) => `${key}=${value}; Path=/${ending}`);
    redirect(response, '/cookies', 302, { 'set-cookie': cookies });
  },
  'response-headers': ({ response, url }) => {
    const headers = Object.fromEntries(url.searchParams);
    sendText(response, 200, JSON.stringify(headers), headers);
  },
  gzip: ({ response, echo }) => sendBytes(response, gzipSync(echo()), { 'content-encoding': 'gzip' }),
  deflate: ({ response, echo }) => sendBytes(response, deflateSync(echo()), { 'content-encoding': 'deflate' }),
  brotli: ({ response, echo }) => sendBytes(response, brotliCompressSync(echo()), { 'content-encoding': 'br' }),
  /** Says that it is compressed, and is not. */
  'bad-gzip': ({ response, echo }) => sendBytes(response, Buffer.from(echo()), { 'content-encoding': 'gzip' }),
  bytes: ({ response, rest: [count] }) =>
    sendBytes(response, Buffer.from(Array.from({ length: Number(count) || 256 }, (_, index) => index % 256)), {
      'content-type': 'application/octet-stream',
    }),
  large: ({ response, rest: [kilobytes] }) =>
    sendText(response, 200, JSON.stringify({ text: 'x'.repeat((Number(kilobytes) || 1) * 1_024) })),
  stream: ({ response, rest: [count], echo }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (let left = Number(count) || 1; left > 0; left--) response.write(`${echo()}\n`);
    response.end();
  },
  xml: ({ response }) => {
    const text = '<?xml version="1.0"?><users><user id="1">Ann</user><user id="2">Bob</user></users>';
    sendText(response, 200, text, { 'content-type': 'application/xml' });
  },
  html: ({ response }) => {
    const text = '<!doctype html><title>Hi</title><ul><li>one</li><li>two</li></ul>';
    sendText(response, 200, text, { 'content-type': 'text/html' });
  },
  latin1: ({ response }) =>
    sendBytes(response, Buffer.from('Grün', 'latin1'), { 'content-type': 'text/plain; charset=iso-8859-1' }),
  /** No answer, or half of one. */
  drop: ({ request }) => void request.socket.destroy(),
  half: ({ request, response }) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half');
    setImmediate(() => request.socket.destroy());
  },
};

function sendText(response: ServerResponse, status: number, text: string, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text);
}

function sendBytes(response: ServerResponse, bytes: Buffer, headers: object): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(bytes);
}

function redirect(response: ServerResponse, location: string, status: number, headers: object = {}): void {
  response.writeHead(status, { location, ...headers }).end();
}

/** RFC 7616 §3.4.1 with MD5 and qop=auth. */
function isDigest({ method, headers: { authorization = '' } }: IncomingMessage): boolean {
  const part = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(authorization)?.[1] ?? '';
  const md5 = (...parts: readonly string[]) => createHash('md5').update(parts.join(':')).digest('hex');
  const [a1, a2] = [md5(USER, 'Users', PASSWORD), md5(method ?? '', part('uri'))];
  return part('response') === md5(a1, 'n1', part('nc'), part('cnonce'), 'auth', a2);
}

function cookiesOf({ headers: { cookie = '' } }: IncomingMessage): object {
  const pairs = cookie.split(/;\s*/).filter((pair) => pair !== '');
  return { cookies: Object.fromEntries(pairs.map((pair) => [pair.split('=')[0], pair.split('=').slice(1).join('=')])) };
}

/** What postman-echo.com says of a request. */
function echoOf(request: IncomingMessage, url: URL, body: Buffer): object {
  const { method, headers } = request;
  const type = headers['content-type'] ?? '';
  const text = body.toString();
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1];
  const { fields, files } = boundary === undefined ? { fields: {}, files: {} } : partsOf(body, boundary);
  const isForm = type.startsWith('application/x-www-form-urlencoded');
  const json = jsonOrNull(text);
  return {
    method,
    args: Object.fromEntries(url.searchParams),
    headers,
    url: url.href,
    data: isForm || boundary !== undefined ? '' : (json ?? text),
    form: isForm ? Object.fromEntries(new URLSearchParams(text)) : fields,
    files,
    json: isForm ? Object.fromEntries(new URLSearchParams(text)) : json,
  };
}

function partsOf(body: Buffer, boundary: string): { fields: Record<string, string>; files: Record<string, string> } {
  const found = { fields: {} as Record<string, string>, files: {} as Record<string, string> };
  for (const part of body.toString('latin1').split(`--${boundary}`).slice(1, -1)) {
    const [head = '', ...rest] = part.slice(2, -2).split('\r\n\r\n');
    const content = rest.join('\r\n\r\n');
    const named = (name: string) => new RegExp(`[ ;]${name}="([^"]*)"`).exec(head)?.[1];
    const file = named('filename');
    const bytes = Buffer.from(content, 'latin1');
    if (file === undefined) found.fields[named('name') ?? ''] = bytes.toString();
    else found.files[file] = `data:application/octet-stream;base64,${bytes.toString('base64')}`;
  }
  return found;
}
