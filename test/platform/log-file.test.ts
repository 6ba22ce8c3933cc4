import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readLog, readLogFile } from '../../scripts/platform/log-file.ts';
import { createHome } from '../support/stand-in.ts';

const NEVER = new AbortController().signal;
const TEXT = 'ERROR – the first line is long enough to tell how it is written: ünïcödé\r\n\nlast, without an end';
const LINES = TEXT.split('\n');

async function read(bytes: Buffer, size: number): Promise<string[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
  const lines: string[] = [];
  for await (const { text } of readLog(Readable.from(chunks), NEVER)) lines.push(text);
  return lines;
}

const littleEndian = (text: string) => Buffer.from(text, 'utf16le');
const bigEndian = (text: string) => littleEndian(text).swap16();

test.for([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`)],
  ["UTF-16, as PowerShell's > writes it", littleEndian(`\ufeff${TEXT}`)],
  ['UTF-16 without a mark', littleEndian(TEXT)],
  ['UTF-16, the other way round', bigEndian(`\ufeff${TEXT}`)],
  ['UTF-16, the other way round, without a mark', bigEndian(TEXT)],
] as const)('%s, in pieces of any size', async ([, bytes]) => {
  for (const size of [1, 3, 1_000]) expect(await read(bytes, size)).toEqual(LINES);
});

test('a text shorter than what tells how it is written', async () => {
  expect(await read(littleEndian('\ufeffIAT\n'), 2)).toEqual(['IAT']);
  expect(await read(Buffer.alloc(0), 1)).toEqual([]);
});

test('a line without an end is cut', async () => {
  const lines = await read(Buffer.alloc(5_000_000, 'x'), 100_000);
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.join('')).toHaveLength(5_000_000);
});

describe('a file', () => {
  const drain = async (path: string) => {
    for await (const _ of readLogFile(path, NEVER));
  };

  test('that is not there, or a folder', async () => {
    const home = await createHome();
    await expect(drain(join(home, 'none.log'))).rejects.toMatchObject({ code: 'bad-value' });
    await expect(drain(home)).rejects.toMatchObject({ code: 'file-not-regular' });
  });

  test('whose reader is interrupted', async () => {
    const path = join(await createHome(), 'bff.log');
    await writeFile(path, 'a line\n'.repeat(200_000));
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const work = async () => {
      for await (const _ of readLogFile(path, controller.signal)) controller.abort(reason);
    };
    await expect(work()).rejects.toBe(reason);
  });
});
