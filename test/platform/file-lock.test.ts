import * as fs from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../scripts/platform/file-lock.ts';
import { nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { isPosix } from '../support/posix.ts';
import { files, intercepted, names, place, usePlace } from './place.ts';
import { deadPid } from './writer.ts';

usePlace();

const take = (waitMs = 100) => takeLock(nodeFileSystem, place.file, waitMs);
const lockText = (pid: number, host = hostname()) => `${pid}@${host} 01234567-89ab-4cde-8f01-23456789abcd`;
const left = (text: string) => fs.writeFileSync(`${place.file}.lock`, text);

describe('a lock', () => {
  it('says who holds it, for its owner only, and is gone afterwards', async () => {
    const lock = await take();
    expect(fs.readFileSync(`${place.file}.lock`, 'utf8')).toMatch(new RegExp(`^${process.pid}@${hostname()} `));
    if (isPosix) expect(fs.statSync(`${place.file}.lock`).mode & 0o777).toBe(0o600);
    await lock.release();
    expect(names()).toEqual(['compose.yml']);
  });

  it('of a living process is waited for, then it is busy, and the message says which process has it', async () => {
    const first = await take();
    await expect(take()).rejects.toMatchObject({
      code: 'file-busy',
      message: expect.stringContaining(`process ${process.pid} on `),
      hint: { text: expect.stringContaining(`${place.file}.lock`) },
    });
    const waiting = take(60_000);
    await first.release();
    await (await waiting).release();
  });

  it('of a dead process is taken over, and its unfinished copy goes', async () => {
    const text = lockText(await deadPid());
    left(text);
    fs.writeFileSync(`${place.file}.lock.${text.split(' ')[1]}`, 'half');
    const lock = await take(0);
    expect(names()).toEqual(['compose.yml', 'compose.yml.lock']);
    await lock.release();
  });

  it('without an owner is waited for, then taken over', async () => {
    left('');
    await (await take(0)).release();
    expect(names()).toEqual(['compose.yml']);
  });

  it('that another run took over is not held any more, and is left to that run', async () => {
    const lock = await take();
    left(lockText(process.pid));
    expect(await lock.isHeld()).toBe(false);
    await lock.release();
    expect(names()).toEqual(['compose.yml', 'compose.yml.lock']);
  });

  it.each([
    ['another machine', lockText(999_999_999, 'elsewhere'), 'on elsewhere'],
    ['another program', 'locked by hand', 'no run of this tool wrote'],
  ])('of %s is never taken over', async (_, text, words) => {
    left(text);
    await expect(take(50)).rejects.toMatchObject({ code: 'file-busy', message: expect.stringContaining(words) });
    expect(fs.readFileSync(`${place.file}.lock`, 'utf8')).toBe(text);
  });

  it('lets no change get lost, in whatever order its takers run', async () => {
    const text = lockText(await deadPid());
    const lines = ['a', 'b', 'c', 'd'];
    for (let seed = 1; seed <= 25; seed++) {
      fs.writeFileSync(place.file, '');
      left(text);
      const shuffled = files({ fs: shuffling(seed), waitMs: 60_000 });
      const add = async (line: string): Promise<void> => {
        const before = (await shuffled.read(place.file)) ?? expect.fail('no file');
        const written = shuffled.replace(place.file, before, Buffer.concat([before, Buffer.from(line)]));
        await written.catch((error: { code?: string }) => {
          if (error.code !== 'file-changed') throw error;
          return add(line);
        });
      };
      await Promise.all(lines.map(add));
      expect([...fs.readFileSync(place.file, 'utf8')].sort(), `seed ${seed}`).toEqual(lines);
      expect(names(), `seed ${seed}`).toEqual(['compose.yml']);
    }
  });
});

/** A file system whose calls take turns by the seed. */
function shuffling(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % 12;
  };
  return intercepted(async () => {
    for (let turns = next(); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  });
}
