import type { Command } from './ports.ts';
import type { Network } from './reach.ts';
import type { LogLine } from './result.ts';

/** One running copy of the BFF: a container, or a process that stands in for one. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Environment as the process got it. Holds secrets: compared in memory, never shown. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths in it whose contents outlive it: volumes and bind mounts. */
  readonly persistentPaths: readonly string[];
  /** Why its log cannot be read, in half a sentence; null: it can. */
  readonly logUnreadable: string | null;
  /** RFC 3339 with nanoseconds, UTC: sorts as text. */
  readonly createdAt: string;
  readonly state: InstanceState;
}

export interface InstanceState {
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

/** What a person types to do by hand what the steps do: for hints, and for the dry run. */
export interface ByHand {
  /** Shows what the BFF's next start would get. */
  readonly check: string;
  readonly restart: string;
  /** Restarts in any case, also where nothing has changed. */
  readonly recreate: string;
  readonly follow: string;
  log(instance: Instance): string;
  inspect(instance: Instance): string;
  /** Lets a paused one go on. */
  resume(instance: Instance): string;
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
  readonly seen: Instance | null;
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
  container(service: string, signal: AbortSignal): Promise<Instance | null>;
  /** `up -d` of that one service. */
  up(service: string, signal: AbortSignal): Promise<void>;
  inspect(id: string, signal: AbortSignal): Promise<Instance | null>;
  /**
   * The container's log from its first line on, followed until the signal aborts or the container is gone; attaches again
   * after each restart, without gaps or repeats. With `tail`, only about so many of the last lines.
   */
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
}

/** What is there before the service is started anew. Sidecars: services that have `network_mode: service:…`. */
export interface Before {
  readonly container: Instance | null;
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
