import type { Facts } from './facts.ts';
import { SIGNATURES, type Signature, type Strength } from './signatures.ts';

/** The statement decides something about the bootstrap by itself, so that it cannot belong to a start that is over. */
export function tellsOfBootstrap(facts: Facts): boolean {
  return SIGNATURES.some((row) => row.bootstrap && row.match(facts) === 'sure' && (!isAboutReaching(row) || facts.dcr));
}

/** What is only said, at a level that reports no failure, decides nothing by itself. */
export function strengthOf(signature: Signature, facts: Facts): Strength | null {
  const strength = signature.match(facts);
  if (strength !== 'sure' || !facts.quiet || signature.meaning === 'good') return strength;
  const told = facts.status === null && facts.error === null;
  return told && signature.code !== 'bootstrap-skipped' && signature.code !== 'kafka-unconfigured'
    ? 'in-context'
    : strength;
}

/** It says how the IdP answers, whoever asks. */
export function isAboutReaching(signature: Signature): boolean {
  return signature.code === 'idp-unreachable' || signature.code === 'idp-error';
}
