import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askHidden, readAll } from '../../scripts/platform/prompt.ts';

/** A terminal's input that writes down what becomes of its echo. */
function createInput(seen: string[]) {
  const input = new PassThrough();
  return Object.assign(input, { isTTY: true, setRawMode: (on: boolean) => seen.push(on ? 'silent' : 'loud') });
}

const NOWHERE = { ask: () => {}, print: () => {} };
const { signal } = new AbortController();

test('the terminal is silent before it asks, until it has been answered', async () => {
  const seen: string[] = [];
  const input = createInput(seen);
  const output = { ask: (text: string) => seen.push(text), print: (text: unknown) => seen.push(`${text}\n`) };
  const answer = askHidden('Token: ', input, output, signal);
  input.write('test-only-token\r');
  await expect(answer).resolves.toBe('test-only-token');
  expect(seen).toEqual(['silent', 'Token: ', 'loud', '\n']);
});

test('an interruption ends the question, and the terminal is as it was', async () => {
  const seen: string[] = [];
  const abort = new AbortController();
  const answer = askHidden('Token: ', createInput(seen), NOWHERE, abort.signal);
  abort.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('enough');
  expect(seen).toEqual(['silent', 'loud']);
});

test('nobody is asked after an interruption', async () => {
  const seen: string[] = [];
  const answer = askHidden('Token: ', createInput(seen), NOWHERE, AbortSignal.abort(new Error('enough')));
  await expect(answer).rejects.toThrow('enough');
  expect(seen).toEqual([]);
});

test('an interruption ends the wait for the end of standard input', async () => {
  const input = new PassThrough();
  const abort = new AbortController();
  const text = readAll(input, abort.signal);
  input.write('half a tok');
  abort.abort(new Error('enough'));
  await expect(text).rejects.toThrow('enough');
});

test('standard input comes whole', async () => {
  const input = new PassThrough();
  const text = readAll(input, signal);
  const bytes = Buffer.from('tök\n');
  input.write(bytes.subarray(0, 2));
  input.end(bytes.subarray(2));
  await expect(text).resolves.toBe('tök\n');
});
