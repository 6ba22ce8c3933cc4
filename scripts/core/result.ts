import type { Comparison } from './comparison.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { AppError, ErrorCode, Hint, Where } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** `passed` is of a collection; whether a BFF is healthy is another question. */
export type Verdict = 'healthy' | 'unhealthy' | 'passed' | 'failed' | 'interrupted' | 'planned';

export type StepName =
  | 'sandbox'
  | 'preflight'
  | 'mint'
  | 'write'
  | 'restart'
  | 'bootstrap'
  | 'health'
  | 'clear'
  | 'restore'
  | 'collection'
  // What the doctor looks at
  | 'settings'
  | 'container'
  | 'log'
  | 'idp';

export type StepStatus = 'passed' | 'failed' | 'skipped';

/** One step of a run, as it went. Offsets and durations are milliseconds of a monotonic clock. */
export interface StepRecord {
  readonly name: StepName;
  readonly status: StepStatus;
  /** Since the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** One line: what the step found or did; for a skipped one, why. */
  readonly summary: string;
  /** Things worth knowing that did not stop the step, one line each. */
  readonly notes: readonly string[];
  /** The collection's requests that this step ran, attempt by attempt. */
  readonly attempts: readonly Attempt[];
}

/** One run of a folder or a request through Newman. */
export interface Attempt {
  /** Since the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly passed: boolean;
  readonly exchanges: readonly Exchange[];
}

/** How many there were, and how many of them failed, as Newman counts them. */
interface Count {
  readonly total: number;
  readonly failed: number;
}

/** What the summary of a run of a collection counts. `requests` has those of scripts (`pm.sendRequest`), too. */
export interface RunCounts {
  readonly iterations: Count;
  readonly items: Count;
  readonly requests: Count;
  readonly prerequestScripts: Count;
  readonly testScripts: Count;
  readonly assertions: Count;
  /** Bytes of all answers, without headers. */
  readonly receivedBytes: number;
}

/** A folder or a request of a collection, as a reader of it sees it. */
export interface CollectionNode {
  /** The item's id, which `Exchange.id` has, too. */
  readonly id: string;
  readonly name: string;
  /** Markdown as it stands in the collection; '' where there is none. */
  readonly description: string;
  /** What is in a folder; null: it is a request. */
  readonly items: readonly CollectionNode[] | null;
  /** Of a request; variables are left in. */
  readonly method?: string;
  readonly url?: string;
}

/** What is known of a run of a collection beyond its exchanges. */
export interface CollectionFacts {
  readonly name: string;
  readonly description: string;
  /** `--title`; null: none. */
  readonly title: string | null;
  /** What was asked for by name; empty: all of it. */
  readonly selection: readonly string[];
  /** What was to run, as a tree. */
  readonly tree: readonly CollectionNode[];
  /** How many iterations there were to be. */
  readonly iterations: number;
  /** The data row of each iteration; empty where there was no data. */
  readonly data: readonly Readonly<Record<string, unknown>>[];
  /** null: the run did not come to its end. */
  readonly counts: RunCounts | null;
}

/** What may be said about a minted token: never the value. */
export interface TokenFacts {
  /** `sha256:` and 8 hex digits. */
  readonly handle: string;
  /** null: the IdP did not say. */
  readonly expiresAt: Date | null;
  readonly maxUsages: number | null;
}

/**
 * What a file said about a variable before it was written: nothing, an empty text, only the name (so that the value comes from
 * the shell), or a value.
 */
export type PriorValue = 'absent' | 'empty' | 'passed-through' | 'value';

/** What was written where. */
export interface ChangeFacts {
  /** The files that describe the service, in order. */
  readonly files: readonly string[];
  readonly service: string;
  readonly wrote: 'compose' | 'env-file' | 'secret' | 'own-secret' | null;
  /** The file that holds the value now, or the object (`secret/bff-secrets`); null when nothing was written. */
  readonly target: string | null;
  /** What it said about the token's variable before; null when nothing was written. */
  readonly before: PriorValue | null;
  /** Names of the variables that changed. */
  readonly changed: readonly string[];
  /** Unified diff of the target file; the token's place is masked by the sink. null: nothing changed. */
  readonly diff: string | null;
}

/** One of several instances, as it was at the end. */
export interface InstanceFacts {
  readonly name: string;
  /** Made by this run's restart, or one that was there before. */
  readonly isNew: boolean;
  /** "running", "waiting: CrashLoopBackOff": in the stack's own words. */
  readonly state: string;
  readonly restarts: number;
  /** Of its last end; null: it has not ended. */
  readonly exitCode: number | null;
  /** null: not known. */
  readonly registered: boolean | null;
  readonly healthy: boolean | null;
  /** The thumbprint of its public signing key (RFC 7638), base64url; null: not asked for. */
  readonly key: string | null;
  /** Why it is not well, in a sentence; null: it is, or nothing is known. */
  readonly problem: string | null;
}

/** An object that something else keeps as it wants it. */
export interface OwnerFacts {
  /** "ExternalSecret", "Helm", "Argo CD" … */
  readonly kind: string;
  readonly name: string;
  /** When it undoes a change by hand. */
  readonly reverts: 'at-once' | 'on-sync' | 'on-upgrade';
}

/** Where on which cluster a run was at work, and what it found there. */
export interface KubernetesFacts {
  readonly context: string;
  /** The API server's URL. */
  readonly cluster: string;
  readonly namespace: string;
  /** `deployment/bff` */
  readonly workload: string;
  readonly container: string;
  readonly wrote: 'secret' | 'own-secret' | null;
  /** `secret/bff-secrets`; null: not decided. */
  readonly target: string | null;
  readonly key: string | null;
  readonly before: PriorValue | null;
  readonly owners: readonly OwnerFacts[];
  /** Whether what the BFF caches outlives a pod, and whether all pods share it; null: not known. */
  readonly credentials: 'shared' | 'per-pod' | 'not-kept' | null;
  readonly usesNeeded: number | null;
  /** Of the rollout; null: not known. */
  readonly revision: { readonly before: number | null; readonly after: number | null };
  readonly pods: readonly InstanceFacts[];
  /** As `create pods/portforward`. */
  readonly missingRights: readonly string[];
  /** A Role that grants them, as YAML; null: none is missing. */
  readonly role: string | null;
  /** Something put the written value back. */
  readonly reverted: boolean;
}

/** One line of the BFF's own log, without prefix, colour and control characters. */
export interface LogLine {
  /** When the container wrote it, by the daemon's clock; null where the source does not say. */
  readonly at: Date | null;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** A line of the log excerpt with what it means: `good` and `bad` lines decided something, `plain` ones surround them. */
export interface ClassifiedLine extends LogLine {
  readonly meaning: 'good' | 'bad' | 'plain';
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: Hint | null;
  readonly where: Where | null;
}

/** An error as a run has it. */
export function toFailure({ code, message, hint, where }: AppError): Failure {
  return { code, message, hint: hint ?? null, where: where ?? null };
}

/**
 * A whole run: everything that a report may show, and nothing else. Console, `result.json`, HTML and JUnit all derive from
 * this one value; strings are raw and every sink masks them.
 */
export interface Run {
  readonly command: string;
  /** As a person types it, without options: `npm run iat`, `npx bff-iat iat`; absent: as npm's script. */
  readonly calledAs?: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly steps: readonly StepRecord[];
  readonly token: TokenFacts | null;
  readonly compose: ChangeFacts | null;
  /** null or absent: it was not on a cluster. */
  readonly kubernetes?: KubernetesFacts | null;
  /** null: the run was not one of `npm run collection`, or ended before it began. */
  readonly collection: CollectionFacts | null;
  /** How it went beside the run before; null or absent: there is none of the same. */
  readonly comparison?: Comparison | null;
  readonly diagnosis: Diagnosis | null;
  readonly error: Failure | null;
  /** What the reader does next, most important first; empty when there is nothing to do. */
  readonly next: readonly Hint[];
  /** Loud things: `--insecure`, a token that git would commit, a wrong clock. */
  readonly warnings: readonly string[];
  readonly log: readonly ClassifiedLine[];
  /** Facts about where it ran: name and value, in order ("IdP", "Docker", "Collection", …). */
  readonly facts: readonly (readonly [string, string])[];
}

/** Where the reports of a run are; null where one could not be written. */
export interface ReportPaths {
  readonly html: string | null;
  readonly junit: string | null;
  readonly json: string | null;
}
