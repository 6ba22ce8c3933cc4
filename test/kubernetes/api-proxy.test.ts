import { describe, expect, onTestFinished, test } from 'vitest';
import type { LocalSocket } from '../../scripts/core/ports.ts';
import { createApiProxy } from '../../scripts/kubernetes/api-proxy.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createScriptedKubectl, Feed } from '../support/scripted-kubectl.ts';

const NEVER = new AbortController().signal;

/** @param serves whether each of the proxies begins to serve, by how many there were before it */
function proxy({
  serves = () => true,
  server = 'https://cluster.test:6443',
  get = async () => ({ status: 200, lines: ['one', 'two'] }),
  hasSockets = true,
}: {
  readonly serves?: (number: number) => boolean;
  readonly server?: string;
  readonly get?: LocalSocket['get'];
  readonly hasSockets?: boolean;
} = {}) {
  let proxies = 0;
  const scripted = createScriptedKubectl({
    lines(_, signal) {
      const feed = new Feed();
      if (serves(proxies++)) feed.push('Starting to serve on /folder/s');
      else feed.end();
      return feed.read(signal);
    },
  });
  const asked: string[] = [];
  let removed = 0;
  const socket: LocalSocket = {
    path: '/folder/s',
    get: (path, signal) => {
      asked.push(path);
      return get(path, signal);
    },
    async forward(path) {
      asked.push(path);
      return 403;
    },
    async remove() {
      removed += 1;
    },
  };
  const openSocket = async () => (hasSockets ? socket : null);
  const made = createApiProxy(scripted.kubectl, { namespace: 'crud', server, clock: new FakeClock(), openSocket });
  onTestFinished(() => made.close());
  return { ...scripted, ...made, asked, removed: () => removed };
}

describe('the proxy to the API server', () => {
  test('is one for all, and lets nothing through but logs and ways to pods of its namespace', async () => {
    const it = proxy();
    const lines = await it.log('bff-1', { container: 'bff', follow: 'true' }, NEVER);
    await it.log('bff-2', { container: 'bff' }, NEVER);
    expect([...((lines ?? []) as string[])]).toEqual(['one', 'two']);
    expect(it.asked[0]).toBe('/api/v1/namespaces/crud/pods/bff-1/log?container=bff&follow=true');
    expect(it.calls).toEqual([
      'proxy --unix-socket=/folder/s --accept-paths=^/api/v1/namespaces/crud/pods/[^/]+/(log|portforward)$ --reject-methods=^(POST|PUT|PATCH|DELETE)$ --reject-paths=/(exec|attach)$ --api-prefix=/ --www= --disable-filter=false',
    ]);
    await it.close();
    expect([it.open(), it.removed()]).toEqual([0, 1]);
  });

  test('asks below the path of an API server that has one', async () => {
    const it = proxy({ server: 'https://rancher.test/k8s/clusters/c-m.1' });
    await it.log('bff-1', {}, NEVER);
    expect(it.asked[0]).toMatch(/^\/k8s\/clusters\/c-m\.1\/api\/v1\/namespaces\/crud\/pods\/bff-1\/log/);
    expect(it.calls[0]).toContain('--accept-paths=^/k8s/clusters/c-m\\x{2e}1/api/v1/');
  });

  test('is none where there are no sockets', async () => {
    const it = proxy({ hasSockets: false });
    expect([await it.isThere(NEVER), await it.log('bff-1', {}, NEVER), it.calls]).toEqual([false, null, []]);
  });

  test('is none where it does not start, and is not tried again', async () => {
    const it = proxy({ serves: () => false });
    expect([await it.isThere(NEVER), await it.isThere(NEVER)]).toEqual([false, false]);
    expect([it.calls.length, it.removed()]).toEqual([1, 1]);
  });

  test('gives nothing that the API server refuses', async () => {
    const it = proxy({ get: async () => ({ status: 400, lines: [] }) });
    expect(await it.log('bff-1', {}, NEVER)).toBeNull();
    expect(await it.forward('bff-1', 8000, () => {})).toBeNull();
    expect(it.asked[1]).toBe('/api/v1/namespaces/crud/pods/bff-1/portforward?ports=8000');
    expect(it.calls).toHaveLength(1);
  });

  test('that answers no more is started again, and given up after a few times', async () => {
    const it = proxy({ get: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    for (let time = 0; time < 5; time += 1) expect(await it.log('bff-1', {}, NEVER)).toBeNull();
    expect([it.calls.length, it.open(), await it.isThere(NEVER)]).toEqual([3, 0, false]);
  });
});
