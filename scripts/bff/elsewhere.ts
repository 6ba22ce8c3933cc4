import { anyOf } from './patterns.ts';

/** What a statement says of a request to the IdP, as `Facts` has it. */
interface Answer {
  readonly text: string;
  readonly status: number | null;
  readonly endpoint: string | null;
  readonly method: string | null;
  readonly dcr: boolean;
  readonly rat: boolean;
  readonly mode: string | null;
  readonly frames: string;
}

/**
 * Whether the registration was answered by something that is no registration endpoint (RFC 7591 §3): a redirect, a page, 404.
 * A client's own address that is not found says nothing about that: the client is gone.
 */
export function isElsewhere(answer: Answer): boolean {
  const { text, status, endpoint, method, dcr, rat, mode, frames } = answer;
  if (rat || endpoint === 'client' || endpoint === 'token') return false;
  if (METADATA.test(text)) return status !== null && MISPLACED.has(status);
  if (NO_ENDPOINT.test(text)) return true;
  const isOurs = endpoint === 'register' || (endpoint === null && dcr && (mode === 'register' || NAMED.test(text)));
  if (REDIRECTED.test(text)) return dcr || mode === 'register' || endpoint === 'register';
  if (isOurs && status !== null && MISPLACED.has(status)) return method === null || method === 'POST';
  if (status !== null && status >= 400) return false;
  if (HTML.test(text)) return isOurs;
  if (!NO_JSON.test(text) || OTHER_JSON.test(text)) return false;
  return mode === 'register' || NAMED.test(text) || (dcr && HTTP_FRAMES.test(frames));
}

/** Redirects, not found, the wrong method, gone, not implemented. */
const MISPLACED = new Set([301, 302, 303, 307, 308, 404, 405, 410, 501]);
/** Where the IdP describes itself (RFC 8414, OpenID Connect Discovery). */
const METADATA = /\.well-known\/(?:openid-configuration|oauth-authorization-server)/;
const NO_ENDPOINT = anyOf(
  /KeyError: ['"]registration_endpoint|(?:no|missing|without(?: a)?) ["'`]?registration[_ ]endpoint/i,
  /registration_endpoint["'`]? (?:is |was )?(?:missing|not (?:found|advertised|present|in))/i,
  /dynamic (?:client )?registration is (?:not (?:enabled|supported|available)|disabled|switched off) (?:at|by|on|for|in)\b/i,
);
const NAMED = /registration[ _](?:endpoint|request|response|answer|failed)|RegistrationError/i;
const REDIRECTED = /TooManyRedirects|too many redirects|maximum allowed redirects|Exceeded \d+ redirects/i;
const HTML = /text\/html|<!doctype html|<html\b|unexpected mimetype|ContentTypeError/i;
const NO_JSON = /JSONDecodeError|Expecting value: line 1 column 1|not (?:valid )?JSON\b|invalid JSON/i;
/** JSON that comes from a file. */
const OTHER_JSON = /cached|credentials|reading|loading|\bfile\b|config|\.json\b/i;
const HTTP_FRAMES = /[/\\](?:httpx|requests|niquests|aiohttp|urllib3)[/\\]/;

/** Words of every such statement, besides those of the bootstrap. */
export const ELSEWHERE_WORDS = anyOf(
  /openid-configuration|oauth-authorization-server|toomanyredirects|many redirects|allowed redirects|\d redirects/,
  /text\/html|<!doctype|<html|mimetype|contenttypeerror|jsondecodeerror|expecting value|json/,
);
