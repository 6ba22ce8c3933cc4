import { createServer } from 'node:http';
import { connect } from 'node:net';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Framing } from '../../scripts/core/ports.ts';
import { openLocalSocket } from '../../scripts/platform/local-socket.ts';

const NEVER = new AbortController().signal;

/** The first byte of each message is dropped, and the first message as a whole. */
const FRAMING: Framing = {
  protocol: 'test',
  toMessage: (bytes) => Buffer.concat([Buffer.of(7), bytes]),
  toBytes() {
    let isFirst = true;
    return (message) => {
      const bytes = isFirst ? new Uint8Array() : message.subarray(1);
      isFirst = false;
      return bytes;
    };
  },
};

/** A program that serves on the socket: pieces of lines, a 404, and a WebSocket that answers in capitals and ends. */
async function served() {
  const socket = await openLocalSocket();
  if (socket === null) throw new Error('There is no socket.');
  const state = { refuses: false, open: 0 };
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    if (request.url !== '/lines?a=1') return void response.writeHead(404).end('not found');
    response.write('one\ntw');
    response.end('o\nthree');
  });
  server.on('upgrade', (request, stream, head) => {
    if (state.refuses) return void stream.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      state.open += 1;
      webSocket.on('close', () => (state.open -= 1));
      webSocket.send(Buffer.from('a greeting'));
      webSocket.on('message', (message: Buffer) => {
        webSocket.send(Buffer.concat([message.subarray(0, 1), Buffer.from(message.toString().slice(1).toUpperCase())]));
        webSocket.close();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(socket.path, resolve));
  onTestFinished(async () => {
    for (const each of webSockets.clients) each.terminate();
    server.closeAllConnections();
    server.close();
    await socket.remove();
  });
  return { socket, state };
}

async function said(url: string, words: string): Promise<string> {
  const local = connect(Number(new URL(url).port), '127.0.0.1');
  local.on('error', () => {});
  local.write(words);
  return text(local).catch(() => 'broken');
}

describe.runIf(process.platform !== 'win32')('a socket of this user', () => {
  test('gives the lines of an answer, and the status of any other', async () => {
    const { socket } = await served();
    const { status, lines } = await socket.get('/lines?a=1', NEVER);
    const all: string[] = [];
    for await (const line of lines) all.push(line);
    expect([status, all]).toEqual([200, ['one', 'two', 'three']]);
    expect(await socket.get('/other', NEVER)).toEqual({ status: 404, lines: [] });
  });

  test('says that nobody answers', async () => {
    const socket = await openLocalSocket();
    onTestFinished(() => socket?.remove());
    await expect(socket?.get('/', NEVER)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(socket?.forward('/', FRAMING, () => {}, NEVER)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('leads each connection to a WebSocket of its own, until none can be opened any more', async () => {
    const { socket, state } = await served();
    let lost = 0;
    const way = await socket.forward('/way', FRAMING, () => (lost += 1), NEVER);
    if (typeof way === 'number') throw new Error(`It was refused: ${way}`);
    expect(await Promise.all([said(way.url, 'first'), said(way.url, 'second')])).toEqual(['FIRST', 'SECOND']);
    state.refuses = true;
    expect([await said(way.url, 'third'), lost]).toEqual(['', 1]);
    await expect(said(way.url, 'fourth')).resolves.toBe('broken');
    expect(await socket.forward('/way', FRAMING, () => {}, NEVER)).toBe(403);
  });

  test('ends its ways with the run', async () => {
    const { socket } = await served();
    const way = await socket.forward('/way', FRAMING, () => {}, NEVER);
    if (typeof way === 'number') throw new Error(`It was refused: ${way}`);
    way.close();
    expect(await said(way.url, 'late')).toBe('broken');
  });
});
