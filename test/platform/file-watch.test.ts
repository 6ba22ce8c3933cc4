import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../scripts/core/ports.ts';
import { type FileChange, openFileWatch } from '../../scripts/platform/file-watch.ts';
import { place, usePlace } from './place.ts';

usePlace();

const NEVER = new AbortController().signal;

/** A clock whose pauses last no time: in each one the next thing happens. */
function happening(...events: readonly (() => void)[]): Clock & { readonly left: () => number } {
  let nowMs = 0;
  const left = [...events];
  return {
    now: () => nowMs,
    date: () => new Date(nowMs),
    async sleep(ms, signal) {
      signal.throwIfAborted();
      nowMs += ms;
      left.shift()?.();
    },
    left: () => left.length,
  };
}

/** As a system that reports nothing: only looking helps. */
const noEvents = () => {
  throw new Error('ENOSPC: the limit of watchers is reached');
};

const nothing = () => {};
const write = (text: string) => () => fs.writeFileSync(place.file, text);
const remove = () => fs.unlinkSync(place.file);
const rename = () => {
  fs.writeFileSync(`${place.file}.new`, 'another');
  fs.renameSync(`${place.file}.new`, place.file);
};
const other = () => join(place.folder, 'other.json');

describe('looking at files finds', () => {
  test.each<readonly [what: string, events: readonly (() => void)[], kind: FileChange['kind'], file: () => string]>([
    ['one that is written', [write('another')], 'changed', () => place.file],
    ['one that is replaced by a rename', [rename], 'changed', () => place.file],
    ['one that is removed and written again', [remove, nothing, rename], 'changed', () => place.file],
    ['one that is written in pieces', [write(''), write('{'), write('{}')], 'changed', () => place.file],
    ['one that is gone', [remove], 'gone', () => place.file],
    ['one that comes', [nothing, () => fs.writeFileSync(other(), '{}')], 'new', other],
  ])('%s', async (_, events, kind, file) => {
    const clock = happening(...events);
    const watch = openFileWatch([other(), place.file], clock, noEvents);
    expect(await watch.change(NEVER)).toEqual({ path: file(), kind });
    // All of it has happened before it is told.
    expect(clock.left()).toBe(0);
    watch.close();
  });
});

test('a file that has not really changed is no change', async () => {
  const mtime = new Date(1_700_000_000_000);
  fs.utimesSync(place.file, mtime, mtime);
  const touchAndBack = [
    () => fs.utimesSync(place.file, mtime, new Date()),
    () => fs.utimesSync(place.file, mtime, mtime),
  ];
  const interrupted = new AbortController();
  const end = () => interrupted.abort(new Error('Ctrl-C'));
  const clock = happening(...touchAndBack, nothing, nothing, nothing, end);
  const watch = openFileWatch([place.file], clock, noEvents);
  await expect(watch.change(interrupted.signal)).rejects.toThrow('Ctrl-C');
  expect(clock.left()).toBe(0);
});

test('what changed before it was asked for counts', async () => {
  const clock = happening(write('another'));
  const watch = openFileWatch([place.file], clock, noEvents);
  await clock.sleep(0, NEVER);
  expect(await watch.change(NEVER)).toEqual({ path: place.file, kind: 'changed' });
});

test('an event of the system ends the pause, and a folder that is not there is looked for nevertheless', async () => {
  const clock = happening();
  let isPaused = () => {};
  const paused = new Promise<void>((resolve) => (isPaused = resolve));
  const deaf: Clock = {
    ...clock,
    // The pause between two looks has no end of its own.
    sleep: (ms, signal) =>
      ms < 1_000
        ? clock.sleep(ms, signal)
        : new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            isPaused();
          }),
  };
  const watch = openFileWatch([place.file, join(place.folder, 'missing', 'a.json')], deaf);
  const change = watch.change(NEVER);
  await paused;
  write('another')();
  expect(await change).toEqual({ path: place.file, kind: 'changed' });
  watch.close();
});
