import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { plainName } from './token-places.ts';

/** Until when a token counts, as its answer says it. */
interface Expiry {
  /** null: nothing says it in a way that can be read, or the token does not expire. */
  readonly expiresAt: Date | null;
  /** What is odd about it, as a sentence; null: nothing. */
  readonly note: string | null;
}

/**
 * When the token expires: from `expires_in` or Keycloak's `expiration` (seconds from now, or from `timestamp`), `expires_at`,
 * or the JWT's `exp`; the first that can be read counts. A text without a time zone is UTC, as Python's `utcnow()` writes it.
 *
 * @param members what stands around the token; names in any case, with or without `_`
 * @param rules.isLifeAsked whether the request named a life for the token. A moment that has just passed says then that the
 *   clocks or zones differ, and the token counts
 * @throws AppError `token-expired`
 */
export function readExpiry(
  members: Record<string, unknown>,
  token: string,
  { now, isLifeAsked }: { readonly now: Date; readonly isLifeAsked: boolean },
): Expiry {
  const odd: string[] = [];
  const named = new Map(Object.entries(members).map(([name, value]) => [plainName(name), { name, value }]));
  const fromMs = readMoment(named.get('timestamp')?.value) ?? now.getTime();
  const said = READERS.flatMap(([plain, read]) => {
    const { name, value } = named.get(plain) ?? {};
    return name === undefined ? [] : [[name, value, read] as const];
  });
  for (const [name, value, read] of [...said, ["JWT's exp", claimsOf(token)['exp'], readMoment] as const]) {
    if (value === undefined || value === null || value === '') continue;
    const ms = read(value, fromMs);
    if (ms !== null) return judge(ms, now, isLifeAsked);
    odd.push(Number(value) === 0 ? `${name} is 0, as for a token that does not expire` : `${name} holds no time`);
  }
  return {
    expiresAt: null,
    note:
      odd.length === 0 ? null : `It is not known when the token expires: in the IdP's answer ${odd.join(', and ')}.`,
  };
}

/** Lives and moments by their names without case and `_`, in the order in which they count: `lifetime` is Janssen's. */
const READERS: readonly (readonly [plain: string, read: (value: unknown, fromMs: number) => number | null])[] = [
  ...['expiresin', 'lifetime', 'ttl'].map((name) => [name, readLife] as const),
  ...['expiration', 'expires', 'expiry'].map((name) => [name, readEither] as const),
  ...['expiresat', 'expireson', 'exp', 'expirationdate', 'expirationtime', 'expirydate', 'validuntil'].map(
    (name) => [name, readMoment] as const,
  ),
];

/** IdPs write "never" as the largest number of their language; nobody means a date that far away. */
const LONGEST_LIFE_MS = 200 * 365.25 * 24 * 3_600 * 1_000;

/** Clocks and time zones differ by less than this; what expired earlier has expired. */
const LARGEST_SKEW_MS = 24 * 3_600 * 1_000;

function judge(ms: number, now: Date, isLifeAsked: boolean): Expiry {
  const leftMs = ms - now.getTime();
  if (leftMs > LONGEST_LIFE_MS) {
    const note = "According to the IdP's answer, the token does not expire: it gives a time more than 200 years away.";
    return { expiresAt: null, note };
  }
  const expiresAt = new Date(ms);
  if (leftMs > 0) return { expiresAt, note: null };
  if (isLifeAsked && leftMs > -LARGEST_SKEW_MS) {
    const minutes = Math.max(1, Math.round(-leftMs / 60_000));
    const note = `According to the IdP's answer, the new token expired ${minutes} min ago (${expiresAt.toISOString()}). A life was asked for, so the clocks or time zones of this machine and the IdP differ, and the token is used. Compare them.`;
    return { expiresAt: null, note };
  }
  throw new AppError('token-expired', 'The IdP issued a token that has already expired.', {
    hint: 'Compare the clocks of this machine and of the IdP, or ask for a longer life with --expires-in SECONDS.',
  });
}

/** When a JWT expires (RFC 7519 §4.1.4); null for anything that is not a JWT with an `exp`. Decoded only, never trusted. */
export function jwtExpiry(token: string): Date | null {
  const ms = readMoment(claimsOf(token)['exp']);
  return ms === null || ms > LAST_DATE_MS ? null : new Date(ms);
}

/** The last moment that a Date can hold (ECMA-262, Time Values). */
const LAST_DATE_MS = 8.64e15;

/** The claims of a JWT; none of anything else. Decoded only, never trusted. */
export function claimsOf(token: string): Record<string, unknown> {
  const parts = token.split('.');
  const claims = parts.length === 3 ? jsonOrNull(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')) : null;
  return isRecord(claims) ? claims : {};
}

/** The end of a life of so many seconds. Some IdPs write the moment itself. */
function readLife(value: unknown, fromMs: number): number | null {
  const seconds = numberOf(value);
  if (seconds === null) return readMoment(value);
  return seconds > 0 ? fromMs + seconds * 1_000 : null;
}

/** A number of seconds of which nobody makes a life, 31 years: it is the moment itself. */
const LONGEST_NUMBER = 1e9;

/** A life or a moment: names like `expiration` are used for both. */
function readEither(value: unknown, fromMs: number): number | null {
  const number = numberOf(value);
  return number !== null && number >= LONGEST_NUMBER ? readMoment(value) : readLife(value, fromMs);
}

/**
 * A moment as IdPs write it, in milliseconds since 1970: a date as text, or a number of seconds, milliseconds, microseconds or
 * nanoseconds, told apart by its size: a trillion of the smaller unit is the year 2001. null: neither, or not after 1970.
 */
function readMoment(value: unknown): number | null {
  const number = numberOf(value);
  if (number === null) return typeof value === 'string' ? readDate(value.trim()) : null;
  if (number <= 0) return null;
  if (number < 1e12) return number * 1_000;
  if (number < 1e15) return number;
  return number < 1e18 ? number / 1_000 : number / 1e6;
}

/** ISO 8601 in its usual spellings (Python's, Go's, Java's), or the date of an e-mail or of C's `asctime`; in UTC without a zone. */
function readDate(text: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,3})\d*)?)? ?([^[]*)/i.exec(text);
  let iso: string;
  if (parts === null) {
    if (!/^[a-z]{3},? .*\d\d:\d\d:\d\d/i.test(text)) return null;
    iso = /[+-]\d{4}|\b(?:GMT|UTC|Z)\b/.test(text) ? text : `${text} UTC`;
  } else {
    const [, date, time = '00:00', fraction = '0', zone = ''] = parts;
    const offset = /^([+-]\d\d):?(\d\d)?\b/.exec(zone);
    if (offset === null && !/^(?:Z|UTC|GMT)?$/i.test(zone)) return null;
    iso = `${date}T${time.padEnd(8, ':00')}.${fraction}${offset === null ? 'Z' : `${offset[1]}:${offset[2] ?? '00'}`}`;
  }
  const ms = Date.parse(iso);
  return ms > 0 ? ms : null;
}

/** A number, or text that is one. */
export function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
