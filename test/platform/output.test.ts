import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from '../../scripts/platform/output.ts';

const ESC = '\u001b';

/** A stream that is a terminal of so many columns, and what it got. */
function createTerminal(columns: number | undefined, env: Readonly<Record<string, string>> = {}) {
  const stream = new PassThrough();
  let seen = '';
  let tell = () => {};
  stream.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    tell();
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      tell = () => {
        if (pattern.test(seen)) resolve();
      };
      tell();
    });
  const tty = { isTTY: true, columns, clearLine: () => true, cursorTo: () => true, moveCursor: () => true };
  const output = createOutput(Object.assign(stream, tty), env, 'linux');
  return { output, seen: () => seen, until };
}

test('colours come from looks, never from a text', () => {
  const { output, seen } = createTerminal(80);
  output.print({ text: `✔ step ${ESC}[31mred`, look: 'done' }, { text: 'no', look: 'failure' }, '');
  expect(seen()).toBe(`${ESC}[32m✔${ESC}[39m step [U+001B][31mred\n${ESC}[31m${ESC}[1mno${ESC}[22m${ESC}[39m\n\n`);
});

test('the sign of a line is coloured also where it is indented, and alone', () => {
  const { output, seen } = createTerminal(80);
  output.print({ text: '  ✓  200 OK', look: 'done' }, { text: '   ', look: 'done' });
  expect(seen()).toBe(`${ESC}[32m  ✓${ESC}[39m  200 OK\n   \n`);
});

test('a dumb terminal gets ASCII signs and no moving line', () => {
  expect(createTerminal(80).output).toMatchObject({ hasUnicode: true, isTerminal: true });
  expect(createTerminal(80, { TERM: 'dumb' }).output).toMatchObject({ hasUnicode: false, isTerminal: false });
});

test.each([
  ['Windows Terminal', 'win32', true, { WT_SESSION: 'a1' }, true],
  ['the terminal of an editor', 'win32', true, { TERM_PROGRAM: 'vscode' }, true],
  ['the terminal of an IDE', 'win32', true, { TERMINAL_EMULATOR: 'JetBrains-JediTerm' }, true],
  ['the window of cmd', 'win32', true, {}, false],
  ['a file that PowerShell writes', 'win32', false, { WT_SESSION: 'a1' }, false],
  ['Git Bash', 'win32', false, { MSYSTEM: 'MINGW64', TERM: 'xterm' }, true],
  ['a file on Linux', 'linux', false, {}, true],
  ['the console of Linux', 'linux', true, { TERM: 'linux' }, false],
  ['Terminal on macOS', 'darwin', true, { TERM: 'xterm-256color' }, true],
] as const)('signs beyond ASCII on %s', (_, platform, isTTY, env, hasUnicode) => {
  expect(createOutput(Object.assign(new PassThrough(), { isTTY }), env, platform).hasUnicode).toBe(hasUnicode);
});

test('a text is cleaned before it is broken into lines', () => {
  const { output, seen } = createTerminal(20, { NO_COLOR: '1' });
  output.print(
    { text: 'one two three\n four \u202efive ::add-mask::x', indent: '  ' },
    'a whole line, however long it is',
  );
  expect(seen()).toBe(
    'one two\n  three[U+000A] four\n  [U+202E]five :\n  :add-mask::x\na whole line, however long it is\n',
  );
});

test('a question is one line, and stays open', () => {
  const { output, seen } = createTerminal(80);
  output.ask('Use a\nb? [y/N] ');
  expect(seen()).toBe('Use a[U+000A]b? [y/N] ');
});

test.each([0, undefined, 40])('the moving line of a terminal of %s columns fits, and ends', async (columns) => {
  const { output, seen, until } = createTerminal(columns);
  const spinner = output.spin(`first ${ESC}]0;title\u0007`);
  await until(/first/);
  expect(seen()).not.toContain(`${ESC}]0`);
  spinner.update(`second ${'x'.repeat(200)}`);
  await until(/second/);
  spinner.stop();
  const [line = ''] = /second x+/.exec(seen()) ?? [];
  expect(line.length).toBeLessThan((columns || 80) - 2);
  expect(seen()).toContain(`${ESC}[?25h`);
});
