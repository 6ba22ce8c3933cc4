import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reachFromHere } from '../../scripts/platform/ask-url.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { Recorder } from '../../scripts/runbook/recorder.ts';
import { createCertificate } from '../../scripts/sandbox/certificate.ts';
import { request } from '../support/builders.ts';
import { runOf } from '../support/collection-run.ts';

const { signal } = new AbortController();

async function portOf(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function engineWith(resolve: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const engine = createCollections(() => {}, env, resolve);
  onTestFinished(() => engine.close());
  return engine;
}

test('--resolve: only the address is another; certificate, Host and policy have the name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'iat-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const own = await createCertificate('idp.test');
  const asked: unknown[] = [];
  const port = await portOf(
    createServer(own, ({ headers, socket }, response) => {
      asked.push([headers.host, (socket as typeof socket & { servername: string }).servername]);
      response.end('{}');
    }),
  );
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, own.cert);
  const resolve = [`idp.test:${port}:127.0.0.1`];
  const url = `https://idp.test:${port}`;
  const tls = { caFile, insecure: false };
  const allowed = runOf([request('R', `${url}/x`)], 'R', { tls, origins: [url] });
  const { exchanges } = await engineWith(resolve).run(allowed);
  expect(exchanges[0]).toMatchObject({ response: { status: 200 }, error: null });
  expect(asked).toEqual([[`idp.test:${port}`, 'idp.test']]);
  expect(await reachFromHere(url, { ...tls, resolve }, signal)).toEqual({ kind: 'answered', status: 200 });
  expect(await reachFromHere(url, { ...tls, resolve: [`idp.test:1:127.0.0.1`] }, signal)).toMatchObject({
    kind: 'dns',
  });

  const refused = runOf([request('R', `${url}/x`)], 'R', { tls, origins: [`https://127.0.0.1:${port}`] });
  await expect(engineWith(resolve).run(refused)).rejects.toMatchObject({ code: 'host-refused' });
  expect(asked).toHaveLength(2);
});

test('an IPv6 host in URLs, in what may be asked, and in what is said', async () => {
  const port = await portOf(
    createPlainServer(({ headers }, response) => {
      response.setHeader('content-type', 'text/plain').end(headers.host);
    }),
    '::1',
  );
  const url = `http://[::1]:${port}`;
  const engine = engineWith([]);
  const { exchanges } = await engine.run(runOf([request('R', `${url}/x`)], 'R', { origins: [url] }));
  expect(exchanges[0]?.response?.body?.text).toBe(`[::1]:${port}`);
  const elsewhere = runOf([request('R', `${url}/x`)], 'R', { origins: ['http://[::2]:80'] });
  await expect(engine.run(elsewhere)).rejects.toMatchObject({
    message: expect.stringContaining(`[::1]:${port};`),
    hint: { text: expect.stringMatching(`Only \\[::2\\] may .* --allow-host \\[::1\\]:${port}$`) },
  });
});

test('the address of a name may be IPv6, and a proxy may have such a name', async () => {
  const asked: string[] = [];
  const port = await portOf(
    createPlainServer(({ url = '' }, response) => {
      asked.push(url);
      response.end();
    }),
    '::1',
  );
  const resolve = [`proxy.test:${port}:[::1]`];
  const engine = engineWith(resolve, { HTTP_PROXY: `http://proxy.test:${port}`, NO_PROXY: 'proxy.test' });
  const items = [request('Near', `http://proxy.test:${port}/near`), request('Far', 'http://far.test/x')];
  const [near] = (await engine.run(runOf(items, 'Near'))).exchanges;
  const [far] = (await engine.run(runOf(items, 'Far'))).exchanges;
  expect(asked).toEqual(['/near', 'http://far.test/x']);
  expect([near?.via, far?.via]).toEqual([undefined, `HTTP_PROXY (proxy.test:${port})`]);
});

test('the proxies that requests went through are a fact of the run', async () => {
  const recorder = new Recorder({ now: () => 0, date: () => new Date(0), sleep: async () => {} }, () => {});
  const port = await portOf(createPlainServer((_, response) => void response.end()));
  const engine = engineWith([], { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: 'near.test' });
  const { exchanges } = await engine.run(runOf([request('R', 'http://far.test/x')], 'R'));
  await recorder.step('mint', async (scope) => {
    for (let times = 0; times < 2; times++) scope.attempt({ startMs: 0, durationMs: 0, passed: true, exchanges });
  });
  const about = { command: 'iat', version: '', planned: [], signalExitCode: null };
  expect(recorder.finish({ verdict: 'healthy' }, about).facts).toEqual([['Proxy', `HTTP_PROXY (127.0.0.1:${port})`]]);
});
