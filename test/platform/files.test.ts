import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../scripts/core/errors.ts';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { createFiles, type FilesOptions } from '../../scripts/platform/files.ts';

const bytes = (text: string) => Buffer.from(text);
const OLD = bytes('environment:\n  DCR_IAT: old\n');
const NEW = bytes('environment:\n  DCR_IAT: test-only-initial-access-token-0001\n');
const isRoot = process.getuid?.() === 0;

let folder: string;
let file: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'files-'));
  file = join(folder, 'compose.yml');
  fs.writeFileSync(file, OLD);
});

afterEach(() => {
  fs.chmodSync(folder, 0o700);
  fs.rmSync(folder, { recursive: true, force: true });
});

const files = (options: FilesOptions = {}) => createFiles({ waitMs: 200, ...options });
const replace = (path = file, options: FilesOptions = {}) => files(options).replace(path, OLD, NEW);
const names = () => fs.readdirSync(folder).sort();

/** The promise fails with `code`, and nothing in the folder is other than before. */
async function refuses(attempt: () => Promise<unknown>, code: string): Promise<AppError> {
  const before = names();
  const thrown = await attempt().then(
    () => expect.fail('it was not refused'),
    (error: AppError) => error,
  );
  expect(thrown).toMatchObject({ name: 'AppError', code });
  expect(thrown.hint).toBeTruthy();
  expect(names()).toEqual(before);
  return thrown;
}

describe('reading', () => {
  it('gives bytes, or null for no file', async () => {
    expect(await files().read(file)).toEqual(OLD);
    expect(await files().read(join(folder, 'none'))).toBeNull();
    expect(await files().read(join(folder, 'none/none'))).toBeNull();
    expect(await files().read(join(file, 'none'))).toBeNull();
  });

  it('refuses what is no file', async () => {
    await refuses(() => files().read(folder), 'file-not-regular');
  });
});

