import { expect, test } from 'vitest';
import { deadline, systemClock } from '../../scripts/platform/clock.ts';

/** A clock that somebody moves. */
function createClock() {
  let nowMs = 0;
  let sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((wake, reject) => {
        sleepers.push({ untilMs: nowMs + ms, wake });
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    async pass(ms: number) {
      nowMs += ms;
      for (const { untilMs, wake } of sleepers) if (untilMs <= nowMs) wake();
      sleepers = sleepers.filter(({ untilMs }) => untilMs > nowMs);
      // What waits for a sleeper goes on in the next turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const { signal: parent } = new AbortController();
const late = () => new Error('late');

test('aborts when the time is up, and not before', async () => {
  const clock = createClock();
  const { signal } = deadline(1_000, parent, late, clock);
  await clock.pass(999);
  expect(signal.aborted).toBe(false);
  await clock.pass(1);
  expect(signal.reason).toEqual(late());
});

test('the time does not run while it is paused, however often', async () => {
  const clock = createClock();
  const limit = deadline(1_000, parent, late, clock);
  await clock.pass(400);
  limit.pause();
  limit.pause();
  await clock.pass(5_000);
  limit.resume();
  limit.resume();
  await clock.pass(599);
  expect(limit.signal.aborted).toBe(false);
  await clock.pass(1);
  expect(limit.signal.reason).toEqual(late());
});

test('follows its parent, in a pause as well', async () => {
  const abort = new AbortController();
  const limit = deadline(1_000, abort.signal, late, createClock());
  limit.pause();
  abort.abort(new Error('enough'));
  expect(limit.signal.reason).toEqual(new Error('enough'));
});

test('does nothing more once it is cleared', async () => {
  const clock = createClock();
  const abort = new AbortController();
  const limit = deadline(1_000, abort.signal, late, clock);
  limit.clear();
  await clock.pass(5_000);
  abort.abort(new Error('enough'));
  expect(limit.signal.aborted).toBe(false);
});

test('work that ignores the end is given up some time later, with the reason', async () => {
  const clock = createClock();
  const limit = deadline(1_000, parent, late, clock);
  let given: unknown = null;
  limit.abandoned.catch((reason: unknown) => {
    given = reason;
  });
  await clock.pass(1_000);
  await clock.pass(29_999);
  expect(given).toBeNull();
  await clock.pass(1);
  expect(given).toEqual(late());
});

test('it knows what is left, and gives what comes after the work time of its own', async () => {
  const clock = createClock();
  const limit = deadline(100_000, parent, late, clock);
  await clock.pass(99_000);
  expect(limit.left()).toBe(1_000);
  limit.clear();
  await clock.pass(5_000);
  expect(limit.left()).toBe(60_000);
});

test('a sleep that is over on a busy machine leaves what came in meanwhile the turn', async () => {
  const { signal } = new AbortController();
  let isRead = false;
  const slept = systemClock.sleep(1, signal);
  setImmediate(() => {
    isRead = true;
  });
  // The timer is due when this turn ends.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  await slept;
  expect(isRead).toBe(true);
});
