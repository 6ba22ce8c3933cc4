import type { Container, ContainerStatus, Event, Pod, Probe } from 'kubernetes-types/core/v1.d.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import { because, quote } from './quote.ts';

/** What is known of a pod besides itself. */
export interface Surroundings {
  /** About this pod, in any order; empty: there are none, or they may not be read. */
  readonly events: readonly Event[];
  /** By a clock that is not far from the cluster's. */
  readonly now: Date;
  /** A call of kubectl as a person types it. */
  readonly typed: (args: readonly string[]) => string;
}

/** What mends itself, such as a volume that is still being attached, gets this long. */
const MENDS_MS = 20_000;

/** The state of a container, whether it is an init container or not; undefined: the kubelet has not said anything yet. */
export function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.find(({ name }) => name === container);
}

/**
 * What keeps a container of a pod from starting, or ends it, by the states that the kubelet and the scheduler give
 * (kubernetes/kubernetes: pkg/kubelet/container/sync_result.go, pkg/kubelet/images/types.go, pkg/kubelet/events/event.go).
 * null: nothing, or something that may mend itself soon.
 */
export function obstacleOf(pod: Pod, container: string, around: Surroundings): AppError | null {
  const lost = lostNode(pod, around);
  if (lost !== null) return lost;
  if (pod.metadata?.deletionTimestamp !== undefined) return null;
  if (pod.status?.phase === 'Failed' && pod.status.reason) {
    const { reason, message } = pod.status;
    return make(
      pod,
      around,
      'container-exited',
      `was ended by its node (${quote(reason)})${because(message)}.`,
      END_HINT,
    );
  }
  if (!pod.spec?.nodeName) return unscheduled(pod, around);
  const target = statusOf(pod, container);
  for (const status of blocking(pod, container)) {
    const found =
      notStarted(pod, status, around) ?? (status.name === container ? null : failingInit(pod, status, around));
    if (found !== null) return found;
  }
  if (target?.state?.running === undefined && target?.lastState?.terminated === undefined) {
    const found = notMounted(pod, around);
    if (found !== null) return found;
  }
  return target === undefined ? null : (outOfMemory(pod, target, around) ?? killedByProbe(pod, target, around));
}

/** The containers that have to start for this one to start, itself the last; only those that the kubelet tells of. */
function blocking({ spec, status }: Pod, container: string): ContainerStatus[] {
  const inits = spec?.initContainers ?? [];
  const at = inits.findIndex(({ name }) => name === container);
  const before = (at < 0 ? inits : inits.slice(0, at)).map(({ name }) => name);
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const target = all.filter(({ name }) => name === container);
  return target.some(({ state }) => state?.running !== undefined)
    ? target
    : [...all.filter(({ name }) => before.includes(name)), ...target];
}

function make(pod: Pod, { typed }: Surroundings, code: ErrorCode, what: string, text: string, command?: string[]) {
  const name = pod.metadata?.name ?? '';
  return new AppError(code, `The pod ${name} ${what}`, {
    hint: { text, command: typed(command ?? ['describe', `pod/${name}`]) },
  });
}

const END_HINT = 'Its events and those of its node say more:';

function lostNode(pod: Pod, around: Surroundings): AppError | null {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  // Written by the node lifecycle controller right after it has set the condition.
  const isTold = around.events.some(
    (event) => event.reason === 'NodeNotReady' && lastOf(event) >= msOf(ready?.lastTransitionTime) - 5_000,
  );
  if (pod.status?.reason !== 'NodeLost' && !(isTold && ready?.status !== 'True')) return null;
  const node = pod.spec?.nodeName ?? '';
  const text = 'Look at the node, or wait until its pods are moved to another one:';
  return make(pod, around, 'bff-unhealthy', `is on the node ${node}, which does not answer.`, text, [
    'describe',
    'node',
    node,
  ]);
}

function unscheduled(pod: Pod, around: Surroundings): AppError | null {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const since = msOf(condition?.lastTransitionTime ?? pod.metadata?.creationTimestamp);
  if (isFresh(since, around) || condition?.status === 'True') return null;
  const message = condition?.message;
  if (condition?.reason === 'SchedulingGated')
    return make(pod, around, 'pod-unschedulable', `waits for its scheduling gates${because(message)}.`, GATES);
  const claim = /persistentvolumeclaim "([^"]{1,253})" not found/.exec(message ?? '')?.[1];
  const text =
    claim !== undefined
      ? `Create the PersistentVolumeClaim ${claim}, or correct its name in the volumes of the workload:`
      : /unbound immediate PersistentVolumeClaim/.test(message ?? '')
        ? 'A PersistentVolumeClaim of it is not bound: check its storage class and size.'
        : /Insufficient |Too many pods/.test(message ?? '')
          ? 'Make room on the nodes, or lower what the pod requests:'
          : 'Check its node selector, affinity, tolerations and requests:';
  return make(pod, around, 'pod-unschedulable', `finds no node${because(message)}.`, text);
}

const GATES = 'Find out what has to open them (spec.schedulingGates):';

