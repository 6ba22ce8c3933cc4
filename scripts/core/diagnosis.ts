import type { Hint } from './errors.ts';

export type DiagnosisCode =
  | 'iat-missing'
  | 'iat-invalid'
  | 'rat-invalid'
  | 'invalid-scope'
  | 'invalid-redirect-uri'
  | 'invalid-client-metadata'
  | 'invalid-client'
  | 'idp-unreachable'
  | 'idp-error'
  | 'redis-unavailable'
  | 'kafka-unconfigured'
  | 'bootstrap-skipped'
  | 'registered'
  | 'credentials-cached'
  | 'unknown';

/** Why the BFF does not start, or that it did; always with the lines that say so. */
export interface Diagnosis {
  readonly code: DiagnosisCode;
  /** What happened, in one sentence. */
  readonly cause: string;
  /** What to do about it; whether a token helps is not said here but by `iatHelps`. */
  readonly fix: Hint;
  /** Whether a fresh Initial Access Token would help; null: that cannot be told. */
  readonly iatHelps: boolean | null;
  /** The lines or findings that this rests on, newest last; raw, masked by the sink. */
  readonly evidence: readonly string[];
}
