import type { ContainerStatus } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { NewestLine } from '../core/newest-line.ts';
import type { Clock } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';
import type { LogOptions } from '../core/stack.ts';
import type { ApiProxy } from './api-proxy.ts';
import { reasonOf } from './failures.ts';
import type { Kubectl } from './kubectl.ts';
import { statusOf } from './pod-obstacle.ts';
import type { PodWatch } from './pod-watch.ts';
import { Turns } from './turns.ts';

/** How many logs are followed at the same time, where each is a process of its own, and where each is a stream of one process. */
const FOLLOWED = { processes: 12, streams: 200 };

/** After a log has ended, the kubelet tells within this time that the container has. Else only the connection was lost. */
const TOLD_MS = 3_000;

export interface PodLogOptions extends LogOptions {
  readonly container: string;
}

export interface PodLogTools {
  readonly watch: PodWatch;
  readonly clock: Clock;
  readonly proxy: Pick<ApiProxy, 'log'>;
  /** Shared by all logs that are read at the same time. */
  readonly turns: Turns;
}

/** @returns what all readers of logs share, by whether a proxy gives them */
export function createLogTurns(clock: Clock): (isProxied: boolean) => Turns {
  const [processes, streams] = [new Turns(FOLLOWED.processes, clock), new Turns(FOLLOWED.streams, clock)];
  return (isProxied) => (isProxied ? streams : processes);
}

/**
 * The log of a container of a pod, by the proxy or else by `kubectl logs`. Either ends with each run of the container (kubernetes/kubernetes#44406) and
 * knows the last two of them. Followed, it goes on with each further run without gaps or repeats, until the pod is gone.
 *
 * @param uid of the pod
 */
export async function* readPodLog(
  kubectl: Kubectl,
  uid: string,
  options: PodLogOptions,
  { watch, clock, proxy, turns }: PodLogTools,
): AsyncGenerator<LogLine> {
  const { container, follow, signal, tail } = options;
  const newest = new NewestLine();
  /** Runs of which nothing more will come, by their containers' ids. */
  const done = new Set<string>();
  const look = () => watch.pods().find(({ metadata }) => metadata?.uid === uid);
  let isFirst = true;
  await watch.ready;
  for (;;) {
    signal.throwIfAborted();
    const pod = look();
    if (pod === undefined) return;
    const name = pod.metadata?.name ?? '';
    const { last, before, isRunning } = runsOf(statusOf(pod, container));
    const wants = [
      ...(before === null || done.has(before) ? [] : [{ run: before, isPrevious: true, follows: false }]),
      ...(last === null || done.has(last) ? [] : [{ run: last, isPrevious: false, follows: follow && isRunning }]),
    ];
    if (wants.length > 0) {
      const turn = await turns.take(isFirst, signal);
      const reading = new AbortController();
      const end = AbortSignal.any([turn.signal, reading.signal]);
      isFirst = false;
      // Where the node is gone as well, the log does not end by itself.
      void goneFor(TOLD_MS, () => look() === undefined, watch, clock, end).then(
        () => reading.abort(new AppError('interrupted', 'The pod is gone.')),
        () => {},
      );
      try {
        for (const { run, isPrevious, follows } of wants) {
          const since = newest.stamp === '' ? null : `${newest.stamp.slice(0, 19)}Z`;
          const call = { pod: name, container, isPrevious, follows, tail: tail ?? null, since };
          for await (const line of readOnce(linesOf(kubectl, proxy, call, end), newest)) {
            if (line === UNREADABLE) {
              options.onUnreadable?.();
              return;
            }
            turn.touch();
            yield line;
          }
          if (end.aborted) break;
          if (!follows) done.add(run);
        }
      } finally {
        reading.abort(new AppError('interrupted', 'It was read.'));
        turn.release();
      }
      // Its turn is over, its log is not.
      if (turn.signal.aborted) continue;
    }
    if (!follow) return;
    const isOver = () => {
      const now = look();
      const runs = now === undefined ? null : runsOf(statusOf(now, container));
      return runs === null || runs.last !== last || (isRunning && !runs.isRunning);
    };
    if (last === null || done.has(last)) while (!isOver()) await watch.changed(signal);
    else if (await happens(isOver, watch, clock, signal)) done.add(last);
  }
}

/** Resolves some time after the pod has gone. */
async function goneFor(ms: number, isGone: () => boolean, watch: PodWatch, clock: Clock, signal: AbortSignal) {
  while (!isGone()) await watch.changed(signal);
  await clock.sleep(ms, signal);
}

