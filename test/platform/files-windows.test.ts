import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { takeLock } from '../../scripts/platform/file-lock.ts';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { findFileTarget, verifyWritableFile } from '../../scripts/platform/file-target.ts';
import { files, intercepted, NEW, names, place, refuses, replace, usePlace } from './place.ts';

usePlace();

const windows: FileSystem = { ...nodeFileSystem, platform: 'win32' };

/** A file system of Windows that refuses the calls of a name, the first so many times, for paths that match. */
function refusing(name: string, code: string, times = Number.POSITIVE_INFINITY, path = /./): FileSystem {
  let left = times;
  return intercepted(
    (call, args) => {
      if (call !== name || left === 0 || !path.test(String(args[0]))) return;
      left -= 1;
      throw Object.assign(new Error(`${code}: refused`), { code });
    },
    [],
    windows,
  );
}

describe('on Windows a file that another program has open', () => {
  test.each(['EBUSY', 'EPERM', 'EACCES'])('for a moment (%s) is replaced after that', async (code) => {
    await replace(place.file, { fs: refusing('rename', code, 3) });
    expect(fs.readFileSync(place.file)).toEqual(NEW);
    expect(names()).toEqual(['compose.yml']);
  });

  test('for longer stays as it is, and the message says so', async () => {
    const refused = await refuses(() => replace(place.file, { fs: refusing('rename', 'EPERM') }), 'file-busy');
    expect(refused.message).toContain('cannot be replaced (EPERM): another program has it open');
  });

  test('is told before anything is minted for it', async () => {
    const held = refusing('open', 'EBUSY', Number.POSITIVE_INFINITY, /compose\.yml$/);
    const { message } = await refuses(() => files({ fs: held }).verifyWritable(place.file), 'file-busy');
    expect(message).toContain(place.file);
  });

  test('does not keep the lock of a run that has ended', async () => {
    const lock = await takeLock(refusing('unlink', 'EPERM', 3), place.file, 0);
    await lock.release();
    expect(names()).toEqual(['compose.yml']);
  });
});

describe('on Windows a folder', () => {
  test('in which nothing can be made is told beforehand, though its mode allows everything', async () => {
    const forbidden = refusing('open', 'EPERM', Number.POSITIVE_INFINITY, /\.lock/);
    await refuses(() => files({ fs: forbidden }).verifyWritable(place.file), 'file-not-writable');
  });

  test('does not keep a run waiting for a lock that is not there', async () => {
    await expect(takeLock(refusing('open', 'EPERM'), place.file, 60)).rejects.toMatchObject({ code: 'EPERM' });
  });

  test('refuses the name of a lock that is just being removed for a moment only', async () => {
    const lock = await takeLock(refusing('open', 'EPERM', 2, /\.lock$/), place.file, 60_000);
    expect(await lock.isHeld()).toBe(true);
    await lock.release();
  });
});

describe('on Windows the advice is one of Windows', () => {
  test('for a read-only file', async () => {
    fs.chmodSync(place.file, 0o444);
    const target = await findFileTarget(windows, place.file);
    await expect(verifyWritableFile(windows, target)).rejects.toMatchObject({
      hint: { command: expect.stringMatching(/^attrib -r /) },
    });
  });

  test('for a file with two names', async () => {
    fs.linkSync(place.file, `${place.file}.other`);
    const target = await findFileTarget(windows, place.file);
    await expect(verifyWritableFile(windows, target)).rejects.toMatchObject({
      hint: { text: expect.stringContaining('copy it, delete this one') },
    });
  });
});
