import { AppError } from '../core/errors.ts';
import { isRecord, jsonOrNull } from '../core/json.ts';
import type { TokenFacts } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { describeName, plainType } from '../secrets/answer.ts';
import { numberOf, readExpiry } from './expiry.ts';

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
  readonly adminToken: Secret | null;
  /** The value that the service has today; a "new" token that equals it is not new. */
  readonly current: string | null;
  readonly now: Date;
  /** Whether the request named a life for the token. */
  readonly isLifeAsked: boolean;
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
  /** What a reader has to know beyond the facts, each a sentence. */
  readonly notes: readonly string[];
}

/**
 * Reads the Initial Access Token out of the IdP's answer.
 *
 * @throws AppError `idp-not-json`, `token-missing`, `token-ambiguous`, `token-malformed`, `token-expired`; none of them quotes the answer
 */
export function readToken(answer: MintAnswer, rules: TokenRules): TokenRead {
  const { document, note } = parseAnswer(answer);
  const found = rules.path === null ? findToken(document, answer.variables) : atPointer(document, rules.path);
  verifyToken(found.value, rules);
  const plain = new Secret(found.value, 'IAT');
  const secret = new Secret(found.value, `IAT ${plain.handle}`);
  const members = { ...(isRecord(document) ? document : {}), ...found.beside };
  const { expiresAt, note: odd } = readExpiry(members, found.value, rules);
  const statement =
    members['ssa'] === found.value
      ? 'The token is a software statement (ssa), which some IdPs want in the body of the registration and not as a Bearer.'
      : null;
  return {
    secret,
    facts: { handle: plain.handle, expiresAt, maxUsages: usagesOf(members) },
    notes: [note, odd, statement].filter((each) => each !== null),
  };
}

/** HTML is a page, whatever is in it; other types count as JSON where the body is JSON: servers forget to name it. */
function parseAnswer({ body, type }: MintAnswer): { readonly document: object; readonly note: string | null } {
  const named = plainType(type) || 'no named type';
  if (body.trim() === '') {
    throw new AppError('idp-not-json', `The IdP's answer is empty (${named}).`, {
      hint: 'A token may have been minted anyway; it expires by itself. Look at the log of the IdP, and at what stands between it and here.',
    });
  }
  const isJson = type === 'application/json' || type.endsWith('+json');
  const document = /html/.test(type) ? null : parseJson(body);
  if (typeof document === 'object' && document !== null)
    return { document, note: isJson ? null : `The IdP's answer is JSON, though it is sent as ${named}.` };
  const size = `${body.length} characters of ${named}`;
  if (isJson) {
    throw new AppError('idp-not-json', `The IdP's answer is not a JSON object (${size}), or was cut off.`, {
      hint: 'A token may have been minted anyway; it expires by itself. Run again.',
    });
  }
  throw new AppError('idp-not-json', `The IdP answered with ${size} instead of JSON.`, {
    hint: 'There may be a login page or a proxy in between. Check --idp-url: it is the base, without /api/oidc.',
  });
}

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

/** The token, and the members beside it. */
interface Found {
  readonly value: string;
  readonly beside: Readonly<Record<string, unknown>>;
}

function findToken(document: unknown, variables: Readonly<Record<string, string>>): Found {
  for (const name of SCRIPT_VARIABLES) {
    const value = variables[name];
    if (value) return { value, beside: {} };
  }
  const top = isRecord(document) ? document : {};
  const places = [['', top] as const, ...WRAPPERS.map((name) => [`/${name}`, top[name]] as const)];
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
    if (member !== undefined) return { value: String(place[member]), beside: place };
  }
  throw new AppError('token-missing', "The IdP's answer holds no token under a known name.", {
    hint: `${describeShape(document)} If one of them is the token, name it with --token-path ${
      Array.isArray(document) ? '/0/MEMBER' : '/MEMBER'
    }.`,
  });
}

/** RFC 6901: `/data/token`, `/0/token`; `~1` is a slash, `~0` a tilde. */
function atPointer(document: unknown, pointer: string): Found {
  let value = document;
  let beside: unknown = null;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    beside = value;
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    value = isThere ? (value as Record<string, unknown>)[name] : undefined;
  }
  if (typeof value === 'string' && value !== '') return { value, beside: isRecord(beside) ? beside : {} };
  throw new AppError('token-missing', `The IdP's answer has no text at ${pointer} (--token-path).`, {
    hint: describeShape(document),
  });
}

function verifyToken(value: string, rules: TokenRules): void {
  const fail = (message: string, hint = 'Is this member really the token? Name another one with --token-path.') =>
    new AppError('token-malformed', message, { hint });
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) {
    throw fail(`The token has ${value.length} characters; between ${MIN_LENGTH} and ${MAX_LENGTH} are accepted.`);
  }
  if (!B64TOKEN.test(value)) throw fail('The token has characters that a Bearer token cannot have (RFC 6750 §2.1).');
  if (rules.adminToken?.equals(value)) {
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

function usagesOf(document: Record<string, unknown>): number | null {
  const usages = ['max_usages', 'max_uses', 'remainingCount', 'count'].map((member) => numberOf(document[member]));
  return usages.find((value) => value !== null) ?? (document['one_time_use'] === true ? 1 : null);
}

/** Names only: a value may be a secret. */
function describeShape(document: unknown): string {
  const first: unknown = Array.isArray(document) ? document[0] : document;
  const names = isRecord(first) ? Object.keys(first).slice(0, 12) : [];
  const shown = names.length > 0 ? names.map(describeName).join(', ') : '(none)';
  return Array.isArray(document)
    ? `It is a list of ${document.length}, whose first entry has the members ${shown}.`
    : `It has the members ${shown}.`;
}
