import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { useEagerTimers } from '../../scripts/postman/eager-timers.ts';

/** As in Newman's worker, without touching the timers of this process. */
const timers = { setTimeout, clearTimeout };
useEagerTimers(timers);

/** What fires until a timer of `ms` does, one immediate for each turn of the event loop. */
function turnsUntil(ms: number): Promise<number> {
  return new Promise((resolve) => {
    let turns = 0;
    let isOver = false;
    const count = () => {
      if (isOver) return resolve(turns);
      turns += 1;
      setImmediate(count);
    };
    timers.setTimeout(
      (word) => {
        isOver = word === 'fired';
      },
      ms,
      'fired',
    );
    setImmediate(count);
  });
}

test('a timer of 0 ms fires in the next turn, one of 20 ms when it is time', async () => {
  expect(await turnsUntil(0)).toBeLessThanOrEqual(1);
  expect(await turnsUntil(20)).toBeGreaterThan(20);
  expect(await promisify(timers.setTimeout)(0, 'value')).toBe('value');
});

test('a timer that was cleared does not fire, whichever kind it is', async () => {
  const fired: string[] = [];
  const soon = timers.setTimeout(() => fired.push('soon'), 0);
  const later = timers.setTimeout(() => fired.push('later'), 1);
  timers.clearTimeout(soon);
  timers.clearTimeout(later);
  timers.clearTimeout(undefined);
  await promisify(setTimeout)(5);
  expect(fired).toEqual([]);
});
