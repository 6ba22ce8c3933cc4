import { chmod, mkdir, mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { turnFile } from '../../scripts/platform/turn-file.ts';
import { testOnPosix } from '../support/posix.ts';

const SUBJECT = 'deployment/bff in namespace crud of https://10.0.0.1:6443';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A folder for temporary files, and the one of the session beside it. */
async function open() {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const [temporary, runtime] = [join(home, 'tmp'), join(home, 'run')];
  await mkdir(temporary);
  await mkdir(runtime, { mode: 0o700 });
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, temporary);
  const find = (env: Record<string, string> = {}, subject = SUBJECT) => turnFile(subject, env);
  const folderOf = async (env: Record<string, string> = {}) => {
    const file = await find(env);
    return file === null ? null : relative(home, file).split(/[/\\]/).slice(0, -1).join('/');
  };
  return { home, temporary, runtime, find, folderOf };
}

test('one subject is one file, whose name does not tell it', async () => {
  const { find } = await open();
  const file = await find();
  expect(file).toMatch(/[/\\][0-9a-f]{32}$/);
  expect([await find(), (await find({}, `${SUBJECT}0`)) === file]).toEqual([file, false]);
});

testOnPosix('it is in a folder of the user alone', async () => {
  const { home, runtime, folderOf } = await open();
  const folder = (await folderOf()) ?? '';
  expect(folder).toMatch(/^tmp\/iat-turns-\d+$/);
  expect((await stat(join(home, folder))).mode & 0o777).toBe(0o700);
  expect(await folderOf({ XDG_RUNTIME_DIR: runtime })).toBe('run/iat-turns');
});

testOnPosix.for([
  ['open to others', (path: string) => chmod(path, 0o755)],
  ['not there', (path: string) => rm(path, { recursive: true })],
] as const)('a folder of the session that is %s is not used', async ([, spoil]) => {
  const { runtime, folderOf } = await open();
  await spoil(runtime);
  expect(await folderOf({ XDG_RUNTIME_DIR: runtime })).toMatch(/^tmp\//);
});

testOnPosix.for([
  ['others can write to', (path: string) => mkdir(path).then(() => chmod(path, 0o777))],
  ['a link leads to', (path: string) => symlink(tmpdir(), path)],
] as const)('a folder that %s is not used', async ([, make]) => {
  const { temporary, folderOf } = await open();
  await make(join(temporary, `iat-turns-${process.getuid?.()}`));
  expect(await folderOf()).toBeNull();
});
