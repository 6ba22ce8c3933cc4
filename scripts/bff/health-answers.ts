import type { Diagnosis, DiagnosisCode } from '../core/diagnosis.ts';
import { toHint } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { isTrue } from './environment-check.ts';
import { signatureOf } from './signatures.ts';
import { nameComponents } from './verdict.ts';

/** The components that a failed request's answer says are down; empty where it passed, or names none. */
export function downIn({ error, response, assertions }: Exchange): readonly string[] {
  const failed = error !== null || assertions.some(({ status }) => status === 'failed');
  return failed && response?.body ? nameComponents(response.body.text) : [];
}

/** What it means that the BFF answers and says that these components are down. */
export function diagnoseComponents(down: readonly string[], evidence: readonly string[]): Diagnosis {
  for (const [pattern, code] of KNOWN) {
    if (!down.some((name) => pattern.test(name))) continue;
    const { cause, fix } = signatureOf(code);
    return { code, cause, fix: toHint(fix), iatHelps: false, evidence };
  }
  return {
    code: 'unknown',
    cause: `The BFF answers, and says that ${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down.`,
    fix: toHint(`Restore ${down.join(', ')}.`),
    iatHelps: false,
    evidence,
  };
}

/** A diagnosis that names a fault; the others say that the bootstrap went well, or that nothing is known. */
export function isFault({ code }: Diagnosis): boolean {
  return !['registered', 'credentials-cached', 'kafka-unconfigured', 'unknown'].includes(code);
}

/**
 * The key id under which the BFF publishes its signing key (RFC 7517), where an answer shows it; null: none does. That proves
 * a bootstrap only while a failed one ends the BFF: with ALLOW_BOOTSTRAP_FAILURE it comes up without.
 *
 * @param env of the container: BFF_KID is the id that has to be there
 */
export function publishedKid(
  exchanges: readonly Exchange[],
  env: Readonly<Record<string, string | null>>,
): string | null {
  const isOptional =
    isTrue(env['ALLOW_BOOTSTRAP_FAILURE']) === true ||
    isTrue(env['SKIP_DCR_BOOTSTRAP']) === true ||
    isTrue(env['DCR_ENABLED']) === false;
  if (isOptional) return null;
  const wanted = env['BFF_KID'] || null;
  for (const { response } of exchanges) {
    if (response?.status !== 200 || !response.body?.text.includes('"keys"')) continue;
    const kids = kidsIn(response.body.text);
    const found = wanted === null ? kids[0] : kids.find((kid) => kid === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

function kidsIn(body: string): string[] {
  try {
    const { keys } = JSON.parse(body) as { readonly keys?: unknown };
    const all = Array.isArray(keys) ? keys.map((key: { readonly kid?: unknown } | null) => key?.kid) : [];
    return all.filter((kid) => typeof kid === 'string' && kid !== '') as string[];
  } catch {
    return [];
  }
}

/** Names that services give to what they depend on. */
const KNOWN: readonly (readonly [RegExp, Exclude<DiagnosisCode, 'unknown'>])[] = [
  [/^(?:idp|oidc|identity|keycloak|auth[_-]?server)/i, 'idp-unreachable'],
  [/redis|^cache$/i, 'redis-unavailable'],
];
