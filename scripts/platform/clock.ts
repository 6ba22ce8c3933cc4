import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, ms), undefined, { signal });
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
  /** Ends the timer: the signal stays as it is. */
  clear(): void;
}

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
  return {
    signal: controller.signal,
    pause,
    resume,
    left: () => leftMs - (running === null ? 0 : clock.now() - running.sinceMs),
    clear() {
      pause();
      parent.removeEventListener('abort', follow);
    },
  };
}
