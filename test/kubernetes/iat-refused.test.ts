import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { EnvVar, Secret } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../scripts/core/errors.ts';
import type { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { getOf, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { dataOf, type OnClusterOptions, OTHER_KEY, OTHER_VALUE, openOnCluster, withEnv } from './on-cluster.ts';

const STALE = 'test-only-initial-access-token-of-yesterday';

interface Row {
  readonly options: OnClusterOptions;
  readonly command?: 'iat' | 'clear';
  readonly args?: readonly string[];
  readonly code: ErrorCode;
  readonly exitCode: number;
  /** In the output. */
  readonly says: readonly RegExp[];
}

const changeSecret =
  (change: (secret: Secret) => Secret) =>
  (store: ObjectStore): void => {
    const secret = getOf(store, 'secrets', 'crud', 'bff-secrets');
    if (secret !== undefined) updateIn(store, 'secrets', secret, change);
  };
const described = (more: ObjectMeta) =>
  changeSecret((secret) => ({ ...secret, metadata: { ...secret.metadata, ...more } }));
const paused = (deployment: Deployment): Deployment => ({
  ...deployment,
  spec: { ...deployment.spec, paused: true } as Deployment['spec'] & {},
});
const fromConfig: EnvVar = { name: 'DCR_IAT', valueFrom: { configMapKeyRef: { name: 'bff-config', key: 'DCR_IAT' } } };
const owner = (apiVersion: string, kind: string, name: string) =>
  described({ ownerReferences: [{ apiVersion, kind, name, uid: 'test-only-uid', controller: true }] });

const ROWS: Record<string, Row> = {
  'three pods without a volume that they share': {
    options: { replicas: 3, keys: 'per-pod' },
    code: 'credentials-not-kept',
    exitCode: 1,
    says: [/3 pods of deployment\/bff would each register bff-server with keys of their own/, /emptyDir/],
  },
  'no volume on a file system that is read-only': {
    options: { keys: 'none' },
    args: ['--force'],
    code: 'credentials-not-kept',
    exitCode: 1,
    says: [/cannot write \/app\/keys\/bff_client\.json/, /Mount a volume/],
  },
  'an empty literal in front of the key of a Secret': {
    options: { iat: STALE, change: withEnv({ name: 'DCR_IAT', value: '' }) },
    args: ['--write', 'secret'],
    code: 'value-hidden',
    exitCode: 2,
    says: [/DCR_IAT/, /own-secret/],
  },
  'a literal in the pod template': {
    options: { change: withEnv({ name: 'DCR_IAT', value: STALE }) },
    code: 'value-literal',
    exitCode: 2,
    says: [/--write own-secret/],
  },
  'a key of a ConfigMap': {
    options: {
      change: withEnv(fromConfig),
      prepare(store) {
        const config = getOf(store, 'configmaps', 'crud', 'bff-config');
        if (config !== undefined)
          updateIn(store, 'configmaps', config, (old) => ({ ...old, data: { ...old.data, DCR_IAT: STALE } }));
      },
    },
    code: 'value-in-configmap',
    exitCode: 2,
    says: [/configmap\/bff-config/, /--write own-secret/],
  },
  'an immutable Secret': {
    options: { iat: STALE, prepare: changeSecret((secret) => ({ ...secret, immutable: true })) },
    args: ['--write', 'secret'],
    code: 'secret-immutable',
    exitCode: 2,
    says: [/secret\/bff-secrets/, /--write own-secret/],
  },
  'a Secret of an ExternalSecret': {
    options: { iat: STALE, prepare: owner('external-secrets.io/v1', 'ExternalSecret', 'bff-from-the-vault') },
    args: ['--write', 'secret'],
    code: 'secret-owned',
    exitCode: 2,
    says: [/ExternalSecret bff-from-the-vault keeps secret\/bff-secrets/, /--write own-secret/, /--force/],
  },
  'a Secret of the Vault Secrets Operator': {
    options: { iat: STALE, prepare: owner('secrets.hashicorp.com/v1beta1', 'VaultStaticSecret', 'bff-vault') },
    args: ['--write', 'secret'],
    code: 'secret-owned',
    exitCode: 2,
    says: [/Vault Secrets Operator bff-vault keeps secret\/bff-secrets/],
  },
  'a Secret of the Secrets Store CSI Driver': {
    options: { iat: STALE, prepare: described({ labels: { 'secrets-store.csi.k8s.io/managed': 'true' } }) },
    args: ['--write', 'secret'],
    code: 'secret-owned',
    exitCode: 2,
    says: [/Secrets Store CSI Driver keeps secret\/bff-secrets/],
  },
  'a Deployment that is paused': {
    options: { change: paused },
    code: 'rollout-paused',
    exitCode: 2,
    says: [/deployment\/bff is paused/, /kubectl rollout resume deployment\/bff --context sandbox --namespace crud/],
  },
  'iat:clear where no credentials outlive a pod': {
    options: {
      keys: 'per-pod',
      change: withEnv({
        name: 'DCR_IAT',
        valueFrom: { secretKeyRef: { name: 'bff-dcr-iat', key: 'DCR_IAT', optional: true } },
      }),
      prepare: (store) => {
        const metadata = {
          name: 'bff-dcr-iat',
          namespace: 'crud',
          labels: { 'app.kubernetes.io/managed-by': 'bff-iat' },
        };
        store.create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata, data: dataOf({ DCR_IAT: STALE }) });
      },
    },
    command: 'clear',
    code: 'credentials-not-kept',
    exitCode: 1,
    says: [
      /Every new pod of deployment\/bff needs a token: \/app\/keys\/bff_client\.json is in a volume of type emptyDir/,
    ],
  },
};

describeWithKubectl('what is refused before anything changes', () => {
  test.for(Object.entries(ROWS))('%s', async ([, { options, command = 'iat', args = [], code, exitCode, says }]) => {
    const cluster = await openOnCluster({ replicas: 1, pods: 'failing', ...options });
    const before = cluster.kept();
    const ended = await cluster.run(command, ...args);
    const text = ended.all.replace(/\s+/g, ' ');
    expect.soft([ended.result?.error?.code, ended.exitCode], ended.all).toEqual([code, exitCode]);
    for (const word of says) expect.soft(text).toMatch(word);
    expect([cluster.mints(), cluster.kept(), await cluster.leaks()]).toEqual([0, before, []]);
  });

  test('the search for secrets finds one in another object', async () => {
    const cluster = await openOnCluster({ pods: 'failing' });
    expect(await cluster.leaks()).toEqual([]);
    const { [OTHER_KEY]: copied = '' } = dataOf({ [OTHER_KEY]: OTHER_VALUE });
    updateIn(cluster.store, 'deployments', cluster.deployment(), (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { copied } },
    }));
    expect(await cluster.leaks()).toEqual([expect.stringMatching(/^other objects: base64/)]);
  });
});
