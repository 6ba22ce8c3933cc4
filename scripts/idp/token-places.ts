import { isRecord } from '../core/json.ts';

/** A value that may be the token, and where it stands: `/data/token`, `the header X-IAT`. */
export interface Candidate {
  readonly value: string;
  readonly place: string;
}

/**
 * Members that hold the token, written in any case and with or without `_`: `token` of EmpowerNow and Keycloak
 * (ClientInitialAccessPresentation), `access_token` of an OAuth answer (RFC 6749 §5.1: Curity, Connect2id, Spring, CAS), `ssa` of
 * Janssen. Each of them may be an object with the token in it, too.
 */
const MEMBERS: ReadonlySet<string> = new Set([
  'token',
  'accesstoken',
  'initialaccesstoken',
  'iat',
  'jwt',
  'value',
  'ssa',
]);

/** Members that the answer may be in; `attributes` is JSON:API's. */
const WRAPPERS: ReadonlySet<string> = new Set([
  ...['data', 'attributes', 'result', 'results', 'response', 'payload'],
  ...[...MEMBERS].filter((member) => member !== 'value'),
]);

const MOST_LEVELS = 6;

/** A name without case and separators: `expiresIn` and `expires_in` are one. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** The values under known names, in the answer and in what wraps it. Objects that say that they are errors hold none. */
export function candidatesIn(document: unknown): Candidate[] {
  const found: Candidate[] = [];
  const visit = (place: unknown, path: string, level: number) => {
    if (level > MOST_LEVELS) return;
    if (Array.isArray(place)) {
      for (const [index, entry] of place.entries()) visit(entry, `${path}/${index}`, level + 1);
    } else if (isRecord(place) && !isError(place)) {
      for (const [name, value] of Object.entries(place)) {
        const plain = plainName(name);
        const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        if (typeof value === 'object' && WRAPPERS.has(plain)) visit(value, at, level + 1);
        if (typeof value === 'string' && MEMBERS.has(plain) && isValue(value, plain)) found.push({ value, place: at });
      }
    }
  };
  visit(document, '', 0);
  return found;
}

/** `iat` is also the name of a moment, "issued at" (RFC 7519 §4.1.6): a number, or a date. */
export function isValue(value: string, plain: string): boolean {
  return value !== '' && (plain !== 'iat' || !/^\d[\d.:TZ+ -]*$/.test(value));
}

/** Says that it is an error: as OAuth (RFC 6749 §5.2), GraphQL and most others write it. */
export function isError({ error, errors }: Readonly<Record<string, unknown>>): boolean {
  const isFull = Array.isArray(errors) ? errors.length > 0 : isRecord(errors);
  return isFull || isRecord(error) || error === true || (typeof error === 'string' && error !== '');
}

/** The objects around a value, the outermost first; where it is not in the document, those that an answer may be in. */
export function around(document: unknown, value: string): Record<string, unknown>[] {
  return wayTo(document, value, 0) ?? wrappersOf(document, 0);
}

function wayTo(place: unknown, value: string, level: number): Record<string, unknown>[] | null {
  if (place === value) return [];
  if (typeof place !== 'object' || place === null || level > 2 * MOST_LEVELS) return null;
  for (const child of Object.values(place)) {
    const way = wayTo(child, value, level + 1);
    if (way !== null) return isRecord(place) ? [place, ...way] : way;
  }
  return null;
}

function wrappersOf(place: unknown, level: number): Record<string, unknown>[] {
  if (Array.isArray(place)) return place.length === 1 ? wrappersOf(place[0], level) : [];
  if (!isRecord(place) || level > MOST_LEVELS) return [];
  const inside = Object.entries(place).filter(([name]) => WRAPPERS.has(plainName(name)));
  return [place, ...inside.flatMap(([, child]) => wrappersOf(child, level + 1))];
}

/** RFC 6901: `/data/token`, `/0/token`; `~1` is a slash, `~0` a tilde. undefined: there is no text. */
export function atPointer(document: unknown, pointer: string): string | undefined {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    value = isThere ? (value as Record<string, unknown>)[name] : undefined;
  }
  return typeof value === 'string' && value !== '' ? value : undefined;
}
