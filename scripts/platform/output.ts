import type { Writable } from 'node:stream';
import type { Ora } from 'ora';
import type { Output, Spinner } from '../core/ports.ts';

/**
 * Wraps stdout or stderr. `NO_COLOR` (not empty) switches colour off, `FORCE_COLOR` on; `CI` and `TERM=dumb` make a
 * terminal a plain one: no colour, no moving line.
 */
export function createOutput(
  stream: Writable & { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Output {
  // A closed pipe (| head) must not end the run: the reports are still to be written.
  stream.on('error', () => {});
  const isTerminal = stream.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  const isForced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  return {
    write(text) {
      if (stream.writable) stream.write(text);
    },
    get columns() {
      // A terminal whose size was never set reports 0.
      return stream.columns || 80;
    },
    isTerminal,
    hasColor: env['NO_COLOR'] ? false : isForced || (isTerminal && env['FORCE_COLOR'] !== '0'),
    hasUnicode: platform !== 'win32' || Boolean(env['WT_SESSION'] ?? env['TERM_PROGRAM'] ?? env['ConEmuTask']),
    spin: (text) => startSpinner(stream as NodeJS.WriteStream, text),
  };
}

/**
 * Calls `onText` with everything that is written to the stream from now on, by libraries too.
 *
 * @returns writes past the tap
 */
export function tapWrites(stream: Writable, onText: (text: string) => void): (text: string) => void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    onText(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return write(chunk, ...rest);
  }) as typeof stream.write;
  return (text) => {
    if (stream.writable) write(text);
  };
}

function startSpinner(stream: NodeJS.WriteStream, first: string): Spinner {
  let text = first;
  let spinner: Ora | null = null;
  let isStopped = false;
  void import('ora').then(({ default: ora }) => {
    if (!isStopped) spinner = ora({ text, stream, color: 'cyan', isEnabled: true, discardStdin: false }).start();
  });
  return {
    update(next) {
      text = next;
      if (spinner !== null) spinner.text = next;
    },
    stop() {
      isStopped = true;
      spinner?.stop();
    },
  };
}
