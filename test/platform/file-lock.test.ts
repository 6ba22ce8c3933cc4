import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../scripts/platform/file-lock.ts';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { isDead, type LockOwner, newOwner } from '../../scripts/platform/lock-owner.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'compose.yml.lock');
});

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const left = (owner: Partial<LockOwner>) => fs.writeFileSync(path, JSON.stringify({ ...newOwner(), ...owner }));

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? expect.fail('no process');
}

describe('a lock', () => {
  it('says who holds it, for its owner only, and is gone afterwards', async () => {
    const lock = await takeLock(nodeFileSystem, path, 100);
    expect(JSON.parse(fs.readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect(lock.wasLeft).toBe(false);
    await lock.release();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('of a living process is waited for, then it is busy, and who has it is said', async () => {
    const first = await takeLock(nodeFileSystem, path, 100);
    await expect(takeLock(nodeFileSystem, path, 100)).rejects.toMatchObject({
      code: 'file-busy',
      message: expect.stringContaining(`process ${process.pid} on `),
      hint: { text: expect.stringContaining(path) },
    });
    const waiting = takeLock(nodeFileSystem, path, 20_000);
    await first.release();
    await (await waiting).release();
  });

  it('of a dead process is taken over', async () => {
    left({ pid: await deadPid() });
    const lock = await takeLock(nodeFileSystem, path, 0);
    expect(lock.wasLeft).toBe(true);
    await lock.release();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('that a taker was killed over is taken over too', async () => {
    const pid = await deadPid();
    left({ pid });
    fs.copyFileSync(path, `${path}.lock`);
    fs.copyFileSync(path, `${path}.lock.lock`);
    await (await takeLock(nodeFileSystem, path, 0)).release();
    expect(fs.readdirSync(folder)).toEqual([]);

    left({ pid });
    fs.renameSync(path, `${path}.lock`);
    expect((await takeLock(nodeFileSystem, path, 0)).wasLeft).toBe(true);
    expect(fs.readdirSync(folder)).toEqual(['compose.yml.lock']);
  });

  it('without an owner is waited for, then taken over', async () => {
    fs.writeFileSync(path, '');
    expect((await takeLock(nodeFileSystem, path, 0)).wasLeft).toBe(true);
  });

  it.each([
    ['another machine', () => left({ host: 'elsewhere', pid: 999_999_999 }), 'on elsewhere'],
    ['another program', () => fs.writeFileSync(path, 'locked by hand'), 'no run of this tool wrote'],
  ])('of %s is never taken over', async (_, make, words) => {
    make();
    const before = fs.readFileSync(path);
    await expect(takeLock(nodeFileSystem, path, 50)).rejects.toMatchObject({
      code: 'file-busy',
      message: expect.stringContaining(words),
    });
    expect(fs.readFileSync(path)).toEqual(before);
  });

  it('has one owner at a time, in whatever order its takers run, and loses nobody', async () => {
    const pid = await deadPid();
    for (let seed = 1; seed <= 60; seed++) {
      left({ pid });
      if (seed % 3 === 0) fs.copyFileSync(path, `${path}.lock`);
      let holders = 0;
      let most = 0;
      const shuffled = shuffling(seed);
      const take = async () => {
        const lock = await takeLock(shuffled, path, 30_000);
        holders += 1;
        most = Math.max(most, holders);
        await turns(3);
        holders -= 1;
        await lock.release();
      };
      await Promise.all([take(), take(), take(), take(), take()]);
      expect(most, `seed ${seed}`).toBe(1);
      expect(fs.readdirSync(folder), `seed ${seed}`).toEqual([]);
    }
  });
});

describe('an owner', () => {
  it('is alive while its process is', () => {
    expect(isDead(newOwner())).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'is dead when the machine has started since, or its pid is another process’s',
    () => {
      expect(isDead({ ...newOwner(), boot: 'an earlier one' })).toBe(true);
      expect(isDead({ ...newOwner(), started: '1' })).toBe(true);
    },
  );

  it('is not known to be dead in another container, whatever its pid', async () => {
    expect(isDead({ ...newOwner(), pids: 'pid:[1]', pid: await deadPid() })).toBe(false);
  });
});

/** Lets other promises go on. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A file system whose calls take turns by the seed. */
function shuffling(seed: number): FileSystem {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % 6;
  };
  return new Proxy(nodeFileSystem, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: readonly unknown[]) => {
        await turns(next());
        const result: unknown = await Reflect.apply(member, target, args);
        await turns(next());
        return result;
      };
    },
  });
}
