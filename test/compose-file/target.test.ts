import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { chooseTarget, type TargetOptions } from '../../scripts/compose-file/target.ts';
import type { PriorValue } from '../../scripts/core/result.ts';
import { createFiles } from '../../scripts/platform/files.ts';

const TOKEN = 'test-only-iat-0001';
let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  return () => rm(home, { recursive: true, force: true });
});

async function choose(files: Record<string, string>, more: Partial<TargetOptions> = {}) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  const paths = Object.keys(files).filter((name) => name.endsWith('.yml'));
  return chooseTarget({
    files: createFiles(),
    paths: paths.map((name) => join(home, name)),
    dotenv: join(home, '.env'),
    service: 'bff',
    variable: 'DCR_IAT',
    mode: 'auto',
    isExported: () => false,
    ...more,
  });
}

const compose = (...entries: string[]) =>
  `services:\n  bff:\n    image: bff\n    environment:\n${entries.map((entry) => `      ${entry}\n`).join('')}`;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('which file', () => {
  test('the last one that sets the variable, else the first that defines the service', async () => {
    const set = { 'a.yml': compose('DCR_IAT: old'), 'b.yml': compose('DCR_IAT: newer'), 'c.yml': compose('A: b') };
    expect((await choose(set)).path).toBe(join(home, 'b.yml'));
    expect(
      (await choose({ 'a.yml': 'services: {idp: {image: x}}\n', 'b.yml': compose('A: b'), 'c.yml': compose('A: c') }))
        .path,
    ).toBe(join(home, 'b.yml'));
  });

  test('an override that only passes the variable through wins, too', async () => {
    const target = await choose({ 'a.yml': compose('DCR_IAT: old'), 'b.yml': compose('DCR_IAT:') });
    expect(target).toMatchObject({ kind: 'compose', path: join(home, 'b.yml') });
    expect(text(target.edit({ DCR_IAT: TOKEN }).bytes)).toContain(
      `      DCR_IAT: ${TOKEN}\n`.replace(TOKEN, `"${TOKEN}"`),
    );
  });

  test('a file that is included, from the folder that compose counts from', async () => {
    await mkdir(join(home, 'sub/deep'), { recursive: true });
    await writeFile(join(home, 'sub/n.yml'), 'include: [deep/o.yml, o.yml, "https://x.test/a.yml"]\n');
    await writeFile(join(home, 'sub/o.yml'), 'services: {o: {image: x}}\n');
    await writeFile(join(home, 'sub/deep/o.yml'), compose('DCR_IAT: old'));
    const nested = await choose({ 'a.yml': 'include:\n  - path: [sub/n.yml]\nservices: {idp: {image: x}}\n' });
    expect(nested.path).toBe(join(home, 'sub/deep/o.yml'));
    const over = { 'a.yml': 'include: [sub/n.yml]\n', 'b.yml': compose('DCR_IAT: x') };
    expect((await choose(over)).path).toBe(join(home, 'b.yml'));

    const moved = 'include:\n  - {path: sub/n.yml, project_directory: .}\n';
    await expect(choose({ 'a.yml': moved })).rejects.toMatchObject({ code: 'service-not-found' });
    await writeFile(join(home, 'o.yml'), `include: [a.yml]\n${compose('A: b')}`);
    expect((await choose({ 'a.yml': moved })).path).toBe(join(home, 'o.yml'));
  });

  test.for<readonly [string, string, number, number]>([
    ['an empty entry', 'include:\n  -\n', 2, 4],
    ['a null', 'include: [a.yml, ~]\n', 1, 18],
    ['a number', 'include:\n  - 5\n', 2, 5],
    ['a list in the list', 'include:\n  - [b.yml]\n', 2, 5],
    ['no list', 'include: b.yml\n', 1, 10],
    ['a map without a path', 'include:\n  - project_directory: .\n', 2, 5],
    ['a path without a value', 'include:\n  - path:\n', 2, 5],
    ['an empty path', 'include: [""]\n', 1, 11],
    ['paths that are no texts', 'include:\n  - path: [b.yml, {a: b}]\n', 2, 19],
    ['a directory that is no text', 'include:\n  - {path: b.yml, project_directory: [a]}\n', 2, 38],
    ['an alias of nothing', 'include: *none\n', 1, 10],
    ['a list that holds itself', 'include: &a [*a]\n', 1, 14],
  ])('an include that names no file is refused with its place: %s', async ([, text, line, column]) => {
    await expect(choose({ 'c.yml': `${text}services: {bff: {image: x}}\n` })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:compose-invalid|yaml-syntax)$/),
      where: { file: join(home, 'c.yml'), line, column },
    });
  });

  test.for(['include:\n', 'include: []\n', 'include: !reset [b.yml]\n', 'include: !reset null\n'])(
    'an include of nothing includes nothing: %j',
    async (text) => {
      const target = await choose({ 'c.yml': `${text}${compose('A: b')}` });
      expect(target.path).toBe(join(home, 'c.yml'));
    },
  );

  test('no file defines the service: the nearest name', async () => {
    await expect(choose({ 'a.yml': 'services: {bfff: {image: x}}\n' })).rejects.toMatchObject({
      code: 'service-not-found',
      hint: { text: expect.stringContaining('Did you mean bfff') },
    });
  });
});

