import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { compileWriter, ended, type Writer } from './writer.ts';

/** What needs root on Linux: mounts, and other users. */
const why = whyNot();
if (why !== null) process.stderr.write(`Skipped: files on full disks, on mounts and of other users (${why}).\n`);

describe.skipIf(why !== null && !process.env['CI'])('files in other places', () => {
  const root = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'files-places-'));
  const mounts: string[] = [];
  let write: Writer;

  beforeAll(async () => {
    expect(why).toBeNull();
    fs.chmodSync(root, 0o755);
    write = await compileWriter(join(root, 'writer'));
  });

  afterAll(() => {
    for (const mounted of mounts.reverse()) spawnSync('umount', [mounted]);
    fs.rmSync(root, { recursive: true, force: true });
  });

  function mount(at: string, ...args: readonly string[]): void {
    expect(spawnSync('mount', [...args, at], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    mounts.push(at);
  }

  function folder(name: string): string {
    fs.mkdirSync(join(root, name));
    return join(root, name);
  }

  describe('a disk of 64 KB', () => {
    const old = Buffer.from('a: 1\n'.repeat(4_000));

    it.each([70_000, 44_000])('with %i bytes to write: the original is untouched', async (size) => {
      const disk = folder(`full-${size}`);
      mount(disk, '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs');
      const file = join(disk, 'compose.yml');
      fs.writeFileSync(file, old);
      const names = fs.readdirSync(disk);
      await expect(createFiles().replace(file, old, Buffer.alloc(size, 'x'))).rejects.toMatchObject({
        code: 'file-io',
        message: `No space left on the device of ${file}; the file is as it was.`,
      });
      expect(fs.readFileSync(file).equals(old)).toBe(true);
      expect(fs.readdirSync(disk)).toEqual(names);
      // And it works again with less.
      await createFiles().replace(file, old, Buffer.from('b: 2\n'));
      expect(fs.readFileSync(file, 'utf8')).toBe('b: 2\n');
    });
  });

  it('a file that is a mount point is refused before anything is written', async () => {
    const dir = folder('bind mount');
    const file = join(dir, 'compose.yml');
    const source = join(dir, 'source.yml');
    fs.writeFileSync(source, 'old');
    fs.writeFileSync(file, '');
    mount(file, '--bind', source);
    const refusal = { code: 'file-not-writable', message: `${file} is a mount point, so it cannot be replaced.` };
    await expect(createFiles().verifyWritable(file)).rejects.toMatchObject(refusal);
    // Where there is no list of mounts, the rename itself says so.
    const readFile = ((path: string, ...args: readonly unknown[]) =>
      path.startsWith('/proc/')
        ? Promise.reject(Object.assign(new Error('no'), { code: 'ENOENT' }))
        : Reflect.apply(nodeFileSystem.readFile, null, [path, ...args])) as FileSystem['readFile'];
    const without = createFiles({ fs: { ...nodeFileSystem, readFile } });
    await expect(without.replace(file, Buffer.from('old'), Buffer.from('new'))).rejects.toMatchObject(refusal);
    expect(fs.readFileSync(source, 'utf8')).toBe('old');
    expect(fs.readdirSync(dir).sort()).toEqual(['compose.yml', 'source.yml']);
  });

  it('a read-only mount is refused before anything is written', async () => {
    const dir = folder('read-only');
    fs.writeFileSync(join(dir, 'compose.yml'), 'old');
    mount(dir, '--bind', dir);
    expect(spawnSync('mount', ['-o', 'remount,bind,ro', dir])).toMatchObject({ status: 0 });
    await expect(createFiles().verifyWritable(join(dir, 'compose.yml'))).rejects.toMatchObject({
      code: 'file-not-writable',
      message: expect.stringContaining('file system'),
    });
  });

  it("another user's file is refused to one who may write to its folder", async () => {
    const dir = folder('users');
    fs.chmodSync(dir, 0o777);
    const file = join(dir, 'compose.yml');
    fs.writeFileSync(file, 'old\n', { mode: 0o644 });
    const { stderr } = await ended(write.as(65_534, 'add', file, 'new'));
    expect(stderr).toContain('file-not-writable');
    expect(stderr).toContain('It belongs to the user with the id 0.');
    expect(fs.readFileSync(file, 'utf8')).toBe('old\n');
  });

  it("another user's file that everybody may write is refused: a new file in its place would be somebody else's", async () => {
    const dir = folder('users-open');
    fs.chmodSync(dir, 0o777);
    const file = join(dir, 'compose.yml');
    fs.writeFileSync(file, 'old\n');
    fs.chmodSync(file, 0o666);
    const { stderr } = await ended(write.as(65_534, 'add', file, 'new'));
    expect(stderr).toContain('belongs to user 0 and group 0');
    expect(fs.readFileSync(file, 'utf8')).toBe('old\n');
    expect(fs.readdirSync(dir)).toEqual(['compose.yml']);
  });
});

/** Why the suite cannot run here; null: it can. */
function whyNot(): string | null {
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  const probe = fs.mkdtempSync(join(tmpdir(), 'files-probe-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', probe]);
  if (status === 0) spawnSync('umount', [probe]);
  fs.rmdirSync(probe);
  return status === 0 ? null : 'mounting is not allowed';
}
