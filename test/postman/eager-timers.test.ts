import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { beginEagerTimers } from '../../scripts/postman/eager-timers.ts';

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
    setTimeout(
      (word) => {
        isOver = word === 'fired';
      },
      ms,
      'fired',
    );
    setImmediate(count);
  });
}

test('a timer of 0 ms fires in the next turn, one of 1 ms when it is time, and all is as before in the end', async () => {
  const before = [globalThis.setTimeout, globalThis.clearTimeout];
  const endOuter = beginEagerTimers();
  const endInner = beginEagerTimers();
  endInner();
  endInner();
  expect(await turnsUntil(0)).toBeLessThanOrEqual(1);
  expect(await turnsUntil(20)).toBeGreaterThan(20);
  expect(await promisify(setTimeout)(0, 'value')).toBe('value');
  endOuter();
  expect([globalThis.setTimeout, globalThis.clearTimeout]).toEqual(before);
});

test('a timer that was cleared does not fire, whichever kind it is', async () => {
  const end = beginEagerTimers();
  const fired: string[] = [];
  const soon = setTimeout(() => fired.push('soon'), 0);
  const later = setTimeout(() => fired.push('later'), 1);
  clearTimeout(soon);
  clearTimeout(later);
  clearTimeout(undefined);
  await promisify(setTimeout)(5);
  end();
  expect(fired).toEqual([]);
});
