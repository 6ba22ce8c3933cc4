import { createInterface } from 'node:readline';
import { addAbortSignal, type Readable, Writable } from 'node:stream';
import { decodeText } from '../core/encoding.ts';
import { AppError } from '../core/errors.ts';
import type { Output } from '../core/ports.ts';

/** Asks on the terminal without showing what is typed or pasted. Ctrl-C and the signal end the question. */
export async function askHidden(
  question: string,
  input: NodeJS.ReadableStream,
  output: Pick<Output, 'ask' | 'print'>,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Before the question: from here on the terminal echoes nothing, and a paste may come at once.
  const lines = createInterface({ input, output: silent, terminal: true, historySize: 0 });
  output.ask(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      lines.once('line', resolve);
      lines.once('SIGINT', () =>
        reject(new AppError('interrupted', 'Interrupted at the prompt. Nothing was changed.')),
      );
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
    output.print('');
  }
}

/** Asks on the terminal for yes or no; an empty answer is no. Ctrl-C and the signal end the question. */
export async function askYesNo(
  question: string,
  input: NodeJS.ReadableStream,
  output: Pick<Output, 'ask' | 'print'>,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await askLine(`${question} [y/N] `, input, output, signal);
  return /^\s*y(?:es)?\s*$/i.test(answer ?? '');
}

/** Asks on the terminal for a line; null: the terminal was closed (Ctrl-D). Ctrl-C and the signal end the question. */
export async function askLine(
  question: string,
  input: NodeJS.ReadableStream,
  output: Pick<Output, 'ask' | 'print'>,
  signal: AbortSignal,
): Promise<string | null> {
  signal.throwIfAborted();
  // The terminal itself shows what is typed, and makes a signal of Ctrl-C.
  const lines = createInterface({ input, terminal: false });
  output.ask(question);
  let stop = () => {};
  try {
    const answer = await new Promise<string | null>((resolve, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      lines.once('line', resolve);
      lines.once('close', () => resolve(null));
    });
    // Ctrl-D leaves the cursor behind the question.
    if (answer === null) output.print('');
    return answer;
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
  }
}

/** All of a stream as text, for `--admin-token-file -`. The signal ends the wait for its end. */
export async function readAll(input: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of addAbortSignal(signal, input as Readable)) chunks.push(Buffer.from(chunk as Uint8Array));
  } catch (error) {
    // Node throws its own AbortError; callers want the reason of the abort.
    signal.throwIfAborted();
    throw error;
  }
  return decodeText(Buffer.concat(chunks));
}
