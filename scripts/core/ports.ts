import type { Exchange } from './exchange.ts';
import type { Network } from './reach.ts';
import type { LogLine } from './result.ts';
import type { Secret } from './secret.ts';

/** Time, so that waiting can be tested without waiting. */
export interface Clock {
  /** Milliseconds of a monotonic clock: for durations and deadlines. */
  now(): number;
  /** The wall clock: for timestamps only. */
  date(): Date;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A program and its arguments. Built as data, so that `--dry-run` prints the same thing that runs. No secret ever stands here. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

/** What a child process did. Facts, so that nobody parses text to learn whether it ended by itself. */
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
  /** Aborting ends the child: SIGTERM, then SIGKILL after `graceMs`. */
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** How long an aborted child may go on by itself before SIGTERM, for one that must not be stopped halfway. Default 0. */
  readonly finishMs?: number;
  /** How long the child may take to end after SIGTERM. Default 5,000. */
  readonly graceMs?: number;
  /**
   * Shields the child from Ctrl-C in the terminal: compose must not be hit in the middle of replacing a container
   * (notes: compose.md rule 27). The signal ends it all the same.
   */
  readonly ownGroup?: boolean;
  /** Added to the child's environment, which is the user's without the tool's own secrets. */
  readonly env?: Readonly<Record<string, string>>;
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

/** Options of one run through Newman. */
export interface CollectionRun {
  /** The parsed collection, v2.1, as it is to run. */
  readonly collection: { readonly variable?: readonly { readonly key?: string; readonly value?: unknown }[] };
  /** Ids of the items to run, all of them folders or requests of `collection`. */
  readonly items: readonly string[];
  /** How many requests that are; together with the request's limit it bounds the whole run. */
  readonly requests: number;
  /** Variables in the environment's scope. A Secret's value is known to the masker already. */
  readonly variables: readonly { readonly name: string; readonly value: string | Secret }[];
  readonly tls: { readonly caFile: string | null; readonly insecure: boolean };
  /** One request's limit in milliseconds, from connecting to the last byte. */
  readonly requestTimeoutMs: number;
  /**
   * A secret that only one origin may get, whatever the scripts send where; each request then runs once, however often a
   * script says `setNextRequest`. null: a run like any other.
   */
  readonly guarded: { readonly secret: Secret; readonly origin: string } | null;
  /** The engine gets ready at once, which takes it a tenth of a second, and sends nothing before this resolves; null: at once. */
  readonly ready: Promise<void> | null;
  readonly signal: AbortSignal;
}

export interface CollectionOutcome {
  /** In the order they ran. */
  readonly exchanges: readonly Exchange[];
  /** Variables after the run that a script set or changed, environment scope before collection scope. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whole text of the last answer, uncut: the token is read from here. null where none came. */
  readonly lastBody: string | null;
}

/** The team's collection, run by Newman. */
export interface Collections {
  /** "Newman 6.2.2": for people. */
  readonly engine: string;
  /** Starts loading the engine, which is slow, while something else is being waited for. */
  preload(): void;
  /** Throws `secret-astray` where `guarded` forbids a request, which is not sent then. */
  run(options: CollectionRun): Promise<CollectionOutcome>;
}

/** A container of the service, as the daemon tells it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Environment as the process got it. Holds secrets: compared in memory, never shown. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly logDriver: string;
  /** `container:<id>` for one that lives in the network of another one, `host`, or the name of a network. */
  readonly networkMode: string;
  /** Absolute paths in the container whose contents outlive it: volumes and bind mounts. */
  readonly mounts: readonly string[];
  /** RFC 3339 with nanoseconds, UTC: sorts as text. */
  readonly createdAt: string;
  readonly state: ContainerState;
}

export interface ContainerState {
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** As the daemon says it, with its nanoseconds; compared as text. */
  readonly startedAt: string;
  /** The daemon's own words when it could not start the container, '' otherwise. */
  readonly error: string;
  readonly health: { readonly status: 'starting' | 'healthy' | 'unhealthy'; readonly lastOutput: string } | null;
}

/** Services by name, with what the steps need of them. */
export type Project = Readonly<Record<string, ResolvedService>>;

export interface ResolvedService {
  /** Name to value; null: passed through from the shell, and unset there. */
  readonly environment: Readonly<Record<string, string | null>>;
}

