import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: one of those could take a server's while it is down. */
const PORTS = { from: 20_000, to: 29_999 } as const;

/** Longer bodies are refused. */
const MAX_BODY_BYTES = 256 * 1024;

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
export async function ask(url: string | URL, question: Question = {}): Promise<Answer> {
  const target = new URL(url);
  // TLS takes a while to load, and only one fault needs it.
  const request = target.protocol === 'https:' ? (await import('node:https')).request : requestHttp;
  const timeoutMs = question.timeoutMs ?? 5_000;
  return new Promise((resolve, reject) => {
    const body = question.body === undefined ? null : Buffer.from(question.body);
    const headers = { ...question.headers, ...(body === null ? {} : { 'Content-Length': body.length }) };
    const outgoing = request(target, { agent: false, method: question.method ?? 'GET', headers });
    const timer = setTimeout(() => outgoing.destroy(timeoutError(target, timeoutMs)), timeoutMs);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      readBody(incoming).then(
        (text) =>
          resolve({
            status: incoming.statusCode ?? 0,
            reason: incoming.statusMessage ?? '',
            headers: incoming.headers,
            text,
          }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

function timeoutError(target: URL, timeoutMs: number): Error {
  return Object.assign(new Error(`no answer from ${target.host} within ${timeoutMs} ms`), { code: 'ETIMEDOUT' });
}

/** The whole body as text. */
export async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A JSON object, or null where the text is anything else. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
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
export async function listen(
  server: Pick<NetServer, 'once' | 'off' | 'listen' | 'address'>,
  host: string,
  port: number,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Stops listening and closes the connections that are still open. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
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
