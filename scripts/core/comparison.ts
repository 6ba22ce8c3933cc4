/** How a run of a collection went beside the one before it, of the same collection and the same selection. */
export interface Comparison {
  /** When the run before began; null: its result does not say. */
  readonly since: Date | null;
  /** The folder of its reports, beside this run's. */
  readonly folder: string;
  /** Checks that fail, and did not before; a request without an answer counts as one. */
  readonly newlyFailing: readonly ComparedCheck[];
  /** Checks that failed before, and pass. */
  readonly fixed: readonly ComparedCheck[];
  readonly slower: readonly ComparedTime[];
  readonly added: readonly ComparedRequest[];
  /** Requests that did not run this time. */
  readonly gone: readonly ComparedRequest[];
}

/** A request of both runs or of one, whatever iteration it ran in. */
export interface ComparedRequest {
  /** Folders and name. */
  readonly path: string;
  /** Which of the requests of this run that decide shows it, from 0; null: none. */
  readonly index: number | null;
}

export interface ComparedCheck extends ComparedRequest {
  /** null: the request itself, or a script of it. */
  readonly check: string | null;
}

/** Medians of all times that the request was answered, in milliseconds. */
export interface ComparedTime extends ComparedRequest {
  readonly beforeMs: number;
  readonly nowMs: number;
}
