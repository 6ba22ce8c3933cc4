import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SCRIPTS } from '../../scripts/cli/completion/shells.ts';
import { RUN } from '../support/command.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { hasTerminal, startProgramInTerminal } from '../support/terminal.ts';

const SHELLS_NEEDED = {
  required: 'IAT_REQUIRE_SHELLS',
  wayOut: 'install it; .ci/run does so on Debian',
};

/** What a collection may be full of. Each begins as no other does. */
const NAMES = {
  blank: 'a blank',
  command: '$(touch pwned)',
  backticks: '`touch pwned`',
  quotes: `it's "both"; touch pwned`,
  colons: 'x:y z:w',
  history: '!boom !!',
  unicode: 'über → 日本 🙂',
  signs: 'h~*?[a]{b,c}\\d#e&|<>',
  shared: ['same start one', 'same start two'],
  control: ['n\ntouch pwned', 'e\x1b]0;pwned\x07'],
} as const;

/** What is typed, and the arguments that the program then gets. */
type Row = readonly [typed: string, args: readonly string[]];

const request = (typed: string, name: string): Row => [`iat --request ${typed}\t`, ['iat', '--request', name]];

const ROWS: readonly Row[] = [
  ['dem\t--fau\tcrash\t', ['demo', '--fault', 'crash-loop']],
  ['iat --environment stag\t', ['iat', '--environment', 'staging file.json']],
  ['iat --reports out\t', ['iat', '--reports', 'outdir']],
  ['iat --collection broken.json --request x\t', ['iat', '--collection', 'broken.json', '--request', 'x']],
  ['iat -f stack.yaml --service re\t', ['iat', '-f', 'stack.yaml', '--service', 'redis']],
  ['iat --request=a\t', ['iat', `--request=${NAMES.blank}`]],
  request('\\$', NAMES.command),
  request('\\`', NAMES.backticks),
  request('it', NAMES.quotes),
  request('"it', NAMES.quotes),
  request("'it", NAMES.quotes),
  request('x:', NAMES.colons),
  request('\\!', NAMES.history),
  request('ü', NAMES.unicode),
  request('h', NAMES.signs),
  request('same\ttw', NAMES.shared[1]),
  request('Sub', 'Sub folder/blank again'),
];

/** How each shell is started with nothing of the person's own, and how it reads a file. */
const STARTS = {
  bash: ['bash', '--norc', '--noprofile', '-i'],
  zsh: ['zsh', '-f', '-i'],
  fish: ['fish', '--no-config', '-i'],
} as const;

describe('completion', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const isThere = spawnSync(shell, ['-c', 'exit 0']).status === 0;
    const missing = !hasTerminal() ? 'no terminal can be made' : isThere ? null : `there is no ${shell}`;
    describeUnless(missing, SHELLS_NEEDED, `in ${shell}`, () => {
      test('what Tab puts in reaches the program as it is named, and none of it is run', async () => {
        const home = await createHome(shell);
        const env = { HOME: home, PATH: `${home}/bin:${process.env['PATH']}`, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
        const session = startProgramInTerminal(STARTS[shell], { cwd: home, env });
        session.type(`source ./completion; printf 'REA''DY\\n'\r`);
        await session.shows(/READY/);
        for (const [index, [typed]] of ROWS.entries()) {
          session.type(`bff-iat ${typed}\r`);
          await session.shows(new RegExp(`GOT ${index + 1}\\D`));
        }
        session.type('exit\r');
        const { output } = await session.ended;
        const calls = (await readFile(join(home, 'got'), 'utf8')).split('\0\0').slice(0, -1);
        // zsh takes the slash behind a folder away again.
        const got = calls.map((call) => call.split('\0').map((word) => word.replace(/\/$/, '')));
        expect(got, output).toEqual(ROWS.map(([, args]) => args));
        expect(await readdir(home)).not.toContain('pwned');
        expect(output).not.toMatch(/error|not found|unexpected|\x1b\]0;pwned/i);
      });
    });
  }
});

async function createHome(shell: keyof typeof STARTS): Promise<string> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, 'bin'));
  await mkdir(join(home, 'collections'));
  await mkdir(join(home, 'outdir'));
  const item = [
    ...Object.values(NAMES)
      .flat()
      .map((name) => ({ name, request: 'http://localhost' })),
    { name: 'Sub folder', item: [{ name: 'blank again', request: 'http://localhost' }] },
  ];
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const files = {
    'collections/EmpowerNow.postman_collection.json': JSON.stringify({ info: { name: 'Names', schema }, item }),
    'broken.json': '{"info": {}, "item": [',
    outfile: '',
    'staging file.json': '{}',
    'stack.yaml': 'services:\n  bff: {}\n  redis: {}\n',
    completion: SCRIPTS[shell],
    'bin/bff-iat': [
      '#!/bin/sh',
      `if [ "$1" = completion ]; then exec '${process.execPath}' '${RUN}' "$@"; fi`,
      `{ printf '%s' "$1"; shift; for each; do printf '\\0%s' "$each"; done; printf '\\0\\0'; } >>"$HOME/got"`,
      'echo >>"$HOME/count"',
      `printf '\\nGOT %d.\\n' "$(wc -l <"$HOME/count")"`,
      '',
    ].join('\n'),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  await chmod(join(home, 'bin/bff-iat'), 0o755);
  return home;
}
