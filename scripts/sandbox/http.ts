import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { isRecord, jsonOrNull } from '../core/json.ts';

/** Below the ports that systems give to outgoing connections: one of those could take a server's while it is down. */
const PORTS = { from: 20_000, to: 29_999 } as const;

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From connecting to the last byte, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * One HTTP request on its own connection: no redirects, no reuse.
 *
 * @throws Error of Node with its `code` (ECONNREFUSED, ENOTFOUND …); ETIMEDOUT when the time is up
 */
export async function ask(
  url: string | URL,
  { method = 'GET', headers = {}, body, timeoutMs = 5_000 }: Question = {},
): Promise<Answer> {
  const target = new URL(url);
  // TLS takes a while to load, and only one fault needs it.
  const request = target.protocol === 'https:' ? (await import('node:https')).request : requestHttp;
  return new Promise((resolve, reject) => {
    // Node adds no length to a body of DELETE.
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const outgoing = request(target, { agent: false, method, headers: { ...headers, ...length } }, (incoming) => {
      const { statusCode = 0, statusMessage = '', headers } = incoming;
      text(incoming).then(
        (body) => resolve({ status: statusCode, reason: statusMessage, headers, text: body }),
        reject,
      );
    });
    const timeout = new Error(`no answer from ${target.host} within ${timeoutMs} ms`);
    const timer = setTimeout(() => outgoing.destroy(Object.assign(timeout, { code: 'ETIMEDOUT' })), timeoutMs);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A JSON object, or null where the text is anything else. */
export function parseObject(text: string): Record<string, unknown> | null {
  const value = jsonOrNull(text);
  return isRecord(value) ? value : null;
}

/** Answers with JSON. No cache may keep it: some answers hold tokens. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}

/**
 * Starts listening.
 *
 * @returns the port, which the system chose where `port` is 0
 */
export async function listen(server: NetServer, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Stops listening and closes the connections that are still open. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/** A port of this machine that is free now, and that stays free for a server that is restarted. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const server = createServer();
    const isFree = await listen(server, '127.0.0.1', port).then(
      () => true,
      () => false,
    );
    await closeServer(server);
    if (isFree) return port;
  }
  throw new Error('found no free port on this machine');
}
