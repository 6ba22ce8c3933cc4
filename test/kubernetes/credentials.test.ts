import type { ContainerStatus, PersistentVolumeClaim, Pod, Volume, VolumeMount } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { countWaiting, credentialsOf, usesNeeded } from '../../scripts/kubernetes/credentials.ts';
import type { WorkloadKind } from '../../scripts/kubernetes/model.ts';
import { workload } from './workload.ts';

const PATH = '/app/keys/bff_client.json';

const claim = (name: string, ...accessModes: string[]): PersistentVolumeClaim => ({
  metadata: { name },
  spec: { accessModes },
});

function look({
  kind = 'deployment' as WorkloadKind,
  mounts = [{ name: 'keys', mountPath: '/app/keys' }] as VolumeMount[],
  volumes = [] as Volume[],
  templates = [] as PersistentVolumeClaim[],
  claims = [] as PersistentVolumeClaim[],
  isReadOnlyRoot = false,
  nodeSelector = {} as Record<string, string>,
  path = PATH as string | null,
} = {}) {
  const found = workload({
    kind,
    spec: { volumeClaimTemplates: templates },
    container: { volumeMounts: mounts, securityContext: { readOnlyRootFilesystem: isReadOnlyRoot } },
    pod: { volumes, nodeSelector },
  });
  return credentialsOf(found, path, claims);
}

const KEYS_CLAIM: Volume = { name: 'keys', persistentVolumeClaim: { claimName: 'bff-keys' } };
const SCRATCH: Volume = { name: 'scratch', emptyDir: {} };

describe('each kind of volume', () => {
  test.each<[string, Omit<Volume, 'name'>, WorkloadKind, string | null, boolean]>([
    ['a claim', { persistentVolumeClaim: { claimName: 'bff-keys' } }, 'deployment', 'shared', false],
    ['a claim of all pods', { persistentVolumeClaim: { claimName: 'bff-keys' } }, 'statefulset', 'shared', false],
    [
      'a claim for reading',
      { persistentVolumeClaim: { claimName: 'k', readOnly: true } },
      'deployment',
      'not-kept',
      true,
    ],
    ['an emptyDir', { emptyDir: {} }, 'deployment', 'not-kept', false],
    ['an emptyDir in memory', { emptyDir: { medium: 'Memory' } }, 'statefulset', 'not-kept', false],
    ['a generic ephemeral volume', { ephemeral: {} }, 'deployment', 'not-kept', false],
    ['an inline CSI volume', { csi: { driver: 'inline.example.com' } }, 'deployment', 'not-kept', false],
    [
      'a CSI volume of secrets',
      { csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true } },
      'deployment',
      'not-kept',
      true,
    ],
    ['a ConfigMap', { configMap: { name: 'c' } }, 'deployment', 'not-kept', true],
    ['a Secret', { secret: { secretName: 's' } }, 'deployment', 'not-kept', true],
    ['projected', { projected: { sources: [] } }, 'deployment', 'not-kept', true],
    ['the downward API', { downwardAPI: {} }, 'deployment', 'not-kept', true],
    ['a folder of the node', { hostPath: { path: '/srv/keys' } }, 'deployment', 'not-kept', false],
    ['a folder of the node', { hostPath: { path: '/srv/keys' } }, 'daemonset', 'per-pod', false],
    ['NFS', { nfs: { server: 'nfs', path: '/keys' } }, 'deployment', 'shared', false],
    ['NFS for reading', { nfs: { server: 'nfs', path: '/keys', readOnly: true } }, 'deployment', 'not-kept', true],
    ['a disk', { awsElasticBlockStore: { volumeID: 'vol-1' } }, 'deployment', 'shared', false],
    ['a driver that nobody knows', { flexVolume: { driver: 'example.com/any' } }, 'deployment', null, false],
  ])('%s: %j of a %s keeps it %s, only for reading: %s', (_, source, kind, kept, isReadOnly) => {
    const found = look({ kind, volumes: [{ name: 'keys', ...source }] });
    expect(found).toMatchObject({ kept, isReadOnly });
    expect(found.persistentPaths).toEqual(kept === 'shared' || kept === 'per-pod' ? ['/app/keys'] : []);
    expect(found.sharedPaths).toEqual(kept === 'shared' ? ['/app/keys'] : []);
  });

  test('a folder of the node is shared where all pods run on that node', () => {
    const volumes = [{ name: 'keys', hostPath: { path: '/srv/keys' } }];
    expect(look({ volumes, nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }).kept).toBe('shared');
  });

  test('each pod of a StatefulSet finds its own claim again', () => {
    const found = look({ kind: 'statefulset', templates: [claim('keys', 'ReadWriteOnce')] });
    expect(found).toMatchObject({ kept: 'per-pod', persistentPaths: ['/app/keys'], sharedPaths: [] });
  });

  test.each([
    [[claim('bff-keys', 'ReadOnlyMany')], 'not-kept', true],
    [[claim('bff-keys', 'ReadWriteMany')], 'shared', false],
    [[claim('bff-keys', 'ReadWriteOnce', 'ReadOnlyMany')], 'shared', false],
    [[claim('other', 'ReadOnlyMany')], 'shared', false],
  ])('of the claims %j', (claims, kept, isReadOnly) => {
    expect(look({ volumes: [KEYS_CLAIM], claims })).toMatchObject({ kept, isReadOnly });
  });
});

