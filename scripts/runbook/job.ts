import type { Clock, Collections, Files } from '../core/ports.ts';
import type { Reach } from '../core/reach.ts';
import type { LogLine, PriorValue } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import type { Stack } from '../core/stack.ts';
import type { AdminTokenFrom } from '../postman/mint-plan.ts';
import type { Recorder } from './recorder.ts';

/** What is to be done, in the runbook's words. Paths are absolute, times in milliseconds. */
export interface Job {
  readonly service: string;
  /** The environment variable that takes the token. */
  readonly variable: string;
  /** The Postman collection and, where there is one, the environment export. */
  readonly collection: string;
  readonly environment: string | null;
  /** Where relative paths of files in requests start; null: beside the collection. */
  readonly workingDir: string | null;
  /** The folder in which the person stands. */
  readonly typedFrom: string;
  /** null: not named. */
  readonly composeFiles: readonly string[] | null;
  /** The folder of the reports. */
  readonly reports: string;
  /** Postman variables that beat the environment's. */
  readonly envVars: readonly { readonly name: string; readonly value: string }[];
  readonly request: string;
  readonly healthFolder: string;
  /** null: the collection's own. */
  readonly idpUrl: string | null;
  readonly bffUrl: string | null;
  readonly label: string | null;
  /** Seconds. */
  readonly expiresIn: number | null;
  readonly maxUsages: number | null;
  readonly tokenPath: string | null;
  /** Where the answer holds the token otherwise: a header, or a Postman variable that a script sets. */
  readonly tokenHeader: string | null;
  readonly tokenVariable: string | null;
  /** Requests or folders that run before the mint, in the same run; null: none. */
  readonly login: readonly string[] | null;
  readonly caFile: string | null;
  readonly insecure: boolean;
  readonly allowHttp: boolean;
  /** HOST or HOST:PORT: who else may be asked while the mint runs. */
  readonly allowHosts: readonly string[];
  /** HOST:PORT:ADDRESS, as curl's `--resolve` has it; null: none. */
  readonly resolve: readonly string[] | null;
  /** For one answer of the IdP; null: not given. */
  readonly timeoutRequestMs: number | null;
  readonly healthTimeoutMs: number;
  readonly stableForMs: number;
  readonly dryRun: boolean;
  readonly restart: boolean;
  /** Takes the token out again at the end of a successful run. */
  readonly clear: boolean;
  /** Go on although a fresh token will not help. */
  readonly force: boolean;
}

/** Everything outside that the steps need, plugged in at one place. */
export interface Tools {
  readonly clock: Clock;
  readonly files: Files;
  /**
   * The file at which runs of this machine take turns over what is no file.
   *
   * @param subject all that names it
   * @returns null: there can be none
   */
  turnFile(subject: string): Promise<string | null>;
  readonly collections: Collections;
  /**
   * Finds what runs the BFF.
   *
   * @param purpose `write`: what keeps the token from being written is said before anything else that is wrong; `look`: nothing
   *   will be changed
   */
  findStack(purpose: 'write' | 'clear' | 'look', signal: AbortSignal): Promise<Stack>;
  /** What the stack that was found last has for the result; null: none was found, or it has nothing. */
  stackDetails(): ReturnType<NonNullable<Stack['details']>> | null;
  /** Ends what that stack keeps running. */
  closeStack(): Promise<void>;
  /** How an admin token was handed over before anything ran; null: it was not. */
  readonly adminTokenFrom: AdminTokenFrom | null;
  /**
   * The admin token, from wherever it was handed over.
   *
   * @param ask whether a person may be asked for it
   * @throws AppError `admin-token-missing`
   */
  adminToken(ask: boolean): Promise<Secret>;
  /** Asks for yes or no; null where no person can be asked. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** Asks a URL once from this machine. */
  reach(url: string, signal: AbortSignal): Promise<Reach>;
  /** The lines of a saved log, `-` for standard input, to its end. Throws `bad-value`, `file-…`. */
  logFile(path: string, signal: AbortSignal): AsyncIterable<LogLine>;
  /** From now on this is masked everywhere. `found`: where secrets are, and named after the place only. */
  learn(secret: Secret, how?: 'found'): void;
  /**
   * How the token's variable was in a place before the first write since it was last cleared, as the reports of earlier runs
   * tell; null: they do not.
   */
  priorValue(place: string): Promise<PriorValue | null>;
  /**
   * Makes sure that the file of `--ca-file` holds certificates.
   *
   * @returns what a reader has to know of them, each a sentence
   * @throws AppError `bad-value`
   */
  verifyCaFile(): Promise<readonly string[]>;
  /** Whether a reporter of Newman by another maker is installed. */
  hasReporter(name: string): boolean;
  /**
   * Writes a file that only its owner can read.
   *
   * @param name of the file where the path is a folder
   * @returns where it is
   * @throws AppError `file-not-writable`
   */
  writePrivate(path: string, name: string, text: string): Promise<string>;
  /** Throws when the reports could not be written. */
  verifyReports(): Promise<void>;
}

/** One run of a job. */
export interface Context {
  readonly job: Job;
  readonly tools: Tools;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
}
