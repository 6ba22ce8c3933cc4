import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  PodSpec,
  Volume,
  VolumeMount,
} from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesFacts } from '../core/result.ts';
import type { Workload, WorkloadKind } from './model.ts';

/** What becomes of what the BFF caches in its container. */
export interface Credentials {
  /** null: not known. */
  readonly kept: KubernetesFacts['credentials'];
  /** How long that is and why, as half a sentence about the place: "is in an emptyDir, which goes with its pod". */
  readonly because: string;
  /** The BFF cannot write there at all. */
  readonly isReadOnly: boolean;
  /** Absolute paths whose contents outlive a pod, as far as that counts for the credentials. */
  readonly persistentPaths: readonly string[];
  /** Those of them that all pods share. */
  readonly sharedPaths: readonly string[];
  readonly isReadOnlyRoot: boolean;
}

/**
 * Where the BFF keeps what it registered with, and whether that outlives a pod.
 *
 * @param path of the file with its credentials (`BFF_CLIENT_CRED_PATH`), absolute; null: not known
 * @param claims of the namespace, as far as they could be read
 */
export function credentialsOf(
  { kind, object, podSpec, container }: Workload,
  path: string | null,
  claims: readonly PersistentVolumeClaim[],
): Credentials {
  const templates = kind === 'statefulset' ? ((object as StatefulSet).spec?.volumeClaimTemplates ?? []) : [];
  const mounts = (container.volumeMounts ?? [])
    .map((mount) => {
      const template = templates.find(({ metadata }) => metadata?.name === mount.name);
      const volume = podSpec.volumes?.find(({ name }) => name === mount.name);
      const place = template ? ofTemplate(template.spec) : ofVolume(volume, kind, isPinned(podSpec), claims);
      return { path: withoutSlash(mount.mountPath), place: ofMount(place, mount, kind) };
    })
    // The kubelet mounts them so that the deeper one wins.
    .sort((one, other) => other.path.length - one.path.length);

  const isReadOnlyRoot = container.securityContext?.readOnlyRootFilesystem === true;
  const known = path?.startsWith('/') ? path : null;
  const own = known === null ? undefined : mounts.find((mount) => isBelow(known, mount.path));
  // What is mounted above it says nothing of it.
  const counting = mounts.filter((mount) => mount === own || known === null || !isBelow(known, mount.path));
  const pathsOf = (...kept: Credentials['kept'][]) =>
    counting.filter(({ place }) => kept.includes(place.kept)).map((mount) => mount.path);
  const place = known === null ? UNKNOWN : (own?.place ?? (isReadOnlyRoot ? READ_ONLY_ROOT : CONTAINER));
  return {
    kept: place.kept,
    because: place.because,
    isReadOnly: place.isReadOnly,
    persistentPaths: pathsOf('shared', 'per-pod'),
    sharedPaths: pathsOf('shared'),
    isReadOnlyRoot,
  };
}

/** All pods run on one node. */
export function isPinned({ nodeName, nodeSelector }: PodSpec): boolean {
  return nodeName !== undefined || nodeSelector?.['kubernetes.io/hostname'] !== undefined;
}

/** How many pods start their container again and again, or wait for what it needs: they read the Secret at each start. */
export function countWaiting(pods: readonly Pod[], container: string): number {
  return pods.filter(({ metadata, status }) => {
    const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
    const own = statuses.find(({ name }) => name === container);
    if (metadata?.deletionTimestamp !== undefined || own === undefined || own.ready) return false;
    return own.restartCount > 0 || own.state?.running === undefined;
  }).length;
}

/** How often a token will be used, and what that comes to for `NextStart`. */
export interface Uses {
  readonly uses: number;
  /** How many of them are not of the new pods. */
  readonly extraStarts: number;
}

/**
 * How many uses a token needs, so that every new pod is registered in the end. A pod that surges is one of the new ones, so
 * that there are not more of those than replicas.
 *
 * @param replicas new pods that have to be there in the end
 * @param oldWaiting old pods that start again and again, because they have no credentials: the kubelet resolves a Secret again
 *   at every start of a container, so that one of them may use the token before a new pod does
 * @param write `own-secret`: old pods never see the token
 */
export function usesNeeded({
  kept,
  replicas,
  oldWaiting,
  write,
}: {
  readonly kept: Credentials['kept'];
  readonly replicas: number;
  readonly oldWaiting: number;
  readonly write: 'secret' | 'own-secret';
}): Uses {
  if (kept === 'shared') return { uses: 1, extraStarts: 0 };
  const extraStarts = write === 'secret' ? oldWaiting : 0;
  return { uses: Math.max(1, replicas) + extraStarts, extraStarts };
}

