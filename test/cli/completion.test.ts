import { expect, test } from 'vitest';
import { COMMANDS } from '../../scripts/cli/commands.ts';
import { completion } from '../../scripts/cli/completion/completion.ts';
import type { CompletionOutside } from '../../scripts/cli/completion/outside.ts';
import { SCRIPTS, SHELLS } from '../../scripts/cli/completion/shells.ts';
import { OPTIONS, type OptionSpec } from '../../scripts/cli/options.ts';
import { FAULTS } from '../../scripts/sandbox/faults.ts';
import { FakeClock } from '../support/fake-clock.ts';

const DEFAULT = '/here/collections/EmpowerNow.postman_collection.json';

const request = (name: string) => ({ name, request: { method: 'POST', url: 'http://localhost' } });
const collectionOf = (...item: readonly object[]) =>
  JSON.stringify({
    info: { name: 'A', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item,
  });

const FILES: Readonly<Record<string, string>> = {
  [DEFAULT]: collectionOf(
    { name: 'One', item: [request('Get'), request('Set')] },
    { name: 'Two', item: [request('Get')] },
    request('n\ntouch pwned'),
    request('e\x1b]0;pwned\x07'),
    request('tab\there'),
    request('turned \u202e round'),
  ),
  '/here/other.json': collectionOf(request('Other')),
  '/person/home.json': collectionOf(request('At home')),
  '/here/broken.json': '{"info": {}, "item": [',
  '/here/compose.yaml': 'services:\n  bff: {}\n  redis: {}\n',
  '/here/second.yaml': 'services: { idp: {} }\n',
  '/here/broken.yaml': 'services: [\n',
};

/** Runs it with files that are not there really. */
async function complete(args: readonly string[], changes: Partial<CompletionOutside> = {}) {
  const said = { out: '', err: '', isAbandoned: false };
  const exitCode = await completion({
    args,
    env: { HOME: '/person' },
    cwd: '/here',
    read: async (path) => (FILES[path] === undefined ? null : Buffer.from(FILES[path])),
    defaultComposeFiles: async () => ['/here/compose.yaml'],
    faults: async () => FAULTS,
    print: (text) => (said.out += text),
    complain: (text) => (said.err += text),
    // Nothing takes long here.
    sleep: () => new Promise(() => {}),
    abandon: () => (said.isAbandoned = true),
    ...changes,
  });
  return { exitCode, ...said };
}

/** What is offered behind `bff-iat` and the words, the last of which is being typed. */
async function offer(words: readonly string[], changes: Partial<CompletionOutside> = {}) {
  const { exitCode, out, err } = await complete(['--words', 'fish', 'bff-iat', ...words], changes);
  expect([exitCode, err]).toEqual([0, '']);
  const [kind = '', ...lines] = out.trimEnd().split('\n');
  return { kind, words: lines.map((line) => line.split('\t')[0]) };
}

test.each<readonly [line: readonly string[], offered: readonly string[]]>([
  [['dem'], ['demo']],
  [['completion', ''], [...SHELLS]],
  [
    ['iat', '--write', ''],
    ['auto', 'compose', 'env-file', 'secret', 'own-secret'],
  ],
  [['iat', '--write=co'], ['--write=compose']],
  [
    ['collection', '-r', 'cli,j'],
    ['cli,json', 'cli,junit'],
  ],
  [['collection', '-r', '--sil'], ['--silent']],
  [['iat', '--dry-run', '--dr'], []],
  [['iat', '-f', 'a', '--comp'], ['--compose-file']],
  [['iat', '--label', ''], []],
  [['nothing', '--'], []],
  [
    ['health', '--health-folder', ''],
    ['One', 'Two'],
  ],
  [
    ['iat', '--request', ''],
    ['One/Get', 'Set', 'Two/Get'],
  ],
  [
    ['iat', '--request', 'One/'],
    ['One/Get', 'One/Set'],
  ],
  [['iat', '--collection', 'other.json', '--request', ''], ['Other']],
  [['iat', '--collection=~/home.json', '--request', ''], ['At home']],
  [['iat', '--collection', 'broken.json', '--request', ''], []],
  [['iat', '--collection', 'missing.json', '--request', ''], []],
  [['collection', 'other.json', ''], ['Other']],
  [['collection', 'newman', 'run', 'other.json', '--folder', ''], ['Other']],
  [['collection', '--reporter-junit-export', 'out.xml', 'other.json', ''], ['Other']],
  [['collection', 'other.json', '--', ''], ['Other']],
  [['clear', '--request', 'x', '--serv'], ['--service']],
  [
    ['iat:clear', '--service', ''],
    ['bff', 'redis'],
  ],
  [
    ['iat', '-f', 'compose.yaml', '-f', 'second.yaml', '--service', ''],
    ['bff', 'redis', 'idp'],
  ],
  [['iat', '-f', 'broken.yaml', '--service', ''], []],
  [['demo', '--fault', 'crash'], ['crash-loop']],
  [['demo', '--kubernetes', '--fau'], ['--fault']],
])('%j is offered %j', async (line, offered) => {
  expect(await offer(line)).toEqual({ kind: 'words', words: offered });
});

test.each<readonly [line: readonly string[], kind: string]>([
  [['iat', '--collection', ''], 'files'],
  [['collection', ''], 'files'],
  [['collection', '--export-globals=out/'], 'files'],
  [['collection', '--ssl-extra-ca-certs', ''], 'files'],
  [['iat', '--reports', ''], 'folders'],
])('%j is for the shell: %s', async (line, kind) => {
  expect(await offer(line)).toEqual({ kind, words: [] });
});

test('the variable and .env name the collection where the line does not', async () => {
  const line = ['iat', '--request', ''];
  const env = { IAT_COLLECTION: 'other.json' };
  expect((await offer(line, { env })).words).toEqual(['Other']);
  const read = async (path: string) => Buffer.from(FILES[path] ?? 'IAT_COLLECTION=other.json\n');
  expect((await offer(line, { read })).words).toEqual(['Other']);
});

test.each(Object.keys(COMMANDS))('%s has its options, each with what it is for', async (command) => {
  const { out } = await complete(['--words', 'zsh', 'bff-iat', command, '--']);
  const specs: readonly OptionSpec[] = Object.values(OPTIONS);
  const flags = specs.filter(({ commands }) => commands.some((each) => each === command)).map(({ flags }) => flags);
  const lines = out.trimEnd().split('\n').slice(1);
  expect(lines.map((line) => line.split('\t')[0])).toEqual([
    ...flags.map((each) => /--[a-z-]+/.exec(each)?.[0]),
    '--help',
    '--version',
  ]);
  expect(lines.filter((line) => !/\t./.test(line))).toEqual([]);
});

test('what cannot be typed on a line is not offered', async () => {
  const { words } = await offer(['collection', 'other.json', '--folder', ''], {
    read: async () => Buffer.from(FILES[DEFAULT] ?? ''),
  });
  expect(words).toEqual(['One', 'One/Get', 'Set', 'Two', 'Two/Get']);
});

test.each<readonly [line: string, replaced: string, put: readonly string[]]>([
  ['bff-iat iat --request O', 'O', ['One/Get', 'One/Set']],
  ['A=1 node_modules/.bin/bff-iat iat --request=T', 'T', ['Two/Get']],
  ['bff-iat iat --request it', 'it', [`'it'\\''s "so"!'`]],
  ["bff-iat iat --request 'it", 'it', [`it'\\''s "so"!`]],
  ['bff-iat iat --request "it', 'it', [`it's \\"so\\""'!'""`]],
  ["bff-iat iat --request 'last", 'last', ["last'\\'''"]],
  ['bff-iat iat --request a:', '', ["'b c'"]],
  ['bff-iat iat --request "a:', 'a:', ['a:b c']],
  ["bff-iat iat --request 'a:b'\\ ", '\\ ', ["' c'"]],
  ['bff-iat iat --request other', 'text', []],
])('bash puts %j in place of %j: %j', async (line, replaced, put) => {
  const names = ['One/Get', 'One/Set', 'Two/Get', `it's "so"!`, 'a:b c', "last'"];
  const read = async () => Buffer.from(collectionOf(...names.map(request)));
  const { out } = await complete(['--words', 'bash', line, replaced], { read });
  expect(out).toBe(['words', ...put, ''].join('\n'));
});

test('PowerShell gets a line of JSON in ASCII, with quotes as it reads them', async () => {
  const line = Buffer.from(['bff-iat', 'iat', '--request', ''].join('\n')).toString('base64');
  const read = async () => Buffer.from(collectionOf(request('Plain'), request("über's ‘quotes’ $(x)")));
  const { out } = await complete(['--words', 'powershell', line], { read });
  expect(out).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(out)).toEqual([
    { text: 'Plain', word: 'Plain', about: 'POST' },
    { text: "'über''s ‘‘quotes’’ $(x)'", word: "über's ‘quotes’ $(x)", about: 'POST' },
  ]);
});

