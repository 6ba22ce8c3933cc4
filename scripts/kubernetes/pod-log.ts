import type { ContainerStatus } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { NewestLine } from '../core/newest-line.ts';
import type { Clock } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';
import type { LogOptions } from '../core/stack.ts';
import { reasonOf } from './failures.ts';
import type { Kubectl } from './kubectl.ts';
import { statusOf } from './pod-obstacle.ts';
import type { PodWatch } from './pod-watch.ts';
import { Turns } from './turns.ts';

/** How many logs are followed at the same time: each is a process of its own. */
const FOLLOWED = 12;

/** After a log has ended, the kubelet tells within this time that the container has. Else only the connection was lost. */
const TOLD_MS = 3_000;

export interface PodLogOptions extends LogOptions {
  readonly container: string;
}

export interface PodLogTools {
  readonly watch: PodWatch;
  readonly clock: Clock;
  /** Shared by all logs that are read at the same time. */
  readonly turns: Turns;
}

/** @returns what all readers of logs share */
export function createLogTurns(clock: Clock): Turns {
  return new Turns(FOLLOWED, clock);
}

/**
 * The log of a container of a pod by `kubectl logs`, which ends with each run of the container (kubernetes/kubernetes#44406) and
 * knows the last two of them. Followed, it goes on with each further run without gaps or repeats, until the pod is gone.
 *
 * @param uid of the pod
 */
export async function* readPodLog(
  kubectl: Kubectl,
  uid: string,
  options: PodLogOptions,
  { watch, clock, turns }: PodLogTools,
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
          const flags = [`--previous=${isPrevious}`, `--follow=${follows}`, `--tail=${tail ?? -1}`];
          const since = newest.stamp === '' ? [] : [`--since-time=${newest.stamp.slice(0, 19)}Z`];
          const args = ['logs', name, '-c', container, '--timestamps=true', '--prefix=false', ...flags, ...since];
          for await (const line of readOnce(kubectl, args, newest, end)) {
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

/** The lines of one call that were not read before. */
async function* readOnce(
  kubectl: Kubectl,
  args: readonly string[],
  newest: NewestLine,
  signal: AbortSignal,
): AsyncGenerator<LogLine | typeof UNREADABLE> {
  const { stamp: from } = newest;
  const repeated = newest.repeated();
  let isCut = false;
  for await (const { stream, text } of kubectl.lines(args, signal)) {
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
