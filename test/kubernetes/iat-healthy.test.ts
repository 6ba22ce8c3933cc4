import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { getOf, updateIn } from '../../scripts/sandbox/cluster/typed-store.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import {
  dataOf,
  type OnCluster,
  type OnClusterOptions,
  OTHER_KEY,
  OTHER_VALUE,
  openOnCluster,
  withEnv,
} from './on-cluster.ts';

const STALE = 'test-only-initial-access-token-of-yesterday';
const OTHERS = { [OTHER_KEY]: OTHER_VALUE };
const OWN_ENTRY = {
  name: 'DCR_IAT',
  valueFrom: { secretKeyRef: { name: 'bff-dcr-iat', key: 'DCR_IAT', optional: true } },
};

interface Row {
  readonly options: OnClusterOptions;
  readonly args?: readonly string[];
  /** What the output of `iat` says. */
  readonly says?: readonly RegExp[];
  /** Where the token is then. */
  readonly holds: { readonly secret: string; readonly key: string };
  /** Uses of the token; default 1. */
  readonly uses?: number;
  readonly entries?: readonly EnvVar[];
  /** What `iat:clear` leaves; null: it is not tried. */
  readonly cleared: {
    readonly secrets: Readonly<Record<string, Readonly<Record<string, string>> | null>>;
    readonly entries?: readonly EnvVar[];
  } | null;
}

const envOf = ({ deployment }: OnCluster) => deployment().spec?.template.spec?.containers[0]?.env ?? [];
const required: EnvVar = { name: 'DCR_IAT', valueFrom: { secretKeyRef: { name: 'bff-secrets', key: 'DCR_IAT' } } };
const withPrefix = (deployment: Deployment): Deployment =>
  JSON.parse(
    JSON.stringify(deployment).replace(
      '{"secretRef":{"name":"bff-secrets"}}',
      '{"prefix":"DCR_","secretRef":{"name":"bff-secrets"}}',
    ),
  );
const addKey = (data: Readonly<Record<string, string>>) => (store: ObjectStore) => {
  const secret = getOf(store, 'secrets', 'crud', 'bff-secrets');
  if (secret !== undefined)
    updateIn(store, 'secrets', secret, (old) => ({ ...old, data: { ...old.data, ...dataOf(data) } }));
};

const ROWS: Record<string, Row> = {
  'one pod without a token': {
    options: { replicas: 1 },
    holds: { secret: 'bff-dcr-iat', key: 'DCR_IAT' },
    entries: [OWN_ENTRY],
    cleared: { secrets: { 'bff-dcr-iat': null, 'bff-secrets': OTHERS } },
  },
  'three pods with a stale token in their Secret': {
    options: { replicas: 3, iat: STALE },
    holds: { secret: 'bff-secrets', key: 'DCR_IAT' },
    cleared: { secrets: { 'bff-dcr-iat': null, 'bff-secrets': OTHERS } },
  },
  'a prefix in envFrom': {
    options: { replicas: 1, change: withPrefix, prepare: addKey({ IAT: STALE }) },
    holds: { secret: 'bff-secrets', key: 'IAT' },
    says: [/DCR_IAT in secret\/bff-secrets \(key IAT\)/],
    cleared: { secrets: { 'bff-secrets': OTHERS } },
  },
  'a required reference whose key is missing': {
    options: { replicas: 1, change: withEnv(required) },
    holds: { secret: 'bff-secrets', key: 'DCR_IAT' },
    entries: [required],
    cleared: { secrets: { 'bff-secrets': { ...OTHERS, DCR_IAT: '' } }, entries: [required] },
  },
  'two entries of one name, of which the last wins': {
    options: { replicas: 1, change: withEnv({ name: 'DCR_IAT', value: STALE }, required) },
    holds: { secret: 'bff-secrets', key: 'DCR_IAT' },
    entries: [{ name: 'DCR_IAT', value: STALE }, required],
    says: [/DCR_IAT/],
    cleared: null,
  },
  'a literal that gives way': {
    options: { replicas: 1, change: withEnv({ name: 'DCR_IAT', value: STALE }) },
    args: ['--write', 'own-secret'],
    holds: { secret: 'bff-dcr-iat', key: 'DCR_IAT' },
    entries: [OWN_ENTRY],
    says: [/has a value of its own\. It gives way/, /Old ReplicaSets still hold it/],
    cleared: { secrets: { 'bff-dcr-iat': null, 'bff-secrets': OTHERS } },
  },
};

describeWithKubectl('a token that helps', () => {
  test.for(Object.entries(ROWS))(
    '%s',
    async ([, { options, args = [], says = [], holds, uses = 1, entries = [], cleared }]) => {
      const cluster = await openOnCluster(options);
      const ended = await cluster.run('iat', ...args);
      const text = ended.all.replace(/\s+/g, ' ');
      expect(ended.exitCode, ended.all).toBe(0);
      for (const word of says) expect.soft(text).toMatch(word);
      const token = cluster.secret(holds.secret)?.[holds.key] ?? '';
      expect.soft(token).toMatch(/^\S{20,}$/);
      expect.soft(token).not.toBe(STALE);
      expect.soft([envOf(cluster), cluster.mints(), ended.result?.token?.maxUsages]).toEqual([entries, 1, uses]);
      const replicas = options.replicas ?? 3;
      const pods = ended.result?.kubernetes?.pods.filter(({ revision }) => revision === 'new') ?? [];
      expect
        .soft(pods.map(({ registered, healthy }) => [registered, healthy]))
        .toEqual(Array.from({ length: replicas }, () => [true, true]));

      if (cleared !== null) {
        const after = await cluster.run('clear');
        expect(after.exitCode, after.all).toBe(0);
        for (const [name, values] of Object.entries(cleared.secrets))
          expect.soft([name, cluster.secret(name)]).toEqual([name, values]);
        expect.soft([envOf(cluster), cluster.mints()]).toEqual([cleared.entries ?? [], 1]);
      }
      expect(await cluster.leaks()).toEqual([]);
    },
  );
});