describe('where the file is', () => {
  test.each<[string, VolumeMount[], string | null, string[]]>([
    ['no mount', [], 'not-kept', []],
    ['mounted beside it', [{ name: 'keys', mountPath: '/app/key' }], 'not-kept', ['/app/key']],
    ['mounted above it', [{ name: 'keys', mountPath: '/app/' }], 'shared', ['/app']],
    ['the root is a mount', [{ name: 'keys', mountPath: '/' }], 'shared', ['/']],
    ['the file itself is a mount', [{ name: 'keys', mountPath: PATH, subPath: 'client.json' }], 'shared', [PATH]],
    ['a folder of the volume', [{ name: 'keys', mountPath: '/app/keys', subPath: 'bff' }], 'shared', ['/app/keys']],
    [
      'the deeper mount wins',
      [
        { name: 'keys', mountPath: '/app' },
        { name: 'scratch', mountPath: '/app/keys' },
      ],
      'not-kept',
      [],
    ],
    [
      'the deeper mount wins, in any order',
      [
        { name: 'keys', mountPath: '/app/keys' },
        { name: 'scratch', mountPath: '/app' },
      ],
      'shared',
      ['/app/keys'],
    ],
    ['a mount for reading', [{ name: 'keys', mountPath: '/app/keys', readOnly: true }], 'not-kept', []],
    [
      'a folder by the name of the pod',
      [{ name: 'keys', mountPath: '/app/keys', subPathExpr: '$(POD_NAME)' }],
      'not-kept',
      [],
    ],
    ['a volume that is not there', [{ name: 'gone', mountPath: '/app/keys' }], null, []],
  ])('%s', (_, mounts, kept, persistentPaths) => {
    expect(look({ mounts, volumes: [KEYS_CLAIM, SCRATCH] })).toMatchObject({ kept, persistentPaths });
  });

  test('a pod of a StatefulSet finds the folder by its name again', () => {
    const mounts = [{ name: 'keys', mountPath: '/app/keys', subPathExpr: '$(POD_NAME)' }];
    expect(look({ kind: 'statefulset', mounts, volumes: [KEYS_CLAIM] }).kept).toBe('per-pod');
    expect(look({ kind: 'statefulset', mounts, volumes: [{ name: 'keys', emptyDir: {} }] }).kept).toBe('not-kept');
  });

  test.each([[null], ['keys/bff_client.json']])('at %s it is not known, and all mounts count', (path) => {
    const found = look({ path, volumes: [KEYS_CLAIM] });
    expect(found).toMatchObject({ kept: null, isReadOnly: false, sharedPaths: ['/app/keys'] });
  });

  test.each([
    [[], true],
    [[{ name: 'keys', mountPath: '/app/keys' }], false],
  ])('with a read-only root file system and the mounts %j', (mounts, isReadOnly) => {
    const found = look({ mounts, volumes: [{ name: 'keys', emptyDir: {} }], isReadOnlyRoot: true });
    expect(found).toMatchObject({ kept: 'not-kept', isReadOnly, isReadOnlyRoot: true });
  });

  test('what becomes of it goes into a sentence', () => {
    const because = (volumes: Volume[]) =>
      look({ volumes, mounts: [{ name: 'keys', mountPath: '/app/keys' }] }).because;
    expect(because([KEYS_CLAIM])).toBe('is in claim bff-keys, which all pods share');
    expect(because([{ name: 'keys', emptyDir: {} }])).toBe('is in a volume of type emptyDir, which goes with its pod');
    expect(look({ mounts: [] }).because).toBe('is on no volume, so that it goes with its container');
    expect(look({ mounts: [], isReadOnlyRoot: true }).because).toBe(
      'is on no volume, and the root file system is read-only',
    );
  });
});

describe('how many uses a token needs', () => {
  test.each([
    ['shared', 1, 0, 'secret', 1, 0],
    ['shared', 3, 3, 'secret', 1, 0],
    ['per-pod', 3, 0, 'own-secret', 3, 0],
    ['per-pod', 3, 2, 'secret', 5, 2],
    ['per-pod', 3, 2, 'own-secret', 3, 0],
    ['not-kept', 1, 0, 'secret', 1, 0],
    ['not-kept', 1, 1, 'secret', 2, 1],
    ['not-kept', 0, 0, 'secret', 1, 0],
    [null, 2, 0, 'own-secret', 2, 0],
  ] as const)(
    'credentials %s, %i replicas, %i old pods that wait, written to %s: %i',
    (kept, replicas, oldWaiting, write, uses, extraStarts) => {
      expect(usesNeeded({ kept, replicas, oldWaiting, write })).toEqual({ uses, extraStarts });
    },
  );
});

describe('old pods that may use the token first', () => {
  const pod = (state: Partial<ContainerStatus>, more: Pod = {}): Pod => ({
    ...more,
    status: { containerStatuses: [{ name: 'bff', ready: false, restartCount: 0, image: '', imageID: '', ...state }] },
  });

  test.each([
    ['it crashes', pod({ restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } }), 1],
    ['it runs, and has crashed', pod({ restartCount: 1, state: { running: {} } }), 1],
    ['it has just ended', pod({ state: { terminated: { exitCode: 3 } } }), 1],
    ['it waits for the Secret', pod({ state: { waiting: { reason: 'CreateContainerConfigError' } } }), 1],
    ['it starts for the first time', pod({ state: { running: {} } }), 0],
    ['it is ready', pod({ ready: true, restartCount: 7, state: { running: {} } }), 0],
    ['it is being deleted', pod({ restartCount: 4 }, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), 0],
    ['another container crashes', pod({ name: 'proxy', restartCount: 4 }), 0],
    ['it has no node yet', {}, 0],
  ])('%s', (_, one, count) => {
    expect(countWaiting([one], 'bff')).toBe(count);
  });

  test('an init container counts as well', () => {
    const status = pod({ name: 'bootstrap', restartCount: 2 }).status?.containerStatuses ?? [];
    expect(countWaiting([{ status: { initContainerStatuses: status } }, {}], 'bootstrap')).toBe(1);
  });
});
