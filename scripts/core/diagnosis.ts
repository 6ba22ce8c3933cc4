import type { Hint } from './errors.ts';

/**
 * Everything that a diagnosis can say. `good`: the BFF is registered; `fault`: it is not, for this reason; `remark`: worth
 * saying, and keeps no BFF from registering.
 */
const MEANINGS = {
  'iat-missing': 'fault',
  'iat-invalid': 'fault',
  'rat-invalid': 'fault',
  'invalid-scope': 'fault',
  'invalid-redirect-uri': 'fault',
  'invalid-client-metadata': 'fault',
  'invalid-client': 'fault',
  'idp-unreachable': 'fault',
  'idp-error': 'fault',
  'redis-unavailable': 'fault',
  'kafka-unconfigured': 'remark',
  'bootstrap-skipped': 'fault',
  'credentials-not-kept': 'fault',
  'keys-differ': 'fault',
  'iat-used-by-old-pod': 'fault',
  'service-link': 'fault',
  'probe-kills': 'fault',
  'out-of-memory': 'fault',
  'read-only-file-system': 'fault',
  registered: 'good',
  'credentials-cached': 'good',
  unknown: 'unknown',
} as const;

export type DiagnosisCode = keyof typeof MEANINGS;

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

/** Whether a diagnosis has that name, such as an error of the same fault. */
export function isDiagnosisCode(code: string): code is DiagnosisCode {
  return Object.hasOwn(MEANINGS, code);
}

/** It says that the BFF is registered. */
export function isGood({ code }: Pick<Diagnosis, 'code'>): boolean {
  return MEANINGS[code] === 'good';
}

/** It names a fault. The others say that the bootstrap went well, or that nothing is known, or a remark. */
export function isFault({ code }: Pick<Diagnosis, 'code'>): boolean {
  return MEANINGS[code] === 'fault';
}

/** Whether a fresh token helps, as a sentence. */
export function sayWhetherIatHelps({ iatHelps }: Diagnosis): string {
  if (iatHelps === null) return 'It is unclear whether a fresh IAT would help.';
  return iatHelps ? 'A fresh IAT helps.' : 'A fresh IAT does not help.';
}
