import type { Event, Pod, PodList } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { Changes } from './changes.ts';
import { itemsOf, type Kubectl } from './kubectl.ts';
import { PROBE_NAME } from './model.ts';

/** The pods of a workload and the events about them, as the cluster tells them; nothing is polled. */
export interface PodWatch {
  /** Those that there are now, in no order. */
  pods(): readonly Pod[];
  /** The last few about the pod (also a temporary one), the ReplicaSet or the workload of that name; none where they may not be read. */
  eventsOf(name: string): readonly Event[];
  /** Resolves with the next change of a pod or an event. Who looks first and then waits misses none. */
  changed(signal: AbortSignal): Promise<void>;
  /** Resolves when all pods are known. @throws AppError what kept the first look from an answer */
  readonly ready: Promise<void>;
  /** Why what is known may be old: the cluster does not answer. null: it does. */
  trouble(): AppError | null;
  /** Ends its processes. */
  close(): Promise<void>;
}

export interface WatchOptions {
  /** Labels of the pods, as `app=bff,tier=web`. */
  readonly selector: string;
  /** The workload's; the names of its pods and ReplicaSets begin with it. */
  readonly name: string;
  readonly clock: Clock;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** A stream that lived this long has worked. */
const SETTLED_MS = 10_000;

/** A stream that has begun has told of all pods by then. */
const BURST_MS = 5_000;

const EVENTS_EACH = 10;
const EVENTS_OF = 500;

/** A document of `--output-watch-events`. */
interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/**
 * Follows the pods by `kubectl get pods --watch`, and their events. A stream begins with all objects that there are; it ends when
 * the connection is lost, when its version is too old (410) or after an hour, and is then begun again. A plain list beside each
 * beginning tells which pods are gone, and what is wrong where nothing comes at all.
 */
export function watchPods(kubectl: Kubectl, options: WatchOptions, signal: AbortSignal): PodWatch {
  const { selector, name, clock } = options;
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  const pods = new Map<string, Pod>();
  const events = new Map<string, Event[]>();
  const changes = new Changes();
  let trouble: AppError | null = null;
  let isReady = () => {};
  let isNotReady = (_: unknown) => {};
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve;
    isNotReady = reject;
  });
  ready.catch(() => {});

  /** Each beginning of the stream of pods; `told` are the uids that it told of, also of those that are gone. */
  const followPods = async () => {
    const told = new Set<string>();
    const round = new AbortController();
    const listed = list(told, AbortSignal.any([end, round.signal])).catch(isNotReady);
    try {
      for await (const { type, object } of kubectl.documents<WatchEvent<Pod>>(
        ['get', 'pods', '-l', selector, '--watch=true', '--watch-only=false', '--output-watch-events=true'],
        end,
      )) {
        if (type === 'ERROR') break;
        const uid = object.metadata?.uid;
        if (type === 'BOOKMARK' || uid === undefined) continue;
        told.add(uid);
        if (type === 'DELETED') pods.delete(uid);
        else pods.set(uid, withoutManagers(object));
        changes.tell();
      }
    } finally {
      round.abort(new AppError('interrupted', 'The stream has ended.'));
      await listed;
    }
    return told.size > 0;
  };

  const list = async (told: ReadonlySet<string>, until: AbortSignal) => {
    const answer = await kubectl.ask<PodList>(['get', 'pods', '-l', selector, '--watch=false'], end);
    trouble = answer.ok ? null : answer.error;
    if (!answer.ok) return isNotReady(answer.error);
    const found = new Set<string>();
    for (const pod of itemsOf(answer.value)) {
      const uid = pod.metadata?.uid ?? '';
      found.add(uid);
      if (!told.has(uid)) pods.set(uid, withoutManagers(pod));
    }
    const drop = (isThere: (uid: string) => boolean) => {
      for (const uid of [...pods.keys()]) if (!isThere(uid)) pods.delete(uid);
      changes.tell();
    };
    drop((uid) => found.has(uid) || told.has(uid));
    isReady();
    // One that was deleted between the two answers is in the list only.
    await clock.sleep(BURST_MS, until);
    if (told.size > 0) drop((uid) => told.has(uid));
  };

  const followEvents = async () => {
    let isAnswered = false;
    for await (const { type, object } of kubectl.documents<WatchEvent<Event>>(
      ['get', 'events', '--watch=true', '--watch-only=false', '--output-watch-events=true'],
      end,
    )) {
      if (type === 'ERROR') break;
      isAnswered = true;
      const about = object.involvedObject?.name ?? '';
      const isOurs = about === name || about.startsWith(`${name}-`) || about.startsWith(PROBE_NAME);
      if (type === 'BOOKMARK' || type === 'DELETED' || !isOurs) continue;
      const uid = object.metadata?.uid;
      const others = (events.get(about) ?? []).filter(({ metadata }) => metadata?.uid !== uid);
      events.set(about, [...others, withoutManagers(object)].slice(-EVENTS_EACH));
      const [oldest] = events.keys();
      if (events.size > EVENTS_OF && oldest !== undefined) events.delete(oldest);
      changes.tell();
    }
    return isAnswered;
  };

  /** @param attempts how often it is begun again where it ends without an answer */
  const again = async (follow: () => Promise<boolean>, attempts: number) => {
    let [quick, silent] = [0, 0];
    while (silent < attempts) {
      const beganMs = clock.now();
      silent = (await follow()) ? 0 : silent + 1;
      quick = clock.now() - beganMs >= SETTLED_MS ? 0 : quick + 1;
      await clock.sleep(quick === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (quick - 1)), end);
    }
  };

  const work = [again(followPods, Number.POSITIVE_INFINITY), again(followEvents, 3)].map((each) =>
    each.catch((error: unknown) => {
      isNotReady(error);
      if (!end.aborted) trouble = error instanceof AppError ? error : trouble;
    }),
  );

  return {
    pods: () => [...pods.values()],
    eventsOf(about) {
      const uid = [...pods.values()].find(({ metadata }) => metadata?.name === about)?.metadata?.uid;
      const all = events.get(about) ?? [];
      // A pod of a StatefulSet has the name of the one before it.
      return uid === undefined ? all : all.filter(({ involvedObject }) => (involvedObject.uid ?? uid) === uid);
    },
    changed: (until) => changes.next(AbortSignal.any([until, end])),
    ready,
    trouble: () => trouble,
    async close() {
      ending.abort(new AppError('interrupted', 'The watch has ended.'));
      await Promise.all(work);
    },
  };
}

/** Who wrote which field is never read, and may be most of an object. */
function withoutManagers<T extends { metadata?: object }>(object: T): T {
  return { ...object, metadata: { ...object.metadata, managedFields: undefined } };
}
