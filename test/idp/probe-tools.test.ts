import { spawnSync } from 'node:child_process';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import process from 'node:process';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reach } from '../../scripts/core/reach.ts';
import { PROBE_TOOLS } from '../../scripts/idp/probe-tools.ts';
import { reachFromHere } from '../../scripts/platform/ask-url.ts';
import { createCertificate } from '../../scripts/sandbox/certificate.ts';

const NEVER = new AbortController().signal;
const servers: Server[] = [];
const ports = { plain: 0, silent: 0, tls: 0 };

beforeAll(async () => {
  const plain = createServer((socket) => {
    socket.once('data', (request) => {
      const status = /^GET \/broken /.test(String(request))
        ? '503 Broken'
        : '302 Found\r\nLocation: http://name.invalid/';
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
  });
  const silent = createServer(() => {});
  const tls = createTlsServer(await createCertificate('127.0.0.1'), (_, response) => response.end());
  for (const [name, server] of Object.entries({ plain, silent, tls })) {
    server.on('clientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports[name as keyof typeof ports] = (server.address() as AddressInfo).port;
    servers.push(server);
  }
});
afterAll(() => {
  for (const server of servers) server.close();
});

const CASES: readonly (readonly [string, () => string, Reach['kind'], number?])[] = [
  ['whatever it answers, and where it sends', () => `http://127.0.0.1:${ports.plain}/`, 'answered', 302],
  ['an error of the server', () => `http://127.0.0.1:${ports.plain}/broken`, 'answered', 503],
  ['nothing listens', () => 'http://127.0.0.1:1/', 'refused'],
  ['a name that does not resolve', () => 'http://name.invalid/', 'dns'],
  ['a self-signed certificate', () => `https://127.0.0.1:${ports.tls}/`, 'tls'],
  ['no answer', () => `http://127.0.0.1:${ports.silent}/`, 'timeout'],
];

// The programs as this machine has them; images have the same, or busybox's.
describe.concurrent.each(PROBE_TOOLS)('with $program', ({ program, args, read }) => {
  const isThere = spawnSync(program, ['--version']).status === 0;

  test.skipIf(!isThere).concurrent.for(CASES)('%s', async ([, url, kind, status]) => {
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
    const result = await execa(program, args(url()), { reject: false, env, extendEnv: false });
    const { exitCode = null, stdout, stderr } = result;
    expect(read({ exitCode, stdout, stderr, startError: null, timedOut: false }), stderr).toMatchObject({
      kind,
      ...(status === undefined ? {} : { status }),
    });
  });

  test('a program that is not there says nothing', () => {
    const stderr = `OCI runtime exec failed: exec: "${program}": executable file not found in $PATH: unknown`;
    expect(read({ exitCode: 127, stdout: '', stderr, startError: null, timedOut: false })).toBeNull();
  });
});

describe('from this machine', () => {
  test.concurrent.for(CASES)('%s', async ([, url, kind, status]) => {
    const reach = await reachFromHere(url(), { caFile: null, insecure: false }, NEVER);
    expect(reach).toMatchObject({ kind, ...(status === undefined ? {} : { status }) });
  });

  test('any certificate, where that is asked for', async () => {
    const reach = await reachFromHere(`https://127.0.0.1:${ports.tls}/`, { caFile: null, insecure: true }, NEVER);
    expect(reach).toEqual({ kind: 'answered', status: 200 });
  });
});

describe("busybox' wget, in its words", () => {
  const [wget] = PROBE_TOOLS.slice(-1);
  test.for([
    ["wget: bad address 'idp-app:8002'", 'dns'],
    ["wget: can't connect to remote host (127.0.0.1): Connection refused", 'refused'],
    ['wget: download timed out', 'timeout'],
    ['  HTTP/1.1 404 Not Found\nwget: server returned error: HTTP/1.1 404 Not Found', 'answered'],
    ['ssl_client: 127.0.0.1: certificate verification failed: self-signed certificate', 'tls'],
    ['wget: error getting response: Connection reset by peer', 'failed'],
  ] as const)('%s', ([stderr, kind]) => {
    expect(wget?.read({ exitCode: 1, stdout: '', stderr, startError: null, timedOut: false })?.kind).toBe(kind);
  });
});
