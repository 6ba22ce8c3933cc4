import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { describeCause } from '../../scripts/cli/cause.ts';
import { AppError } from '../../scripts/core/errors.ts';

const SECRET = 'IATtest1only2';

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each([
  ['JSON.parse, at the beginning', () => JSON.parse(SECRET), 'SyntaxError: Unexpected token'],
  ['JSON.parse, in the middle', () => JSON.parse(`{"a": "b", "token": ${SECRET}}`), 'SyntaxError: Unexpected token'],
  ['JSON.parse, on many lines', () => JSON.parse(`{\n"a": "b",\n"token": ${SECRET}\n}`), 'SyntaxError: '],
  [
    'yaml',
    () =>
      parseDocument(`a:\n  DCR_IAT: ${SECRET}: more`, { prettyErrors: true }).errors.map((each) => {
        throw each;
      }),
    'YAMLParseError',
  ],
  ['Headers', () => new Headers({ Authorization: `Bearer ${SECRET}\nx` }), 'TypeError'],
  ['a child process', () => execa('node', ['-e', `console.error('${SECRET}'); process.exit(1)`]), 'ExecaError'],
  [
    'a message like frames',
    () => {
      throw new Error(`x\n    at ${SECRET}\n    at ${SECRET} (y)`);
    },
    'Error: x',
  ],
])('says what kind of error and where, and not what it quotes: %s', async (_, call, start) => {
  const cause = await thrownBy(call);
  expect(String((cause as Error).message)).toContain(SECRET.slice(0, 9));
  const text = describeCause(new AppError('internal', 'Something.', { cause })).join('\n');
  expect(text).toContain(`\nCaused by: ${start}`);
  for (let at = 0; at + 5 < SECRET.length; at++) expect(text).not.toContain(SECRET.slice(at, at + 6));
  expect(text).toMatch(/\n {4}at .*cause\.test\.ts:\d+:\d+/);
});

test('a file that is not there is named; each of several errors is, and no circle is endless', async () => {
  const { readFile } = await import('node:fs/promises');
  const missing = await thrownBy(() => readFile('no-such-file'));
  const both = new AggregateError([missing, new TypeError('x is not a function')], 'two');
  (missing as Error).cause = both;
  expect(
    describeCause(both)
      .join('\n')
      .replace(/\n {4}at .*/g, ''),
  ).toBe(
    "AggregateError: two\nOne of them: Error ENOENT: ENOENT: no such file or directory, open 'no-such-file'\nOne of them: TypeError: x is not a function",
  );
  expect(describeCause('not an error')).toEqual([]);
});
