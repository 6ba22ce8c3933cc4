import { AppError } from '../core/errors.ts';
import type { Header } from '../core/exchange.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { TokenFacts } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { describeName, plainType } from '../secrets/answer.ts';
import { isAuthorization, isSecretName } from '../secrets/places.ts';
import { isTokenLike } from '../secrets/values.ts';
import { claimsOf, numberOf, readExpiry } from './expiry.ts';
import { around, atPointer, type Candidate, candidatesIn, isError, isValue, plainName } from './token-places.ts';

/** What the mint request got, whole. */
export interface MintAnswer {
  /** The body as text. */
  readonly body: string;
  /** The media type without parameters. */
  readonly type: string;
  readonly headers: readonly Header[];
  /** Variables of any scope that the collection's scripts set in this run. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface TokenRules {
  /** RFC 6901 JSON Pointer to the token; null: the members that IdPs are known to use. */
  readonly path: string | null;
  /** The header or the variable that holds it; null: not named. */
  readonly header: string | null;
  readonly variable: string | null;
  /** null: there is none of its own; the collection authorizes itself. */
  readonly adminToken: Secret | null;
  /** The `Authorization` that the request was sent with; '' where it had none. */
  readonly authorization: string;
  /** The value that the service has today; a "new" token that equals it is not new. */
  readonly current: string | null;
  readonly now: Date;
  /** Whether the request named a life for the token. */
  readonly isLifeAsked: boolean;
}

/** Variables that scripts leave the token in. */
const SCRIPT_VARIABLES = ['dcr_iat', 'DCR_IAT', 'iat', 'iat_token', 'initial_access_token'];

/** RFC 6750 §2.1 `b64token`: none of its characters has a meaning in YAML, compose, a shell or a header. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MIN_LENGTH = 16;
const MAX_LENGTH = 16_384;

/** A token, and what may be said about it. */
interface TokenRead {
  readonly secret: Secret;
  readonly facts: TokenFacts;
  /** What a reader of the report may want to know beyond the facts, each a sentence. */
  readonly notes: readonly string[];
  /** What may keep the token from working, each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * Reads the Initial Access Token out of the IdP's answer: out of JSON, a form, or a text that is the token; and out of what a
 * script left in a variable. Where they differ it is not guessed which one it is.
 *
 * @throws AppError `idp-not-json`, `token-missing`, `token-ambiguous`, `token-malformed`, `token-expired`; none of them quotes the answer
 */
export function readToken(answer: MintAnswer, rules: TokenRules): TokenRead {
  const content = readContent(answer);
  const value = theOne(namedIn(answer, content, rules) ?? knownIn(answer, content));
  verifyToken(value, rules);
  const plain = new Secret(value, 'IAT');
  const secret = new Secret(value, `IAT ${plain.handle}`);
  const places = around(content.document, value);
  const members = Object.assign({}, ...places.flatMap((place) => [place['meta'], place]));
  const { expiresAt, note } = readExpiry(members, value, rules);
  return {
    secret,
    facts: { handle: plain.handle, expiresAt, maxUsages: usagesOf(places) },
    notes: content.note === null ? [] : [content.note],
    warnings: [note, isStatement(members, value) ? STATEMENT : null].filter((each) => each !== null),
  };
}

/** The body as it can be looked into. */
interface Content {
  /** An object or a list; null: it is neither. */
  readonly document: object | null;
  /** The whole text, where it may be the token itself. */
  readonly text: string;
  readonly note: string | null;
  /** Why there is nothing to be looked into. */
  readonly refusal: AppError | null;
  /** Whatever is in a web page, and whatever a script made of it, is not what was asked for. */
  readonly isPage: boolean;
}

/** HTML is a page, whatever is in it; other types count as JSON where the body is JSON: servers forget to name it. */
function readContent({ body: whole, type }: MintAnswer): Content {
  const body = whole.replace(/^\ufeff/, '').trim();
  const nothing = { document: null, text: '', note: null, isPage: false };
  const named = plainType(type) || 'no named type';
  const notJson = (message: string, hint: string) => new AppError('idp-not-json', message, { hint });
  if (body === '') {
    const hint =
      'A token may have been minted anyway; it expires by itself. Look at the log of the IdP, and at what stands between it and here.';
    return { ...nothing, refusal: notJson(`The IdP's answer is empty (${named}).`, hint) };
  }
  const isJson = type === 'application/json' || type.endsWith('+json');
  const isPage = /html/.test(type) || /^<(?:!doctype html|html)\b/i.test(body);
  const document = isPage ? null : type === FORM ? readForm(body) : parseJson(body);
  if (typeof document === 'object' && document !== null) {
    const note = isJson || type === FORM ? null : `The IdP's answer is JSON, though it is sent as ${named}.`;
    return { ...nothing, document, note, refusal: null };
  }
  const text = typeof document === 'string' ? document : body;
  if (!isPage && isBareToken(text)) return { ...nothing, text, refusal: null };
  const size = `${body.length} characters of ${named}`;
  const refusal = isJson
    ? notJson(
        `The IdP's answer is not a JSON object (${size}), or was cut off.`,
        'A token may have been minted anyway; it expires by itself. Run again.',
      )
    : notJson(
        `The IdP answered with ${size} instead of JSON.`,
        'There may be a login page or a proxy in between. Check --idp-url: it is the base, without /api/oidc.',
      );
  return { ...nothing, refusal, isPage };
}

const FORM = 'application/x-www-form-urlencoded';

function readForm(body: string): object | null {
  return body.includes('=') ? Object.fromEntries(new URLSearchParams(body)) : null;
}

/**
 * A text that is a token, and no sentence, number, path, host or word: random signs in a row, and none of the words that
 * errors are made of.
 */
function isBareToken(text: string): boolean {
  if (text.length < MIN_LENGTH || !B64TOKEN.test(text) || text.startsWith('/') || ERROR_WORD.test(text)) return false;
  if (!isTokenLike(text)) return false;
  return text.split(/[-._~+/=]/).some((part) => part.length >= 8 && /\d[A-Za-z]|[A-Za-z]\d|[a-z][A-Z]/.test(part));
}

const ERROR_WORD =
  /(?:^|[-_.])(?:error|exception|failed|failure|denied|invalid|refused|rejected|unauthorized|forbidden|unavailable|maintenance|expired)(?:[-_.]|$)/i;

/** Whether the body of a mint request, JSON or a form, names a life for the token (`expires_in`, Keycloak's `expiration`). */
export function asksForLife(body: string): boolean {
  return /\b(?:expires_in|expiresIn|expiration|lifetime)"?\s{0,9}[:=]\s{0,9}"?[1-9]/.test(body);
}

/** Also with the bare words that Python's `json` writes for a number that is none (NaN, Infinity), as texts. */
function parseJson(text: string): unknown {
  const document = jsonOrNull(text);
  if (document !== null || !/NaN|Infinity/.test(text)) return document;
  // Pieces of texts one by one: an engine keeps track of each repeat of a group, and runs out of memory.
  let isInText = false;
  return jsonOrNull(
    text.replace(/\\[\s\S]|"|(?<![\w-])-?(?:NaN|Infinity)\b/g, (part) => {
      if (part === '"') isInText = !isInText;
      return isInText || part.length <= 2 ? part : `"${part}"`;
    }),
  );
}

