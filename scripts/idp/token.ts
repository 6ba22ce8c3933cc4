import { AppError } from '../core/errors.ts';
import type { TokenFacts } from '../core/result.ts';
import { Secret } from '../core/secret.ts';

/** What the mint request got, whole. */
export interface MintAnswer {
  /** The body as text. */
  readonly body: string;
  /** The media type without parameters. */
  readonly type: string;
  /** Variables that the collection's scripts set in this run. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface TokenRules {
  /** RFC 6901 JSON Pointer to the token; null: the members that IdPs are known to use (notes: reliability.md §3). */
  readonly path: string | null;
  readonly adminToken: Secret;
  /** The value that the service has today; a "new" token that equals it is not new. */
  readonly current: string | null;
  readonly now: Date;
}

/** Members that hold the token, and the places where they may stand. */
const MEMBERS = ['token', 'access_token', 'initial_access_token', 'iat', 'jwt', 'value', 'ssa'];
const WRAPPERS = ['data', 'result', 'initial_access_token'];
const SCRIPT_VARIABLES = ['dcr_iat', 'DCR_IAT', 'iat', 'iat_token', 'initial_access_token'];

/** RFC 6750 §2.1 `b64token`: no character in it means anything to YAML, compose, a shell or a header. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MIN_LENGTH = 16;
const MAX_LENGTH = 16_384;

/**
 * Reads the Initial Access Token out of the IdP's answer.
 *
 * @throws AppError `idp-not-json`, `token-missing`, `token-ambiguous`, `token-malformed`, `token-expired`; none of them quotes the answer
 */
export function readToken(
  answer: MintAnswer,
  rules: TokenRules,
): { readonly secret: Secret; readonly facts: TokenFacts } {
  const document = parseAnswer(answer);
  const value = rules.path === null ? findToken(document, answer.variables) : atPointer(document, rules.path);
  verifyToken(value, rules);
  const plain = new Secret(value, 'IAT');
  const secret = new Secret(value, `IAT ${plain.handle}`);
  const facts = {
    handle: plain.handle,
    expiresAt: expiryOf(document, value, rules.now),
    maxUsages: usagesOf(document),
  };
  if (facts.expiresAt !== null && facts.expiresAt.getTime() <= rules.now.getTime()) {
    throw new AppError('token-expired', 'The IdP issued a token that has already expired.', {
      hint: 'Compare the clocks of this machine and of the IdP, or ask for a longer life with --expires-in SECONDS.',
    });
  }
  return { secret, facts };
}

/** When a JWT expires (RFC 7519 §4.1.4); null for anything that is not a JWT with an `exp`. Decoded only, never trusted. */
export function jwtExpiry(token: string): Date | null {
  const claims = jwtClaims(token);
  return typeof claims?.['exp'] === 'number' ? new Date(claims['exp'] * 1_000) : null;
}

function parseAnswer(answer: MintAnswer): Record<string, unknown> {
  const size = `${answer.body.length} characters of ${answer.type || 'no named type'}`;
  if (answer.type !== 'application/json' && !answer.type.endsWith('+json')) {
    throw new AppError('idp-not-json', `The IdP answered with ${size} instead of JSON.`, {
      hint: 'A login page or a proxy may stand in between. Check --idp-url: it is the base, without /api/oidc.',
    });
  }
  try {
    const document: unknown = JSON.parse(answer.body);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
      return document as Record<string, unknown>;
    }
  } catch {
    // JSON.parse quotes its input, which may be the token.
  }
  throw new AppError('idp-not-json', `The IdP's answer is not a JSON object (${size}), or was cut off.`, {
    hint: 'The token may have been minted all the same; it expires by itself. Run again.',
  });
}

function findToken(document: Record<string, unknown>, variables: Readonly<Record<string, string>>): string {
  for (const name of SCRIPT_VARIABLES) {
    const value = variables[name];
    if (value) return value;
  }
  const places: [string, Record<string, unknown>][] = [['', document]];
  for (const name of WRAPPERS) {
    const inner = document[name];
    if (typeof inner === 'object' && inner !== null) places.push([`/${name}`, inner as Record<string, unknown>]);
  }
  for (const [path, place] of places) {
    const found = MEMBERS.filter((member) => typeof place[member] === 'string' && place[member] !== '');
    const distinct = new Set(found.map((member) => place[member]));
    if (distinct.size > 1) {
      throw new AppError(
        'token-ambiguous',
        `The IdP's answer has more than one possible token: ${found.map((member) => `${path}/${member}`).join(', ')}.`,
        { hint: 'Say which one it is with --token-path, for example --token-path /token.' },
      );
    }
    const [member] = found;
    if (member !== undefined) return String(place[member]);
  }
  throw new AppError('token-missing', "The IdP's answer holds no token under a known name.", {
    hint: `It has the members ${namesOf(document)}. If one of them is the token, name it with --token-path /MEMBER.`,
  });
}

/** RFC 6901: `/data/token`; `~1` is a slash, `~0` a tilde. */
function atPointer(document: unknown, pointer: string): string {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('token-missing', `The IdP's answer has no text at ${pointer} (--token-path).`, {
    hint: `It has the members ${namesOf(document as Record<string, unknown>)}.`,
  });
}

function verifyToken(value: string, rules: TokenRules): void {
  const fail = (message: string, hint: string) => new AppError('token-malformed', message, { hint });
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) {
    throw fail(
      `The token has ${value.length} characters; between ${MIN_LENGTH} and ${MAX_LENGTH} are accepted.`,
      'Is this member really the token? Name another one with --token-path.',
    );
  }
  if (!B64TOKEN.test(value)) {
    throw fail(
      'The token has characters that a Bearer token cannot have (RFC 6750 §2.1).',
      'Is this member really the token? Name another one with --token-path.',
    );
  }
  if (rules.adminToken.equals(value)) {
    throw fail(
      'The "token" in the answer is your admin token.',
      'It will not be written anywhere. Check --token-path.',
    );
  }
  if (rules.current === value) {
    throw fail(
      'The IdP answered with the very token that the service has already.',
      'Something between here and the IdP caches answers to POST requests.',
    );
  }
}

/** From `expires_in` or Keycloak's `expiration` (seconds from now or from `timestamp`), `expires_at`, or the JWT's `exp`. */
function expiryOf(document: Record<string, unknown>, token: string, now: Date): Date | null {
  const lifetime = numberOf(document['expires_in']) ?? numberOf(document['expiration']);
  if (lifetime !== null && lifetime > 0) {
    const since = numberOf(document['timestamp']);
    return new Date((since === null ? now.getTime() : since * 1_000) + lifetime * 1_000);
  }
  const at = document['expires_at'];
  if (typeof at === 'number') return new Date(at * 1_000);
  if (typeof at === 'string' && !Number.isNaN(Date.parse(at))) return new Date(at);
  return jwtExpiry(token);
}

function usagesOf(document: Record<string, unknown>): number | null {
  for (const member of ['max_usages', 'max_uses', 'remainingCount', 'count']) {
    const value = numberOf(document[member]);
    if (value !== null) return value;
  }
  return document['one_time_use'] === true ? 1 : null;
}

function jwtClaims(token: string): Record<string, unknown> | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Names only: a value may be a secret. */
function namesOf(document: Record<string, unknown>): string {
  const names = typeof document === 'object' && document !== null ? Object.keys(document).slice(0, 12) : [];
  return names.length > 0 ? names.map((name) => JSON.stringify(name.slice(0, 40))).join(', ') : '(none)';
}
