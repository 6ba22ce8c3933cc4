import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { files, NEW, names, OLD, place, refuses, replace, usePlace } from './place.ts';

usePlace();

describe('what must not be written', () => {
  it('a read-only place.file, whoever asks: a rename would not care', async () => {
    fs.chmodSync(place.file, 0o444);
    const thrown = await refuses(() => replace(), 'file-not-writable');
    expect(thrown.hint?.command).toBe(`chmod u+w ${place.file}`);
    await refuses(() => files().verifyWritable(place.file), 'file-not-writable');
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });

  it('a file in a read-only folder', async () => {
    fs.chmodSync(place.folder, 0o555);
    await refuses(() => replace(), 'file-not-writable');
    await refuses(() => files().verifyWritable(join(place.folder, 'new')), 'file-not-writable');
  });

  it.each([
    ['a folder', 'a folder', (path: string) => fs.mkdirSync(path)],
    ['a FIFO', 'a named pipe', (path: string) => spawnSync('mkfifo', [path])],
  ])('%s', async (_, kind, make) => {
    const path = join(place.folder, 'odd');
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
    await refuses(() => files().verifyWritable(join(place.folder, 'none/compose.yml')), 'file-io');
  });

  it('anything else may be', async () => {
    await files().verifyWritable(place.file);
    await files().verifyWritable(join(place.folder, 'new'));
  });
});

describe('a disk that fails', () => {
  it.each(['EBUSY', 'EXDEV'])('a file that cannot be renamed over (%s) is written in place', async (code) => {
    const rename: FileSystem['rename'] = async (from, to) => {
      if (to === place.file) throw Object.assign(new Error('no'), { code });
      return nodeFileSystem.rename(from, to);
    };
    expect(await replace(place.file, { fs: { ...nodeFileSystem, rename } })).toMatchObject({ inPlace: true });
    expect(fs.readFileSync(place.file)).toEqual(NEW);
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
    await refuses(() => replace(place.file, { fs: { ...nodeFileSystem, open } }), 'file-io');
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });

  it('in the middle of writing in place: the old bytes are put back', async () => {
    fs.linkSync(place.file, join(place.folder, 'other.yml'));
    let writes = 0;
    const open: FileSystem['open'] = async (path, flags, mode) => {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if (path === place.file) {
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
    await refuses(() => replace(place.file, { fs: { ...nodeFileSystem, open } }), 'file-io');
    expect(writes).toBe(2);
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });
});

describe('what a dead run left', () => {
  it('of a file that was edited since is not undone', async () => {
    fs.writeFileSync(`${place.file}.lock.old`, `${OLD.length} ${NEW.length}\n${OLD}${NEW}`);
    fs.writeFileSync(place.file, 'edited since');
    expect(String(await files().read(place.file))).toBe('edited since');
    expect(names()).toEqual(['compose.yml']);
  });

  it('is told by the next write, also when reading has mended it', async () => {
    fs.writeFileSync(`${place.file}.lock.old`, `${OLD.length} ${NEW.length}\n${OLD}${NEW}`);
    fs.writeFileSync(place.file, Buffer.concat([NEW.subarray(0, 30), OLD.subarray(30)]));
    const one = files();
    expect(await one.read(place.file)).toEqual(OLD);
    const { repaired } = await one.replace(place.file, OLD, NEW);
    expect(repaired).toBe(
      `An earlier run was ended while it wrote ${place.file}: the file was half written, and its old bytes are put back.`,
    );
    expect((await one.replace(place.file, NEW, OLD)).repaired).toBeNull();
  });
});

describe('git', () => {
  it('is asked whether it tracks the file', async () => {
    const git = (...args: readonly string[]) =>
      expect(spawnSync('git', ['-C', place.folder, ...args], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    expect(await files().isTracked(place.file)).toBeNull();
    git('init', '-q');
    expect(await files().isTracked(place.file)).toBe(false);
    git('add', 'compose.yml');
    expect(await files().isTracked(place.file)).toBe(true);
    fs.symlinkSync('compose.yml', join(place.folder, 'link.yml'));
    expect(await files().isTracked(join(place.folder, 'link.yml'))).toBe(true);
    fs.writeFileSync(join(place.folder, '*.yml'), '');
    expect(await files().isTracked(join(place.folder, '*.yml'))).toBe(false);
  });

  it('is not there, or the folder is not', async () => {
    const { createProcesses } = await import('../../scripts/platform/processes.ts');
    expect(await files({ processes: createProcesses({ PATH: place.folder }) }).isTracked(place.file)).toBeNull();
    expect(await files().isTracked(join(place.folder, 'none/none'))).toBeNull();
  });
});
