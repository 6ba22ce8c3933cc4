import { expect, test } from 'vitest';
import type { LogOptions } from '../../scripts/sandbox/cluster/api-types.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { serve } from '../support/server.ts';
import { deployment, pod, runtime, startCluster } from './api-server-cluster.ts';

describeWithKubectl('Watching, logs, exec and proxy of the sandbox’s API server', () => {
  test('a watch tells what is there and what changes, one document a line', async () => {
    const { store, start } = await startCluster();
    store.create('pods', pod('bff-1', { app: 'bff' }));
    store.create('pods', pod('other', { app: 'other' }));
    const { lines } = start(['get', 'pods', '-l', 'app in (bff)', '-w', '--output-watch-events', '-o', 'json']);
    const next = async () => {
      const { type, object } = JSON.parse((await lines.next()).value);
      return [type, object.metadata.name, object.status.phase];
    };
    const fail = (phase: string) => store.update('pods', 'crud', 'bff-1', (pod) => ({ ...pod, status: { phase } }));
    const label = (name: string, app: string) =>
      store.update('pods', 'crud', name, (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { app } } }));
    expect(await next()).toEqual(['ADDED', 'bff-1', 'Running']);
    fail('Failed');
    expect(await next()).toEqual(['MODIFIED', 'bff-1', 'Failed']);
    label('other', 'bff');
    expect(await next()).toEqual(['ADDED', 'other', 'Running']);
    label('other', 'other');
    expect(await next()).toEqual(['DELETED', 'other', 'Running']);
    store.delete('pods', 'crud', 'bff-1');
    expect(await next()).toEqual(['DELETED', 'bff-1', 'Failed']);
  });

  test('a rollout is followed to its end', async () => {
    const { store, start } = await startCluster();
    store.create('deployments', deployment('bff'));
    const { lines } = start(['rollout', 'status', 'deployment/bff']);
    expect((await lines.next()).value).toBe('Waiting for deployment spec update to be observed...');
    const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    store.update('deployments', 'crud', 'bff', (object) => ({
      ...object,
      status: { observedGeneration: 1, ...counts },
    }));
    expect((await lines.next()).value).toBe('deployment "bff" successfully rolled out');
    expect(await lines.next()).toMatchObject({ done: true });
  });

  test('a log is passed on as it is written, and ends with the container', async () => {
    const asked: LogOptions[] = [];
    let write: (line: string | null) => void = () => {};
    const written = () => new Promise<string | null>((resolve) => (write = resolve));
    const follow = async function* () {
      yield 'first\nsec';
      for (let piece = await written(); piece !== null; piece = await written()) yield piece;
    };
    const { store, start } = await startCluster({
      pods: runtime({
        log: (_pod, _container, options) => {
          asked.push(options);
          return follow();
        },
      }),
    });
    store.create('pods', pod('bff-1'));
    const { lines } = start(['logs', '-f', 'bff-1', '--timestamps', '--tail=5', '--since-time=2026-03-01T10:00:00Z']);
    expect((await lines.next()).value).toBe('first');
    write('ond\n');
    expect((await lines.next()).value).toBe('second');
    write(null);
    expect(await lines.next()).toMatchObject({ done: true });
    expect(asked).toEqual([
      { follow: true, previous: false, tailLines: 5, timestamps: true, sinceTime: '2026-03-01T10:00:00Z' },
    ]);
  });

  test('who stops to follow a log ends it', async () => {
    let tell: () => void = () => {};
    const aborted = new Promise<void>((resolve) => (tell = resolve));
    const { store, start } = await startCluster({
      pods: runtime({
        log: async function* (_pod, _container, _options, signal) {
          signal.addEventListener('abort', tell);
          yield 'first\n';
          await aborted;
        },
      }),
    });
    store.create('pods', pod('bff-1'));
    const { lines, stop } = start(['logs', '-f', 'bff-1']);
    await lines.next();
    stop();
    await aborted;
  });

  test('logs that are not there', async () => {
    const { store, call } = await startCluster({
      pods: runtime({
        log: ({ metadata: { name } }, container, { previous }) => ({
          refusal: previous
            ? `previous terminated container "${container}" in pod "${name}" not found`
            : `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`,
        }),
      }),
    });
    store.create('pods', pod('bff-1'));
    const [waiting, previous, unknown] = await Promise.all([
      call(['logs', 'bff-1']),
      call(['logs', 'bff-1', '--previous']),
      call(['logs', 'gone']),
    ]);
    expect([waiting, previous, unknown].map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [1, 'Error from server (BadRequest): container "bff" in pod "bff-1" is waiting to start: ContainerCreating'],
      [1, 'Error from server (BadRequest): previous terminated container "bff" in pod "bff-1" not found'],
      [1, 'error: error from server (NotFound): pods "gone" not found in namespace "crud"'],
    ]);
  });

  test('a command runs in a container: output, exit code, and no container to run in', async () => {
    const big = `${'x'.repeat(100_000)}\n`;
    const { store, call } = await startCluster({
      pods: runtime({
        exec: async (_pod, container, [program, ...args]) =>
          program === 'gone'
            ? { refusal: `container not found ("${container}")` }
            : {
                stdout: program === 'big' ? big : args.join('|'),
                stderr: 'warned',
                exitCode: program === 'false' ? 3 : 0,
              },
      }),
    });
    store.create('pods', pod('bff-1'));
    const [ended, failed, large, gone] = await Promise.all([
      call(['exec', 'bff-1', '--', 'echo', 'a b', '$c']),
      call(['exec', 'bff-1', '-c', 'bff', '--', 'false']),
      call(['exec', 'bff-1', '--', 'big']),
      call(['exec', 'bff-1', '--', 'gone']),
    ]);
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'a b|$c', stderr: 'warned' });
    expect(failed).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('command terminated with exit code 3'),
    });
    expect(large.stdout.length).toBe(100_000);
    expect(gone).toMatchObject({
      exitCode: 1,
      stderr: 'error: Internal error occurred: unable to upgrade connection: container not found ("bff")',
    });
  });

  test('who goes away in the middle of a command, a log or an answer does no harm', async () => {
    const url = await serve((_, response) => void response.writeHead(200, { 'content-length': '9' }).write('half'));
    let tell: () => void = () => {};
    const aborted = new Promise<void>((resolve) => (tell = resolve));
    const { store, api, start } = await startCluster({
      pods: runtime({
        exec: async (_pod, _container, _command, signal) => {
          started();
          signal.addEventListener('abort', tell);
          await aborted;
          return { stdout: 'too late', stderr: '', exitCode: 0 };
        },
        address: () => ({ host: '127.0.0.1', port: Number(new URL(url).port) }),
      }),
    });
    store.create('pods', pod('bff-1'));
    let started: () => void = () => {};
    const running = new Promise<void>((resolve) => (started = resolve));
    const { stop } = start(['exec', 'bff-1', '--', 'sleep']);
    await running;
    stop();
    await aborted;

    const reading = new AbortController();
    const answer = await fetch(`${api.url}/api/v1/namespaces/crud/pods/bff-1/proxy/`, { signal: reading.signal });
    reading.abort();
    await expect(answer.text()).rejects.toThrow();
    expect((await fetch(`${api.url}/version`)).status).toBe(200);
  });

  test('exec needs the right to create as well as to get', async () => {
    const { store, call } = await startCluster({
      pods: runtime({}),
      rights: ({ verb, subresource }) => !(verb === 'create' && subresource === 'exec'),
    });
    store.create('pods', pod('bff-1'));
    const { exitCode, stderr } = await call(['exec', 'bff-1', '--', 'true']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('cannot create resource "pods/exec"');
  });

  test('a request goes through the API server to a port of the pod', async () => {
    const url = await serve(({ url, headers }, response) => {
      response.writeHead(url === '/auth/health?deep=1' ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(`healthy, ${headers.authorization ?? 'nobody'}`);
    });
    const ports: number[] = [];
    const { store, call } = await startCluster({
      pods: runtime({
        address: (_pod, port) => {
          ports.push(port);
          return port === 8000 ? { host: '127.0.0.1', port: Number(new URL(url).port) } : null;
        },
      }),
    });
    store.create('pods', pod('bff-1'));
    const get = (pod: string, path: string) =>
      call(['get', '--raw', `/api/v1/namespaces/crud/pods/${pod}/proxy${path}`]);
    const [named, first, silent] = await Promise.all([
      get('http:bff-1:8000', '/auth/health?deep=1'),
      get('bff-1', '/auth/health?deep=1'),
      get('bff-1:9', '/'),
    ]);
    expect([named.stdout, first.stdout]).toEqual(['healthy, nobody', 'healthy, nobody']);
    expect(silent.stderr).toContain(
      'Error from server (ServiceUnavailable): error trying to reach service: dial tcp 10.0.0.7:9: connect: connection refused',
    );
    expect(ports.sort()).toEqual([8000, 8000, 9]);
  });
});