/** What the options name; null: they name nothing. */
function namedIn({ headers, variables }: MintAnswer, content: Content, rules: TokenRules): Candidate[] | null {
  const { path, header, variable } = rules;
  const found: Candidate[] = [];
  const missing = (where: string, hint: string) => new AppError('token-missing', where, { hint });
  if (path !== null) {
    if (content.document === null) throw content.refusal ?? new AppError('token-missing', TEXT_ONLY);
    const value = atPointer(content.document, path);
    if (value === undefined)
      throw missing(`The IdP's answer has no text at ${path} (--token-path).`, describeShape(content.document));
    found.push({ value, place: path });
  }
  if (header !== null) {
    const values = headers.filter(({ name, value }) => plainCase(name) === plainCase(header) && value.trim() !== '');
    const names = [...new Set(headers.map(({ name }) => name))].slice(0, MOST_NAMES).map(describeName).join(', ');
    if (values.length === 0)
      throw missing(
        `The IdP's answer has no header ${header} (--token-header).`,
        `It has the headers ${names || '(none)'}.`,
      );
    // In Authorization the scheme belongs to the header and not to the token (RFC 9110 §11.6.2).
    const scheme = isAuthorization(header) ? /^\s*Bearer +/i : /^\s+/;
    for (const { value } of values)
      found.push({ value: value.replace(scheme, '').trim(), place: `the header ${header}` });
  }
  if (variable !== null) {
    const value = variables[variable];
    const names = Object.keys(variables).slice(0, MOST_NAMES).map(describeName).join(', ');
    if (!value)
      throw missing(
        `No script left a text in the variable ${variable} (--token-variable).`,
        names === '' ? 'No script has set a variable.' : `Scripts have set ${names}.`,
      );
    found.push({ value, place: `the variable ${variable}` });
  }
  return found.length === 0 ? null : found;
}

const TEXT_ONLY = "The IdP's answer is one text, without members: --token-path does not fit.";

/** Names that a message lists. */
const MOST_NAMES = 12;

/** Everything under a known name. */
function knownIn(answer: MintAnswer, { document, text, refusal, isPage }: Content): Candidate[] {
  if (isPage && refusal !== null) throw refusal;
  const { variables } = answer;
  const found = [
    ...SCRIPT_VARIABLES.flatMap((name) => {
      const value = variables[name] ?? '';
      return isValue(value, plainName(name)) ? [{ value, place: `the variable ${name}` }] : [];
    }),
    ...candidatesIn(document),
    ...(text === '' ? [] : [{ value: text, place: 'the whole answer' }]),
  ];
  if (found.length > 0) return found;
  const elsewhere = describeElsewhere(answer);
  if (refusal !== null) throw elsewhere === '' ? refusal : withHint(refusal, elsewhere);
  if (isRecord(document) && isError(document)) {
    const message = "The IdP's answer is an error, though its status is that of a success.";
    throw new AppError('token-missing', message, { hint: describeShape(document) });
  }
  throw new AppError('token-missing', "The IdP's answer holds no token under a known name.", {
    hint: `${describeShape(document)} If one of them is the token, name it with --token-path ${
      Array.isArray(document) ? '/0/MEMBER' : '/MEMBER'
    }.${elsewhere}`,
  });
}

