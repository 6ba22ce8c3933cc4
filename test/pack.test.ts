import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMS } from '../scripts/cli/bin.ts';
import { makeTemporaryFolder } from '../scripts/platform/temporary-folder.ts';
import { ownEnvironment } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Nobody's: root may write everywhere, and the package's folder is to be read-only for who runs it. */
const USER = process.getuid?.() === 0 ? 65_534 : null;

let temporary: Awaited<ReturnType<typeof makeTemporaryFolder>>;
let packed: readonly string[];
/** Where the person is. */
let here: string;
let env: Record<string, string>;
let installed: string;

beforeAll(async () => {
  temporary = await makeTemporaryFolder();
  here = join(temporary.path, 'here');
  const home = join(temporary.path, 'home');
  await mkdir(here);
  await mkdir(home);
  env = { ...ownEnvironment(), HOME: home };
  delete env['XDG_CACHE_HOME'];
  const { stdout } = await npm(root, ['pack', '--json', '--pack-destination', temporary.path], process.env);
  const [{ files, filename }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)));
  packed = files.map(({ path }: { path: string }) => path);
  const tarball = join(temporary.path, filename);
  await npm(here, ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', tarball], process.env);
  installed = join(here, 'node_modules', 'bff-iat');
  if (USER === null) return;
  await chmod(temporary.path, 0o755);
  for (const folder of [here, home]) await chown(folder, USER, USER);
});

afterAll(() => temporary.remove());

function npm(cwd: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
  return execa('npm', args, { cwd, env: environment, extendEnv: false });
}

/** What a person types; the package's folder stays as it was. */
async function npx(...args: string[]) {
  const before = await look(installed);
  const ended = await execa('npx', ['bff-iat', ...args], {
    cwd: here,
    env,
    extendEnv: false,
    reject: false,
    all: true,
    ...(USER === null ? {} : { uid: USER, gid: USER }),
  });
  expect(await look(installed)).toEqual(before);
  return { exitCode: ended.exitCode, all: ended.all };
}

async function look(folder: string) {
  const paths = (await readdir(folder, { recursive: true })).sort();
  return Promise.all(
    paths.map(async (path) => {
      const { mtimeMs, size, mode } = await stat(join(folder, path));
      return { path, mtimeMs, size, mode };
    }),
  );
}

test('the package holds the bundled programs and the collections, and nothing of this machine', async () => {
  const allowed =
    /^(?:README\.md|package\.json|collections\/.+|dist\/(?:(?:platform|postman|sandbox)\/)?[\w-]+\.[cm]js)$/;
  expect(packed.filter((path) => !allowed.test(path))).toEqual([]);
  const entries = (await readdir(join(root, 'scripts'))).filter((name) => name.endsWith('.ts'));
  expect(packed).toEqual(expect.arrayContaining(entries.map((name) => `dist/${name.replace(/ts$/, 'mjs')}`)));
  for (const path of packed) expect(await readFile(join(installed, path), 'utf8'), path).not.toContain(root);
  expect(await readdir(join(here, 'node_modules'))).toEqual(['.bin', '.package-lock.json', 'bff-iat']);
  expect(existsSync(join(root, 'dist'))).toBe(false);
});

test('the bin knows the entries, and the oldest Node.js that the package asks for', async () => {
  const entries = (await readdir(join(root, 'scripts'))).filter((name) => name.endsWith('.ts'));
  const commands = entries.map((name) => name.replace(/\.ts$/, '')).filter((name) => name !== 'bff-iat');
  expect(Object.keys(PROGRAMS)).toEqual(expect.arrayContaining(commands));
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const bin = await readFile(join(installed, 'dist/run.mjs'), 'utf8');
  expect(engines.node).toMatch(/^\^20\.19\b/);
  expect(bin).toContain('Node.js 20.19 or newer');
  expect(bin).not.toContain('unpacked');
});

test('npx bff-iat lists the commands; another one is refused', async () => {
  const { exitCode, all } = await npx();
  expect(exitCode).toBe(0);
  for (const name of Object.keys(PROGRAMS)) expect(all).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
  expect(await npx('doctr')).toEqual({ exitCode: 2, all: expect.stringContaining('Did you mean doctor?') });
});

test('npx bff-iat iat --sandbox --dry-run: options reach the program, and it advises what can be typed here', async () => {
  const { exitCode, all } = await npx('iat', '--sandbox', '--dry-run');
  expect(all).toContain('This is the plan; nothing was changed.');
  expect(all).toContain('npx bff-iat iat');
  expect(exitCode).toBe(0);
});

test('npx bff-iat demo: with the collection of the package, reports here, what V8 made of it in the cache of the user', async () => {
  const { exitCode, all } = await npx('demo');
  expect(all).toMatch(/Take DCR_IAT out again:\s+npx bff-iat clear/);
  expect(all).not.toContain('npm run');
  expect(exitCode).toBe(0);
  const report = await readFile(join(here, 'reports/latest/index.html'), 'utf8');
  expect(/npx bff-iat \w+/.exec(report)?.[0]).toBe('npx bff-iat clear');
  expect(report.includes('npm run')).toBe(false);
  const kept = await readdir(join(env['HOME'] ?? '', '.cache/bff-iat'), { recursive: true });
  expect(kept.some((path) => path.includes('newman.cjs.'))).toBe(true);
});
