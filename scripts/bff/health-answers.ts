import { createHash } from 'node:crypto';
import type { Diagnosis } from '../core/diagnosis.ts';
import type { Exchange } from '../core/exchange.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { Environment } from '../core/stack.ts';
import { isTrue } from './environment-check.ts';
import { anyOf } from './patterns.ts';
import { diagnosisOf, SIGNATURES } from './signatures.ts';

/** The components that a failed request's answer says are down; empty where it passed, or names none. */
export function downIn({ error, response, assertions }: Exchange): readonly string[] {
  const failed = error !== null || assertions.some(({ status }) => status === 'failed');
  return failed && response?.body ? nameComponents(response.body.text) : [];
}

/** What it means that the BFF answers and says that these components are down. */
export function diagnoseComponents(down: readonly string[], evidence: readonly string[]): Diagnosis {
  const known = SIGNATURES.find(
    ({ component }) => component !== undefined && down.some((name) => component.test(name)),
  );
  if (known !== undefined) return diagnosisOf(known, evidence);
  return {
    code: 'unknown',
    cause: `The BFF answers, and says that ${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down.`,
    fix: { text: `Restore ${down.join(', ')}.` },
    iatHelps: false,
    evidence,
  };
}

/**
 * The key id under which the BFF publishes its signing key (RFC 7517), where an answer shows it; null: none does. That proves
 * a bootstrap only while a failed one ends the BFF: with ALLOW_BOOTSTRAP_FAILURE it comes up without.
 *
 * @param env of the container: BFF_KID is the id that has to be there
 */
export function publishedKid(exchanges: readonly Exchange[], env: Environment): string | null {
  if (
    isTrue(env['ALLOW_BOOTSTRAP_FAILURE']) ||
    isTrue(env['SKIP_DCR_BOOTSTRAP']) ||
    isTrue(env['DCR_ENABLED']) === false
  )
    return null;
  const kid = publishedKey(exchanges, env)?.['kid'];
  return typeof kid === 'string' ? kid : null;
}

/** The signing key with the id of BFF_KID (RFC 7517), where an answer shows it; without that, the first one that has an id. */
function publishedKey(exchanges: readonly Exchange[], env: Environment): Readonly<Record<string, unknown>> | null {
  const wanted = env['BFF_KID'] || null;
  for (const { response } of exchanges) {
    if (response?.status !== 200 || !response.body?.text.includes('"keys"')) continue;
    const set = jsonOrNull(response.body.text);
    const keys = isRecord(set) && Array.isArray(set['keys']) ? set['keys'] : [];
    const named = keys.filter(isRecord).filter(({ kid }) => typeof kid === 'string' && kid !== '');
    const found = wanted === null ? named[0] : named.find(({ kid }) => kid === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * The thumbprint (RFC 7638) of the signing key that the BFF publishes, base64url; null: no answer shows it, or it is of a kind
 * whose members are not known.
 *
 * @param env of the instance: BFF_KID is the id that has to be there
 */
export function publishedThumbprint(exchanges: readonly Exchange[], env: Environment): string | null {
  const key = publishedKey(exchanges, env);
  const members = KEY_MEMBERS[String(key?.['kty'])];
  if (key === null || members === undefined || members.some((name) => typeof key[name] !== 'string')) return null;
  const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, key[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}

/** The members of a public key that its thumbprint is made of, in their order (RFC 7638 §3.2, RFC 8037 §2). */
const KEY_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/** Several keys under one client id: which instances have which; null: they have the same, as far as that is known. */
export function diagnoseKeys(
  keys: readonly { readonly name: string; readonly key: string | null }[],
): Diagnosis | null {
  const known = keys.filter(({ key }) => key !== null);
  const different = [...new Set(known.map(({ key }) => key))];
  if (different.length < 2) return null;
  const evidence = known.map(({ name, key }) => `${name} publishes the key ${key}`);
  return {
    code: 'keys-differ',
    cause: `The copies of the BFF sign with ${different.length} different keys under one client id: ${known.map(({ name, key }) => `${name} with ${key?.slice(0, 8)}`).join(', ')}. The IdP knows only the one that registered last, so it refuses the others.`,
    fix: {
      text: 'Give all copies one shared volume for their keys and credentials (the folder of BFF_CLIENT_CRED_PATH), or run a single copy; then register once more.',
    },
    iatHelps: false,
    evidence,
  };
}

/**
 * The components that a `/health` body says are down, in its order: `redis`, `idp`. Reads the shapes that are usual for
 * Python services (maps of words, flags or entries). Only names and known words are looked at; no value is given out.
 */
export function nameComponents(body: string): string[] {
  const names: string[] = [];
  collect(jsonOrNull(body), names, 0);
  return [...new Set(names)];
}

function collect(value: unknown, names: string[], depth: number): void {
  if (!isRecord(value) || depth > 4) return;
  for (const [key, child] of Object.entries(value)) {
    if (MAPS.test(key) && Array.isArray(child)) {
      for (const item of child)
        if (isRecord(item) && isDown(item)) add(names, item['name'] ?? item['component'] ?? item['service']);
    } else if (isRecord(child) && (MAPS.test(key) || key === 'detail')) collect(child, names, depth + 1);
    else if (!ABOUT.test(key)) {
      if (isDown(child)) add(names, key);
      if (!isRecord(child)) continue;
      for (const [name, inner] of Object.entries(child)) if (MAPS.test(name)) collect(inner, names, depth + 2);
    }
  }
}

function isDown(value: unknown): boolean {
  if (typeof value === 'boolean' || typeof value === 'string') return DOWN.test(String(value).trim());
  if (Array.isArray(value)) return value.some(isDown);
  if (!isRecord(value)) return false;
  // The first field that says it in a known word.
  const words = STATUSES.map((field) => value[field]).filter((word) => ['string', 'boolean'].includes(typeof word));
  const known = words.map((word) => String(word).trim()).find((word) => DOWN.test(word) || UP.test(word));
  return known !== undefined && DOWN.test(known);
}

/** A name is shown: only what looks like one, and never a long random text. */
function add(names: string[], name: unknown): void {
  if (typeof name === 'string' && /^[A-Za-z][\w.:-]{0,39}$/.test(name)) names.push(name);
}

/** Maps of a health answer's body that hold one entry per component. */
const MAPS = /^(?:components|checks|dependencies|services|details|health|results|info|error|entries)$/;
/** Fields of a component's entry that say how it is. */
const STATUSES = ['status', 'state', 'health', 'healthy', 'ok', 'up', 'connected', 'available', 'reachable'];
const UP =
  /^(?:up|ok|okay|healthy|pass|passed|passing|available|connected|ready|true|success|alive|green|running|disabled|skipped|not_configured)$/i;
const DOWN = anyOf(
  /^(?:down|unhealthy|fail|failed|failing|unavailable|error|disconnected|false|not_ready|not ready|unreachable)$/i,
  /^(?:critical|dead|red|timeout|out_of_service|degraded)$/i,
);
/** Fields beside the components that are about the answer itself. */
const ABOUT = anyOf(
  /^(?:status|state|healthy|ok|success|ready|alive|live|health|version|timestamp|time|uptime|service|name)$/,
  /^(?:message|detail|description|output|error|errors)$/,
);