function withHint({ code, message, hint }: AppError, more: string): AppError {
  return new AppError(code, message, { hint: `${hint?.text ?? ''}${more}` });
}

/** Where else a token seems to be, as sentences: names only. */
function describeElsewhere({ headers, variables }: MintAnswer): string {
  const isToken = (value: string) => B64TOKEN.test(value) && isTokenLike(value);
  const listed = (option: string, names: readonly string[]) =>
    names.length === 0
      ? ''
      : ` Or it is in ${names.slice(0, MOST_NAMES).map(describeName).join(' or ')}: ${option} NAME.`;
  return (
    listed(
      '--token-header',
      headers.filter(({ name, value }) => isSecretName(name) && isToken(value.trim())).map(({ name }) => name),
    ) +
    listed(
      '--token-variable',
      Object.keys(variables).filter((name) => isToken(variables[name] ?? '')),
    )
  );
}

function plainCase(name: string): string {
  return name.trim().toLowerCase();
}

function theOne(found: readonly Candidate[]): string {
  const [first] = found;
  if (first !== undefined && found.every(({ value }) => value === first.value)) return first.value;
  const places = [...new Set(found.map(({ place }) => place))].slice(0, MOST_NAMES);
  throw new AppError(
    'token-ambiguous',
    `The IdP's answer has more than one possible token: ${places.map(shownPlace).join(', ')}.`,
    {
      hint: 'Say which one it is with --token-path, --token-header or --token-variable, for example --token-path /token.',
    },
  );
}

/** A pointer without members whose names may be values. */
function shownPlace(place: string): string {
  if (!place.startsWith('/')) return place;
  return place.split('/').every((part) => part === '' || /^\d{1,4}$/.test(part) || /^"/.test(describeName(part)))
    ? place
    : `a place of ${place.length} characters`;
}

function verifyToken(value: string, rules: TokenRules): void {
  const fail = (message: string, hint = 'Is this member really the token? Name another one with --token-path.') =>
    new AppError('token-malformed', message, { hint });
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) {
    throw fail(`The token has ${value.length} characters; between ${MIN_LENGTH} and ${MAX_LENGTH} are accepted.`);
  }
  if (!B64TOKEN.test(value)) throw fail('The token has characters that a Bearer token cannot have (RFC 6750 §2.1).');
  if (rules.adminToken?.equals(value) || rules.authorization.endsWith(` ${value}`)) {
    throw fail(
      'The "token" in the answer is your admin token.',
      'It will not be written anywhere. Check --token-path.',
    );
  }
  const { typ } = claimsOf(value);
  const kind = typeof typ === 'string' && Object.hasOwn(OTHER_KINDS, typ) ? OTHER_KINDS[typ] : undefined;
  if (kind !== undefined) throw fail(`The token is ${kind}, and no Initial Access Token.`);
  if (rules.current === value) {
    throw fail(
      'The IdP answered with the token that the service already has.',
      'Something between here and the IdP caches answers to POST requests.',
    );
  }
}

/** Other tokens of Keycloak, by the `typ` of their claims (its `TokenUtil`). */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  ID: 'an ID token',
  Refresh: 'a refresh token',
  Offline: 'an offline token',
  RegistrationAccessToken: 'a Registration Access Token',
};

/** @param places the objects around the token; a `count` further out counts something else */
function usagesOf(places: readonly Record<string, unknown>[]): number | null {
  for (const [index, place] of places.toReversed().entries()) {
    const named = Object.fromEntries(Object.entries(place).map(([name, value]) => [plainName(name), value]));
    const usages = [...USES, ...(index === 0 ? ['count'] : [])].map((name) => numberOf(named[name]));
    const found = usages.find((value) => value !== null) ?? (named['onetimeuse'] === true ? 1 : null);
    if (found !== null) return found;
  }
  return null;
}

const USES = ['maxusages', 'maxuses', 'remainingcount', 'remaininguses'];

/** A software statement (RFC 7591 §2.3) is a JWT about the software. */
function isStatement(members: Readonly<Record<string, unknown>>, value: string): boolean {
  return members['ssa'] === value || members['software_statement'] === value || 'software_id' in claimsOf(value);
}

const STATEMENT =
  'The token is a software statement (ssa), which some IdPs want in the body of the registration and not as a Bearer.';

/** Names only: a value may be a secret. */
function describeShape(document: unknown): string {
  const first: unknown = Array.isArray(document) ? document[0] : document;
  const names = isRecord(first) ? Object.keys(first).slice(0, 12) : [];
  const shown = names.length > 0 ? names.map(describeName).join(', ') : '(none)';
  return Array.isArray(document)
    ? `It is a list of ${document.length}, whose first entry has the members ${shown}.`
    : `It has the members ${shown}.`;
}
