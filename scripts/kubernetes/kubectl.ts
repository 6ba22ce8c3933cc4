import type { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { Command, CommandResult, Processes } from '../core/ports.ts';
import { parseProgram, renderCommand } from '../core/shell.ts';
import { kubectlFailure, reasonOf } from './failures.ts';

/** How long one answer may take, with the login that a credential plug-in makes first. */
const ANSWER_SECONDS = 15;
const CALL_TIMEOUT_MS = (ANSWER_SECONDS + 5) * 1_000;

/** What came of one call. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  /** @property reason of the API server, such as `NotFound`, `Forbidden`, `Conflict`, `Invalid`; null: it is not from there */
  | { readonly ok: false; readonly reason: string | null; readonly error: AppError };

export interface CallOptions {
  /** The content of the file for which `PRIVATE_FILE` stands among the arguments. Secrets go no other way. */
  readonly privateText?: string;
  readonly timeoutMs?: number;
  /** Shields a call that changes something from Ctrl-C in the terminal, so that it is known what it did. */
  readonly ownGroup?: boolean;
}

/**
 * The user's own kubectl, pinned to one context and one namespace: another terminal may change the current context at any time
 * (kubernetes/kubectl#873). Its standard input is closed, each call has a time limit, and what it prints on stderr is never
 * shown. Every method ends with the signal's reason when that aborts.
 *
 * Callers give every flag that matters (`-o`, `--dry-run`, `--type`): a kuberc may have other defaults.
 */
export interface Kubectl {
  /** The program, as in `oc` or `k3s kubectl`. */
  readonly program: string;
  /** A call as a person types it, whole. */
  typed(args: readonly string[]): string;
  /** The call as it is made. `-o json` is added, and what it prints is read. */
  ask<T>(args: readonly string[], signal: AbortSignal, options?: CallOptions): Promise<Answer<T>>;
  /** As `ask`. @throws AppError what kept it from an answer */
  json<T>(args: readonly string[], signal: AbortSignal, options?: CallOptions): Promise<T>;
  /** The call without `-o json`, for what is no object. */
  run(args: readonly string[], signal: AbortSignal, options?: CallOptions): Promise<CommandResult>;
  /** What a failed `run` means. */
  failure(result: CommandResult, args: readonly string[]): AppError;
  /** Its output line by line until it ends or the signal aborts; without a time limit. */
  lines(args: readonly string[], signal: AbortSignal): ReturnType<Processes['lines']>;
  /** The events that a watch prints as JSON one after another, `-o json` added; without a time limit. */
  documents<T>(args: readonly string[], signal: AbortSignal): AsyncIterable<T>;
}

/**
 * @param program with its first arguments: `kubectl`, `k3s kubectl`, `"C:\Program Files\kubectl.exe"`
 * @param pins flags of every call: `--context`, `--namespace`
 */
export function createKubectl(
  processes: Processes,
  program: string,
  pins: readonly string[],
  platform: NodeJS.Platform,
): Kubectl {
  const { file, args: first } = parseProgram(program);
  const commandOf = (args: readonly string[]): Command => ({ file, args: [...first, ...withFlags(args, pins)] });
  const typed = (args: readonly string[]) => renderCommand(commandOf(args), platform);
  const run = (args: readonly string[], signal: AbortSignal, options: CallOptions = {}) =>
    processes.run(commandOf(withFlags(args, [`--request-timeout=${ANSWER_SECONDS}s`])), {
      signal,
      timeoutMs: options.timeoutMs ?? CALL_TIMEOUT_MS,
      env: OWN_ENVIRONMENT,
      ...(options.privateText === undefined ? {} : { privateText: options.privateText }),
      ownGroup: options.ownGroup ?? false,
    });
  const failure = (result: CommandResult, args: readonly string[]) => kubectlFailure(result, typed(args), program);
  const lines = (args: readonly string[], signal: AbortSignal) =>
    processes.lines(commandOf(args), { signal, env: OWN_ENVIRONMENT });

  const ask = async <T>(args: readonly string[], signal: AbortSignal, options?: CallOptions): Promise<Answer<T>> => {
    const result = await run([...args, '-o', 'json'], signal, options);
    // Output that was cut off is none.
    const value = result.exitCode === 0 ? jsonOrNull(result.stdout) : null;
    if (isRecord(value)) return { ok: true, value: value as T };
    return { ok: false, reason: reasonOf(result), error: failure(result, args) };
  };

  return {
    program,
    typed,
    ask,
    async json<T>(args: readonly string[], signal: AbortSignal, options?: CallOptions) {
      const answer = await ask<T>(args, signal, options);
      if (!answer.ok) throw answer.error;
      return answer.value;
    },
    run,
    failure,
    lines,
    async *documents<T>(args: readonly string[], signal: AbortSignal) {
      let document: string[] = [];
      for await (const { stream, text } of lines([...args, '-o', 'json'], signal)) {
        if (stream === 'stderr') continue;
        document.push(text);
        // An event of a watch is one line; an object is indented, so that only its last line is a single brace.
        if (text !== '}' && !(document.length === 1 && /^\{.*\}$/.test(text))) continue;
        const value = jsonOrNull(document.join('\n'));
        document = [];
        // Of what is no event nothing is taken.
        if (isRecord(value) && isRecord(value['object'])) yield value as T;
      }
    },
  };
}

/** The call with further flags, in front of the command that it gives to a container. */
function withFlags(args: readonly string[], flags: readonly string[]): string[] {
  const end = args.indexOf('--');
  return end < 0 ? [...args, ...flags] : [...args.slice(0, end), ...flags, ...args.slice(end)];
}

/** A diff program of the user's would get Secrets to read. What this tool is told is nothing to kubectl. */
const OWN_ENVIRONMENT = {
  KUBECTL_EXTERNAL_DIFF: undefined,
  IAT_ADMIN_TOKEN: undefined,
} as const;

/** The objects of a list; one that an API server has no items for comes with `null`. */
export function itemsOf<T>(list: { readonly items?: readonly T[] | null }): T[] {
  return Array.isArray(list.items) ? list.items.filter((item: unknown): item is T => isRecord(item)) : [];
}
