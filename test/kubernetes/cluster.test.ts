import process from 'node:process';
import { expect, test } from 'vitest';
import {
  type SandboxCluster,
  type SandboxClusterOptions,
  startSandboxCluster,
} from '../../scripts/sandbox/cluster/cluster.ts';
import { getOf, listOf, readySince, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { atTheEnd, idp, mint, temporaryFolder } from '../sandbox/support.ts';
import { createKubectlHere, describeWithKubectl } from '../support/kubectl.ts';

/** @param options `mint`: bff-secrets holds a good token from the start */
async function start(options: Partial<SandboxClusterOptions> & { readonly mint?: boolean } = {}) {
  const { url } = await idp();
  const iat = options.mint ? await mint(url, { max_usages: 100 }) : null;
  const cluster = await startSandboxCluster({ dir: temporaryFolder(), idpUrl: url, speed: 50, iat, ...options });
  atTheEnd(() => cluster.close());
  const { server, store, namespace } = cluster;
  const { call } = await createKubectlHere(server.url, namespace);
  const pods = () => listOf(store, 'pods', namespace);
  return {
    ...cluster,
    idpUrl: url,
    pods,
    kubectl: async (...args: string[]) => (await call(args)).stdout,
    /** Each pod as `phase`, whether it is ready, and what its container waits for or ended with. */
    states: () =>
      pods().map(({ status }) => {
        const [{ state, lastState } = {}] = status?.containerStatuses ?? [];
        const { exitCode } = state?.terminated ?? lastState?.terminated ?? {};
        return `${state?.waiting?.reason ?? ''} ${exitCode ?? ''}`.trim();
      }),
  };
}

/** Resolves when something changed in the store and `isTrue` holds. */
function until({ store }: Pick<SandboxCluster, 'store'>, isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isTrue()) return;
      silence();
      resolve();
    };
    const silence = store.listen(look);
    look();
  });
}

function writeToken({ store, namespace }: SandboxCluster, token: string): void {
  const secret = getOf(store, 'secrets', namespace, 'bff-secrets');
  if (secret === undefined) throw new Error('there is no Secret');
  const data = { DCR_IAT: Buffer.from(token).toString('base64') };
  updateIn(store, 'secrets', secret, (old) => ({ ...old, data }));
}

function restart({ store, namespace }: SandboxCluster): void {
  const deployment = getOf(store, 'deployments', namespace, 'bff');
  if (deployment?.spec === undefined) throw new Error('there is no Deployment');
  const { spec } = deployment;
  const { template } = spec;
  const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
  const metadata = { ...template.metadata, annotations };
  updateIn(store, 'deployments', deployment, (old) => ({
    ...old,
    spec: { ...spec, template: { ...template, metadata } },
  }));
}

describeWithKubectl('real pods on the cluster of the sandbox', () => {
  test('three pods crash-loop, get a token by their Secret and a rollout, and are registered, two at a time', async () => {
    const cluster = await start();
    const { store, pods, kubectl } = cluster;
    await until(cluster, () => cluster.states().every((state) => state === 'CrashLoopBackOff 3'));
    const [first] = pods();
    expect(await kubectl('logs', '-f', `pod/${first?.metadata.name}`)).toContain('DCR_IAT is not set');

    writeToken(cluster, await mint(cluster.idpUrl, { max_usages: 10 }));
    restart(cluster);
    let mostAtOnce = 0;
    store.listen(() => {
      mostAtOnce = Math.max(
        mostAtOnce,
        pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined).length,
      );
    });
    const isDone = () => {
      const { status } = getOf(store, 'deployments', cluster.namespace, 'bff') ?? {};
      return status?.observedGeneration === 2 && status.updatedReplicas === 3 && status.availableReplicas === 3;
    };
    await until(cluster, () => isDone() && pods().length === 3);
    expect(mostAtOnce).toBe(4);
    expect(pods().every((pod) => readySince(pod) !== null)).toBe(true);
    const logs = await Promise.all(pods().map(({ metadata }) => kubectl('logs', metadata.name)));
    for (const log of logs) expect(log).toContain(`POST ${cluster.idpUrl}/api/oidc/token "HTTP/1.1 200 OK"`);
    const health = await fetch(`${cluster.serviceUrl}/auth/health`);
    expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ status: 'healthy' })]);
    expect(await kubectl('exec', 'deployment/bff', '--', process.execPath, '-p', 'process.env.BFF_KID')).toBe(
      'bff-sig-001',
    );
  });

  test('as documented, without a volume for its keys, the BFF uses the token and cannot keep its credentials', async () => {
    const cluster = await start({ keys: 'none', replicas: 1, mint: true });
    await until(cluster, () => cluster.states()[0] === 'CrashLoopBackOff 3');
    const log = await cluster.kubectl('logs', '-f', cluster.pods()[0]?.metadata.name ?? '');
    expect(log).toMatch(
      /201 Created[\s\S]*OSError: \[Errno 30\] Read-only file system: '\/app\/keys\/bff-sig-001.pem'/,
    );
  });
});