/** Whether something becomes true within the time in which the kubelet tells it. */
async function happens(isTrue: () => boolean, watch: PodWatch, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  let isLate = false;
  const late = clock.sleep(TOLD_MS, end).then(() => {
    isLate = true;
  });
  late.catch(() => {});
  try {
    while (!isTrue() && !isLate) {
      const changed = watch.changed(end);
      changed.catch(() => {});
      await Promise.race([late, changed]);
    }
    return isTrue();
  } finally {
    ending.abort(new AppError('interrupted', 'The wait has ended.'));
  }
}

interface Runs {
  /** The id of the container whose log plain `logs` gives. */
  readonly last: string | null;
  /** The one whose log `logs --previous` gives. */
  readonly before: string | null;
  readonly isRunning: boolean;
}

/** Which runs of a container have a log, as the kubelet chooses them (pkg/kubelet/kubelet_pods.go: validateContainerLogStatus). */
function runsOf(status: ContainerStatus | undefined): Runs {
  const { running, terminated } = status?.state ?? {};
  const earlier = status?.lastState?.terminated?.containerID ?? null;
  if (running === undefined && terminated === undefined) return { last: earlier, before: null, isRunning: false };
  const last = terminated?.containerID ?? status?.containerID ?? `run ${status?.restartCount ?? 0}`;
  return { last, before: earlier === last ? null : earlier, isRunning: running !== undefined };
}

const UNREADABLE = Symbol('The log may not be read.');

/** One call for a log. */
interface Call {
  readonly pod: string;
  readonly container: string;
  readonly isPrevious: boolean;
  readonly follows: boolean;
  /** null: from the first line. */
  readonly tail: number | null;
  /** RFC 3339, in whole seconds. */
  readonly since: string | null;
}

type Line = { readonly stream: 'stdout' | 'stderr'; readonly text: string };

/** What the API server does not give to the proxy is asked for by kubectl itself, which says why. */
async function* linesOf(
  kubectl: Kubectl,
  proxy: PodLogTools['proxy'],
  { pod, container, isPrevious, follows, tail, since }: Call,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const query = {
    ...{ container, timestamps: 'true', previous: String(isPrevious), follow: String(follows) },
    ...(tail === null ? {} : { tailLines: String(tail) }),
    ...(since === null ? {} : { sinceTime: since }),
  };
  const given = await proxy.log(pod, query, signal);
  if (given !== null) {
    for await (const text of given) yield { stream: 'stdout', text };
    return;
  }
  const flags = [`--previous=${isPrevious}`, `--follow=${follows}`, `--tail=${tail ?? -1}`];
  const from = since === null ? [] : [`--since-time=${since}`];
  yield* kubectl.lines(
    ['logs', `pod/${pod}`, '-c', container, '--timestamps=true', '--prefix=false', ...flags, ...from],
    signal,
  );
}

/** The lines that were not read before. */
async function* readOnce(lines: AsyncIterable<Line>, newest: NewestLine): AsyncGenerator<LogLine | typeof UNREADABLE> {
  const { stamp: from } = newest;
  const repeated = newest.repeated();
  let isCut = false;
  for await (const { stream, text } of lines) {
    if (stream === 'stderr') {
      if (reasonOf({ stderr: text }) === 'Forbidden') yield UNREADABLE;
      continue;
    }
    const found = STAMP.exec(text);
    if (found === null) {
      // The rest of a line that was too long to be held whole; all else without a time is the kubelet's own: "unable to
      // retrieve container logs for …", "failed to create fsnotify watcher".
      if (isCut) yield { at: null, stream, text: withoutReturn(text) };
      continue;
    }
    isCut = text.length >= LONGEST;
    const [whole, time = '', fraction = ''] = found;
    const at = new Date(time);
    const stamp = `${at.toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}`;
    if (stamp < from || repeated.has(stamp, stream)) continue;
    newest.note(stamp, stream);
    const rest = text.slice(whole.length);
    yield { at, stream, text: withoutReturn(rest.length > CHUNK ? rest.replace(STAMP_INSIDE, '') : rest) };
  }
}

/** RFC 3339 in the time zone of the node, and a blank. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)) /;

/** Kubelets before 1.26 put the time in front of each 4 KB of a line (kubernetes/kubernetes#113481). */
const STAMP_INSIDE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) /g;
const CHUNK = 4_096;

/** Longer lines come in pieces. */
const LONGEST = 1_000_000;

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
