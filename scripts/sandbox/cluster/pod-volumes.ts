import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, Volume } from 'kubernetes-types/core/v1.d.ts';
import { configMapData, secretData } from './pod-environment.ts';
import type { ObjectStore } from './store.ts';
import { getOf, type Stored } from './typed-store.ts';

/** The folders of pods and claims on this machine. */
export class PodVolumes {
  readonly #folder: string;
  readonly #store: ObjectStore;

  constructor(folder: string, store: ObjectStore) {
    this.#folder = folder;
    this.#store = store;
  }

  /** @returns the claim that is missing, in the scheduler's words; null: none is */
  unbound({ metadata, spec }: Stored<'pods'>): string | null {
    for (const { persistentVolumeClaim: claim } of spec?.volumes ?? []) {
      if (claim === undefined) continue;
      const found = getOf(this.#store, 'persistentvolumeclaims', metadata.namespace, claim.claimName);
      if (found === undefined) return `persistentvolumeclaim "${claim.claimName}" not found`;
      if (found.status?.phase !== 'Bound') return 'pod has unbound immediate PersistentVolumeClaims';
    }
    return null;
  }

  /** Makes the volumes that can be made. @returns the first that cannot, in the kubelet's words; null: none */
  mount(pod: Stored<'pods'>): string | null {
    for (const volume of pod.spec?.volumes ?? []) {
      const folder = this.#folderOf(pod, volume);
      const files = this.#filesOf(pod, volume);
      if (typeof files === 'string') return `MountVolume.SetUp failed for volume "${volume.name}" : ${files}`;
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
    return null;
  }

  /**
   * A new file system for one run of a container: empty but for its mounts.
   *
   * @returns the folder that stands for `/`
   */
  root(pod: Stored<'pods'>, container: Container): string {
    const root = join(this.#podFolder(pod), container.name);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true, mode: 0o700 });
    for (const mount of container.volumeMounts ?? []) {
      const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name);
      if (volume === undefined) continue;
      const at = join(root, mount.mountPath);
      const source = join(this.#folderOf(pod, volume), mount.subPath ?? '');
      mkdirSync(dirname(at), { recursive: true });
      mkdirSync(source, { recursive: true });
      symlinkSync(source, at, 'junction');
    }
    return root;
  }

  /** Where the log of a run of a container goes. */
  logFile(id: string): string {
    const folder = join(this.#folder, 'logs');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return join(folder, `${id.slice(0, 12)}.log`);
  }

  /** What goes with the pod: the claims stay. */
  remove(pod: Stored<'pods'>): void {
    rmSync(this.#podFolder(pod), { recursive: true, force: true, maxRetries: 3 });
  }

  #podFolder({ metadata }: Stored<'pods'>): string {
    return join(this.#folder, 'pods', metadata.uid);
  }

  #folderOf(pod: Stored<'pods'>, { name, persistentVolumeClaim: claim }: Volume): string {
    return claim === undefined
      ? join(this.#podFolder(pod), 'volumes', name)
      : join(this.#folder, 'claims', `${pod.metadata.namespace}_${claim.claimName}`);
  }

  /** The files of a volume that an object fills, or which object is missing. */
  #filesOf({ metadata }: Stored<'pods'>, { secret, configMap }: Volume): Record<string, string> | string {
    const { namespace } = metadata;
    if (secret !== undefined) {
      const data = secretData(this.#store, namespace, secret.secretName ?? '');
      return data ?? (secret.optional === true ? {} : `secret "${secret.secretName}" not found`);
    }
    if (configMap === undefined) return {};
    const data = configMapData(this.#store, namespace, configMap.name ?? '');
    return data ?? (configMap.optional === true ? {} : `configmap "${configMap.name}" not found`);
  }
}