describe('writing', () => {
  it('gives the file the new bytes and leaves nothing beside it', async () => {
    expect(await replace()).toEqual({ repaired: null, inPlace: false, hardLinks: 1 });
    expect(fs.readFileSync(file)).toEqual(NEW);
    expect(names()).toEqual(['compose.yml']);
  });

  it('keeps the mode', async () => {
    for (const mode of [0o600, 0o640, 0o755, 0o666]) {
      fs.writeFileSync(file, OLD);
      fs.chmodSync(file, mode);
      await replace();
      expect(fs.statSync(file).mode & 0o7777).toBe(mode);
    }
  });

  it.runIf(isRoot)('keeps the owner', async () => {
    fs.chownSync(file, 1234, 2345);
    await replace();
    expect(fs.statSync(file)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  it('in place, when the owner cannot be kept otherwise', async () => {
    const { ino } = fs.statSync(file);
    // As for a user who may write another's file, and may not give files away.
    const { stats, handle } = denying('chown', 'EPERM');
    expect(await replace(file, { fs: { ...nodeFileSystem, open: handle, stat: stats } })).toMatchObject({
      inPlace: true,
    });
    expect(fs.statSync(file).ino).toBe(ino);
    expect(fs.readFileSync(file)).toEqual(NEW);
    expect(names()).toEqual(['compose.yml']);
  });

  it('makes a new file for its owner only', async () => {
    const path = join(folder, '.env');
    await files().replace(path, null, NEW);
    expect(fs.readFileSync(path)).toEqual(NEW);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  });

  it('nothing, when the bytes are the same', async () => {
    const before = fs.statSync(file);
    await files().replace(file, OLD, OLD);
    expect(fs.statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it('never shows the new bytes to others while it goes on', async () => {
    fs.chmodSync(file, 0o600);
    const modes: number[] = [];
    const watch: FileSystem['open'] = async (path, flags, mode) => {
      if (flags === 'wx') modes.push(Number(mode));
      return nodeFileSystem.open(path, flags, mode);
    };
    await replace(file, { fs: { ...nodeFileSystem, open: watch } });
    fs.linkSync(file, join(folder, 'other'));
    await files({ fs: { ...nodeFileSystem, open: watch } }).replace(file, NEW, OLD);
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
  });
});

describe('a file that somebody else changed', () => {
  it.each([
    ['has other bytes', () => fs.writeFileSync(file, 'theirs')],
    ['is gone', () => fs.rmSync(file)],
  ])('%s: nothing is written', async (_, change) => {
    change();
    await refuses(() => replace(), 'file-changed');
  });

  it('appeared, where there was none', async () => {
    await refuses(() => files().replace(file, null, NEW), 'file-changed');
    expect(fs.readFileSync(file)).toEqual(OLD);
  });

  it('at the last moment', async () => {
    const rename: FileSystem['rename'] = async () => expect.fail('too late');
    const open: FileSystem['open'] = async (path, flags, mode) => {
      if (String(path).endsWith('.lock.new')) fs.writeFileSync(file, 'theirs');
      return nodeFileSystem.open(path, flags, mode);
    };
    await refuses(() => replace(file, { fs: { ...nodeFileSystem, open, rename } }), 'file-changed');
    expect(fs.readFileSync(file, 'utf8')).toBe('theirs');
  });
});

describe('links', () => {
  it('symbolic: written where they point to, and stay', async () => {
    fs.mkdirSync(join(folder, 'elsewhere'));
    fs.renameSync(file, join(folder, 'elsewhere/real.yml'));
    fs.symlinkSync('elsewhere/real.yml', file);
    await replace();
    expect(fs.readlinkSync(file)).toBe('elsewhere/real.yml');
    expect(fs.readFileSync(join(folder, 'elsewhere/real.yml'))).toEqual(NEW);
    expect(fs.readdirSync(join(folder, 'elsewhere'))).toEqual(['real.yml']);
  });

  it('symbolic, to nothing: refused', async () => {
    fs.rmSync(file);
    fs.symlinkSync('nothing.yml', file);
    const thrown = await refuses(() => files().replace(file, null, NEW), 'file-not-regular');
    expect(thrown.message).toBe(`${file} is a symbolic link to nothing.yml, which does not exist.`);
    await refuses(() => files().read(file), 'file-not-regular');
  });

  it('symbolic, in a circle: refused', async () => {
    fs.rmSync(file);
    fs.symlinkSync('compose.yml', file);
    await refuses(() => files().verifyWritable(file), 'file-io');
  });

  it('hard: all names stay the same file, and their number is told', async () => {
    fs.linkSync(file, join(folder, 'other.yml'));
    expect(await replace()).toEqual({ repaired: null, inPlace: true, hardLinks: 2 });
    expect(fs.readFileSync(join(folder, 'other.yml'))).toEqual(NEW);
    expect(fs.statSync(file).nlink).toBe(2);
    expect(names()).toEqual(['compose.yml', 'other.yml']);
  });
});

describe('what must not be written', () => {
  it('a read-only file, whoever asks: a rename would not care', async () => {
    fs.chmodSync(file, 0o444);
    const thrown = await refuses(() => replace(), 'file-not-writable');
    expect(thrown.hint).toContain(`chmod u+w ${file}`);
    await refuses(() => files().verifyWritable(file), 'file-not-writable');
    expect(fs.readFileSync(file)).toEqual(OLD);
  });

  it('a file in a read-only folder', async () => {
    fs.chmodSync(folder, 0o555);
    await refuses(() => replace(), 'file-not-writable');
    await refuses(() => files().verifyWritable(join(folder, 'new')), 'file-not-writable');
  });

  it.each([
    ['a folder', 'a folder', (path: string) => fs.mkdirSync(path)],
    ['a FIFO', 'a named pipe', (path: string) => spawnSync('mkfifo', [path])],
  ])('%s', async (_, kind, make) => {
    const path = join(folder, 'odd');
    make(path);
    const thrown = await refuses(() => replace(path), 'file-not-regular');
    expect(thrown.message).toBe(`${path} is ${kind}, not a file.`);
    await refuses(() => files().verifyWritable(path), 'file-not-regular');
    await refuses(() => files().read(path), 'file-not-regular');
  });

  it('a device', async () => {
    await refuses(() => replace('/dev/null'), 'file-not-regular');
  });

  it('a file in a folder that does not exist', async () => {
    await refuses(() => files().verifyWritable(join(folder, 'none/compose.yml')), 'file-io');
  });

  it('anything else may be', async () => {
    await files().verifyWritable(file);
    await files().verifyWritable(join(folder, 'new'));
  });
});

describe('a disk that fails', () => {
  it.each(['EBUSY', 'EXDEV'])('a file that cannot be renamed over (%s) is written in place', async (code) => {
    const rename: FileSystem['rename'] = async (from, to) => {
      if (to === file) throw Object.assign(new Error('no'), { code });
      return nodeFileSystem.rename(from, to);
    };
    expect(await replace(file, { fs: { ...nodeFileSystem, rename } })).toMatchObject({ inPlace: true });
    expect(fs.readFileSync(file)).toEqual(NEW);
    expect(names()).toEqual(['compose.yml']);
  });

  it('a short write that nobody reports is seen (M17), and the file stays as it is', async () => {
    const open: FileSystem['open'] = async (path, flags, mode) => {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if (String(path).endsWith('.lock.new')) {
        const { writeFile } = handle;
        handle.writeFile = async (data) => writeFile.call(handle, Buffer.from(data as Uint8Array).subarray(0, 10));
      }
      return handle;
    };
    await refuses(() => replace(file, { fs: { ...nodeFileSystem, open } }), 'file-io');
    expect(fs.readFileSync(file)).toEqual(OLD);
  });

  it('in the middle of writing in place: the old bytes are put back', async () => {
    fs.linkSync(file, join(folder, 'other.yml'));
    let writes = 0;
    const open: FileSystem['open'] = async (path, flags, mode) => {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if (path === file) {
        const write = handle.write.bind(handle) as (...args: readonly unknown[]) => Promise<unknown>;
        const failing = async (data: Uint8Array, offset: number, length: number, position: number) => {
          writes += 1;
          if (writes === 2) throw Object.assign(new Error('no'), { code: 'EIO' });
          return write(data, offset, Math.min(length, 35), position);
        };
        if (writes < 2) Object.assign(handle, { write: failing });
      }
      return handle;
    };
    await refuses(() => replace(file, { fs: { ...nodeFileSystem, open } }), 'file-io');
    expect(writes).toBe(2);
    expect(fs.readFileSync(file)).toEqual(OLD);
  });
});

describe('what a dead run left', () => {
  it('of a file that was edited since is not undone', async () => {
    fs.writeFileSync(`${file}.lock.old`, `${OLD.length} ${NEW.length}\n${OLD}${NEW}`);
    fs.writeFileSync(file, 'edited since');
    expect(String(await files().read(file))).toBe('edited since');
    expect(names()).toEqual(['compose.yml']);
  });

  it('is told by the next write, also when reading has mended it', async () => {
    fs.writeFileSync(`${file}.lock.old`, `${OLD.length} ${NEW.length}\n${OLD}${NEW}`);
    fs.writeFileSync(file, Buffer.concat([NEW.subarray(0, 30), OLD.subarray(30)]));
    const one = files();
    expect(await one.read(file)).toEqual(OLD);
    const { repaired } = await one.replace(file, OLD, NEW);
    expect(repaired).toBe(
      `An earlier run was ended while it wrote ${file}: the file was half written, and its old bytes are put back.`,
    );
    expect((await one.replace(file, NEW, OLD)).repaired).toBeNull();
  });
});

describe('git', () => {
  it('is asked whether it tracks the file', async () => {
    const git = (...args: readonly string[]) =>
      expect(spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    expect(await files().isTracked(file)).toBeNull();
    git('init', '-q');
    expect(await files().isTracked(file)).toBe(false);
    git('add', 'compose.yml');
    expect(await files().isTracked(file)).toBe(true);
    fs.symlinkSync('compose.yml', join(folder, 'link.yml'));
    expect(await files().isTracked(join(folder, 'link.yml'))).toBe(true);
    fs.writeFileSync(join(folder, '*.yml'), '');
    expect(await files().isTracked(join(folder, '*.yml'))).toBe(false);
  });

  it('is not there, or the folder is not', async () => {
    const { createProcesses } = await import('../../scripts/platform/processes.ts');
    expect(await files({ processes: createProcesses({ PATH: folder }) }).isTracked(file)).toBeNull();
    expect(await files().isTracked(join(folder, 'none/none'))).toBeNull();
  });
});

/** A file system in which new files belong to somebody else, and one call on them fails. */
function denying(call: 'chown', code: string) {
  const handle: FileSystem['open'] = async (path, flags, mode) => {
    const opened = await nodeFileSystem.open(path, flags, mode);
    opened[call] = () => Promise.reject(Object.assign(new Error('no'), { code }));
    return opened;
  };
  const stats = (async (path: string) =>
    Object.assign(await nodeFileSystem.stat(path), { uid: 4321 })) as unknown as FileSystem['stat'];
  return { handle, stats };
}
