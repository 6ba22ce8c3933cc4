import type { Exchange } from './exchange.ts';
import type { RunCounts } from './result.ts';
import type { Secret } from './secret.ts';

/** Time, so that waiting can be tested without waiting. */
export interface Clock {
  /** Milliseconds of a monotonic clock: for durations and deadlines. */
  now(): number;
  /** The wall clock: for timestamps only. */
  date(): Date;
  /** Resolves after `ms`, and after what came in by then was read; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A program and its arguments. Built as data, so that `--dry-run` prints the same thing that runs. It never holds a secret. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

/** Stands among a command's arguments for the file with `RunOptions.privateText`. */
export const PRIVATE_FILE = '‹file›';

/** What a child process did. Facts, so that no text has to be parsed to learn whether it ended by itself. */
export interface CommandResult {
  /** null: it did not start, or a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** ENOENT, EACCES …: it never started. */
  readonly startError: string | null;
  readonly timedOut: boolean;
}

export interface RunOptions {
  /** Aborting ends the child: SIGTERM, then SIGKILL after five seconds. */
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** How long an aborted child may go on by itself before SIGTERM, for one that must not be stopped halfway. Default 0. */
  readonly finishMs?: number;
  /**
   * Shields the child from Ctrl-C in the terminal: compose must not be hit in the middle of replacing a container. The signal
   * still ends it.
   */
  readonly ownGroup?: boolean;
  /** The descriptor of an open file that is the child's standard input. Default: it has none. */
  readonly stdin?: number;
  /**
   * A text that the child reads from a file, whose path takes the place of `PRIVATE_FILE` among the arguments. Only this user
   * can read it, it has no name where the system allows that, and it is gone when the child has ended.
   */
  readonly privateText?: string;
  /** Added to the child's environment, which is the user's without the tool's own secrets. `undefined` takes one out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The one seam to other programs. */
export interface Processes {
  run(command: Command, options: RunOptions): Promise<CommandResult>;
  /** The child's output line by line, as it comes; ends when the child ends or the signal aborts. Memory stays bounded. */
  lines(
    command: Command,
    options: RunOptions,
  ): AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly text: string }>;
}

/**
 * A Unix socket in a folder that only this user can enter, for a program of this machine that serves HTTP. Where nobody answers
 * there, its methods throw Node's own error.
 */
export interface LocalSocket {
  readonly path: string;
  /**
   * GETs a path. The body of a 200 comes line by line, and ends with the signal or the connection as well.
   *
   * @param path with its query
   */
  get(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly lines: AsyncIterable<string> | Iterable<string> }>;
  /**
   * Leads a port of this machine's loopback to a WebSocket: each connection to the port is one of its own.
   *
   * @param onLost called when one could not be opened any more; then the port is closed
   * @returns the status where it was refused at once
   */
  forward(path: string, framing: Framing, onLost: () => void, signal: AbortSignal): Promise<Forwarded | number>;
  /** Removes its folder. */
  remove(): Promise<void>;
}

/** How the bytes of a connection become messages of a WebSocket. */
export interface Framing {
  /** `Sec-WebSocket-Protocol` */
  readonly protocol: string;
  toMessage(bytes: Uint8Array): Uint8Array;
  /** For one connection, which it may remember things of: a message as bytes, none where it holds none. */
  toBytes(): (message: Uint8Array) => Uint8Array;
}

export interface Forwarded {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  close(): void;
}

/** The files that the requests of a collection may send. Paths are absolute. */
export interface LocalFiles {
  /** Relative paths start in the first of these that has such a file. */
  readonly workingDirs: readonly string[];
  /** Only what lies below these. */
  readonly folders: readonly string[];
  /** Never these, nor what lies below them. */
  readonly withheld: readonly string[];
}

/** A Postman variable. A Secret's value is known to the masker already. */
export interface PostmanVariable {
  readonly name: string;
  /** As its type in Postman has it: a text, a number, a boolean, null or an object. */
  readonly value: unknown | Secret;
  /** Its type in Postman: `number`, `boolean`, `any`; absent: `default`, which leaves the value as it is. */
  readonly type?: string;
}

/** What the exports of a run hold, by Newman's names: `--export-environment` and so on. */
export type ExportName = 'environment' | 'globals' | 'collection' | 'cookie-jar';

/** A client certificate and the hosts that it is for (Newman's `--ssl-client-cert-list`). Paths are absolute. */
export interface ClientCertificate {
  readonly name: string;
  /** Postman's patterns of URLs, as in `https://*.example.com/*`. */
  readonly matches: readonly string[];
  readonly cert: { readonly src: string };
  readonly key: { readonly src: string };
  readonly passphrase: Secret | null;
}

/** What `newman run` can be told beyond the collection. What is absent is as Newman has it. */
export interface NewmanOptions {
  /** `pm.environment.name`. */
  readonly environmentName?: string;
  readonly globals?: readonly PostmanVariable[];
  /** The variables of each iteration, one row after another; the last row goes on where there are more iterations. */
  readonly data?: readonly Readonly<Record<string, unknown>>[];
  /** Default: as many as there are rows of data, or 1. */
  readonly iterationCount?: number;
  /** Only these of the iterations run, from 0; `end` itself does not. Each knows which one of all it is. */
  readonly range?: { readonly first: number; readonly end: number };
  /** Between two requests, in milliseconds. */
  readonly delayMs?: number;
  /** For one script with all that it waits for, in milliseconds; 0: none. */
  readonly scriptTimeoutMs?: number;
  /** When the run ends early: at the first failure, or where a folder cannot be found or a script breaks (`--bail`). */
  readonly bail?: readonly ('failure' | 'folder')[];
  /** A redirect is the answer. Without `origins` redirects are followed, else never. */
  readonly ignoreRedirects?: boolean;
  readonly clientCertificates?: readonly ClientCertificate[];
  /** The file of a serialized cookie jar (tough-cookie's JSON). */
  readonly cookieJar?: string;
  /** What `CollectionOutcome.exports` has to hold. */
  readonly exports?: readonly ExportName[];
  /** Reporters of other makers, which get all of the run in plain text. */
  readonly reporters?: readonly { readonly name: string; readonly options: Readonly<Record<string, unknown>> }[];
}

/** Requests of a run with `origins` that log in for the last one. */
export interface Login {
  /**
   * The id of the request that they run before. It runs once and ends the run, and is not sent where the last turn of one of
   * them failed: no answer, a status of 400 or more, a failed check, a script that broke.
   */
  readonly before: string;
  /** The origins that each of them may connect to, by its id, instead of the run's. */
  readonly origins: Readonly<Record<string, readonly string[]>>;
  /** How often each of them may run (`setNextRequest`). */
  readonly turns: number;
}

/** Options of one run through Newman. */
export interface CollectionRun {
  /** The parsed collection, v2.1, as it is to run. */
  readonly collection: { readonly variable?: readonly { readonly key?: string; readonly value?: unknown }[] };
  /** Ids of the items to run, all of them folders or requests of `collection`; null: the whole collection. */
  readonly items: readonly string[] | null;
  /** How many requests that are. */
  readonly requests: number;
  /**
   * Whether `requests` and the request's limit bound the whole run in time, and each script may take a few seconds. Else only
   * the signal ends it.
   */
  readonly isBounded: boolean;
  /** Variables in the environment's scope. */
  readonly variables: readonly PostmanVariable[];
  readonly newman?: NewmanOptions;
  readonly tls: { readonly caFile: string | null; readonly insecure: boolean };
  /** One request's limit in milliseconds, from connecting to the last byte; 0: none. */
  readonly requestTimeoutMs: number;
  /**
   * The origins that the run may connect to, whatever its requests, scripts and redirects ask for; each request then runs
   * once, however often a script says `setNextRequest`. null: every host, and redirects are followed as Newman does.
   */
  readonly origins: readonly string[] | null;
  readonly login?: Login;
  /** What it may take from this machine; null: no file and no `.newmanrc`. */
  readonly local: LocalFiles | null;
  readonly signal: AbortSignal;
  /** Gets what has happened so far where `run` is about to reject because the signal or the guard ended the run. */
  readonly onCut?: (exchanges: readonly Exchange[]) => void;
  /** Gets each exchange when it has ended, in order. */
  readonly onExchange?: (exchange: Exchange) => void;
}

export interface CollectionOutcome {
  /** In the order they ran. */
  readonly exchanges: readonly Exchange[];
  /** Variables of any scope that a script set or changed, as they were after the run. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Whole text of the last answer, uncut: the token is read from here. null where none came, and in a run without
   * `origins`.
   */
  readonly lastBody: string | null;
  /** What Newman's summary counts; absent where the run was broken off. */
  readonly counts?: RunCounts;
  /** What `NewmanOptions.exports` asked for, as Newman exports it: with the values of secrets. */
  readonly exports?: Readonly<Partial<Record<ExportName, object>>>;
}

/** The team's collection, run by Newman. */
export interface Collections {
  /** "Newman 6.2.2": for people. */
  readonly engine: string;
  /**
   * Starts loading the engine, which is slow, while something else is being waited for.
   *
   * @param count how many runs will go on at the same time; default 1
   */
  preload(count?: number): void;
  /**
   * What breaks a run off (a script without end or without measure, a crash of the engine) is the error of the exchange that
   * ran then, the last one. A run with `origins` leaves nothing running.
   *
   * @throws AppError `host-refused` for a connection that `origins` does not allow, and nothing is sent then; `newman-failed`
   *   where nothing ran; the signal's reason
   */
  run(options: CollectionRun): Promise<CollectionOutcome>;
  /** Ends what still runs. */
  close(): void;
}

/** Files. One that is written holds the old bytes or the new ones, never a mix, whatever ends the run. */
export interface Files {
  /**
   * null: there is no such file.
   *
   * @throws AppError `file-not-regular`, `file-io`
   */
  read(path: string): Promise<Uint8Array | null>;
  /** Throws what `replace` would throw for reasons that can be known before; changes nothing. */
  verifyWritable(path: string): Promise<void>;
  /**
   * Replaces the file's bytes by a rename; mode and owner stay, symbolic links are followed. A file that does not exist is
   * created with mode 0600.
   *
   * @param before what the caller read; null: there was no file
   * @throws AppError `file-changed` when the file holds something else now; `file-busy` when another run writes it;
   *   `file-not-writable` also for what cannot be renamed over (a mount point, hard links); `file-not-regular`, `file-io`.
   *   Nothing is written then
   */
  replace(path: string, before: Uint8Array | null, after: Uint8Array): Promise<void>;
  /**
   * Waits for the turn of this run at a file, which one run has at a time until it releases it or its process ends.
   *
   * @param onWait told again and again who has it: "process 4711 on host"
   * @throws AppError `file-…` where none can be taken there; the signal's reason
   */
  takeTurn(path: string, onWait: (owner: string) => void, signal: AbortSignal): Promise<{ release(): Promise<void> }>;
  /** Whether git tracks the file; null where there is no git or no repository. */
  isTracked(path: string): Promise<boolean | null>;
}

/** How a paragraph looks where there is colour: `done` colours the sign in front only, and `failure` is bold. */
export type Look = 'done' | 'failure' | 'bad' | 'warning' | 'dim' | 'title';

/** A text of one paragraph, and how it is printed. */
export interface Paragraph {
  readonly text: string;
  readonly look?: Look;
  /** What each later line begins with where the paragraph is broken into lines; without it, it stays one line. */
  readonly indent?: string;
}

/**
 * A stream that a person or a program reads, and what it can show. Its callers give texts and looks, never control
 * characters, colours or line breaks: whatever a text holds of them, or of commands for a CI, comes out as visible signs.
 */
export interface Output {
  /** Each on lines of its own; '' is an empty line. */
  print(...paragraphs: (string | Paragraph)[]): void;
  /** A question on one line, which stays open for the answer. */
  ask(question: string): void;
  readonly columns: number;
  /** A person watches, and lines may be drawn again. */
  readonly isTerminal: boolean;
  readonly hasUnicode: boolean;
  /** A line that moves, for a terminal, cut to its width; loaded when it is first needed. */
  spin(text: string): Spinner;
}

export interface Spinner {
  update(text: string): void;
  /** Takes the line away. */
  stop(): void;
}

/** Ctrl-C and its like as one abort signal. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 128 + the signal's number; null when nothing interrupted. */
  exitCode(): number | null;
}