describe('a value that lives in .env', () => {
  test.for([
    '${DCR_IAT}',
    '$DCR_IAT',
    '${DCR_IAT:-}',
    '${DCR_IAT-none}',
    '${DCR_IAT:?set it}',
    '"${DCR_IAT}"',
    '${DCR_IAT:-${OTHER:-}}',
    '${DCR_IAT-${A:-${B}}}',
  ])('%s', async (value) => {
    const target = await choose({ 'a.yml': compose(`DCR_IAT: ${value}`), '.env': `# mine\nDCR_IAT=old\n` });
    expect(target).toMatchObject({ kind: 'env-file', path: join(home, '.env') });
    expect(text(target.edit({ DCR_IAT: TOKEN }).bytes)).toBe(`# mine\nDCR_IAT='${TOKEN}'\n`);
    expect(text(target.clear('DCR_IAT', null).bytes)).toBe('# mine\n');
  });

  test('under another name, in a file that does not exist yet', async () => {
    const target = await choose({ 'a.yml': compose('DCR_IAT: ${BFF_TOKEN:-}') });
    expect(target.nameOf('DCR_IAT')).toBe('BFF_TOKEN');
    expect(target.edit({ DCR_IAT: TOKEN })).toMatchObject({ before: null, changes: [{ name: 'BFF_TOKEN' }] });
  });

  test('what is more than the variable alone is refused by the editor', async () => {
    const target = await choose({ 'a.yml': compose('DCR_IAT: "x${DCR_IAT}"') });
    expect(() => target.edit({ DCR_IAT: TOKEN })).toThrow(expect.objectContaining({ code: 'reference' }));
  });

  test('an exported variable would win, so it is named', async () => {
    await expect(
      choose({ 'a.yml': compose('DCR_IAT: ${BFF_TOKEN}') }, { isExported: (name) => name === 'BFF_TOKEN' }),
    ).rejects.toMatchObject({
      code: 'shell-overrides',
      message: expect.stringContaining('BFF_TOKEN'),
    });
  });

  test('the compose file is left alone: another variable in it is refused', async () => {
    const target = await choose({
      'a.yml': compose('DCR_IAT: ${DCR_IAT}', 'DCR_ENABLED: "false"', 'SKIP_DCR_BOOTSTRAP: ${SKIP}'),
    });
    expect(() => target.edit({ DCR_IAT: TOKEN, DCR_ENABLED: 'true' })).toThrow(
      expect.objectContaining({ code: 'reference' }),
    );
    expect(text(target.edit({ DCR_IAT: TOKEN, SKIP_DCR_BOOTSTRAP: 'false' }).bytes)).toBe(
      `DCR_IAT='${TOKEN}'\nSKIP='false'\n`,
    );
  });
});

describe('--write', () => {
  test('a refusal never says --write env-file where that is refused as well; what it says works', async () => {
    const file = (enabled: string) => compose('DCR_IAT: ""', `DCR_ENABLED: ${enabled}`);
    const values = { DCR_IAT: TOKEN, DCR_ENABLED: 'true' };
    const target = await choose({ 'a.yml': file('${DCR_ENABLED:-false}') });
    expect(() => target.edit(values)).toThrow(
      expect.objectContaining({
        code: 'reference',
        hint: { text: 'Write a value here in place of the reference to DCR_ENABLED, and run again.' },
      }),
    );
    const corrected = await choose({ 'a.yml': file('"false"') });
    expect(text(corrected.edit(values).bytes)).toBe(compose(`DCR_IAT: "${TOKEN}"`, 'DCR_ENABLED: "true"'));
  });

  test('env-file with more than the variable alone: leaving the option out would be refused, so it is not said', async () => {
    const refused = { code: 'reference', hint: { text: expect.not.stringContaining('--write') } };
    await expect(choose({ 'a.yml': compose('DCR_IAT: "x${DCR_IAT}"') }, { mode: 'env-file' })).rejects.toMatchObject(
      refused,
    );
  });

  test('env-file needs a reference in the compose file', async () => {
    await expect(choose({ 'a.yml': compose('DCR_IAT: old') }, { mode: 'env-file' })).rejects.toMatchObject({
      code: 'reference',
    });
    expect(await choose({ 'a.yml': compose('DCR_IAT: ${DCR_IAT}') }, { mode: 'env-file' })).toMatchObject({
      kind: 'env-file',
    });
  });
});

