import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { TokenFacts } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { describeName, plainType } from '../secrets/answer.ts';

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
  /** RFC 6901 JSON Pointer to the token; null: the members that IdPs are known to use, below. */
  readonly path: string | null;
  readonly adminToken: Secret;
  /** The value that the service has today; a "new" token that equals it is not new. */
  readonly current: string | null;
  readonly now: Date;
}

/**
 * Members that hold the token, and those that they may be in: `token` of EmpowerNow and Keycloak (ClientInitialAccessPresentation),
 * `access_token` of an OAuth answer (RFC 6749 §5.1: Curity, Connect2id, Spring, CAS), `ssa` of Janssen.
 */
const MEMBERS = ['token', 'access_token', 'initial_access_token', 'iat', 'jwt', 'value', 'ssa'];
const WRAPPERS = ['data', 'result', 'initial_access_token'];
const SCRIPT_VARIABLES = ['dcr_iat', 'DCR_IAT', 'iat', 'iat_token', 'initial_access_token'];

/** RFC 6750 §2.1 `b64token`: none of its characters has a meaning in YAML, compose, a shell or a header. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MIN_LENGTH = 16;
const MAX_LENGTH = 16_384;

/** A token, and what may be said about it. */
interface TokenRead {
  readonly secret: Secret;
  readonly facts: TokenFacts;
  /** What a reader has to know beyond the facts, as a sentence; null: nothing. */
  readonly note: string | null;
}

/**
 * Reads the Initial Access Token out of the IdP's answer.
 *
 * @throws AppError `idp-not-json`, `token-missing`, `token-ambiguous`, `token-malformed`, `token-expired`; none of them quotes the answer
 */
export function readToken(answer: MintAnswer, rules: TokenRules): TokenRead {
  const document = parseAnswer(answer);
  const value = rules.path === null ? findToken(document, answer.variables) : atPointer(document, rules.path);
  verifyToken(value, rules);
  const plain = new Secret(value, 'IAT');
  const secret = new Secret(value, `IAT ${plain.handle}`);
  const expiryMs = expiryOf(document, value, rules.now);
  const isEndless = expiryMs !== null && expiryMs - rules.now.getTime() > LONGEST_LIFE_MS;
  const expiresAt = expiryMs === null || isEndless ? null : new Date(expiryMs);
  if (expiresAt !== null && expiresAt.getTime() <= rules.now.getTime()) {
    throw new AppError('token-expired', 'The IdP issued a token that has already expired.', {
      hint: 'Compare the clocks of this machine and of the IdP, or ask for a longer life with --expires-in SECONDS.',
    });
  }
  return {
    secret,
    facts: { handle: plain.handle, expiresAt, maxUsages: usagesOf(document) },
    note: isEndless
      ? "According to the IdP's answer, the token does not expire: it gives a time more than 200 years away."
      : null,
  };
}

/** When a JWT expires (RFC 7519 §4.1.4); null for anything that is not a JWT with an `exp`. Decoded only, never trusted. */
export function jwtExpiry(token: string): Date | null {
  const ms = jwtExpiryMs(token);
  return ms === null || ms > LAST_DATE_MS ? null : new Date(ms);
}

/** The last moment that a Date can hold (ECMA-262, Time Values). */
const LAST_DATE_MS = 8.64e15;

/** IdPs write "never" as the largest number of their language; nobody means a date that far away. */
const LONGEST_LIFE_MS = 200 * 365.25 * 24 * 3_600 * 1_000;

function parseAnswer(answer: MintAnswer): Record<string, unknown> {
  const size = `${answer.body.length} characters of ${plainType(answer.type) || 'no named type'}`;
  if (answer.type !== 'application/json' && !answer.type.endsWith('+json')) {
    throw new AppError('idp-not-json', `The IdP answered with ${size} instead of JSON.`, {
      hint: 'There may be a login page or a proxy in between. Check --idp-url: it is the base, without /api/oidc.',
    });
  }
  const document = jsonOrNull(answer.body);
  if (isRecord(document)) return document;
  throw new AppError('idp-not-json', `The IdP's answer is not a JSON object (${size}), or was cut off.`, {
    hint: 'A token may have been minted anyway; it expires by itself. Run again.',
  });
}

