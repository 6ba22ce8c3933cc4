import { expect, test } from 'vitest';
import { Slots } from '../../scripts/runbook/slots.ts';
import { FakeClock } from '../support/fake-clock.ts';

const { signal: NEVER } = new AbortController();

test('only so many go on at the same time, in the order in which they came', async () => {
  const clock = new FakeClock();
  const slots = new Slots(2);
  const began: string[] = [];
  const work = (name: string) => async () => {
    began.push(`${name} at ${clock.now()}`);
    await clock.sleep(100, NEVER);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((name) => slots.run(work(name), NEVER)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(began).toEqual(['a at 0', 'b at 0', 'c at 100', 'd at 100', 'e at 200']);
});

test('one that waits ends with its signal, and takes no turn', async () => {
  const clock = new FakeClock();
  const slots = new Slots(1);
  const ending = new AbortController();
  const first = slots.run(() => clock.sleep(100, NEVER), NEVER);
  const second = slots.run(async () => 'second', ending.signal);
  ending.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  await first;
  expect(await slots.run(async () => 'third', NEVER)).toBe('third');
});
