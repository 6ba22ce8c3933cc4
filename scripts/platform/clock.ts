import { performance } from 'node:perf_hooks';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, ms), undefined, { signal });
      // Node looks at its timers first: on a busy machine the time is over before the pipes were looked at.
      await nextTurn(undefined, { signal });
    } catch {
      // Node throws its own AbortError; callers want the reason of the abort.
      throw signal.reason;
    }
  },
};

/** A time limit, and the signal that aborts when it is over. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the time while a person is asked for something; `resume` continues it. */
  pause(): void;
  resume(): void;
  /** Milliseconds until then. */
  left(): number;
  /** Rejects with the signal's reason some time after it: for work that ignores it. */
  readonly abandoned: Promise<never>;
  /** Ends the timer: the signal stays as it is. */
  clear(): void;
}

/** Aborted work may finish what must not be stopped halfway; after this nobody waits for it. */
const ABANDON_MS = 30_000;

/** For what comes after the work: its reports. */
const AFTERWARDS_MS = 60_000;

/** A deadline whose signal aborts with `reason()` when the time is up, or with the parent's reason before that. */
export function deadline(
  ms: number,
  parent: AbortSignal,
  reason: () => Error,
  clock: Pick<Clock, 'now' | 'sleep'> = systemClock,
): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  parent.addEventListener('abort', follow, { once: true });
  let leftMs = ms;
  let running: { readonly sinceMs: number; readonly end: AbortController } | null = null;
  const pause = () => {
    if (running === null) return;
    running.end.abort();
    leftMs -= clock.now() - running.sinceMs;
    running = null;
  };
  const resume = () => {
    if (running !== null) return;
    running = { sinceMs: clock.now(), end: new AbortController() };
    clock.sleep(leftMs, running.end.signal).then(
      () => controller.abort(reason()),
      () => {},
    );
  };
  resume();
  const ended = new AbortController();
  const abandoned = new Promise<never>((_, reject) => {
    const abandon = () => clock.sleep(ABANDON_MS, ended.signal).then(() => reject(controller.signal.reason), ignore);
    controller.signal.addEventListener('abort', abandon, { once: true });
  });
  abandoned.catch(ignore);
  return {
    signal: controller.signal,
    abandoned,
    pause,
    resume,
    left: () => leftMs - (running === null ? 0 : clock.now() - running.sinceMs),
    clear() {
      pause();
      leftMs = Math.max(leftMs, AFTERWARDS_MS);
      ended.abort();
      parent.removeEventListener('abort', follow);
    },
  };
}

function ignore(): void {}
