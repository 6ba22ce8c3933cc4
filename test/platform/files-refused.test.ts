import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { isPosix, testOnPosix } from '../support/posix.ts';
import { files, intercepted, NEW, names, OLD, place, refuses, replace, usePlace } from './place.ts';

usePlace();

describe('what must not be written', () => {
  testOnPosix('a read-only file, even for root: a rename would not care', async () => {
    fs.chmodSync(place.file, 0o444);
    const thrown = await refuses(() => replace(), 'file-not-writable');
    expect(thrown.hint?.command).toBe(`chmod u+w ${place.file}`);
    await refuses(() => files().verifyWritable(place.file), 'file-not-writable');
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });

  testOnPosix('a file in a read-only folder', async () => {
    fs.chmodSync(place.folder, 0o555);
    await refuses(() => replace(), 'file-not-writable');
    await refuses(() => files().verifyWritable(join(place.folder, 'new')), 'file-not-writable');
  });

  it.each([
    ['a folder', 'a folder', (path: string) => fs.mkdirSync(path)],
    ['a FIFO', 'a device, a pipe or a socket', (path: string) => spawnSync('mkfifo', [path])],
  ])('%s', async (_, kind, make) => {
    const path = join(place.folder, 'odd');
    make(path);
    const thrown = await refuses(() => replace(path), 'file-not-regular');
    expect(thrown.message).toBe(`${path} is ${kind}, not a file.`);
    await refuses(() => files().verifyWritable(path), 'file-not-regular');
    await refuses(() => files().read(path), 'file-not-regular');
  });

  testOnPosix('a device', async () => {
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

describe('a file system that fails', () => {
  it('at any call: the file holds the old or the new bytes, and no lock and no copy stay beside it', async () => {
    const contents = new Set<string>();
    for (let failing = 1; ; failing++) {
      fs.writeFileSync(place.file, OLD);
      let calls = 0;
      const fail = () => {
        calls += 1;
        if (calls === failing) throw Object.assign(new Error('no'), { code: 'EIO' });
      };
      const outcome = await replace(place.file, { fs: intercepted(fail, ['unlink', 'close']) }).catch(
        (error: unknown) => error,
      );
      const text = fs.readFileSync(place.file, 'utf8');
      expect([String(OLD), String(NEW)], `call ${failing}`).toContain(text);
      expect(names(), `call ${failing}`).toEqual(['compose.yml']);
      contents.add(text);
      if (calls < failing) {
        expect(outcome).toBeUndefined();
        expect(failing).toBeGreaterThan(15);
        break;
      }
    }
    expect(contents.size).toBe(2);
  });

  it('at a short write without an error: it is noticed, and the file stays as it is', async () => {
    const open: FileSystem['open'] = async (path, flags, mode) => {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if (String(path).includes('.lock.')) {
        const { writeFile } = handle;
        handle.writeFile = async (data) => writeFile.call(handle, Buffer.from(data as Uint8Array).subarray(0, 10));
      }
      return handle;
    };
    await refuses(() => replace(place.file, { fs: { ...nodeFileSystem, open } }), 'file-io');
    expect(fs.readFileSync(place.file)).toEqual(OLD);
  });

  it.runIf(isPosix).each(['EBUSY', 'EXDEV'])(
    'at the rename (%s): the way out is said, and the file stays as it is',
    async (code) => {
      const rename: FileSystem['rename'] = () => Promise.reject(Object.assign(new Error('no'), { code }));
      const thrown = await refuses(
        () => replace(place.file, { fs: { ...nodeFileSystem, rename } }),
        'file-not-writable',
      );
      expect(thrown.hint?.text).toContain('Mount its folder');
      expect(fs.readFileSync(place.file)).toEqual(OLD);
    },
  );

  testOnPosix(
    "with another's file, whose owner a new file cannot get: refused before anything is written",
    async () => {
      const stat = (async (path: string) =>
        Object.assign(await nodeFileSystem.stat(path), path === place.file ? { uid: 4321 } : {})) as FileSystem['stat'];
      const open: FileSystem['open'] = async (path, flags, mode) => {
        const handle = await nodeFileSystem.open(path, flags, mode);
        handle.chown = () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));
        return handle;
      };
      const attempt = () => files({ fs: { ...nodeFileSystem, open, stat } }).verifyWritable(place.file);
      expect((await refuses(attempt, 'file-not-writable')).message).toContain('belongs to user 4321');
    },
  );
});

describe('git', () => {
  testOnPosix('is asked whether it tracks the file', async () => {
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
