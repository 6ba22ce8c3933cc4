import type { Header } from '../core/exchange.ts';
import { Secret } from '../core/secret.ts';
import type { Environment } from '../core/stack.ts';
import { maskMembers } from './json-text.ts';
import { isAuthorization, isSecretName } from './places.ts';
import { isOrdinary, isPlaceholder, looksRandom, SHORTEST_MASKED } from './values.ts';

/** A request or an answer as it went over the wire, with its whole body. */
export interface Message {
  readonly headers: readonly Header[];
  readonly body: string;
  /** What it was sent to; absent for an answer. */
  readonly url?: string;
}

/** Characters of all found secrets together. What is found beyond that is masked in place only: each costs time and memory. */
const MOST_CHARACTERS = 16_384;

/** So many characters of one secret are looked for, and so many of them count: a long one leaves room for others. */
const LONGEST = 4_096;
const LONGEST_COUNTED = 512;

/** Parameters of a form that are read: a body of megabytes has no more names than this. */
const MOST_PARAMETERS = 1_000;

/**
 * Collects the values from the places of requests and answers that hold secrets by convention (places.ts), so that they are
 * masked wherever else they turn up: in a test's name, in a message, in the log of the BFF.
 */
export class FoundSecrets {
  readonly #register: (secret: Secret) => void;
  readonly #known = new Set<string>();
  #characters = 0;

  /** @param register gets each new secret, once */
  constructor(register: (secret: Secret) => void) {
    this.#register = register;
  }

