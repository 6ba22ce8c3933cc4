import { type IncomingMessage, request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Forwarded, Framing, LocalSocket } from '../core/ports.ts';
import { LineSplitter } from './line-splitter.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const OPEN_MS = 15_000;

/** @returns null: Node knows no Unix sockets on this system */
export async function openLocalSocket(): Promise<LocalSocket | null> {
  if (process.platform === 'win32') return null;
  const folder = await makeTemporaryFolder();
  const socketPath = join(folder.path, 's');
  return {
    path: socketPath,
    async get(path, signal) {
      const response = await answerOf(socketPath, path, signal);
      const status = response.statusCode ?? 0;
      if (status === 200) return { status, lines: linesOf(response) };
      response.destroy();
      return { status, lines: [] };
    },
    forward: (path, framing, onLost, signal) =>
      forward(() => connect(socketPath, path, framing, signal), framing, onLost),
    remove: folder.remove,
  };
}

function answerOf(socketPath: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, signal, agent: false, headers: { host: 'localhost' } })
      .once('response', resolve)
      .on('error', reject)
      .end();
  });
}

/** What was lost with the connection is told as an end is. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  const splitter = new LineSplitter();
  try {
    for await (const text of response.setEncoding('utf8')) yield* splitter.take(text as string);
  } catch {}
  yield* splitter.end();
}

interface Tunnel {
  readonly socket: WebSocket;
  readonly stream: ReturnType<typeof createWebSocketStream>;
}

/** @returns its status where it was refused; @throws where nobody answers */
function connect(
  socketPath: string,
  path: string,
  { protocol }: Framing,
  signal: AbortSignal,
): Promise<Tunnel | number> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new WebSocket(`ws+unix://${socketPath}:${path}`, protocol, {
      headers: { host: 'localhost' },
      perMessageDeflate: false,
      handshakeTimeout: OPEN_MS,
    });
    const stream = createWebSocketStream(socket, { readableObjectMode: true });
    // Who uses the stream hears of it by its end.
    stream.on('error', () => {});
    const stop = () => socket.terminate();
    signal.addEventListener('abort', stop, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', stop));
    socket.once('open', () => resolve({ socket, stream }));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, { statusCode = 0 }) => {
      resolve(statusCode);
      socket.terminate();
    });
  });
}

async function forward(
  open: () => Promise<Tunnel | number>,
  framing: Framing,
  onLost: () => void,
): Promise<Forwarded | number> {
  const opened = await open();
  if (typeof opened === 'number') return opened;
  let first: Tunnel | null = opened;
  const sockets = new Set<Socket>();
  const lose = () => {
    server.close();
    onLost();
  };
  const server = createServer(async (local) => {
    sockets.add(local);
    local.on('error', () => {}).once('close', () => sockets.delete(local));
    const early = first?.socket.readyState === WebSocket.OPEN ? first : null;
    first = null;
    const tunnel = early ?? (await open().catch(() => 0));
    if (typeof tunnel === 'number') {
      local.destroy();
      lose();
      return;
    }
    const [toMessage, toBytes] = [framing.toMessage, framing.toBytes()];
    await pipeline(local, through(toMessage), tunnel.stream, through(toBytes), local).catch(() => {});
    tunnel.socket.terminate();
    local.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close() {
      first?.socket.terminate();
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function through(change: (bytes: Buffer) => Uint8Array): Transform {
  return new Transform({
    writableObjectMode: true,
    transform: (bytes: Buffer, _, done: TransformCallback) => done(null, change(bytes)),
  });
}
