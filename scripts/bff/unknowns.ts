import type { Diagnosis } from '../core/diagnosis.ts';
import { hintText, toHint } from '../core/errors.ts';

/** The start failed, and no signature knows why. */
export function unknownReason(evidence: readonly string[]): Diagnosis {
  return unknown(
    'The BFF failed to start for a reason that this tool does not know.',
    'Read the last lines of the log below; nothing in them says whether an IAT would help.',
    evidence,
  );
}

/** The BFF only gave its standing advice, which it gives after any failure. */
export function onlyTheHint(evidence: readonly string[]): Diagnosis {
  return unknown(
    'The bootstrap failed, and the log gives only the general advice to get a new RAT or IAT, not the reason.',
    'Run npm run iat to try a fresh IAT; if the BFF fails the same way, set its log level to DEBUG and read what the IdP answered.',
    evidence,
  );
}

/** Nothing in the log speaks for or against the bootstrap. */
export function nothingSaid(evidence: readonly string[]): Diagnosis {
  return unknown(
    'The log says nothing about the DCR bootstrap.',
    "See that the log is the bff service's own and reaches back to its last start.",
    evidence,
  );
}

/** A new start has begun after one that failed, and has not come to anything yet. */
export function notDecidedYet(before: Diagnosis): Diagnosis {
  return unknown(
    `The newest start in the log has not come to anything yet; the one before failed: ${before.cause}`,
    `If this start fails the same way: ${hintText(before.fix)}`,
    before.evidence,
  );
}

function unknown(cause: string, fix: string, evidence: readonly string[]): Diagnosis {
  return { code: 'unknown', cause, fix: toHint(fix), iatHelps: false, evidence: [...evidence] };
}