  /**
   * Registers what is secret in a value.
   *
   * @param label what the value is, for people: the name of a header, a member, a variable
   */
  add(value: string, label: string): void {
    for (const part of secretPartsOf(value)) {
      const counted = Math.min(part.length, LONGEST_COUNTED);
      if (this.#known.has(part) || this.#characters + counted > MOST_CHARACTERS) continue;
      this.#known.add(part);
      this.#characters += counted;
      this.#register(new Secret(part, label.slice(0, LONGEST_LABEL)));
    }
  }

  /** Registers every secret in a message: in its URL, its headers and its body. */
  addFrom({ headers, body, url }: Message): void {
    if (url !== undefined) this.#addFromUrl(url);
    for (const { name, value } of headers) this.#addFromHeader(name, value);
    if (!MAY_HOLD_SECRETS.test(body)) return;
    if (/^\s*[{["]/.test(body)) {
      maskMembers(body, isSecretName, (value, name) => {
        this.add(value, name);
        return value;
      });
    } else if (!/[\s<]/.test(body)) this.#addFromParameters(body, '&');
  }

  /** Registers what is secret in the value of a variable, by its name or by what it looks like. */
  addVariable(name: string, value: string): void {
    if (isSecretName(name)) this.add(value, name);
    else if (value.includes('://')) this.#addFromUrl(value);
    else if (looksRandom(value) && !PUBLIC_NAME.test(name)) this.add(value, name);
    // `Endpoint=…;AccountKey=…`, `host=… password=…`.
    const start = value.slice(0, LONGEST);
    const pairs = start.slice(start.indexOf('='));
    if (pairs.startsWith('=') && /[;\s]/.test(pairs)) this.#addFromParameters(start, /[;\s]+/);
    if (/^\s*\{/.test(value)) this.addFrom({ headers: [], body: value });
  }

  #addFromHeader(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === 'cookie' || lower === 'set-cookie') {
      const pairs = lower === 'cookie' ? value.split(';') : [value.split(';')[0] ?? ''];
      for (const pair of pairs) this.#addDecoded(pair.slice(pair.indexOf('=') + 1).trim(), name);
    } else if (isAuthorization(name)) {
      const [, scheme = '', rest = value] = /^([\w-]{1,64})[ \t]{1,8}(.+)$/s.exec(value) ?? [];
      this.add(rest, name);
      if (/^basic$/i.test(scheme)) this.#addFromBasic(Buffer.from(rest.slice(0, LONGEST), 'base64').toString(), name);
    } else if (isSecretName(name)) this.add(value, name);
    else if (value.includes('://')) this.#addFromUrl(value);
  }

  /** RFC 7617: user name and password. The name is no secret, and log lines need it, unless it is a token itself. */
  #addFromBasic(credentials: string, label: string): void {
    const at = credentials.indexOf(':');
    const [user, password] = at < 0 ? [credentials, ''] : [credentials.slice(0, at), credentials.slice(at + 1)];
    this.#addDecoded(password, label);
    if (looksRandom(user)) this.#addDecoded(user, label);
  }

  #addFromUrl(url: string): void {
    const [, user = '', password = ''] = /^[^/?#]{0,64}:\/\/([^\s/:@]{0,1024})(?::([^\s/@]{0,1024}))?@/.exec(url) ?? [];
    if (password !== '') this.#addDecoded(password, 'password');
    if (looksRandom(user)) this.#addDecoded(user, 'user');
    for (const part of url.split(/[?#]/).slice(1)) this.#addFromParameters(part, '&');
  }

  #addFromParameters(text: string, separator: string | RegExp): void {
    for (const pair of text.split(separator, MOST_PARAMETERS)) {
      const at = pair.indexOf('=');
      const name = at < 0 ? '' : decoded(pair.slice(0, at));
      // As in by-place: a `code` in a URL is an authorization code (RFC 6749 §4.1.2).
      if (isSecretName(name) || (name === 'code' && separator === '&')) {
        const value = pair.slice(at + 1);
        this.add(separator === '&' ? decoded(value.replaceAll('+', ' ')) : value, name);
      }
    }
  }

  #addDecoded(value: string, label: string): void {
    this.add(value, label);
    this.add(decoded(value), label);
  }
}

/** With percent-encoding undone, where it is encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Registers the values of variables that are secret, by their names or by what they look like, and passwords in them: logs of
 * the services, and what the stack prints, may quote them.
 *
 * @param environments a variable that is null has no value
 * @param register gets each value that is a secret
 */
export function registerEnvironments(environments: readonly Environment[], register: (secret: Secret) => void): void {
  const found = new FoundSecrets(register);
  for (const environment of environments) {
    for (const [name, value] of Object.entries(environment)) if (value !== null) found.addVariable(name, value);
  }
}

/** Part of every secret name, so a body without any of them need not be read. */
const MAY_HOLD_SECRETS =
  /token|secret|assertion|pass|pwd|jwt|iat|rat|key|cred|auth|verifier|code|session|sessid|cookie|pin|otp|sas|sig|dsn|kty|bearer|ssa|statement|saml|connection|dpop|csrf|xsrf|\\u/i;

/** Names of variables that look like tokens and are none: identifiers and checksums. */
const PUBLIC_NAME =
  /(?:^|_|[a-z](?=[A-Z]))(?:ids?|kid|sha\d*|md5|digest|version|hash|checksum|fingerprint|image|tag|commit|revision|name|host|hostname|path|gpg_key)$/i;

const LONGEST_LABEL = 40;

/**
 * The parts of a value that are secret in any place. Ordinary words and addresses are not, because a report with those masked
 * could not be read. Of a structure, only the parts that look random are.
 */
function secretPartsOf(value: string): string[] {
  const text = value.slice(0, LONGEST).trim();
  if (text.length < SHORTEST_MASKED || text.includes('{{') || ADDRESS.test(text) || isPlaceholder(text)) return [];
  if (!isStructured(text)) return isOrdinary(text) ? [] : [text];
  return (text.match(/[\w.~+/-]{16,}=*/g) ?? []).filter((part) => /\d/.test(part) && /[a-z]/i.test(part));
}

const ADDRESS = /^[\w+.-]{1,64}(?::\/\/|%3a%2f%2f)/i;

/** JSON, `name="value", …`, several lines. */
function isStructured(text: string): boolean {
  if (/^(?:[[{"]|%7b|%5b|%22)|[\r\n]/i.test(text) || /\w="/.test(text)) return true;
  // `a=b, c=d`: a second name, behind a comma or semicolon that is behind a first.
  return text.split(/[,;]/).filter((part) => /^\s*\w{1,64}(?: \w{1,64})?=/.test(part)).length > 1;
}
