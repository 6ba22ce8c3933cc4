import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Ora } from 'ora';
import type { Look, Output, Paragraph, Spinner } from '../core/ports.ts';
import { toPlain } from '../core/visible.ts';
import { wrap } from '../core/wrap.ts';

/**
 * Wraps stdout or stderr: the one gate through which texts get there, cleaned first, then broken into lines, then coloured.
 * `NO_COLOR` (not empty) switches colour off, `FORCE_COLOR` on; `CI` and `TERM=dumb` make a
 * terminal a plain one: no colour, no moving line. `IAT_PLAIN_SIGNS`: no signs beyond ASCII.
 */
export function createOutput(
  stream: Writable & { readonly isTTY?: boolean; readonly columns?: number | undefined },
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Output {
  // A closed pipe (| head) must not end the run: the reports are still to be written.
  stream.on('error', () => {});
  const isTerminal = stream.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  const isForced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const hasColor = env['NO_COLOR'] ? false : isForced || (isTerminal && env['FORCE_COLOR'] !== '0');
  // A terminal whose size was never set reports 0.
  const columnsNow = () => stream.columns || 80;
  const write = (text: string) => {
    if (stream.writable) stream.write(text);
  };
  return {
    print(...paragraphs) {
      const lines = paragraphs.flatMap((each) => layOut(each, columnsNow(), hasColor));
      write(lines.map((line) => `${line}\n`).join(''));
    },
    ask: (question) => write(toPlain(question)),
    get columns() {
      return columnsNow();
    },
    isTerminal,
    hasUnicode: !env['IAT_PLAIN_SIGNS'] && env['TERM'] !== 'dumb' && hasSigns(env, platform, stream.isTTY === true),
    spin(text) {
      // The sign in front takes two.
      const narrow = (each: string) => toPlain(each).slice(0, Math.max(0, columnsNow() - 3));
      const spinner = startSpinner(withColumns(stream as NodeJS.WriteStream), narrow(text));
      return { ...spinner, update: (next) => spinner.update(narrow(next)) };
    },
  };
}

/** What says that it is the terminal of a program which knows more signs than the window of Windows itself. */
const TERMINALS = ['WT_SESSION', 'TERM_PROGRAM', 'ConEmuTask', 'TERMINAL_EMULATOR'];

/**
 * Whether ✔ and its like come out right. On Windows PowerShell and cmd read what goes through a pipe or into a file in the code
 * page of the console (437, 850, 1252), whatever the terminal can show; Git Bash, whose terminal is a pipe to Node, does not.
 * The console of Linux has a font of 512 signs.
 */
function hasSigns(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  isTTY: boolean,
): boolean {
  if (platform !== 'win32') return env['TERM'] !== 'linux';
  return isTTY ? TERMINALS.some((name) => env[name]) : Boolean(env['MSYSTEM'] && env['TERM']);
}

/** Takes away what a terminal shows; what was scrolled out of sight stays. */
export function clearScreen(stream: Writable): void {
  if (stream.writable) stream.write('\x1b[2J\x1b[H');
}

function layOut(paragraph: string | Paragraph, columns: number, hasColor: boolean): string[] {
  const { text, look, indent } = typeof paragraph === 'string' ? { text: paragraph } : paragraph;
  const plain = toPlain(text);
  const lines = indent === undefined ? [plain] : wrap(plain, columns, indent);
  return hasColor && look !== undefined ? lines.map((line, index) => paint(line, look, index)) : lines;
}

function paint(line: string, look: Look, index: number): string {
  // Whether this stream has colour is decided already; Node would look at stdout.
  const style = (text: string) => styleText(STYLES[look], text, { validateStream: false });
  if (look !== 'done') return style(line);
  const sign = index > 0 ? '' : (/^ *\S/u.exec(line)?.[0] ?? '');
  return sign === '' ? line : style(sign) + line.slice(sign.length);
}

const STYLES: Readonly<Record<Look, Parameters<typeof styleText>[0]>> = {
  done: 'green',
  failure: ['red', 'bold'],
  bad: 'red',
  warning: 'yellow',
  dim: 'dim',
  title: 'bold',
};

/** The moving line divides by the width, and never ends where that is 0. */
function withColumns(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return new Proxy(stream, {
    get: (target, name) => (name === 'columns' ? target.columns || 80 : Reflect.get(target, name)),
  });
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