const IMAGE_AT_ONCE: readonly string[] = ['InvalidImageName', 'ErrImageNeverPull'];
const IMAGE: readonly string[] = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
];
const START: readonly string[] = [
  'CreateContainerError',
  'PreCreateHookError',
  'PreStartHookError',
  'PostStartHookError',
];

/** What the kubelet says about a container that it could not start. */
function notStarted(pod: Pod, status: ContainerStatus, around: Surroundings): AppError | null {
  const { reason = '', message } = status.state?.waiting ?? {};
  const who = isInit(pod, status.name) ? `its init container ${status.name}` : `its container ${status.name}`;
  if (reason === 'CreateContainerConfigError') {
    const text = 'Create what it refers to, or correct the reference in the workload:';
    return make(pod, around, 'pod-config', `cannot start ${who}${because(message)}.`, text);
  }
  if (IMAGE_AT_ONCE.includes(reason) || IMAGE.includes(reason)) {
    const isLasting = IMAGE_AT_ONCE.includes(reason);
    const failures = aboutContainer(around.events, status.name).filter(isPullFailure);
    if (!isLasting && isFresh(since(pod, status, failures), around)) return null;
    // The back-off's own message does not say why, and neither does the second event of each failure ("Error: ErrImagePull").
    const telling = failures.filter(({ message = '' }) => message.startsWith('Failed to pull image'));
    const why = reason === 'ImagePullBackOff' ? ((newest(telling) ?? newest(failures))?.message ?? message) : message;
    return make(pod, around, 'image-pull', `cannot start ${who}: ${reason}${because(why)}.`, imageHint(reason, why));
  }
  const end = status.state?.terminated ?? status.lastState?.terminated;
  const isNoStart = end?.reason === 'StartError' || end?.reason === 'ContainerCannotRun';
  const isRunning = status.state?.running !== undefined;
  if (reason === 'RunContainerError' || (isNoStart && !isRunning))
    return make(
      pod,
      around,
      'container-not-started',
      `cannot start ${who}${because(end?.message ?? message)}.`,
      COMMAND,
    );
  if (!START.includes(reason) || isFresh(since(pod, status, []), around)) return null;
  return make(pod, around, 'container-not-started', `cannot start ${who}: ${reason}${because(message)}.`, END_HINT);
}

const COMMAND = 'Check the command, the arguments and the image of the container:';

function imageHint(reason: string, message = ''): string {
  if (reason === 'InvalidImageName') return 'Correct the name of the image in the workload:';
  if (reason === 'ErrImageNeverPull') return 'Load the image onto the node, or change imagePullPolicy:';
  if (/unauthorized|authentication required|denied|\b40[13]\b|no basic auth/i.test(message))
    return 'The registry wants a login, or has no such image: check imagePullSecrets and the name of the image:';
  if (/not found|manifest unknown|does not exist/i.test(message)) return 'Check the name and the tag of the image:';
  return 'Check the name of the image, and whether the node reaches the registry:';
}

/** An init container that ends with an error again and again. One that waits for something may need a few starts. */
function failingInit(pod: Pod, { name, state, lastState, restartCount }: ContainerStatus, around: Surroundings) {
  const end = state?.terminated ?? lastState?.terminated;
  const isDown =
    state?.running === undefined && (state?.terminated !== undefined || state?.waiting?.reason === 'CrashLoopBackOff');
  const age = around.now.getTime() - msOf(pod.metadata?.creationTimestamp);
  if (!isDown || end === undefined || end.exitCode === 0 || restartCount < 2 || age < MENDS_MS) return null;
  const what =
    end.reason === 'OOMKilled'
      ? `is killed for using too much memory in its init container ${name}.`
      : `does not get past its init container ${name}, which ends with exit code ${end.exitCode} again and again.`;
  const log = ['logs', `pod/${pod.metadata?.name ?? ''}`, '-c', name];
  return make(pod, around, end.reason === 'OOMKilled' ? 'out-of-memory' : 'container-crash-loop', what, LOG, log);
}

const LOG = 'Its log says why:';

/** Volumes and the pod's network come before all containers; only events tell of them. */
function notMounted(pod: Pod, around: Surroundings): AppError | null {
  const event = newest(around.events.filter(({ reason = '' }) => MOUNT.includes(reason) || reason === SANDBOX));
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime;
  const isWaiting = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].every(
    ({ state }) => state?.running === undefined && state?.terminated === undefined,
  );
  if (event === undefined || !isWaiting || isFresh(msOf(scheduled ?? pod.metadata?.creationTimestamp), around))
    return null;
  const { message } = event;
  if (event.reason === SANDBOX)
    return make(pod, around, 'container-not-started', `gets no network from its node${because(message)}.`, END_HINT);
  const text = /Multi-Attach/i.test(message ?? '')
    ? 'Another pod on another node has the volume: use one that several nodes can mount (ReadWriteMany), or the strategy Recreate:'
    : /(?:configmap|secret) .{1,300} not found|references non-existent/i.test(message ?? '')
      ? 'Create what the volume is made of, or correct its name in the workload:'
      : 'Check the volumes of the workload and their claims:';
  return make(pod, around, 'pod-mount', `waits for a volume${because(message)}.`, text);
}

