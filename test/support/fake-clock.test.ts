import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

const NEVER = new AbortController().signal;

test('sleepers wake in the order of their time, without waiting', async () => {
  const clock = new FakeClock();
  const woken: string[] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms, NEVER);
    woken.push(`${name} at ${clock.now()}`);
  };
  await Promise.all([sleep('late', 3_600_000), sleep('soon', 10), sleep('twice', 20).then(() => sleep('again', 5))]);
  expect(woken).toEqual(['soon at 10', 'twice at 20', 'again at 25', 'late at 3600000']);
  expect(clock.date().getTime() - new Date('2026-01-01T00:00:00Z').getTime()).toBe(3_600_000);
});

test('an abort ends a sleep with its reason, before and during it', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(1_000, controller.signal);
  controller.abort('enough');
  await expect(sleeping).rejects.toBe('enough');
  await expect(clock.sleep(1, controller.signal)).rejects.toBe('enough');
  expect(clock.now()).toBe(0);
});
