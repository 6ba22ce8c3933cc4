import { anyOf } from './patterns.ts';

/**
 * What a statement says about the token that a request carries: `missing`: there was none to send, or the IdP got none;
 * `malformed`: it holds what no HTTP header can (a line break, quotes of a word processor) or is no token.
 */
export type Bearer = 'missing' | 'malformed' | null;

/** Of the statement, as `Facts` has it. */
interface Surroundings {
  readonly status: number | null;
  readonly frames: string;
  readonly dcr: boolean;
  readonly mode: string | null;
}

/** In the words of h11, httpx, requests, aiohttp, http.client, h2, Node and Go, and in those of IdPs. */
export function bearerIn(text: string, { status, frames, dcr, mode }: Surroundings): Bearer {
  if (isRefusal(status) && NONE_CAME.test(text)) return 'missing';
  if (status === 403 && NO_TOKEN_AT_ALL.test(text)) return 'malformed';
  if (NO_JWT.test(text)) return dcr && mode === 'register' ? 'malformed' : null;
  const place = CODEC.exec(text)?.[1];
  // "Bearer " is seven characters long: what stands before the token is ours.
  if (place !== undefined) return Number(place) >= 7 && (dcr || HTTP_FRAMES.test(frames)) ? 'malformed' : null;
  if (!UNSENDABLE.test(text) || OF_ANOTHER.test(text)) return null;
  return EMPTY.test(text) ? 'missing' : 'malformed';
}

function isRefusal(status: number | null): boolean {
  return status !== null && [400, 401, 403, 422].includes(status);
}

const TOKEN = /(?:(?:bearer|access|authentication|authorization) )?(?:token|header)|authorization|bearer/;
const NONE_CAME = new RegExp(
  anyOf(
    new RegExp(`\\bno (?:${TOKEN.source}) (?:was |is )?(?:provided|given|sent|supplied|found|present)`),
    new RegExp(`\\bmissing[ _](?:the )?["'\\\\]*(?:${TOKEN.source})\\b|\\bmissing_(?:authorization|token)\\b`),
    new RegExp(
      `\\b(?:${TOKEN.source})["'\\\\]* (?:is |was )?(?:missing|required|not (?:provided|given|sent|found|present))`,
    ),
    /["']header["'], ?["']authorization["']|["']?detail["']?: ?["']Not authenticated|credentials were not provided/,
  ).source,
  'i',
);
const NO_TOKEN_AT_ALL = /invalid authentication (?:credentials|scheme)|invalid authorization header/i;
/** A program that reads the token as a JWT (PyJWT, python-jose, Authlib). */
const NO_JWT =
  /jwt\.exceptions\.(?:Decode|ExpiredSignature|InvalidSignature|InvalidToken)Error|jose\.exceptions\.(?:JWT|JWS|ExpiredSignature)Error|jose\.errors\.(?:Decode|ExpiredToken|BadSignature)Error/;
const CODEC = /codec can't encode characters? .{0,40}?in position (\d+)/;
const UNSENDABLE = anyOf(
  /(?:illegal|invalid) header value|invalid header field value|header value surrounded by whitespace/i,
  /header value must be|invalid character in header content|detected in headers|in header value: /i,
  /leading space in header|Header part \(None\)|Value for header \{/i,
);
/** Another header than the one with the token. */
const OF_ANOTHER = anyOf(
  /header(?: content \[| part \(None\) from \(|s? \{| field value for )["'](?!authorization)/i,
  /header \{(?!["']?authorization)|in header: (?!["']?authorization)\w|header value:? b?["']\s*(?:basic|digest|negotiate)\b/i,
);
/** The value is empty but for the scheme, or None. */
const EMPTY = /value:? b?["']\s{0,9}(?:Bearer)?(?:\s|\\[nrt]){0,99}["']|NoneType|\(None\)|: None\}/i;
const HTTP_FRAMES = /[/\\](?:httpx|requests|niquests|aiohttp|urllib3|httpcore|h11)[/\\]|http[/\\]client\.py/;

/** Words of every such statement, besides those of the bootstrap. */
export const BEARER_WORDS = anyOf(
  /header value|header field|header content|in headers|in header:|header part|for header|codec can't encode/,
  /no access token|bearer token|authorization header|missing_authorization|missing_token|not authenticated/,
  /authentication credentials|authentication scheme|jwt.exceptions|jose.exceptions|jose.errors/,
);
