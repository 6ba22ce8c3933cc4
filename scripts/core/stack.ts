import type { AppError } from './errors.ts';
import type { Network } from './reach.ts';
import type { ChangeFacts, KubernetesFacts, LogLine, PriorValue } from './result.ts';
import type { Secret } from './secret.ts';

/** Variables of the BFF as its next start gets them; null: passed through from outside, and unset there. */
export type Environment = Readonly<Record<string, string | null>>;

/** One running copy of the BFF: a container, a pod, or a process in place of one. */
export interface Instance {
  readonly id: string;
  /** What people call such a copy; absent: container. */
  readonly noun?: 'container' | 'pod';
  readonly name: string;
  readonly image: string;
  /** Environment as the process got it, as far as that can be known. Holds secrets: compared in memory, never shown. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths in it whose contents outlive it: volumes and bind mounts. */
  readonly persistentPaths: readonly string[];
  /** Why its successor needs a token again, where the stack can say how its credentials get lost; absent: that is not known. */
  readonly needsToken?: AppError;
  /** Why its log cannot be read, in half a sentence; null: it can. */
  readonly logUnreadable: string | null;
  /** RFC 3339 with nanoseconds, UTC: sorts as text. */
  readonly createdAt: string;
  /** Where this machine reaches its TCP ports. */
  readonly ports: readonly Port[];
  readonly state: InstanceState;
}

export interface Port {
  /** Its number in the instance. */
  readonly inside: number;
  /** As it is published: an address of this machine, and a number there. */
  readonly address: string;
  readonly published: number;
}

