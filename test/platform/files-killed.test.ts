import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileHandle, type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { intercepted } from './place.ts';
import { compileWriter, deadPid, ended, type Writer } from './writer.ts';

/** Old and new bytes of different lengths, so that a mix of them is neither. */
const OLD = 'old-'.repeat(8_000);
const NEW = 'new+'.repeat(12_000);

let folder: string;
let write: Writer;
let dead: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'files-killed-'));
  write = await compileWriter(join(folder, 'writer'));
  dead = await deadPid();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a run that is killed', () => {
  it('at a chosen moment leaves the old or the new bytes, and the next run works and cleans up', async () => {
    const moments = [0, 1, 3, 6, 10, 17];
    const left: string[] = [];
    for (const moment of moments) {
      const file = place();
      const child = write('alternate', file, OLD, NEW);
      const end = ended(child);
      await once(child.stdout ?? child, 'data');
      spinUntilBusy(file);
      spin(moment);
      child.kill('SIGKILL');
      expect(await end, `after ${moment} ms`).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      left.push(...others(file));
      await expectUsable(file, `after ${moment} ms`);
    }
    expect(left).not.toEqual([]);
  });

  it('before any of its calls, or in the middle of a write, leaves nothing that the next run does not clean up', async () => {
    const states = new Set<string>();
    for (let killed = 1; ; killed++) {
      const file = place();
      const { isOver } = await runUntil(file, killed);
      // The killed run was this process, which lives: its lock gets the process of one that does not.
      if (others(file).includes('compose.yml.lock')) {
        const lock = readFileSync(`${file}.lock`, 'utf8');
        writeFileSync(`${file}.lock`, lock.replace(/^\d+@/, `${dead}@`));
      }
      states.add(readFileSync(file, 'utf8'));
      await expectUsable(file, `call ${killed}`);
      if (isOver) {
        expect(killed).toBeGreaterThan(15);
        break;
      }
    }
    expect(states).toEqual(new Set([OLD, NEW]));
  });
});

describe('twenty runs at once', () => {
  it('all add their line, with a lock in their way that a killed run left', async () => {
    const file = place();
    writeFileSync(file, 'first\n');
    writeFileSync(`${file}.lock`, `${dead}@${hostname()} 01234567-89ab-4cde-8f01-23456789abcd`);
    const lines = Array.from({ length: 20 }, (_, at) => `VARIABLE_${at}=${'x'.repeat(at * 100)}`);
    const ends = await Promise.all(lines.map((line) => ended(write('add', file, line))));
    expect(ends.map(({ stderr }) => stderr).join('')).toBe('');
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').sort()).toEqual(['first', ...lines].sort());
    expect(others(file)).toEqual([]);
  });
});

/** A new folder with `compose.yml`, which holds `OLD`. */
function place(): string {
  const dir = mkdtempSync(join(folder, 'place-'));
  writeFileSync(join(dir, 'compose.yml'), OLD);
  return join(dir, 'compose.yml');
}

function others(file: string): string[] {
  return readdirSync(dirname(file)).filter((name) => name !== 'compose.yml');
}

/** The file is whole, and can be written as if nothing had happened. */
async function expectUsable(file: string, when: string): Promise<void> {
  const bytes = readFileSync(file, 'utf8');
  expect([OLD, NEW].includes(bytes), `${when}: ${bytes.length} bytes are neither the old nor the new`).toBe(true);
  await createFiles({ waitMs: 0 }).replace(file, Buffer.from(bytes), Buffer.from('next'));
  expect(readFileSync(file, 'utf8'), when).toBe('next');
  expect(others(file), when).toEqual([]);
}

/**
 * Writes `NEW`, but from the nth call to the file system on nothing happens any more; the write of the new bytes stops in its
 * middle. The lock's few bytes are one call of the system, which a signal does not cut.
 */
async function runUntil(file: string, killed: number): Promise<{ readonly isOver: boolean }> {
  let calls = 0;
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const opened: FileHandle[] = [];
  const open: FileSystem['open'] = async (...args) => {
    const handle = await nodeFileSystem.open(...args);
    opened.push(handle);
    return handle;
  };
  const step: Parameters<typeof intercepted>[0] = async (name, [data], call) => {
    calls += 1;
    if (calls < killed) return;
    if (calls === killed && name === 'writeFile' && data instanceof Uint8Array) await call(data.subarray(0, 1_000));
    stop();
    await new Promise(() => {});
  };
  const fs = intercepted(step, [], { ...nodeFileSystem, open });
  const run = createFiles({ fs }).replace(file, Buffer.from(OLD), Buffer.from(NEW));
  await Promise.race([run, stopped]);
  // A killed process closes its files, too.
  await Promise.all(opened.filter(({ fd }) => fd >= 0).map((handle) => handle.close()));
  return { isOver: calls < killed };
}

/** Until the writer is in the middle of its work: on a busy machine it may get its turn late. */
function spinUntilBusy(file: string): void {
  const end = performance.now() + 10_000;
  while (others(file).length === 0 && performance.now() < end);
}

/** A timer would wake this process when the machine has time, and not at the moment that was chosen. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
