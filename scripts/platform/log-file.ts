import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { encodingOf, SAMPLE_BYTES } from '../core/encoding.ts';
import { AppError } from '../core/errors.ts';
import type { LogLine } from '../core/result.ts';
import { codeOf, toFileError } from './file-system.ts';
import { LineSplitter } from './line-splitter.ts';

/**
 * The lines of a saved log, read piece by piece, however large it is: in UTF-8, or in the UTF-16 that PowerShell's `>` writes.
 *
 * @throws AppError `bad-value` where there is no such file, `file-not-regular`, `file-io`
 */
export async function* readLogFile(path: string, signal: AbortSignal): AsyncGenerator<LogLine> {
  try {
    yield* readLog(openLog(path), signal);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') {
      throw new AppError('bad-value', `There is no file ${path} (--log-file).`, {
        hint: { text: 'Save the log with:', command: 'docker compose logs --no-color bff > bff.log' },
      });
    }
    if (codeOf(thrown) === 'EISDIR') {
      throw new AppError('file-not-regular', `${path} is a folder, not a file.`, {
        hint: 'Name the saved log itself.',
      });
    }
    throw toFileError(thrown, path, 'read');
  }
}

/**
 * A pipe, as the shell's `<(…)` makes one, is read like a socket. Read like a file it would hold a thread, without which the
 * process could not end.
 */
function openLog(path: string): Readable {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  return fstatSync(fd).isFIFO() ? new Socket({ fd, readable: true, writable: false }) : createReadStream(path, { fd });
}

/** The same for a stream, such as standard input, to its end. */
export async function* readLog(input: Readable, signal: AbortSignal): AsyncGenerator<LogLine> {
  let decoder: TextDecoder | null = null;
  let start = Buffer.alloc(0);
  const splitter = new LineSplitter();
  try {
    for await (const chunk of addAbortSignal(signal, input) as AsyncIterable<Buffer>) {
      let bytes = chunk;
      if (decoder === null) {
        start = Buffer.concat([start, chunk]);
        if (start.length < SAMPLE_BYTES) continue;
        decoder = new TextDecoder(encodingOf(start));
        bytes = start;
      }
      for (const text of splitter.take(decoder.decode(bytes, { stream: true }))) yield toLine(text);
    }
  } catch (error) {
    // Node throws its own AbortError; callers want the reason of the abort.
    signal.throwIfAborted();
    throw error;
  }
  decoder ??= new TextDecoder(encodingOf(start));
  const last = decoder.decode(start.length < SAMPLE_BYTES ? start : new Uint8Array());
  for (const text of [...splitter.take(last), ...splitter.end()]) yield toLine(text);
}

function toLine(text: string): LogLine {
  return { at: null, stream: 'stdout', text };
}
