/** A timer, or what replaces one of 0 ms: a callback for the next turn of the event loop. */
type Timer = ReturnType<typeof setTimeout> | ReturnType<typeof setImmediate> | string | number | undefined;

const Immediate = inactive().constructor;

/**
 * Lets timers of 0 ms fire in the next turn of the event loop, from now on.
 *
 * Newman's runtime puts one between any two of its instructions, about eight for each request, and Node waits at least a
 * millisecond for each (https://nodejs.org/api/timers.html, setTimeout): that is half the time of a run whose server answers
 * at once. Nothing else waits for 0 ms on purpose, and the timers of a collection's scripts are others: Postman's sandbox
 * takes them from `node:timers`.
 *
 * @param timers whose functions are replaced: the worker's `globalThis`
 */
export function useEagerTimers(timers: Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>): void {
  const { setTimeout, clearTimeout } = timers;
  const eager = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    ms === 0 ? setImmediate(callback, ...args) : setTimeout(callback, ms, ...args);
  const clear = (timer: Timer) =>
    timer instanceof Immediate ? clearImmediate(timer as NodeJS.Immediate) : clearTimeout(timer as NodeJS.Timeout);
  // With what `promisify` looks for.
  timers.setTimeout = Object.assign(eager, setTimeout) as typeof setTimeout;
  timers.clearTimeout = clear as typeof clearTimeout;
}

/** The class has no name of its own in Node. */
function inactive(): NodeJS.Immediate {
  const immediate = setImmediate(() => {});
  clearImmediate(immediate);
  return immediate;
}