/**
 * What runs the services: Docker with one of its composes, or the sandbox's processes. Bound to one project (files, name,
 * program) when it is made.
 */
export interface Stack extends Network {
  /** "docker compose 2.26.1 (Engine 20.10.24)": for people. */
  readonly title: string;
  /** The project as one line: program, project name, files. */
  readonly invocation: string;
  /** Absolute paths of the compose files, in order. */
  readonly files: readonly string[];
  /** Absolute path of the `.env` file that compose reads for this project, whether it exists or not. */
  readonly dotenv: string;
  /** The services share this machine's loopback, so that 127.0.0.1 is the same there and here. */
  readonly isLocal: boolean;
  /** The newest container of the service as it was when the stack was looked for; null: none was seen. */
  readonly seen: Container | null;
  /** What `--dry-run` prints. */
  commands(service: string): { readonly check: Command; readonly restart: Command; readonly follow: Command };
  /**
   * Every service as compose resolves it. In memory only: it holds every value.
   *
   * @param exported variables that count as exported in the shell, for a try
   */
  resolve(signal: AbortSignal, exported?: Readonly<Record<string, string>>): Promise<Project>;
  /**
   * Names of other containers that `up` of the service would make anew, because what they depend on diverged; empty where
   * compose cannot tell beforehand (v1).
   */
  foresee(service: string, signal: AbortSignal): Promise<readonly string[]>;
  /** The newest container, and who lives in the network of the service's containers, whatever profile they have. */
  beforeUp(service: string, signal: AbortSignal): Promise<Before>;
  /** Makes sidecars anew: with the old container they lost their network, and cannot even restart (compose.md rule 28). */
  repair(services: readonly string[], signal: AbortSignal): Promise<void>;
  /** The newest container of the service, running or not; null: none. */
  container(service: string, signal: AbortSignal): Promise<Container | null>;
  /** `up -d` of that one service. */
  up(service: string, signal: AbortSignal): Promise<void>;
  inspect(id: string, signal: AbortSignal): Promise<Container | null>;
  /**
   * The container's log from its first line on, followed until the signal aborts or the container is gone; attaches again
   * after each restart, without gaps or repeats. With `tail`, only about so many of the last lines.
   */
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
}

/** What is there before the service is started anew. Sidecars: services that have `network_mode: service:…`. */
export interface Before {
  readonly container: Container | null;
  readonly sidecars: readonly string[];
}

export interface LogOptions {
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Only about so many of the last lines. */
  readonly tail?: number;
  /** Called where the container's logging driver keeps nothing that can be read; then no line comes. */
  readonly onUnreadable?: () => void;
}

/** Files, with the promises of the design: old bytes or new bytes, never a mix. */
export interface Files {
  /** null: there is no such file. Throws `file-not-regular`, `file-io`. */
  read(path: string): Promise<Uint8Array | null>;
  /** Throws what `replace` would throw for reasons that can be known before. */
  verifyWritable(path: string): Promise<void>;
  /**
   * Replaces the file's bytes. `before` is what the caller read: when the file holds something else now, nothing is written
   * and `file-changed` is thrown. A file that does not exist (`before` null) is created with mode 0600.
   */
  replace(path: string, before: Uint8Array | null, after: Uint8Array): Promise<Replaced>;
  /** Whether git tracks the file; null where there is no git or no repository. */
  isTracked(path: string): Promise<boolean | null>;
}

/** What the user may want to know about a file that was written. */
export interface Replaced {
  /** What a killed run had left and what was done about it, as a sentence; null: nothing was left. */
  readonly repaired: string | null;
  /** Written into the file itself, because it could not be renamed over or has several names. */
  readonly inPlace: boolean;
  /** Names that the file has; 1 for most. */
  readonly hardLinks: number;
}

/** A stream that a person or a program reads, and what it can show. */
export interface Output {
  write(text: string): void;
  readonly columns: number;
  /** Somebody watches, and lines may be drawn again. */
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  readonly hasUnicode: boolean;
  /** A line that moves, for a terminal; loaded when it is first needed. */
  spin(text: string): Spinner;
}

export interface Spinner {
  update(text: string): void;
  /** Takes the line away. */
  stop(): void;
}

/** Ctrl-C and friends as one abort signal. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 128 + the signal's number; null when nobody interrupted. */
  exitCode(): number | null;
}
