import { EventEmitter, once } from 'node:events';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from '../../core/result.ts';

/** Characters. A longer line is cut into several. */
const MAX_LINE_LENGTH = 1024 * 1024;

const READ_BYTES = 64 * 1024;

/**
 * A container's log: a file, so that a flood of lines needs no memory, and every reader can start at the first line. A line is
 * stored as `o` or `e` for its stream, the time, and the text.
 */
export class ContainerLog {
  readonly #path: string;
  readonly #file: Promise<FileHandle>;
  #size = 0;
  #isOver = false;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(path: string) {
    this.#path = path;
    this.#file = open(path, 'wx', 0o600);
    this.#file.catch(() => {});
  }

  /** Stores everything that a pipe gives, line by line. Where the disk is slower, the process has to wait. */
  async collect(stream: LogLine['stream'], pipe: Readable): Promise<void> {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of pipe as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_LENGTH) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) await this.#append(stream, lines);
    }
    rest += decoder.end();
    if (rest !== '') await this.#append(stream, [rest]);
  }

  /** Every line so far; with `follow` also those to come, until the signal aborts or the log is over. */
  async *read(follow: boolean, signal: AbortSignal): AsyncGenerator<LogLine> {
    const file = await open(this.#path, 'r');
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      const decoder = new StringDecoder('utf8');
      let position = 0;
      let rest = '';
      while (!signal.aborted) {
        if (position === this.#size) {
          if (!follow || this.#isOver) return;
          await once(this.#changes, 'change', { signal }).catch(() => {});
          continue;
        }
        const length = Math.min(READ_BYTES, this.#size - position);
        const { bytesRead } = await file.read(buffer, 0, length, position);
        position += bytesRead;
        const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (signal.aborted) return;
          yield parseStored(line);
        }
      }
    } finally {
      await file.close();
    }
  }

  /** No more lines will come: readers that follow end when they have read everything. */
  set isOver(isOver: boolean) {
    this.#isOver = isOver;
    this.#changes.emit('change');
  }

  async remove(): Promise<void> {
    this.isOver = true;
    await this.#writing;
    await this.#file.then((file) => file.close()).catch(() => {});
    await rm(this.#path, { force: true });
  }

  #append(stream: LogLine['stream'], lines: readonly string[]): Promise<void> {
    const head = `${stream === 'stdout' ? 'o' : 'e'} ${new Date().toISOString()} `;
    const bytes = Buffer.from(lines.map((line) => `${head}${line}\n`).join(''));
    // Both pipes write into one file, in turn.
    const written = this.#writing.then(async () => {
      const file = await this.#file;
      await file.appendFile(bytes);
      this.#size += bytes.length;
      this.#changes.emit('change');
    });
    this.#writing = written.catch(() => {});
    return written;
  }
}

function parseStored(line: string): LogLine {
  const [stream, at = ''] = line.split(' ', 2);
  return {
    at: new Date(at),
    stream: stream === 'e' ? 'stderr' : 'stdout',
    text: line.slice(at.length + 3).replace(/\r$/, ''),
  };
}
