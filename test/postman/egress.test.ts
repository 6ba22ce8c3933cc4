import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../support/bundle.ts';
import type { Trial, Tried, Way } from '../support/guarded-thread.ts';

let folder = '';
let thread: Worker;
let port = 0;
let arrived = 0;
let onArrival = () => {};
const arrive = () => {
  arrived += 1;
  onArrival();
};
const server = createServer((socket) => {
  arrive();
  socket.on('error', () => {});
  socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
});
/** Answers that there is no such name. */
const names = createSocket('udp4', (query, { port: from }) => {
  arrive();
  query.writeUInt16BE(0x8183, 2);
  names.send(query, from, '127.0.0.1');
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iat-test-'));
  await bundle(folder, [fileURLToPath(new URL('../support/guarded-thread.ts', import.meta.url))]);
  thread = new Worker(join(folder, 'guarded-thread.mjs'));
  server.listen(0, '127.0.0.1');
  names.bind(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(names, 'listening')]);
  ({ port } = server.address() as { port: number });
});
afterAll(async () => {
  server.close();
  names.close();
  await thread.terminate();
  await rm(folder, { recursive: true });
});

async function tryWay(trial: Trial): Promise<Tried> {
  thread.postMessage(trial);
  const [tried] = (await once(thread, 'message')) as [Tried];
  return tried;
}

/** What arrives from now on, until something does. */
function arrivals() {
  const before = arrived;
  const first = new Promise<void>((resolve) => {
    onArrival = resolve;
  });
  return { first, count: () => arrived - before };
}

const BLOCKED = { origins: ['https://idp.test'], proxies: {} };
const OPEN = { origins: null, proxies: {} };

describe('what is not allowed fails before a byte goes out; the same way works where it is', () => {
  test.for<Way>([
    'net.connect',
    'net.createConnection',
    'a socket',
    'tls.connect',
    'http.get',
    'http.request of a URL',
    'http.request with an agent',
    'a request made by hand',
    'https.get',
    'http2.connect',
    'fetch',
  ])('%s', async (way) => {
    const { first, count } = arrivals();
    const blocked = await tryWay({ way, policy: BLOCKED, host: '127.0.0.1', port });
    expect(blocked).toEqual({ error: 'EGRESS_REFUSED', refused: [`127.0.0.1:${port}`] });
    expect(await tryWay({ way, policy: OPEN, host: '127.0.0.1', port })).toMatchObject({ refused: [] });
    await first;
    expect(count()).toBe(1);
  });

  test.for<Way>(['dns.resolve4', 'a resolver', 'a resolver of promises'])('%s', async (way) => {
    const { port } = names.address();
    const { count } = arrivals();
    const blocked = await tryWay({ way, policy: BLOCKED, host: 'evil.test', port });
    expect(blocked).toEqual({ error: 'EGRESS_REFUSED', refused: ['evil.test'] });
    expect(await tryWay({ way, policy: OPEN, host: 'idp.test', port })).toEqual({ error: 'ENOTFOUND', refused: [] });
    expect(count()).toBe(1);
  });

  test.for<Way>(['dns.lookup', 'dns.promises.lookup'])('%s', async (way) => {
    const blocked = await tryWay({ way, policy: BLOCKED, host: 'localhost', port });
    expect(blocked).toMatchObject({ error: 'EGRESS_REFUSED', refused: ['localhost'] });
    const policy = { ...BLOCKED, origins: ['http://localhost:1'] };
    expect(await tryWay({ way, policy, host: 'localhost', port })).toMatchObject({ error: null, refused: [] });
  });

  test('a datagram', async () => {
    const { port } = names.address();
    const { first } = arrivals();
    const blocked = await tryWay({ way: 'a datagram', policy: BLOCKED, host: '127.0.0.1', port });
    expect(blocked).toEqual({ error: 'EGRESS_REFUSED', refused: ['127.0.0.1 (UDP)'] });
    expect(await tryWay({ way: 'a datagram', policy: OPEN, host: '127.0.0.1', port })).toMatchObject({ error: null });
    // The next test would count it.
    await first;
  });
});

describe('an address in place of DNS, for the policy that allows the name', () => {
  test.for<Way>([
    'net.connect',
    'a socket',
    'http.get',
    'http.request with an agent',
    'https.get',
    'http2.connect',
    'fetch',
  ])('%s', async (way) => {
    const resolve = [{ host: 'idp.test', port: String(port), addresses: ['127.0.0.1'] }];
    const policy = { origins: [`http://idp.test:${port}`, `https://idp.test:${port}`], proxies: {}, resolve };
    const { first, count } = arrivals();
    expect(await tryWay({ way, policy, host: 'idp.test', port })).toMatchObject({ refused: [] });
    await first;
    expect(count()).toBe(1);
    const blocked = await tryWay({
      way,
      policy: { ...BLOCKED, origins: ['http://127.0.0.1'], resolve },
      host: 'idp.test',
      port,
    });
    expect(blocked).toEqual({ error: 'EGRESS_REFUSED', refused: [`idp.test:${port}`] });
  });
});

describe('a host is what its URL is', () => {
  test.for([
    ['127.0.0.1', 'http://127.0.0.1:PORT', null],
    ['2130706433', 'http://127.0.0.1:PORT', null],
    ['0x7f.1', 'http://127.0.0.1:PORT', null],
    ['LOCALHOST', 'http://localhost:PORT', null],
    ['127.0.0.1', 'http://localhost:PORT', null],
    ['127.0.0.1', 'https://127.0.0.1:PORT', 'EGRESS_REFUSED'],
    ['127.0.0.1', 'http://127.0.0.1:1', 'EGRESS_REFUSED'],
    ['127.0.0.2', 'http://localhost:PORT', 'EGRESS_REFUSED'],
    ['::1', 'http://[::2]:PORT', 'EGRESS_REFUSED'],
  ] as const)('%s where %s is allowed', async ([host, origin, error]) => {
    const policy = { ...BLOCKED, origins: [origin.replace('PORT', String(port))] };
    expect(await tryWay({ way: 'http.get', policy, host, port })).toMatchObject({ error });
  });
});
