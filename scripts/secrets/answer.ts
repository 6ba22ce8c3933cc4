import type { Exchange, Header, HttpResponse } from '../core/exchange.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import { eachValue } from './json-text.ts';
import { isOrdinary, isTokenLike, runsIn, SHORTEST_MASKED } from './values.ts';

/*
 * An answer that should hold a token is a secret until it is understood: a live token may stand in any member, in a header, in
 * a name, or be the whole text. Of an answer that is not understood only the structure is shown: names, kinds and lengths.
 */

/**
 * What may be secret in an answer to a mint request that was not understood: to be masked wherever else it turns up.
 *
 * @param set what scripts made of the answer and left in variables
 */
export function secretsInAnswer({ request, response }: Exchange, body: string, set: readonly string[] = []): string[] {
  if (response === null) return [];
  const sent = `${request.url}\n${request.body?.text ?? ''}`;
  const found = new Set<string>();
  const addWord = (word: string, shortest: number) => {
    if (word.length < shortest || found.size >= MOST_FOUND || sent.includes(word) || isOrdinary(word)) return;
    if (isTokenLike(word) || (/\d|[a-z][A-Z]/.test(word) && !/^\d{1,15}$/.test(word))) found.add(word);
    for (const run of runsIn(word)) if (run !== word && isTokenLike(run)) found.add(run);
  };
  const add = (text: string, shortest: number) => {
    for (const word of text.slice(0, LONGEST_READ).split(/[\s"'<>{}[\],;()\\]+/)) {
      const [, host, rest] = /^[a-z]{2,16}:\/\/([^/?#]{0,300})(.*)$/i.exec(word) ?? [];
      // Of an address only its parts count: a message that names the host has to be read.
      if (host === undefined) addWord(word, shortest);
      else for (const part of `${host.replace(/:\d+$/, '')}${rest}`.split(/[/?#&=.]+/)) addWord(part, shortest);
    }
  };
  for (const { name, value } of response.headers) {
    if (!isPlainName(name)) add(name, SHORTEST_MASKED);
    if (!isHarmless(name, value)) add(value, SHORTEST_MASKED);
  }
  const read = (text: string, shortest: number) => {
    if (!/^\s*[{["]/.test(text)) return add(text, shortest);
    eachValue(text.slice(0, LONGEST_READ), (value, isName) => {
      if (!isName || !isPlainName(value)) add(value, SHORTEST_MASKED);
    });
  };
  read(body, 16);
  for (const text of set) read(text, SHORTEST_MASKED);
  return [...found];
}

/**
 * The exchange with the structure of the answer in place of its values. What the collection's scripts said about it is shown
 * only where it repeats nothing of the answer.
 *
 * @param body the whole text of the answer
 * @param set as for `secretsInAnswer`
 */
export function withoutValues(exchange: Exchange, body: string, set: readonly string[] = []): Exchange {
  const { response, error } = exchange;
  if (response === null) return exchange;
  const isQuoting = quotesOf(response, body, set);
  const text = (said: string) => (isQuoting(said) ? NOT_SHOWN : said);
  return {
    ...exchange,
    response: {
      ...response,
      reason: /^[A-Za-z' -]{0,40}$/.test(response.reason) && !isQuoting(response.reason) ? response.reason : '',
      headers: response.headers.map(({ name, value }) => ({
        name: isPlainName(name) ? name : `‹name of ${name.length} characters›`,
        value: isHarmless(name, value) ? value : textOf(value),
      })),
      body: response.body && { ...response.body, text: structureOf(body), type: plainType(response.body.type) },
    },
    assertions: exchange.assertions.map((each) => ({
      ...each,
      name: text(each.name),
      message: each.message && text(each.message),
    })),
    console: exchange.console.map((line) => ({ ...line, text: text(line.text) })),
    error: error && { ...error, message: text(error.message) },
  };
}

/** A text of an OAuth error (RFC 6749 §5.2) as it may be shown: without what looks like a token, and without pieces of one. */
export function withoutTokens(text: string): string {
  if (!runsIn(text).some(isTokenLike)) return text;
  return text.replace(/[A-Za-z0-9._~+/=-]{4,}/g, (run) => (/\d|[a-z][A-Z]/.test(run) ? '‹masked›' : run));
}

/** The name of a member for people: in quotes where it looks like a name, else its length. */
export function describeName(name: string): string {
  return isPlainName(name) ? JSON.stringify(name) : `a name of ${name.length} characters`;
}

/** The media type where it looks like one, else its length. */
export function plainType(type: string): string {
  return /^[a-z]{1,16}\/[a-z][a-z.+-]{0,40}$/.test(type) || type === '' ? type : `a type of ${type.length} characters`;
}

const NOT_SHOWN = '‹not shown: it repeats the answer, which was not understood›';

/** Characters of an answer that are looked at. */
const LONGEST_READ = 1_000_000;

/** Values that are registered: an answer with more of them is no token's. */
const MOST_FOUND = 300;

/** Members, entries and levels of a structure that are shown. */
const MOST_MEMBERS = 40;
const MOST_LEVELS = 12;

/** Members of an OAuth error whose texts are for people. */
const OAUTH_TEXTS: ReadonlySet<string> = new Set(['error', 'error_description', 'error_uri']);

/** Headers whose values say nothing about a token, where they look as they should. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  'content-type': /^[a-z]{1,16}\/[a-z][a-z.+-]{0,40}(?:; ?charset=[a-z0-9-]{1,12})?$/i,
  'content-length': /^\d{1,12}$/,
  'content-encoding': /^[a-z]{1,10}$/i,
  'transfer-encoding': /^[a-z]{1,10}$/i,
  connection: /^[a-z-]{1,12}$/i,
  'keep-alive': /^[a-z0-9=, ]{1,40}$/i,
  date: /^[A-Za-z]{3}, [\w: ]{15,25}$/,
  server: /^[A-Za-z][A-Za-z -]{0,20}(?:\/[\d.]{1,10})?$/,
  'cache-control': /^[a-z-]{1,30}(?:=\d{1,10})?(?:, ?[a-z-]{1,30}(?:=\d{1,10})?){0,6}$/,
  'retry-after': /^\d{1,10}$/,
};

function isPlainName(name: string): boolean {
  return /^[A-Za-z_$@][\w$@.:-]{0,39}$/.test(name) && !isTokenLike(name);
}

function isHarmless(name: string, value: string): boolean {
  return HARMLESS[name.toLowerCase()]?.test(value) === true;
}

function textOf(value: string): string {
  return `‹text of ${value.length} characters›`;
}

/** JSON with the kinds and lengths of values in their places; one line for any other text. */
function structureOf(body: string): string {
  const document = body.length <= LONGEST_READ ? jsonOrNull(body) : null;
  return document === null ? textOf(body) : JSON.stringify(shapeOf(document, 1));
}

function shapeOf(value: unknown, level: number): unknown {
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number') return `‹number of ${String(value).length} digits›`;
  if (typeof value === 'boolean') return '‹true or false›';
  if (value === null) return null;
  if (level > MOST_LEVELS) return '‹more levels›';
  if (Array.isArray(value)) {
    const entries = value.slice(0, MOST_MEMBERS).map((entry) => shapeOf(entry, level + 1));
    return value.length > MOST_MEMBERS ? [...entries, `‹${value.length - MOST_MEMBERS} more›`] : entries;
  }
  return Object.fromEntries(
    Object.entries(isRecord(value) ? value : {})
      .slice(0, MOST_MEMBERS)
      .map(([name, member]) => [
        isPlainName(name) ? name : `‹name of ${name.length} characters›`,
        level === 1 && OAUTH_TEXTS.has(name) && typeof member === 'string'
          ? withoutTokens(member.slice(0, 1_000))
          : shapeOf(member, level + 1),
      ]),
  );
}

/** Characters in a row that count as a repetition. */
const PIECE = 6;

/** Tells whether a text has a piece of the answer in it. */
function quotesOf(
  { headers, body: kept }: HttpResponse,
  body: string,
  set: readonly string[],
): (said: string) => boolean {
  // Beyond what the report keeps of a body, nothing that was said about it is shown.
  if (body.length > LONGEST_READ || (kept !== null && body.length > kept.text.length * 2)) return () => true;
  const pieces = new Set<string>();
  const short = new Set<string>();
  const add = (value: string) => {
    const signs = signsOf(value);
    if (signs.length < PIECE && signs.length > 2 && /\d/.test(signs)) short.add(signs);
    for (let at = 0; at + PIECE <= signs.length; at++) pieces.add(signs.slice(at, at + PIECE));
  };
  for (const { name, value } of headers.filter(isTelling)) {
    if (!isPlainName(name)) add(name);
    if (!isHarmless(name, value)) add(value);
  }
  const document = jsonOrNull(body);
  const shown = isRecord(document) ? [...OAUTH_TEXTS].map((name) => document[name]) : [];
  for (const text of [body, ...set]) {
    eachValue(text, (value, isName) => {
      if (isName ? !isPlainName(value) : !shown.includes(value) || withoutTokens(value) !== value) add(value);
    });
  }
  return (said) => {
    const signs = signsOf(said);
    for (let at = 0; at + PIECE <= signs.length; at++) if (pieces.has(signs.slice(at, at + PIECE))) return true;
    return short.size > 0 && said.split(/[^A-Za-z0-9]+/).some((word) => short.has(word));
  };
}

function isTelling({ name, value }: Header): boolean {
  return !isPlainName(name) || !isHarmless(name, value);
}

/** Letters and digits: quotes, line ends and escapes between them are the reader's. */
function signsOf(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, '');
}
