import { describe, expect, it } from 'vitest';
import { inOrder, type StampedLine } from '../../scripts/compose/in-order.ts';
import type { Clock } from '../../scripts/core/ports.ts';
import { FakeClock } from '../support/fake-clock.ts';

const never = new AbortController().signal;

function line(stream: 'stdout' | 'stderr', seconds: number | null, text = `${stream} ${seconds}`): StampedLine {
  const stamp = seconds === null ? '' : `2026-01-01T00:00:${String(seconds).padStart(2, '0')}.000000000Z`;
  return { stamp, line: { at: null, stream, text } };
}

/** What comes out; a number is a pause of so many milliseconds. */
async function ordered(what: readonly (StampedLine | number)[], follow = true): Promise<string[]> {
  const clock = new FakeClock();
  const source = async function* () {
    for (const each of what) {
      if (typeof each === 'number') await clock.sleep(each, never);
      else yield each;
    }
  };
  const found: string[] = [];
  for await (const { line: each } of inOrder(source, follow ? clock : null, never)) found.push(each.text);
  return found;
}

describe('lines of two streams in the order of their times', () => {
  it.each<[string, (StampedLine | number)[], string[]]>([
    [
      'all of one stream comes first',
      [line('stdout', 1), line('stdout', 3), line('stderr', 2), line('stderr', 4)],
      ['stdout 1', 'stderr 2', 'stdout 3', 'stderr 4'],
    ],
    [
      'the other way round',
      [line('stderr', 2), line('stderr', 4), line('stdout', 1), line('stdout', 3)],
      ['stdout 1', 'stderr 2', 'stdout 3', 'stderr 4'],
    ],
    ['of the same time', [line('stdout', 1, 'a'), line('stdout', 1, 'b'), line('stderr', 1, 'c')], ['a', 'b', 'c']],
    ['of the same time by two streams, as they came', [line('stderr', 1, 'a'), line('stdout', 1, 'b')], ['a', 'b']],
    [
      'the rest of a long line stays with it',
      [line('stdout', 2, 'long'), line('stdout', null, 'rest'), line('stderr', 1), line('stderr', 3)],
      ['stderr 1', 'long', 'rest', 'stderr 3'],
    ],
    ['a moment later', [line('stdout', 2), 10, line('stderr', 1)], ['stderr 1', 'stdout 2']],
    ['too late to be waited for', [line('stdout', 2), 250, 250, line('stderr', 1)], ['stdout 2', 'stderr 1']],
    [
      'a time that goes back stays where its stream has it',
      [line('stdout', 5), line('stdout', 1)],
      ['stdout 5', 'stdout 1'],
    ],
  ])('%s', async (_, what, expected) => {
    expect(await ordered(what)).toEqual(expected);
  });

  it('not followed, nothing is too late', async () => {
    const [late, early] = [line('stdout', 2), line('stderr', 1)];
    expect(await ordered([late, 500, early, 500, line('stderr', 3)], false)).toEqual([
      'stderr 1',
      'stdout 2',
      'stderr 3',
    ]);
  });

  it('on a busy machine what the pipes hold is read before the time counts', async () => {
    let now = 0;
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    const busy: Clock = { now: () => (now += 1_000), date: () => new Date(0), sleep: () => turn().then(turn) };
    const source = async function* () {
      yield line('stderr', 2);
      await turn();
      yield line('stdout', 1);
    };
    const found: string[] = [];
    for await (const { line: each } of inOrder(source, busy, never)) found.push(each.text);
    expect(found).toEqual(['stdout 1', 'stderr 2']);
  });

  it('does not wait for the other stream while lines keep coming', async () => {
    const many = Array.from({ length: 40_000 }, (_, at) => line('stdout', 1, String(at)));
    let given = 0;
    const clock = new FakeClock();
    let read = 0;
    const source = async function* () {
      for (const each of many) {
        read += 1;
        yield each;
      }
    };
    let most = 0;
    for await (const { line: each } of inOrder(source, clock, never)) {
      expect(each.text).toBe(String(given));
      given += 1;
      most = Math.max(most, read - given);
    }
    expect(given).toBe(many.length);
    expect(most).toBeLessThan(20_000);
  });

  it('fails as its source does, after what had come', async () => {
    const source = async function* () {
      yield line('stdout', 1);
      throw new Error('the pipe broke');
    };
    await expect(async () => {
      for await (const _ of inOrder(source, new FakeClock(), never));
    }).rejects.toThrow('the pipe broke');
  });

  it('lets its source go where its reader leaves, though no line comes', async () => {
    let isLeft = false;
    const source = async function* (signal: AbortSignal) {
      yield line('stdout', 1);
      yield line('stderr', 2);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      isLeft = true;
    };
    for await (const _ of inOrder(source, new FakeClock(), never)) break;
    expect(isLeft).toBe(true);
  });
});
