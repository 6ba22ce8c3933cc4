import type { Clock } from '../../core/ports.ts';
import type { StartContainer } from './container-runtime.ts';
import type { PodVolumes } from './pod-volumes.ts';
import type { ObjectStore } from './store.ts';
import type { Stored } from './typed-store.ts';

/** What goes wrong with a pod on purpose. */
export type PodFault =
  /** No node takes it. */
  | { readonly at: 'scheduling'; readonly message: string }
  /** A volume cannot be mounted: the reason of the event, such as FailedAttachVolume. */
  | { readonly at: 'mount'; readonly reason?: string; readonly message: string }
  | {
      readonly at: 'image';
      readonly reason: 'ErrImagePull' | 'InvalidImageName' | 'ErrImageNeverPull';
      readonly message: string;
    }
  /** The container cannot be made. */
  | {
      readonly at: 'create';
      readonly reason: 'CreateContainerConfigError' | 'CreateContainerError';
      readonly message: string;
    }
  /** The container cannot be started: StartError. */
  | { readonly at: 'start'; readonly message: string }
  /** It takes so long in ContainerCreating. */
  | { readonly at: 'slow'; readonly seconds: number };

/** @param container null: the pod as a whole is about to be scheduled or mounted */
export type FindFault = (pod: Stored<'pods'>, container: string | null) => PodFault | null;

/** What a kubelet works with. */
export interface KubeletTools {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly volumes: PodVolumes;
  readonly start: StartContainer;
  readonly findFault: FindFault;
  /** Tells an event of a pod; the scheduler's are its own. */
  record(
    pod: Stored<'pods'>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    component?: 'kubelet' | 'default-scheduler',
  ): void;
  /** Asks over HTTP: the status; rejects where nobody answers in time. */
  ask(url: string, timeoutMs: number): Promise<number>;
  /** A port of this machine that no other pod has. */
  findPort(): Promise<number>;
  /** Waits in the time of the cluster, which may pass faster than the clock's. Rejects when the signal aborts. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
  /** The time of the cluster since its start, in seconds. */
  seconds(): number;
}
