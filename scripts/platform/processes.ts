import { type ChildProcess, execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { execa } from 'execa';
import { type Command, type CommandResult, PRIVATE_FILE, type Processes, type RunOptions } from '../core/ports.ts';
import { LineSplitter } from './line-splitter.ts';
import { openPrivateText } from './private-text.ts';
import { findProgram, treeKill } from './windows-programs.ts';
import { type Variables, withVariables } from './windows-variables.ts';

/** Memory held of one child's output; compose prints kilobytes, and more than this is no answer. */
const MAX_BUFFER_BYTES = 64 * 1024 * 1024;

/** Lines held before the child has to wait. */
const MAX_QUEUED_LINES = 5_000;

/** How a system starts and ends programs. */
export interface System {
  /** What is started; null: there is no such program. */
  locate(command: Command): string | null;
  /** A child's environment. */
  merge(env: Variables, added: Variables): Variables;
  /** Ends a process and what it has started; null: the system's own way of ending it does. */
  readonly endTree: ((pid: number) => Promise<void>) | null;
}

/** execa would not tell a missing program on Windows, where it starts anything but .exe through cmd.exe. */
function systemOf(platform: NodeJS.Platform, env: Variables): System {
  if (platform !== 'win32')
    return { locate: ({ file }) => file, merge: (...all) => Object.assign({}, ...all), endTree: null };
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return {
    locate: ({ file, cwd = process.cwd() }) => findProgram(file, cwd, env, isFile),
    merge: withVariables,
    endTree: (pid) => {
      const [file, args] = treeKill(pid, env);
      return new Promise((resolve) => {
        execFile(file, args, { windowsHide: true }, () => resolve());
      });
    },
  };
}

/**
 * Other programs, through execa.
 *
 * @param env the environment that children get: the user's, without this tool's own secrets
 */
export function createProcesses(env: Variables, system: System = systemOf(process.platform, env)): Processes {
  const optionsOf = (command: Command, options: RunOptions, stdin: number | null = null) =>
    ({
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: system.merge(env, options.env ?? {}),
      extendEnv: false,
      reject: false,
      // Execa hands any descriptor on; its types name 0 only.
      stdin: (stdin ?? 'ignore') as 'ignore',
      cancelSignal: options.signal,
      forceKillAfterDelay: 5_000,
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      maxBuffer: MAX_BUFFER_BYTES,
      // In its own process group Ctrl-C of the terminal does not reach it. On Windows `windowsHide` gives each child a console of
      // its own to the same end (CREATE_NO_WINDOW in libuv, src/win/process.c).
      detached: options.ownGroup === true && process.platform !== 'win32',
      windowsHide: true,
      stripFinalNewline: false,
    }) as const;

  return {
    async run(command, options) {
      options.signal.throwIfAborted();
      const file = system.locate(command);
      if (file === null) return { exitCode: null, stdout: '', stderr: '', startError: 'ENOENT', timedOut: false };
      const stop = later(options.signal, options.finishMs ?? 0);
      const { privateText } = options;
      const input = privateText === undefined ? null : await openPrivateText(privateText, process.platform);
      const args = command.args.map((arg) => (arg === PRIVATE_FILE && input !== null ? input.path : arg));
      const child = execa(
        file,
        args,
        optionsOf(command, { ...options, signal: stop.signal }, input?.stdin ?? options.stdin ?? null),
      );
      endWholly(child, system);
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
      const file = system.locate(command);
      if (file === null) return;
      const child = execa(file, [...command.args], { ...optionsOf(command, options), buffer: false });
      endWholly(child, system);
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
  kill(...args: readonly never[]): boolean;
}

/**
 * A program of its own that it has started, as kubectl starts one to log in, may live on and hold the pipes open: they are not
 * waited for. Where the system can end it as well, that comes first, because afterwards nothing tells whose it was.
 */
function endWholly(child: RunningChild & Pick<ChildProcess, 'once' | 'pid'>, { endTree }: System): void {
  const kill = child.kill.bind(child);
  let isKilled = false;
  child.kill = (...args) => {
    isKilled = true;
    const { pid } = child;
    if (endTree === null || pid === undefined) return kill(...args);
    void endTree(pid).then(() => kill(...args));
    return true;
  };
  child.once('exit', () => {
    if (!isKilled) return;
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