interface Place {
  readonly kept: Credentials['kept'];
  readonly because: string;
  readonly isReadOnly: boolean;
}

const place = (kept: Place['kept'], because: string, isReadOnly = false): Place => ({ kept, because, isReadOnly });

const UNKNOWN = place(null, 'is not known');
const CONTAINER = place('not-kept', 'is on no volume, so that it goes with its container');
const READ_ONLY_ROOT = place('not-kept', 'is on no volume, and the root file system is read-only', true);

/** Network file systems, which all pods may write to. */
const NETWORK_VOLUMES = ['nfs', 'cephfs', 'glusterfs', 'azureFile', 'quobyte'] as const;
/** One disk, named in the template. */
const DISK_VOLUMES = [
  'awsElasticBlockStore',
  'azureDisk',
  'cinder',
  'fc',
  'gcePersistentDisk',
  'iscsi',
  'photonPersistentDisk',
  'portworxVolume',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const;
/** What the kubelet mounts for reading, or where it takes back what is written. */
const CONTENT_VOLUMES = ['configMap', 'secret', 'projected', 'downwardAPI', 'image'] as const;
/** New and empty for each pod. `ephemeral` is a claim that is deleted with its pod. */
const POD_VOLUMES = ['emptyDir', 'gitRepo', 'ephemeral'] as const;

function ofVolume(
  volume: Volume | undefined,
  kind: WorkloadKind,
  isOneNode: boolean,
  claims: readonly PersistentVolumeClaim[],
): Place {
  if (volume === undefined) return UNKNOWN;
  const isOf = (sources: readonly string[]) => sources.find((source) => source in volume);
  const content = isOf(CONTENT_VOLUMES);
  if (content !== undefined)
    return place('not-kept', `is in a volume of type ${content}, which is only for reading`, true);
  const ofPod = isOf(POD_VOLUMES);
  if (ofPod !== undefined) return place('not-kept', `is in a volume of type ${ofPod}, which goes with its pod`);
  if (volume.csi)
    return place(
      'not-kept',
      `is in a volume of ${volume.csi.driver}, which goes with its pod`,
      volume.csi.readOnly === true,
    );
  if (volume.persistentVolumeClaim) {
    const { claimName, readOnly = false } = volume.persistentVolumeClaim;
    const claim = claims.find(({ metadata }) => metadata?.name === claimName);
    const isReadOnly = readOnly || isOnlyRead(claim?.spec);
    return isReadOnly
      ? place('not-kept', `is in claim ${claimName}, which is mounted only for reading`, true)
      : place('shared', `is in claim ${claimName}, which all pods share`);
  }
  if (volume.hostPath) {
    if (kind === 'daemonset') return place('per-pod', 'is in a folder of the node, and each node has one pod');
    if (isOneNode) return place('shared', 'is in a folder of the one node that its pods run on');
    return place('not-kept', 'is in a folder of the node, which a pod on another node does not have');
  }
  const shared = isOf(NETWORK_VOLUMES) ?? isOf(DISK_VOLUMES);
  if (shared === undefined) return UNKNOWN;
  const { readOnly } = volume[shared as 'nfs'] ?? {};
  return readOnly
    ? place('not-kept', `is in a volume of type ${shared}, which is mounted only for reading`, true)
    : place('shared', `is in a volume of type ${shared}, which all pods share`);
}

/** Of a StatefulSet: each of its pods finds its own claim again. */
function ofTemplate(spec: PersistentVolumeClaimSpec | undefined): Place {
  return isOnlyRead(spec)
    ? place('not-kept', 'is in a claim that is only for reading', true)
    : place('per-pod', 'is in a claim of each pod');
}

function isOnlyRead(spec: PersistentVolumeClaimSpec | undefined): boolean {
  const modes = spec?.accessModes ?? [];
  return modes.length > 0 && modes.every((mode) => mode === 'ReadOnlyMany');
}

function ofMount(of: Place, { readOnly, subPathExpr }: VolumeMount, kind: WorkloadKind): Place {
  if (readOnly === true) return place('not-kept', 'is in a volume that is mounted only for reading', true);
  // `$(POD_NAME)`: only the pods of a StatefulSet get their names again.
  if (of.kept !== 'shared' || subPathExpr === undefined || !subPathExpr.includes('$(')) return of;
  return kind === 'statefulset'
    ? place('per-pod', 'is in a folder of each pod')
    : place('not-kept', 'is in a folder of each pod, which the next pod does not look into');
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/(?<!\/)\/+$/, '') : path;
}

function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