function findToken(document: Record<string, unknown>, variables: Readonly<Record<string, string>>): string {
  for (const name of SCRIPT_VARIABLES) {
    const value = variables[name];
    if (value) return value;
  }
  const places = [['', document] as const, ...WRAPPERS.map((name) => [`/${name}`, document[name]] as const)];
  for (const [path, place] of places) {
    if (!isRecord(place)) continue;
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
function atPointer(document: Record<string, unknown>, pointer: string): string {
  let value: unknown = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('token-missing', `The IdP's answer has no text at ${pointer} (--token-path).`, {
    hint: `It has the members ${namesOf(document)}.`,
  });
}

function verifyToken(value: string, rules: TokenRules): void {
  const fail = (message: string, hint = 'Is this member really the token? Name another one with --token-path.') =>
    new AppError('token-malformed', message, { hint });
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) {
    throw fail(`The token has ${value.length} characters; between ${MIN_LENGTH} and ${MAX_LENGTH} are accepted.`);
  }
  if (!B64TOKEN.test(value)) throw fail('The token has characters that a Bearer token cannot have (RFC 6750 §2.1).');
  if (rules.adminToken.equals(value)) {
    throw fail(
      'The "token" in the answer is your admin token.',
      'It will not be written anywhere. Check --token-path.',
    );
  }
  if (rules.current === value) {
    throw fail(
      'The IdP answered with the token that the service already has.',
      'Something between here and the IdP caches answers to POST requests.',
    );
  }
}

/**
 * When the token expires, in milliseconds since 1970, however far away: from `expires_in` or Keycloak's `expiration` (seconds
 * from now or from `timestamp`), `expires_at`, or the JWT's `exp`. null: nothing says it.
 */
function expiryOf(document: Record<string, unknown>, token: string, now: Date): number | null {
  const lifetime = numberOf(document['expires_in']) ?? numberOf(document['expiration']);
  if (lifetime !== null && lifetime > 0) {
    return (epochMs(document['timestamp']) ?? now.getTime()) + lifetime * 1_000;
  }
  return epochMs(document['expires_at']) ?? jwtExpiryMs(token);
}

function jwtExpiryMs(token: string): number | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  const claims = jsonOrNull(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
  return isRecord(claims) ? epochMs(claims['exp']) : null;
}

/**
 * A moment as IdPs write it, in milliseconds since 1970: a date as text, or a number of seconds, milliseconds, microseconds or
 * nanoseconds, told apart by its size: a trillion of the smaller unit is the year 2001. null: neither, or not after 1970.
 */
function epochMs(value: unknown): number | null {
  const isDate = typeof value === 'string' && !/^\d+$/.test(value);
  if (isDate) return Number.isNaN(Date.parse(value)) ? null : Date.parse(value);
  const number = numberOf(typeof value === 'string' ? Number(value) : value);
  if (number === null || number <= 0) return null;
  if (number < 1e12) return number * 1_000;
  if (number < 1e15) return number;
  return number < 1e18 ? number / 1_000 : number / 1e6;
}

function usagesOf(document: Record<string, unknown>): number | null {
  const usages = ['max_usages', 'max_uses', 'remainingCount', 'count'].map((member) => numberOf(document[member]));
  return usages.find((value) => value !== null) ?? (document['one_time_use'] === true ? 1 : null);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Names only, and only what looks like a name: anything else may be a secret. */
function namesOf(document: Record<string, unknown>): string {
  const names = Object.keys(document).slice(0, 12);
  return names.length > 0 ? names.map(describeName).join(', ') : '(none)';
}
