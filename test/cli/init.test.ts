import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runInit } from '../../scripts/cli/init.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { openHere } from '../support/in-process.ts';
import { describeInTerminal, startInTerminal } from '../support/terminal.ts';

let folder: string;

beforeEach(async () => {
  const temporary = await makeTemporaryFolder();
  onTestFinished(() => temporary.remove());
  folder = join(temporary.path, 'repository');
  await mkdir(folder);
});

async function init(...args: string[]) {
  const { session, read, output } = await openHere(args, { command: 'init', cwd: folder });
  if (read.kind === 'print' || read.settings instanceof Error) throw new Error('there are no settings');
  const { settings } = read;
  const exitCode = await runInit(session, settings).catch((error: Error) => error);
  return { exitCode, said: output().stdout.replace(/\s+/g, ' ') };
}

const files = async () => (await readdir(folder, { recursive: true })).sort();
const textOf = (path: string) => readFile(join(folder, path), 'utf8');
const WRITTEN = [
  '.env.example',
  '.gitignore',
  'collections',
  'collections/EmpowerNow.postman_collection.json',
  'collections/lab.postman_environment.json',
];

test('writes what is missing, once', async () => {
  await writeFile(join(folder, 'package.json'), '{\n  "name": "x"\n}\n');
  expect(await init('--yes')).toMatchObject({ exitCode: 0, said: expect.stringContaining('Written.') });
  expect(await files()).toEqual([...WRITTEN, 'package.json']);
  expect(JSON.parse(await textOf('package.json')).scripts).toHaveProperty('iat:clear', 'npx bff-iat clear');
  const before = await Promise.all((await files()).filter((path) => path.includes('.')).map(textOf));
  expect(await init()).toMatchObject({ exitCode: 0, said: expect.stringContaining('There is nothing to do.') });
  expect(await Promise.all((await files()).filter((path) => path.includes('.')).map(textOf))).toEqual(before);
});

test('writes nothing where nobody can be asked, and with --dry-run, but says what it would write', async () => {
  const { exitCode, said } = await init();
  expect(exitCode).toMatchObject({ code: 'usage', hint: { command: 'npx bff-iat init --yes' } });
  expect(said).toContain('collections/EmpowerNow.postman_collection.json');
  expect(await init('--dry-run')).toMatchObject({ exitCode: 0, said: expect.stringContaining('.gitignore .env') });
  expect(await files()).toEqual([]);
});

test('overwrites nothing, and names what stays', async () => {
  await mkdir(join(folder, 'collections'));
  await writeFile(join(folder, WRITTEN[3] ?? ''), 'own');
  const { said } = await init('--yes');
  expect(said).toContain('left as it is: collections/EmpowerNow.postman_collection.json');
  expect(await textOf(WRITTEN[3] ?? '')).toBe('own');
  expect(await files()).toEqual(WRITTEN);
});

test('follows no link out of the folder', async () => {
  const outside = join(folder, '..', 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'ignore'), 'kept\n');
  await symlink(outside, join(folder, 'collections'));
  await symlink(join(outside, 'ignore'), join(folder, '.gitignore'));
  const { exitCode, said } = await init('--yes');
  expect(exitCode).toBe(0);
  expect(said).toMatch(/\.gitignore, which is a link to another place/);
  expect(await readdir(outside)).toEqual(['ignore']);
  expect(await readFile(join(outside, 'ignore'), 'utf8')).toBe('kept\n');
});

test('changes nothing where one of the files cannot be edited', async () => {
  await writeFile(join(folder, 'package.json'), '{ "name": "x", }');
  expect(await init('--yes')).toMatchObject({
    exitCode: { code: 'bad-value', where: { file: 'package.json', line: 1 } },
  });
  expect(await files()).toEqual(['package.json']);
});

describe('the service', () => {
  beforeEach(() => writeFile(join(folder, 'compose.yml'), 'services:\n  web-bff: {}\n  redis: {}\n'));

  test('is the one that looks like it', async () => {
    await init('--yes');
    expect(await textOf('.env.example')).toMatch(/^IAT_SERVICE=web-bff$/m);
  });

  test('is the one that is named, with its file', async () => {
    await init('--yes', '-f', 'compose.yml', '--service', 'redis');
    expect(await textOf('.env.example')).toMatch(/^COMPOSE_FILE=compose\.yml\nIAT_SERVICE=redis$/m);
  });

  test('must be there', async () => {
    const { exitCode } = await init('--yes', '--service', 'web-bfff');
    expect(exitCode).toMatchObject({ code: 'service-not-found', hint: { text: 'Did you mean web-bff?' } });
    expect(await files()).toEqual(['compose.yml']);
  });
});

describeInTerminal('on a terminal', () => {
  test.each([
    ['y', 0, WRITTEN.length],
    ['n', 1, 0],
  ])('asks for the service, and whether to write: %s', async (answer, exitCode, written) => {
    await writeFile(join(folder, 'compose.yml'), 'services:\n  web: {}\n  redis: {}\n');
    const running = startInTerminal([], { command: 'init', cwd: folder });
    await running.shows(/Which service of compose\.yml is the BFF/);
    running.type('web\n');
    await running.shows(/Write this\? \[y\/N\]/);
    running.type(`${answer}\n`);
    expect(await running.ended).toMatchObject({ exitCode });
    expect(await files()).toHaveLength(written + 1);
    if (written > 0) expect(await textOf('.env.example')).toMatch(/^IAT_SERVICE=web$/m);
  });
});
