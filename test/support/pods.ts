import type { ContainerState, ContainerStatus, Event, Pod } from 'kubernetes-types/core/v1.d.ts';

/** When the pods of the tests were made; every other time is counted from it in seconds. */
export const START = Date.UTC(2026, 0, 1);

/** RFC 3339 in whole seconds, as the API has it. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1_000).toISOString().replace('.000Z', 'Z');
}

type Template = NonNullable<Pod['spec']>;

export interface PodOptions {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly resourceVersion?: string;
  /** null: none yet. */
  readonly node?: string | null;
  readonly spec?: Partial<Template>;
  readonly status?: Pod['status'];
  /** Of the container `bff`. */
  readonly bff?: Partial<ContainerStatus>;
  readonly inits?: readonly ContainerStatus[];
  readonly deleted?: boolean;
}

/** A pod of the Deployment `bff` with the container `bff`, scheduled in its first second. */
export function pod(options: PodOptions = {}): Pod {
  const { name = 'bff-7d9f-aaaaa', node = 'node-1', inits = [] } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'crud',
      uid: `uid-of-${name}`,
      resourceVersion: options.resourceVersion ?? '1',
      creationTimestamp: at(0),
      labels: { app: 'bff', 'pod-template-hash': '7d9f', ...options.labels },
      ...(options.deleted ? { deletionTimestamp: at(60) } : {}),
    },
    spec: {
      ...(node === null ? {} : { nodeName: node }),
      ...(inits.length > 0 ? { initContainers: inits.map((each) => ({ name: each.name, image: each.image })) } : {}),
      containers: [{ name: 'bff', image: 'empowernow/bff:2.1.0' }],
      ...options.spec,
    },
    status: {
      phase: 'Running',
      conditions: node === null ? [] : [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(1) }],
      ...(inits.length > 0 ? { initContainerStatuses: [...inits] } : {}),
      ...(options.bff === undefined ? {} : { containerStatuses: [container('bff', options.bff)] }),
      ...options.status,
    },
  };
}

export function container(name: string, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: 'empowernow/bff:2.1.0', imageID: '', ready: false, restartCount: 0, ...more };
}

export function running(startedAt = 2): ContainerState {
  return { running: { startedAt: at(startedAt) } };
}

export function waiting(reason: string, message?: string): ContainerState {
  return { waiting: { reason, ...(message === undefined ? {} : { message }) } };
}

export function terminated(
  exitCode: number,
  more: Partial<NonNullable<ContainerState['terminated']>> = {},
): ContainerState {
  return {
    terminated: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: at(2),
      finishedAt: at(4),
      ...more,
    },
  };
}

/** An event about the pod's container `bff`, or about the pod where `fieldPath` is ''. */
export function event(reason: string, message: string, more: Partial<Event> & { readonly name?: string } = {}): Event {
  const { name = 'bff-7d9f-aaaaa', ...rest } = more;
  return {
    metadata: { name: `${name}.${reason}`, namespace: 'crud', uid: `event-${name}-${reason}` },
    involvedObject: { kind: 'Pod', name, uid: `uid-of-${name}`, fieldPath: 'spec.containers{bff}' },
    reason,
    message,
    type: 'Warning',
    count: 1,
    firstTimestamp: at(3),
    lastTimestamp: at(3),
    ...rest,
  };
}
