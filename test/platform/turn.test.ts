import { execFileSync } from 'node:child_process';
import { access, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { createFiles } from '../../scripts/platform/files.ts';
import { testOnPosix } from '../support/posix.ts';

const NEVER = new AbortController().signal;
const files = createFiles();

async function open() {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const file = join(home, 'compose.yaml');
  await writeFile(file, 'services: {}\n');
  return { home, file, lock: `${file}.run.lock` };
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test('a second run waits for the first, is told by whom, and gets its turn when that is over', async () => {
  const { file, lock } = await open();
  const first = await files.takeTurn(file, () => {}, NEVER);
  expect(await readFile(lock, 'utf8')).toContain(`${process.pid}@`);
  const owners: string[] = [];
  let release = () => {};
  const told = new Promise<void>((resolve) => {
    release = resolve;
  });
  const onWait = (owner: string) => {
    owners.push(owner);
    release();
  };
  const second = files.takeTurn(file, onWait, NEVER);
  await told;
  await first.release();
  await (await second).release();
  expect(owners[0]).toBe(`process ${process.pid} on ${hostname()}`);
  expect(await isThere(lock)).toBe(false);
});

testOnPosix('two names of one file are one turn', async () => {
  const { home, file, lock } = await open();
  await symlink(file, join(home, 'link.yaml'));
  const turn = await files.takeTurn(join(home, 'link.yaml'), () => {}, NEVER);
  expect(await isThere(lock)).toBe(true);
  await turn.release();
});

test('the turn of a run that was killed is over', async () => {
  const { file, lock } = await open();
  const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
  await writeFile(lock, `${dead}@${hostname()} 00000000-0000-4000-8000-000000000000`);
  const waited: string[] = [];
  const turn = await files.takeTurn(file, (owner) => waited.push(owner), NEVER);
  expect(waited).toEqual([]);
  await turn.release();
  expect(await isThere(lock)).toBe(false);
});

test('what no run of this tool wrote is looked at now and then, and not all the time', async () => {
  const { file, lock } = await open();
  await writeFile(lock, 'a note of somebody');
  const stop = new AbortController();
  const looks: [string, number][] = [];
  const onWait = (owner: string) => {
    looks.push([owner, performance.now()]);
    if (looks.length === 2) stop.abort(new Error('enough'));
  };
  await expect(files.takeTurn(file, onWait, stop.signal)).rejects.toThrow('enough');
  const [[owner, first] = ['', 0], [, second] = ['', 0]] = looks;
  expect(owner).toBe(`the one that made ${lock}`);
  expect(second - first).toBeGreaterThan(500);
});

test('while it has its turn, a run writes the file as ever', async () => {
  const { file } = await open();
  const turn = await files.takeTurn(file, () => {}, NEVER);
  await files.replace(file, await files.read(file), new TextEncoder().encode('services: {bff: {}}\n'));
  await turn.release();
  expect(await readFile(file, 'utf8')).toBe('services: {bff: {}}\n');
});

test('an abort ends the wait with its reason, and leaves the turn to who has it', async () => {
  const { file, lock } = await open();
  const first = await files.takeTurn(file, () => {}, NEVER);
  const stop = new AbortController();
  const reason = new Error('enough');
  await expect(files.takeTurn(file, () => stop.abort(reason), stop.signal)).rejects.toBe(reason);
  expect(await isThere(lock)).toBe(true);
  await first.release();
});
