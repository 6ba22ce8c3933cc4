import { copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { makeTemporaryFolder } from '../scripts/platform/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

let folder: string;

beforeEach(async () => {
  const temporary = await makeTemporaryFolder();
  onTestFinished(() => temporary.remove());
  folder = temporary.path;
  await mkdir(join(folder, 'scripts'));
  await mkdir(join(folder, 'node_modules'));
  for (const name of ['run.mjs', 'bundle.mjs'])
    await copyFile(join(root, 'scripts', name), join(folder, 'scripts', name));
  for (const name of ['esbuild', 'tsx', 'yaml', 'commander', '.package-lock.json']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await write('part', 'export const part: string = "first";');
  await write('say', 'import process from "node:process";', 'console.log(process.argv.slice(2).join());');
});

test('runs an entry with its arguments', async () => {
  expect(await run('say', 'one', '--two')).toBe('one,--two');
});

test('runs what the scripts hold now', async () => {
  await write('say', 'import { part } from "./part.ts";', 'console.log(part);');
  expect(await run('say')).toBe('first');
  expect(await made()).toHaveLength(1);
  expect(await run('say')).toBe('first');
  expect(await made()).toHaveLength(1);
  await write('part', 'export const part: string = "changed";');
  expect(await run('say')).toBe('changed');
});

test('loads packages and modules, late and at once, and finds files beside a module', async () => {
  await write(
    'part',
    'import { Command } from "commander";',
    'export const render = (name: string) => new Command(name).name();',
  );
  await write(
    'say',
    'import { parse } from "yaml";',
    'const { render } = await import("./part.ts");',
    'const { default: esbuild } = await import("esbuild");',
    'console.log(render(parse("a: b").a), typeof esbuild.build);',
    'console.log(new URL("part.ts", import.meta.url).pathname);',
  );
  expect(await run('say')).toBe(`b function\n${join(folder, 'scripts/part.ts')}`);
});

test('does without where nothing can be written', async () => {
  await writeFile(join(folder, 'node_modules/.cache'), '');
  expect(await run('say', 'one')).toBe('one');
});

test.each(['bundled', 'where nothing can be written'])('runs an entry in a worker, %s', async (how) => {
  if (how !== 'bundled') await writeFile(join(folder, 'node_modules/.cache'), '');
  await write('part', 'const said: string = "from the worker";', 'console.log(said);');
  await write(
    'say',
    'import { Worker } from "node:worker_threads";',
    'new Worker(new URL("run.mjs", import.meta.url), { argv: ["part"], env: {}, execArgv: [] });',
  );
  expect(await run('say')).toBe('from the worker');
});

test('shows what is wrong with a script', async () => {
  await write('say', 'console.log("never" as);');
  await expect(run('say')).rejects.toThrow(/say\.ts:1/);
});

test('hands the exit code on', async () => {
  await rm(join(folder, 'scripts/part.ts'));
  await write('say', 'import process from "node:process";', 'process.exitCode = 3;');
  await expect(run('say')).rejects.toMatchObject({ exitCode: 3 });
});

async function write(name: string, ...lines: string[]): Promise<void> {
  await writeFile(join(folder, 'scripts', `${name}.ts`), lines.join('\n'));
}

async function run(...args: string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, [join(folder, 'scripts/run.mjs'), ...args]);
  return stdout;
}

async function made(): Promise<string[]> {
  return readdir(join(folder, 'node_modules/.cache/bff-iat'));
}
