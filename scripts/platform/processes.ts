import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { execa } from 'execa';
import { type Command, type CommandResult, PRIVATE_FILE, type Processes, type RunOptions } from '../core/ports.ts';
import { LineSplitter } from './line-splitter.ts';
import { openPrivateText } from './private-text.ts';

/** Memory held of one child's output; compose prints kilobytes, and more than this is no answer. */
const MAX_BUFFER_BYTES = 64 * 1024 * 1024;

/** Lines held before the child has to wait. */
const MAX_QUEUED_LINES = 5_000;

/**
 * Other programs, through execa.
 *
 * @param env the environment that children get: the user's, without this tool's own secrets
 */
export function createProcesses(env: Readonly<Record<string, string | undefined>>): Processes {
  const optionsOf = (command: Command, options: RunOptions, stdin: number | null = null) =>
    ({
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: { ...env, ...options.env },
      extendEnv: false,
      reject: false,
      // Execa hands any descriptor on; its types name 0 only.
      stdin: (stdin ?? 'ignore') as 'ignore',
      cancelSignal: options.signal,
      forceKillAfterDelay: 5_000,
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      maxBuffer: MAX_BUFFER_BYTES,
      // In its own process group Ctrl-C of the terminal does not reach it. Windows has no groups, and would open a window.
      detached: options.ownGroup === true && process.platform !== 'win32',
      windowsHide: true,
      stripFinalNewline: false,
    }) as const;

  return {
    async run(command, options) {
      options.signal.throwIfAborted();
      const stop = later(options.signal, options.finishMs ?? 0);
      const { privateText } = options;
      const input = privateText === undefined ? null : await openPrivateText(privateText, process.platform);
      const args = command.args.map((arg) => (arg === PRIVATE_FILE && input !== null ? input.path : arg));
      const child = execa(
        command.file,
        args,
        optionsOf(command, { ...options, signal: stop.signal }, input?.stdin ?? options.stdin ?? null),
      );
      closeWhenKilled(child);
      const result = await child.finally(() => input?.remove());
      stop.clear();
      options.signal.throwIfAborted();
      return {
        exitCode: result.exitCode ?? null,
        stdout: result.stdout ?? '',
        stderr: result.stderr ?? '',
        startError: startErrorOf(result),
        timedOut: result.timedOut,
      } satisfies CommandResult;
    },

    async *lines(command, options) {
      options.signal.throwIfAborted();
      const child = execa(command.file, [...command.args], { ...optionsOf(command, options), buffer: false });
      closeWhenKilled(child);
      yield* readLines(child, options.signal);
    },
  };
}

/** A signal that aborts `ms` after the given one; `clear` when it is not needed any more. */
function later(signal: AbortSignal, ms: number): { readonly signal: AbortSignal; clear(): void } {
  if (ms === 0) return { signal, clear() {} };
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => controller.abort(signal.reason), ms);
  };
  signal.addEventListener('abort', start, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', start);
    },
  };
}

/** execa reports a program that never started as a failure with Node's code and without an exit code. */
function startErrorOf(result: {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}) {
  if (result.exitCode !== undefined || result.signal !== undefined) return null;
  return typeof result.code === 'string' ? result.code : null;
}

interface RunningChild extends PromiseLike<unknown> {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  kill(): boolean;
}

/** A program of its own that it has started, as kubectl starts one to log in, may live on and hold the pipes open. */
function closeWhenKilled(child: Pick<RunningChild, 'stdout' | 'stderr'> & Pick<ChildProcess, 'killed' | 'once'>): void {
  child.once('exit', () => {
    if (!child.killed) return;
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
}

type OutputLine = { readonly stream: 'stdout' | 'stderr'; readonly text: string };

/** Both pipes as one sequence of lines in the order in which they arrive; a reader that lags makes the child wait. */
async function* readLines(child: RunningChild, signal: AbortSignal): AsyncGenerator<OutputLine> {
  let queue: OutputLine[] = [];
  let wake = () => {};
  let ended = false;
  const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null);

  for (const [name, pipe] of [
    ['stdout', child.stdout],
    ['stderr', child.stderr],
  ] as const) {
    if (pipe === null) continue;
    const decoder = new StringDecoder('utf8');
    const splitter = new LineSplitter();
    const add = (lines: readonly string[]) => {
      for (const text of lines) queue.push({ stream: name, text });
      if (queue.length > MAX_QUEUED_LINES) for (const each of pipes) each.pause();
      wake();
    };
    pipe.on('data', (chunk: Buffer) => add(splitter.take(decoder.write(chunk))));
    pipe.on('end', () => add([...splitter.take(decoder.end()), ...splitter.end()]));
  }
  const end = () => {
    ended = true;
    wake();
  };
  void child.then(end, end);
  const stop = () => wake();
  signal.addEventListener('abort', stop, { once: true });

  try {
    while (!signal.aborted) {
      const batch = queue;
      queue = [];
      yield* batch;
      for (const pipe of pipes) pipe.resume();
      if (queue.length > 0) continue;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    // The reader may leave early; the child must not stay behind.
    signal.removeEventListener('abort', stop);
    for (const pipe of pipes) pipe.resume();
    if (!ended) child.kill();
  }
}
