import { expect, test } from 'vitest';
import { deployment, pod, secret, startServer } from './api-server-cluster.ts';

const POD_LIST = '/api/v1/namespaces/crud/pods';

test('kubectl of before 1.27 asks for resources group by group', async () => {
  const { api } = await startServer();
  const get = async (path: string) => (await fetch(api.url + path)).json();
  expect(await get('/api')).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  expect((await get('/apis')).groups.map(({ name }: { name: string }) => name)).toContain('apps');
  expect((await get('/apis/apps/v1')).resources).toContainEqual(
    expect.objectContaining({ name: 'deployments', singularName: 'deployment', kind: 'Deployment', namespaced: true }),
  );
  expect((await get('/api/v1')).resources).toContainEqual(expect.objectContaining({ name: 'pods/log' }));
});

test.each([
  ['app=bff', ['a', 'b']],
  ['app==bff,tier!=front', ['b']],
  ['app in (bff, idp),tier', ['a']],
  ['app notin (bff)', ['c', 'd']],
  ['!app', ['d']],
])('labels %s', async (selector, names) => {
  const { store, api } = await startServer();
  store.create('pods', pod('a', { app: 'bff', tier: 'front' }));
  store.create('pods', pod('b', { app: 'bff' }));
  store.create('pods', pod('c', { app: 'idp' }));
  store.create('pods', pod('d'));
  const list = await (await fetch(`${api.url}${POD_LIST}?labelSelector=${encodeURIComponent(selector)}`)).json();
  expect(list.kind).toBe('PodList');
  expect(list.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(names);
});

test('events are found by what they are about', async () => {
  const { store, api } = await startServer();
  const event = (name: string, about: string) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'crud' },
    involvedObject: { kind: 'Pod', name: about },
  });
  store.create('events', event('one', 'bff-1'));
  store.create('events', event('two', 'bff-2'));
  const selector = 'involvedObject.kind=Pod,involvedObject.name=bff-2';
  const { items } = await (await fetch(`${api.url}/api/v1/events?fieldSelector=${selector}`)).json();
  expect(items).toMatchObject([{ metadata: { name: 'two' } }]);
});

test('a watch goes on from a version, bookmarks its end, and says when that version is too old', async () => {
  const { store, api } = await startServer();
  const from = store.create('pods', pod('a'))?.metadata.resourceVersion;
  store.create('pods', pod('b'));
  store.create('secrets', secret('s', {}));
  const watch = async (query: string) => {
    const text = await (await fetch(`${api.url}${POD_LIST}?watch=true&${query}`)).text();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  };
  expect(await watch(`resourceVersion=${from}&timeoutSeconds=0.01&allowWatchBookmarks=true`)).toMatchObject([
    { type: 'ADDED', object: { kind: 'Pod', metadata: { name: 'b' } } },
    { type: 'BOOKMARK', object: { kind: 'Pod', metadata: { resourceVersion: store.version } } },
  ]);
  expect(await watch('timeoutSeconds=0.01')).toMatchObject([
    { object: { metadata: { name: 'a' } } },
    { type: 'ADDED' },
  ]);
  for (let many = 0; many < 2_001; many++) store.update('pods', 'crud', 'a', (a) => ({ ...a, status: { many } }));
  expect(await watch(`resourceVersion=${from}`)).toMatchObject([
    { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
  ]);
});

test('who replaces an object must have seen its newest version', async () => {
  const { store, api } = await startServer();
  const made = store.create('deployments', deployment('bff'));
  const put = async (change: object) =>
    fetch(`${api.url}/apis/apps/v1/namespaces/crud/deployments/bff`, {
      method: 'PUT',
      body: JSON.stringify({ ...made, ...change }),
    });
  const replaced = await (await put({ spec: { replicas: 3 }, status: { replicas: 9 } })).json();
  expect(replaced).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 } });
  expect(replaced).not.toHaveProperty('status');
  expect(await (await put({ spec: { replicas: 4 } })).json()).toMatchObject({ code: 409, reason: 'Conflict' });
});

test('a patch that changes nothing makes no new version', async () => {
  const { store, api } = await startServer();
  const made = store.create('secrets', secret('s', { K: 'test-only' }));
  const response = await fetch(`${api.url}/api/v1/namespaces/crud/secrets/s`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ data: made?.['data'] }),
  });
  expect((await response.json()).metadata.resourceVersion).toBe(made?.metadata.resourceVersion);
});

test.each([
  ['PATCH', 'application/apply-patch+yaml', 415],
  ['POST', 'application/json', 405],
  ['PATCH', 'application/json-patch+json', 400],
])('%s of %s to an object is refused', async (method, type, code) => {
  const { store, api } = await startServer();
  store.create('secrets', secret('s', {}));
  const url = `${api.url}/api/v1/namespaces/crud/secrets/s`;
  const response = await fetch(url, { method, headers: { 'content-type': type }, body: '{}' });
  expect(await response.json()).toMatchObject({ kind: 'Status', status: 'Failure', code });
});

test('a deletion that somebody else carries out leaves the object until then', async () => {
  const asked: unknown[] = [];
  const { store, api } = await startServer({
    onDelete: (resource, { metadata: { name } }, options) => {
      asked.push([resource, name, options]);
      return resource === 'pods';
    },
  });
  store.create('pods', pod('bff-1'));
  store.create('secrets', secret('s', {}));
  const remove = async (path: string) =>
    (
      await fetch(`${api.url}/api/v1/namespaces/crud/${path}`, {
        method: 'DELETE',
        body: JSON.stringify({ propagationPolicy: 'Foreground', gracePeriodSeconds: 5 }),
      })
    ).json();
  expect(await remove('pods/bff-1')).toMatchObject({ kind: 'Pod' });
  expect(store.get('pods', 'crud', 'bff-1')).toBeDefined();
  expect(await remove('secrets/s')).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 's' } });
  expect(store.get('secrets', 'crud', 's')).toBeUndefined();
  expect(asked).toEqual([
    ['pods', 'bff-1', { propagationPolicy: 'Foreground', gracePeriodSeconds: 5 }],
    ['secrets', 's', { propagationPolicy: 'Foreground', gracePeriodSeconds: 5 }],
  ]);
});
