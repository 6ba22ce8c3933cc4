import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFiles } from '../../scripts/platform/files.ts';
import { compileWriter, ended, type Writer } from './writer.ts';

const SEEDS = 200;

/** Hundreds of processes: seconds on an idle machine, a minute on a busy one. */
const PATIENCE = { timeout: 240_000 };

/** Old and new bytes of different lengths, so that a mix of them is neither. */
const OLD = 'old-'.repeat(8_000);
const NEW = 'new+'.repeat(12_000);

let folder: string;
let write: Writer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'files-killed-'));
  write = await compileWriter(join(folder, 'writer'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a run that is killed', PATIENCE, () => {
  it(`at any moment (${SEEDS} seeds) leaves the old or the new bytes, and the next run works and cleans up`, async () => {
    const found = { old: 0, new: 0, left: 0, killed: 0 };
    const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
    const next = async (lane: number): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const file = place(`random-${lane}`, 'renamed');
        const child = write('alternate', file, OLD, NEW);
        const end = ended(child);
        await once(child.stdout ?? child, 'data');
        spin(random(seed) * 40);
        child.kill('SIGKILL');
        const { signal, stderr } = await end;
        expect({ signal, stderr }, `seed ${seed}`).toEqual({ signal: 'SIGKILL', stderr: '' });

        const bytes = readFileSync(file, 'utf8');
        expect([OLD, NEW].includes(bytes), `seed ${seed}: ${bytes.length} bytes are neither the old nor the new`).toBe(
          true,
        );
        const left = readdirSync(dirname(file)).filter((name) => name !== 'compose.yml');
        const { repaired } = await createFiles().replace(file, Buffer.from(bytes), Buffer.from('next'));
        expect(repaired !== null, `seed ${seed}: ${left} and "${repaired}"`).toBe(left.length > 0);
        expect(readFileSync(file, 'utf8')).toBe('next');
        expect(readdirSync(dirname(file)), `seed ${seed}`).toEqual(['compose.yml']);
        found[bytes === OLD ? 'old' : 'new'] += 1;
        found.left += left.length > 0 ? 1 : 0;
        found.killed += 1;
      }
    };
    await Promise.all([next(0), next(1)]);
    // Else the moments were badly chosen, and the test saw nothing.
    expect(found.killed).toBe(SEEDS);
    expect(Math.min(found.old, found.new, found.left)).toBeGreaterThan(10);
  });

  it.each(['renamed', 'in place'] as const)(
    'before each call of a file that is %s, leaves nothing that the next run does not mend',
    async (kind) => {
      const states = new Set<string>();
      for (let call = 1; ; call++) {
        const file = place(`each-${kind}`, kind);
        const { signal, stdout, stderr } = await ended(write('die-at', String(call), file, OLD, NEW));
        expect(stderr, `call ${call}`).toBe('');
        const raw = readFileSync(file, 'utf8');
        const isTorn = raw !== OLD && raw !== NEW;
        expect(isTorn && kind === 'renamed', `call ${call}`).toBe(false);
        states.add(isTorn ? 'torn' : raw === OLD ? 'old' : 'new');

        const files = createFiles();
        const before = await files.read(file);
        expect(
          [OLD, NEW].includes(String(before)),
          `call ${call}: ${raw.length} bytes before, ${before?.length} after repair`,
        ).toBe(true);
        const { repaired } = await files.replace(file, before, Buffer.from('next'));
        if (isTorn) expect(repaired).toMatch(/its old bytes are put back/);
        expect(readFileSync(file, 'utf8'), `call ${call}`).toBe('next');
        expect(
          readdirSync(dirname(file)).filter((name) => name.includes('lock')),
          `call ${call}`,
        ).toEqual([]);
        if (signal === null) {
          expect(stdout).toBe('null\n');
          expect(call).toBeGreaterThan(20);
          break;
        }
      }
      expect([...states].sort()).toEqual(kind === 'renamed' ? ['new', 'old'] : ['new', 'old', 'torn']);
    },
  );

  it('before each call of the repair itself, leaves nothing that the next run does not mend', async () => {
    const lock = await ownerOfTheDead();
    for (let call = 1; ; call++) {
      const file = place('repair', 'in place');
      writeFileSync(file, NEW.slice(0, 100) + OLD.slice(100));
      writeFileSync(`${file}.lock.old`, `${OLD.length} ${NEW.length}\n${OLD}${NEW}`);
      writeFileSync(`${file}.lock`, lock);
      const { signal, stdout } = await ended(write('die-at', String(call), file, OLD, NEW));
      const files = createFiles();
      const before = await files.read(file);
      expect([OLD, NEW].includes(String(before)), `call ${call}`).toBe(true);
      await files.replace(file, before, Buffer.from('next'));
      expect(readdirSync(dirname(file)).sort(), `call ${call}`).toEqual(['compose.yml', 'other-name.yml']);
      if (signal === null) {
        expect(stdout).toMatch(/^An earlier run was ended while it wrote .*its old bytes are put back\.\n$/);
        break;
      }
    }
  });
});

describe('twenty runs at once', PATIENCE, () => {
  it('all add their line, with a lock in their way that a dead run had left', async () => {
    const file = place('twenty', 'renamed');
    writeFileSync(file, 'first\n');
    writeFileSync(`${file}.lock`, await ownerOfTheDead());
    const lines = Array.from({ length: 20 }, (_, at) => `VARIABLE_${at}=${'x'.repeat(at * 100)}`);
    const ends = await Promise.all(lines.map((line) => ended(write('add', file, line))));
    expect(ends.map(({ stderr }) => stderr).join('')).toBe('');
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').sort()).toEqual(['first', ...lines].sort());
    expect(readdirSync(dirname(file))).toEqual(['compose.yml']);
  });
});

function place(name: string, kind: 'renamed' | 'in place'): string {
  const dir = join(folder, name.replaceAll(' ', '-'));
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  const file = join(dir, 'compose.yml');
  writeFileSync(file, OLD);
  if (kind === 'in place') linkSync(file, join(dir, 'other-name.yml'));
  return file;
}

/** What the lock of a run says that was killed while it held it. */
async function ownerOfTheDead(): Promise<string> {
  for (let call = 3; ; call++) {
    const file = place('dead', 'renamed');
    await ended(write('die-at', String(call), file, OLD, NEW));
    const lock = readdirSync(dirname(file)).includes('compose.yml.lock') ? readFileSync(`${file}.lock`, 'utf8') : '';
    if (lock !== '') return lock;
  }
}

/** Between 0 and 1, the same for the same seed (mulberry32). */
function random(seed: number): number {
  let state = (seed + 1) * 0x6d2b79f5;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296;
}

/** A timer would wake this process when the machine has time, and not at the moment that was chosen. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