test('a disk that does not answer costs two seconds, prints nothing, and the process is not waited for', async () => {
  const clock = new FakeClock();
  const hanging = { read: () => new Promise<never>(() => {}), sleep: clock.sleep.bind(clock) };
  const { exitCode, out, err, isAbandoned } = await complete(
    ['--words', 'zsh', 'bff-iat', 'iat', '--request', ''],
    hanging,
  );
  expect({ exitCode, out, err, isAbandoned }).toEqual({ exitCode: 0, out: '', err: '', isAbandoned: true });
  expect(clock.now()).toBe(2_000);
});

test.each([[[]], [['--words']], [['--words', 'tcsh', 'a']], [['--words', 'zsh']], [['--words', 'powershell', '%']]])(
  'on the prompt nothing is an error: %j',
  async (args) => {
    const { exitCode, err } = await complete(args);
    expect([exitCode, err]).toEqual([0, '']);
  },
);

test('without a shell it says how each is set up; another shell is an error that names those', async () => {
  const { out } = await complete([]);
  for (const shell of SHELLS) expect(out).toContain(`bff-iat completion ${shell} `);
  expect(await complete(['tcsh'])).toMatchObject({
    exitCode: 2,
    err: '"tcsh" is not a shell that can be helped here. Name one of: bash, zsh, fish, powershell.\n',
  });
});

test.each(SHELLS)('the script for %s is plain ASCII, and evaluates nothing', async (shell) => {
  const { out } = await complete([shell]);
  expect(out).toBe(SCRIPTS[shell]);
  expect(out).toMatch(/^[ -~\n]+$/);
  expect(out).not.toMatch(/\beval\b|Invoke-Expression|\biex\b/);
});

test('the script for PowerShell closes what it opens', () => {
  const code = SCRIPTS.powershell.replace(/#.*|'[^']*'/g, '');
  const open: string[] = [];
  for (const [sign] of code.matchAll(/[(){}[\]]/g)) {
    if ('({['.includes(sign)) open.push(sign);
    else expect(`${open.pop()}${sign}`).toMatch(/^(?:\(\)|\{\}|\[\])$/);
  }
  expect(open).toEqual([]);
});