export interface InstanceState {
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** Of its last end; of one that runs again as far as that is known, else 0. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** As the engine says it, with its nanoseconds; compared as text. */
  readonly startedAt: string;
  /** The engine's own words when it could not start the instance, '' otherwise. */
  readonly error: string;
  /** What keeps it from starting or makes it end, with its code and way out, where the stack can name that; absent: nothing. */
  readonly obstacle?: AppError;
  /** The state in the stack's own words, such as "waiting: CrashLoopBackOff"; absent: `status` is the word. */
  readonly words?: string;
  /** By the healthcheck of the container; null: it has none. */
  readonly health: {
    readonly status: 'starting' | 'healthy' | 'unhealthy';
    readonly lastOutput: string;
    /** When the last check ended, as the engine says it; '' before the first. */
    readonly checkedAt: string;
  } | null;
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

/** What is there before anything changes. */
export interface StackState {
  readonly environment: Environment;
  /** Everything whose secrets may turn up in a log or a message: this service and those beside it. */
  readonly environments: readonly Environment[];
  /** The newest instance, running or not; null: there is none. */
  readonly instance: Instance | null;
  /** All of them, the newest first. */
  readonly instances: readonly Instance[];
  /** Why there is no instance; absent: there is one, or nobody knows. */
  readonly absence?: AppError | null;
  /** What else a restart would touch, a sentence each. */
  readonly sideEffects: readonly string[];
  /** What speaks against a change at all, the worst first; absent: nothing. */
  readonly objections?: readonly Objection[];
  readonly next: NextStart;
}

/** A reason not to go on: a person is asked, and where nobody can be asked, it ends the run. */
export interface Objection {
  readonly error: AppError;
  /** "Restart it anyway?" */
  readonly question: string;
  /** `--force` goes on without a question. Else only the person, or another option, can say so. */
  readonly yieldsToForce: boolean;
}

/** What a restart would come to, as things are now. */
export interface NextStart {
  /** What has changed since the instance was started, in half a sentence, so that the next one differs from it; null: nothing. */
  readonly changed: string | null;
  /** How many instances there will be. */
  readonly copies: number;
  /** How many more starts will use the token besides, such as instances that are replaced only later; absent: none. */
  readonly extraStarts?: number;
  /** Absolute paths that all of them share, and that outlive them; null: not known. */
  readonly sharedPaths: readonly string[] | null;
  /** What has to be done before a token is minted, a few words each (`prepare`): afterwards it could undo the token. */
  readonly before: readonly string[];
}

/** Hears what a long piece of work is doing. */
export interface Listener {
  /** What it is waiting for right now. */
  progress(text: string): void;
  /** One line that stays. */
  note(text: string): void;
  /** A loud one, for the terminal and the top of the report. */
  warn(text: string): void;
}

/** The other variables of the runbook, to be written together with the token. */
export interface Settings {
  /** They have a value that contradicts the runbook. */
  readonly correct: Readonly<Record<string, string>>;
  /** They are not there. They are added only where the service's variables are written one by one, not where one value lives elsewhere. */
  readonly add: Readonly<Record<string, string>>;
}

/** A change that was thought through and not made yet. */
export interface PlannedWrite {
  /** Where the value would be written: an absolute path, or an object of a cluster (`secret/bff-secrets`). */
  readonly place: string;
  /** What the reader has to know beforehand, a sentence each. */
  readonly warnings: readonly string[];
  /** What would change, for the dry run. */
  readonly preview: ChangeFacts;
  /** What a person types to do the same by hand; absent: it is edited. The token is in a FILE, never in the command. */
  readonly command?: string;
  /** Why it cannot be taken out again; absent, null: nothing is known. */
  readonly leftover?: AppError | null;
  /**
   * Writes the token, and proves that the service's next start gets it. Where it would not, or on an interruption, everything
   * is put back. Where the proof could not be made, what was written stays, and `doubt` says so.
   *
   * @param handle what is shown in place of the token
   * @throws AppError `effective-value`, `file-…`
   */
  write(token: Secret, handle: string, listener: Listener, signal: AbortSignal): Promise<Written>;
}

/** The token is to be taken out again. */
export interface PlannedClear {
  readonly place: string;
  /** The place holds a value. */
  readonly isSet: boolean;
  readonly preview: ChangeFacts;
  /** As for `PlannedWrite`. */
  readonly command?: string;
  readonly leftover?: AppError | null;
  /** As `write`: proves that no token is left, else puts everything back. */
  clear(listener: Listener, signal: AbortSignal): Promise<Written>;
}

export interface Written {
  /** null: there was nothing to change. */
  readonly change: ChangeFacts | null;
  /** One line: what was written where. */
  readonly summary: string;
  /** Why it could not be checked whether it counts, and how to check it; null: it counts. */
  readonly doubt: AppError | null;
  /** Puts back what was there before. */
  putBack(): Promise<void>;
}

/**
 * What runs the BFF: a compose project, a workload of a cluster, or the sandbox's processes. It is found once, for one service and one variable that
 * takes the token; after that it is asked. Every method ends with the signal's reason when that aborts.
 */
export interface Stack extends Network {
  /** What it is and where, in one line: "docker compose 2.26.1, project crud, /srv/compose.yml, service bff". */
  readonly description: string;
  /** Name and value, for the report: ("Compose", "docker compose 2.26.1 (Engine 20.10.24)"), … */
  readonly facts: readonly (readonly [string, string])[];
  /** The BFF shares this machine's loopback, so that 127.0.0.1 is the same there and here. */
  readonly isLocal: boolean;
  /** All that names what only one run may be at work on at a time, in words; absent: it is the file that is written. */
  readonly turn?: string;
  readonly byHand: ByHand;
  /** What is there now. @throws AppError `service-not-found`, and what is wrong with the files */
  look(signal: AbortSignal): Promise<StackState>;
  /**
   * Where the value lives today, and what writing it would change, by the last `look`. Changes nothing.
   *
   * @throws AppError the code of what cannot be written safely, with its place and a way out
   */
  planWrite(settings: Settings, signal: AbortSignal): Promise<PlannedWrite>;
  /** @param prior how the variable was before the token was written; null: not known */
  planClear(prior: PriorValue | null, signal: AbortSignal): Promise<PlannedClear>;
  /**
   * Does what has to be done before a token is minted, by the last `look`: what the service depends on is started and recreated
   * where it has changed, and an image that is missing is fetched.
   *
   * @throws AppError `restart-failed`
   */
  prepare(listener: Listener, signal: AbortSignal): Promise<void>;
  /** Starts the service with its environment as it is now. A started replacement is finished when the signal aborts. */
  restart(listener: Listener, onStart: () => void, signal: AbortSignal): Promise<Restarted>;
  /** All instances of the service, the newest first. */
  instances(signal: AbortSignal): Promise<readonly Instance[]>;
  /** One of them as it is now; null: it is gone. */
  instance(id: string, signal: AbortSignal): Promise<Instance | null>;
  /**
   * The log of an instance from its first line on, followed until the signal aborts or the instance is gone, across its
   * restarts, without gaps or repeats. With `tail`, only about so many of the last lines. A stack that reads many bounds by
   * itself how many processes that takes.
   */
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
  /**
   * A way from this machine to the port that an instance serves; absent: its published ports are all there is. It is kept open
   * while it is used again and again, renewed where it broke, and ended by `close`.
   *
   * @param signal when that aborts, it is in use no more, and may give way to others
   * @returns the URL without a path: `http://127.0.0.1:41234`
   * @throws AppError `port-forward-failed`
   */
  connect?(id: string, signal: AbortSignal): Promise<string>;
  /** What the result says of it beyond the change, as far as is known by now; absent: nothing. */
  details?(): Omit<KubernetesFacts, 'wrote' | 'before' | 'pods'>;
  /** Ends what it keeps running beside itself; absent: nothing. */
  close?(): Promise<void>;
}

export interface Restarted {
  /** The newest first, at least one. */
  readonly instances: readonly [Instance, ...Instance[]];
  /**
   * Where the stack itself makes, replaces and removes instances: how many there have to be in the end. Others come one by one
   * (`Stack.instances` has those of the newest start), and one that is gone is no fault. Absent: it is exactly `instances`.
   */
  readonly wanted?: () => number;
  /** One line: what was started. */
  readonly summary: string;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Only about so many of the last lines. */
  readonly tail?: number;
  /** Called where no log is kept that can be read; then no line comes. */
  readonly onUnreadable?: () => void;
}