export const MOUNT: readonly string[] = ['FailedMount', 'FailedAttachVolume', 'FailedMapVolume'];
export const SANDBOX = 'FailedCreatePodSandBox';

function outOfMemory(pod: Pod, { state, lastState, name }: ContainerStatus, around: Surroundings): AppError | null {
  const end = state?.terminated ?? lastState?.terminated;
  if (state?.running !== undefined || end?.reason !== 'OOMKilled') return null;
  const limit = specOf(pod, name)?.resources?.limits?.['memory'];
  const what = `was killed for using too much memory${limit === undefined ? '' : ` (its limit is ${limit})`}.`;
  return make(pod, around, 'out-of-memory', what, 'Raise the memory limit of the container:');
}

/** The kubelet ended it because a probe failed, and it is not well since. */
function killedByProbe(pod: Pod, { state, lastState, name, ready }: ContainerStatus, around: Surroundings) {
  const end = state?.terminated ?? lastState?.terminated;
  if (end === undefined || ready) return null;
  if (isFresh(msOf(state?.running?.startedAt), around)) return null;
  const events = aboutContainer(around.events, name);
  const killing = newest(
    events.filter((event) => event.reason === 'Killing' && KILL.test(event.message ?? '') && isWithin(event, end)),
  );
  const kind = KILL.exec(killing?.message ?? '')?.[1]?.toLowerCase();
  if (kind !== 'liveness' && kind !== 'startup') return null;
  const spec = specOf(pod, name);
  const probe = kind === 'liveness' ? spec?.livenessProbe : spec?.startupProbe;
  const said = newest(
    events.filter(({ reason, message = '' }) => reason === 'Unhealthy' && message.toLowerCase().startsWith(kind)),
  );
  const what = `is restarted by its ${kind} probe${probe === undefined ? '' : ` (${describeProbe(probe)})`}${because(said?.message)}.`;
  const text = `Fix what the probe asks for, or give the BFF more time to start (a startupProbe, or initialDelaySeconds of the ${kind} probe):`;
  return make(pod, around, 'probe-kills', what, text);
}

const KILL = /\b(liveness|startup) probe\b/i;

/** The event is about this run of the container: an older one may have ended for another reason. */
function isWithin(event: Event, { startedAt, finishedAt }: { startedAt?: string; finishedAt?: string }): boolean {
  const at = lastOf(event);
  return at >= msOf(startedAt) && (finishedAt === undefined || at <= msOf(finishedAt) + 5_000);
}

/** "GET /health on port 8000, 3 failures 10 s apart": with the defaults of the API. */
function describeProbe({ httpGet, tcpSocket, grpc, exec, failureThreshold = 3, periodSeconds = 10 }: Probe): string {
  const asks =
    httpGet !== undefined
      ? `GET ${httpGet.path ?? '/'} on port ${httpGet.port}`
      : tcpSocket !== undefined
        ? `TCP port ${tcpSocket.port}`
        : grpc !== undefined
          ? `gRPC on port ${grpc.port}`
          : exec !== undefined
            ? 'a command'
            : 'its own check';
  return `${asks}, ${failureThreshold} ${failureThreshold === 1 ? 'failure' : `failures ${periodSeconds} s apart`}`;
}

function specOf({ spec }: Pod, container: string): Container | undefined {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(({ name }) => name === container);
}

function isInit({ spec }: Pod, container: string): boolean {
  return (spec?.initContainers ?? []).some(({ name }) => name === container);
}

/** The kubelet names the container as `spec.containers{bff}`. */
function aboutContainer(events: readonly Event[], container: string): Event[] {
  return events.filter(({ involvedObject: { fieldPath } }) => !fieldPath || fieldPath.endsWith(`{${container}}`));
}

function isPullFailure({ reason, message = '' }: Event): boolean {
  return reason === 'Failed' && /^Failed to pull image|ErrImagePull|InspectFailed/.test(message);
}

/** When the trouble of a container began that waits: with the first of these events, else when the pod got its node. */
function since(pod: Pod, { lastState }: ContainerStatus, events: readonly Event[]): number {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime;
  const began =
    events.length > 0 ? Math.min(...events.map(firstOf)) : msOf(scheduled ?? pod.metadata?.creationTimestamp);
  return Math.max(began, msOf(lastState?.terminated?.finishedAt));
}

function isFresh(sinceMs: number, { now }: Surroundings): boolean {
  return now.getTime() - sinceMs < MENDS_MS;
}

function newest(events: readonly Event[]): Event | undefined {
  return [...events].sort((a, b) => lastOf(b) - lastOf(a))[0];
}

function firstOf({ firstTimestamp, eventTime, metadata }: Event): number {
  return msOf(firstTimestamp ?? eventTime ?? metadata.creationTimestamp);
}

/** Old and new events have their times in different members. */
export function lastOf({ lastTimestamp, series, eventTime, metadata }: Event): number {
  return msOf(lastTimestamp ?? series?.lastObservedTime ?? eventTime ?? metadata.creationTimestamp);
}

/** Without a time it is long ago. */
function msOf(time: string | null | undefined): number {
  return time ? Date.parse(time) : 0;
}
