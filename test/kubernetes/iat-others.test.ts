import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { getOf, listOf, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { dataOf, type OnCluster, openOnCluster, withEnv } from './on-cluster.ts';

const STALE = 'test-only-initial-access-token-of-yesterday';
const ONE = { replicas: 1, iat: STALE } as const;

/** Somebody else writes keys of bff-secrets. */
function writeKeys(store: ObjectStore, values: Readonly<Record<string, string>>): void {
  const secret = getOf(store, 'secrets', 'crud', 'bff-secrets');
  if (secret === undefined) throw new Error('there is no Secret');
  updateIn(store, 'secrets', secret, (old) => ({ ...old, data: { ...old.data, ...dataOf(values) } }));
}

const described =
  (more: ObjectMeta) =>
  (deployment: Deployment): Deployment => ({ ...deployment, metadata: { ...deployment.metadata, ...more } });

function paced(maxSurge: number, maxUnavailable: number) {
  return (deployment: Deployment): Deployment => ({
    ...deployment,
    spec: { ...deployment.spec, strategy: { rollingUpdate: { maxSurge, maxUnavailable } } } as Deployment['spec'] & {},
  });
}

const revisions = ({ store }: OnCluster) => listOf(store, 'replicasets').length;
const codeOf = ({ result }: Awaited<ReturnType<OnCluster['run']>>) => result?.error?.code ?? null;

describeWithKubectl('who else changes a Secret', () => {
  test('an ExternalSecret that puts it back at once is found out', async () => {
    const cluster = await openOnCluster({
      ...ONE,
      pods: 'failing',
      prepare(store) {
        const secret = getOf(store, 'secrets', 'crud', 'bff-secrets');
        if (secret === undefined) return;
        const owner = {
          apiVersion: 'external-secrets.io/v1',
          kind: 'ExternalSecret',
          name: 'bff-vault',
          uid: 'test-only',
        };
        updateIn(store, 'secrets', secret, (old) => ({
          ...old,
          metadata: { ...old.metadata, ownerReferences: [owner] },
        }));
        store.listen(({ type, resource }) => {
          if (type === 'MODIFIED' && resource === 'secrets') queueMicrotask(() => writeKeys(store, { DCR_IAT: STALE }));
        });
      },
    });
    const ended = await cluster.run('iat', '--write', 'secret', '--force');
    expect([codeOf(ended), ended.exitCode, cluster.mints()], ended.all).toEqual(['reverted', 3, 1]);
    expect([cluster.secret('bff-secrets')?.['DCR_IAT'], revisions(cluster)]).toEqual([STALE, 1]);
    expect(await cluster.leaks()).toEqual([]);
  });

  test('what was changed between reading and writing is left as it is', async () => {
    let cluster: OnCluster | null = null;
    cluster = await openOnCluster({
      ...ONE,
      pods: 'failing',
      // Asked before each request: by then the resourceVersion that the patch tests has been read.
      rights({ verb, resource }) {
        if (verb === 'patch' && resource === 'secrets' && cluster !== null && cluster.mints() > 0)
          writeKeys(cluster.store, { DCR_IAT: 'test-only-token-of-somebody-else' });
        return true;
      },
    });
    const ended = await cluster.run('iat');
    expect([codeOf(ended), ended.exitCode, cluster.mints()], ended.all).toEqual(['secret-changed', 3, 1]);
    expect(ended.result?.token?.handle).toMatch(/^sha256:[0-9a-f]{8}$/);
    expect([cluster.secret('bff-secrets')?.['DCR_IAT'], revisions(cluster)]).toEqual([
      'test-only-token-of-somebody-else',
      1,
    ]);
    expect(await cluster.leaks()).toEqual([]);
  });

  test('owners that undo a change later are named with when they do so', async () => {
    const cluster = await openOnCluster({
      ...ONE,
      pods: 'failing',
      prepare(store) {
        const secret = getOf(store, 'secrets', 'crud', 'bff-secrets');
        const labels = { 'argocd.argoproj.io/instance': 'crud-app' };
        const annotations = { 'sealedsecrets.bitnami.com/managed': 'true', 'meta.helm.sh/release-name': 'bff-chart' };
        if (secret !== undefined)
          updateIn(store, 'secrets', secret, (old) => ({ ...old, metadata: { ...old.metadata, labels, annotations } }));
      },
    });
    const before = cluster.kept();
    const ended = await cluster.run('iat', '--dry-run');
    const text = ended.all.replace(/\s+/g, ' ');
    expect.soft(text).toMatch(/SealedSecret bff-secrets overwrites secret\/bff-secrets when it changes/);
    expect.soft(text).toMatch(/Helm release bff-chart keeps secret\/bff-secrets: its next upgrade puts back/);
    expect.soft(text).toMatch(/Argo CD application crud-app keeps secret\/bff-secrets/);
    const owners = ended.result?.kubernetes?.owners.map(({ kind, reverts }) => [kind, reverts]);
    expect.soft(owners).toEqual([
      ['SealedSecret', 'on-sync'],
      ['Argo CD application', 'on-sync'],
      ['Helm release', 'on-upgrade'],
    ]);
    expect([ended.exitCode, cluster.mints(), cluster.kept()], ended.all).toEqual([0, 0, before]);
    expect(await cluster.leaks()).toEqual([]);
  });
});

describeWithKubectl('who else restarts a workload', () => {
  test('the restart is signed as Flux signs, so that Flux does not undo it', async () => {
    const labels = { app: 'bff', 'kustomize.toolkit.fluxcd.io/name': 'bff' };
    const cluster = await openOnCluster({ ...ONE, change: described({ labels }) });
    const ended = await cluster.run('iat', '--clear');
    expect(ended.exitCode, ended.all).toBe(0);
    const managers = cluster.deployment().metadata.managedFields?.map(({ manager }) => manager);
    expect([managers, revisions(cluster)]).toEqual([['flux-client-side-apply'], 3]);
    expect(cluster.secret('bff-secrets')).not.toHaveProperty('DCR_IAT');
    expect(await cluster.leaks()).toEqual([]);
  });

  test("Reloader's rollout is waited for, and there is no second one", async () => {
    const annotations = { 'reloader.stakater.com/auto': 'true' };
    const cluster = await openOnCluster({ ...ONE, change: described({ annotations }) });
    const silence = cluster.store.listen(({ type, resource, object }) => {
      if (type !== 'MODIFIED' || resource !== 'secrets') return;
      const { resourceVersion = '' } = object.metadata;
      const deployment = cluster.deployment();
      queueMicrotask(() =>
        updateIn(cluster.store, 'deployments', deployment, (old) => {
          const { spec } = old;
          if (spec === undefined) return old;
          const metadata = {
            ...spec.template.metadata,
            annotations: { 'reloader.stakater.com/last': resourceVersion },
          };
          return { ...old, spec: { ...spec, template: { ...spec.template, metadata } } };
        }),
      );
    });
    const ended = await cluster.run('iat');
    silence();
    expect([ended.exitCode, revisions(cluster)], ended.all).toEqual([0, 2]);
    expect((await cluster.calls()).filter((call) => /^rollout|^patch deployment/.test(call))).toEqual([]);
    expect(await cluster.leaks()).toEqual([]);
  });
});

describeWithKubectl('pods that do not come up with a token', () => {
  test('two pods with keys of their own, both of which are ready', async () => {
    // One after the other: each registers, and finds its own keys at the IdP.
    const cluster = await openOnCluster({ replicas: 2, keys: 'per-pod', change: paced(0, 1) });
    const ended = await cluster.run('iat', '--force');
    expect([codeOf(ended), ended.exitCode, ended.result?.token?.maxUsages], ended.all).toEqual(['keys-differ', 1, 2]);
    const pods = ended.result?.kubernetes?.pods.filter(({ revision }) => revision === 'new') ?? [];
    expect(new Set(pods.map(({ key }) => key)).size, ended.all).toBe(2);
    expect(await cluster.leaks()).toEqual([]);
  });

  test('a pod whose credentials go with it is healthy, and keeps its token', async () => {
    const cluster = await openOnCluster({ replicas: 1, keys: 'per-pod' });
    const ended = await cluster.run('iat');
    expect([ended.exitCode, cluster.mints()], ended.all).toEqual([0, 1]);
    expect(ended.all.replace(/\s+/g, ' ')).toMatch(/every new pod needs a token again, and iat:clear is refused/);
    const before = cluster.kept();
    const cleared = await cluster.run('clear');
    expect([codeOf(cleared), cleared.exitCode], cleared.all).toEqual(['credentials-not-kept', 1]);
    expect([cluster.kept(), await cluster.leaks()]).toEqual([before, []]);
  });

  test('an old pod starts once more with the token, before the new one', async () => {
    let cluster: OnCluster | null = null;
    let first: string | undefined;
    const isUsed = () => cluster?.idp.received.some(({ path }) => path.endsWith('/register')) ?? false;
    cluster = await openOnCluster({
      ...ONE,
      keys: 'per-pod',
      change: paced(1, 0),
      findFault({ metadata }) {
        const hash = metadata.labels?.['pod-template-hash'];
        first ??= hash;
        return hash === first || isRegisteredTwice() ? null : { at: 'mount', message: 'not yet' };
      },
    });
    function isRegisteredTwice() {
      return isUsed() && cluster?.pods().some(({ status }) => status?.containerStatuses?.[0]?.ready === true) === true;
    }
    const ended = await cluster.run('iat', '--write', 'secret', '--max-usages', '1');
    expect([ended.result?.diagnosis?.code, ended.exitCode, cluster.mints()], ended.all).toEqual([
      'iat-used-by-old-pod',
      1,
      1,
    ]);
    expect(await cluster.leaks()).toEqual([]);
  });

  test('a Secret that is missing', async () => {
    const other = { name: 'OTHER', valueFrom: { secretKeyRef: { name: 'gone', key: 'other' } } };
    const cluster = await openOnCluster({ replicas: 1, change: withEnv(other) });
    const ended = await cluster.run('iat');
    expect([codeOf(ended), ended.exitCode], ended.all).toEqual(['pod-config', 1]);
    expect(ended.all.replace(/\s+/g, ' ')).toMatch(/cannot start its container bff: secret "gone" not found/);
    expect(await cluster.leaks()).toEqual([]);
  });

  test('the Secret that the token is taken from is missing', async () => {
    const reference = { name: 'DCR_IAT', valueFrom: { secretKeyRef: { name: 'gone', key: 'token' } } };
    const cluster = await openOnCluster({ replicas: 1, pods: 'failing', change: withEnv(reference) });
    const before = cluster.kept();
    const ended = await cluster.run('iat');
    expect([codeOf(ended), ended.exitCode, cluster.mints(), cluster.kept()], ended.all).toEqual([
      'pod-config',
      1,
      0,
      before,
    ]);
    expect(ended.all.replace(/\s+/g, ' ')).toMatch(/DCR_IAT is taken from secret\/gone, which does not exist/);
    expect(await cluster.leaks()).toEqual([]);
  });
});