describe('what would keep a value, or be refused, once the token is taken out', () => {
  const withEnvFile = (written: string, entry = 'DCR_IAT: old') =>
    compose(entry).replace('    image:', `    env_file: ${written}\n    image:`);
  const leftover = async (files: Record<string, string>, before: PriorValue | null = null) => {
    const error = (await choose(files)).leftover(before);
    return error && `${error.message} ${error.hint?.text} ${error.where?.line}`.replaceAll(`${home}/`, '');
  };
  const STALE: Record<string, string> = { 'bff.env': '# of the team\nLOG=1\n\nexport DCR_IAT="stale"\n' };

  test.for([
    ['one path', 'bff.env'],
    ['a list', '[other.env, ./bff.env]'],
    ['the long form', '[{path: bff.env, required: false}]'],
  ])('a line of an env_file: %s', async ([, written]) => {
    expect(await leftover({ 'a.yml': withEnvFile(written ?? ''), ...STALE })).toBe(
      'bff gets a DCR_IAT from bff.env:4 (env_file) as well, which counts once a.yml has none. Take DCR_IAT out there by hand. 4',
    );
  });

  test('an env_file that another file names, and the value of another file', async () => {
    const both = { 'a.yml': withEnvFile('bff.env', 'DCR_IAT: older'), 'b.yml': compose('DCR_IAT: old'), ...STALE };
    expect(await leftover(both)).toMatch(/from a\.yml, bff\.env:4 \(env_file\) as well, which counts once b\.yml/);
  });

  test.for<[string, Record<string, string>, PriorValue | null]>([
    ['no value in the env_file', { 'a.yml': withEnvFile('bff.env'), 'bff.env': 'DCR_IAT=\nDCR_IAT_X=y\n' }, null],
    ['no env_file', { 'a.yml': withEnvFile('none.env') }, null],
    ['a path that is not known', { 'a.yml': withEnvFile('${WHERE}/bff.env'), ...STALE }, null],
    ['an entry that stays, and wins without a value', { 'a.yml': withEnvFile('bff.env'), ...STALE }, 'empty'],
    ['a reference elsewhere', { 'a.yml': compose('DCR_IAT: ${X:-}'), 'b.yml': compose('DCR_IAT: old') }, null],
    ['a value in .env', { 'a.yml': withEnvFile('bff.env', 'DCR_IAT: ${DCR_IAT:-}'), ...STALE }, null],
    ['`?` and an empty line that stays', { 'a.yml': compose('DCR_IAT: ${DCR_IAT?x}') }, 'empty'],
  ])('nothing: %s', async ([, files, before]) => {
    expect(await leftover(files, before)).toBeNull();
  });

  test.for(['?', ':?set it'])('a reference that demands a value: ${…%s}', async (operator) => {
    const required = `DCR_IAT: "\${BFF_IAT${operator}}"`;
    expect(await leftover({ 'a.yml': compose(required), '.env': 'BFF_IAT=x\n' })).toMatch(
      /^a\.yml requires BFF_IAT \(\$\{BFF_IAT:?\?…\}\), so it cannot be taken out of \.env\. Write \$\{BFF_IAT:-\} there\./,
    );
  });
});

describe('what was changed meanwhile is read again', () => {
  test('in a compose file: the other lines, and what it says about the variable', async () => {
    const target = await choose({ 'a.yml': compose('A: b', 'DCR_IAT: ""') });
    await writeFile(join(home, 'a.yml'), compose('A: c', 'DCR_IAT: old'));
    const fresh = await target.refresh();
    expect(text(fresh.edit({ DCR_IAT: TOKEN }).bytes)).toContain('A: c');
    expect([fresh.valueOf('DCR_IAT'), fresh.priorValueOf('DCR_IAT')]).toEqual(['old', 'value']);
  });

  test('in a .env file, and in the compose file that names its variable', async () => {
    const target = await choose({ 'a.yml': compose('DCR_IAT: ${DCR_IAT}'), '.env': 'DCR_IAT=\n' });
    await writeFile(join(home, '.env'), 'DCR_IAT=\nOTHER=old\n');
    await writeFile(join(home, 'a.yml'), compose('DCR_IAT: ${OTHER}'));
    const fresh = await target.refresh();
    expect([fresh.nameOf('DCR_IAT'), fresh.valueOf('DCR_IAT')]).toEqual(['OTHER', 'old']);
  });

  test('a service that is gone is refused by the edit', async () => {
    const target = await choose({ 'a.yml': compose('A: b') });
    await writeFile(join(home, 'a.yml'), 'services: {other: {image: x}}\n');
    const fresh = await target.refresh();
    expect(fresh.priorValueOf('A')).toBe('absent');
    expect(() => fresh.edit({ DCR_IAT: TOKEN })).toThrow(expect.objectContaining({ code: 'service-not-found' }));
  });
});

test('a target that may not be written is found before anything happens', async () => {
  const target = await choose({ 'a.yml': compose('A: b') });
  await chmod(target.path, 0o444);
  await expect(createFiles().verifyWritable(target.path)).rejects.toMatchObject({ code: 'file-not-writable' });
  expect(await readFile(target.path, 'utf8')).toBe(compose('A: b'));
});
