import { maskMembers } from './json-text.ts';
import { isAuthorization, isSecretName } from './places.ts';
import { looksRandom } from './values.ts';

/*
 * Masks the values in places that hold secrets, whether the value is known or not: header values, members of JSON and form
 * bodies, query parameters, passwords in URLs, tokens by their shape, lines of an environment. It runs after the masker, and
 * what the masker has named (`‹IAT sha256:1a2b3c4d›`) keeps its name.
 *
 * Texts come from anybody and may be one line of megabytes, so each pattern begins at a character that it cannot skip, and
 * every repetition that another one follows has a limit.
 */

const MASKED = '‹masked›';

/** The value of a header, with the authentication scheme, cookie names and cookie attributes kept. */
export function maskHeader(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === 'cookie') return value.split(';').map(maskPair).join(';');
  if (lower === 'set-cookie') {
    const [first = '', ...attributes] = value.split(';');
    return [maskPair(first), ...attributes].join(';');
  }
  if (isAuthorization(lower)) {
    const [, scheme = '', rest = value] = /^([\w-]{1,64}[ \t]{1,8})(.+)$/s.exec(value) ?? [];
    return scheme + hide(rest);
  }
  if (isSecretName(lower)) return hide(value);
  return maskText(value);
}

/**
 * A body: JSON members and form fields with secret names, and what `maskText` masks in any text.
 *
 * @param type the media type, without parameters; '' where it is not known
 */
export function maskBody(text: string, type: string): string {
  const isForm = type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data';
  if (/json/.test(type) || /^\s*[{["]/.test(text)) return maskText(maskMembers(text, isSecretName, hide));
  return maskText(isForm ? maskParameters(`&${text}`).slice(1) : text);
}

/** Any other text: URLs, messages, log lines. */
export function maskText(text: string): string {
  if (text.length <= PIECE) return maskPiece(text);
  // Patterns remember all that they replace in a text: a large one is read piece by piece.
  let masked = '';
  for (let at = 0; at < text.length; ) {
    const cut = /[\s,;&][^\s,;&]*$/.exec(text.slice(at + PIECE - LONGEST_WORD, at + PIECE))?.index ?? LONGEST_WORD - 1;
    const end = at + PIECE - LONGEST_WORD + cut + 1;
    masked += maskPiece(text.slice(at, end));
    at = end;
  }
  return masked;
}

/** Characters that are read at a time, and those in which a blank is looked for to end a piece. */
const PIECE = 512 * 1024;
const LONGEST_WORD = 8 * 1024;

function maskPiece(text: string): string {
  let masked = text;
  if (masked.includes('=')) masked = maskParameters(masked).replace(ASSIGNMENT, maskNamed);
  if (masked.includes('":') || masked.includes("':")) masked = masked.replace(MEMBER, maskNamed);
  if (masked.includes('://')) masked = masked.replace(PASSWORD, `$1${MASKED}@`).replace(USER, maskUser);
  if (masked.includes('eyJ')) masked = masked.replace(RUN, maskJwt);
  return masked.replace(CREDENTIALS, (whole, scheme: string, value: string) =>
    /\d/.test(value) ? scheme + MASKED : whole,
  );
}

/** Text of a compose or `.env` file: the values of variables whose names say that they are secret. */
export function maskEnvironmentLines(text: string): string {
  return maskText(text.replace(ENTRY, maskNamed));
}

/** The value's mask; a mask already, or what only says how things stand, stays. */
function hide(value: string, name = ''): string {
  const text = value.trim();
  if (text === '' || /^["']?‹[^‹›]*›["']?$/.test(text) || STATE.test(text)) return value;
  // As a claim of a JWT (RFC 7519 §4.1.6) `iat` is a time.
  return name === 'iat' && /^\d{9,13}$/.test(text) ? value : MASKED;
}

function maskPair(pair: string): string {
  const at = pair.indexOf('=') + 1;
  return at === 0 ? pair : pair.slice(0, at) + hide(pair.slice(at));
}

function maskParameters(text: string): string {
  return text.replace(PARAMETER, (whole, start: string, name: string, value: string) =>
    isSecretName(name) || name === 'code' || (name === 'key' && looksRandom(value))
      ? `${start}${name}=${hide(value)}`
      : whole,
  );
}

function maskNamed(whole: string, before: string, name: string, between: string, value: string): string {
  return isSecretName(name) && !isPlain(value) ? `${before}${name}${between}${hide(value)}` : whole;
}

function maskUser(whole: string, before: string, user: string): string {
  return looksRandom(user) ? `${before}${MASKED}@` : whole;
}

/** A run of its characters has a JWT where a part begins with `{"` in base64 and another part follows. */
function maskJwt(run: string): string {
  const parts = run.split('.');
  const first = parts.findIndex((part, index) => {
    const at = part.indexOf('eyJ');
    return at >= 0 && part.length - at >= SHORTEST_PART && (parts[index + 1] ?? '').length >= SHORTEST_PART - 3;
  });
  if (first < 0) return run;
  const before = [...parts.slice(0, first), ''].join('.') + (parts[first] ?? '').split('eyJ')[0];
  return before + MASKED + (run.endsWith('.') ? '.' : '');
}

/** Characters of the first part of a JWT, at least. */
const SHORTEST_PART = 11;

/** References (`${DCR_IAT}`), paths, switches and what stands for a value are no secrets, and the reader needs them. */
function isPlain(value: string): boolean {
  return /^["']?(?:\$\{?\w.*|\.{0,2}\/[\w./-]*\.\w+|true|false|VALUE|TOKEN|\.\.\.|…|<[^<>]*>|)["']?\s*$/.test(value);
}

const STATE =
  /^["']?(?:true|false|null|none|yes|no|on|off|ok|up|down|(?:un)?healthy|degraded|unknown|(?:en|dis)abled|required|optional|missing|present|absent|(?:in)?valid|expired|(?:in)?active|revoked|pass|fail|(?:pass|fail)ed|error|basic|bearer|digest|cached|private_key_jwt|client_secret_(?:post|basic|jwt))["']?$/i;

const PARAMETER = /([?&#;])([\w.[\]%-]{1,64})=(‹[^‹›]{0,200}›|[^&#\s"'<>]*)/g;
const ASSIGNMENT =
  /(?<![\w.$-])()([A-Za-z_][\w.-]{0,63})(=)(‹[^‹›]{0,200}›|"[^"\n]*"|'[^'\n]*'|["']?[^\s"'&<>]+|<[^<>\s]{0,200}>)/g;
const MEMBER = /(\\?["'])([\w.$-]{1,64})(\\?["'][ \t]{0,8}:[ \t]{0,8}\\?["'])([^"'\\\n]+)/g;
const PASSWORD = /(:\/\/[^\s/:@"']{0,256}:)[^\s/@"']{1,1024}@/g;
const USER = /(:\/\/)([^\s/:@"']{16,256})@/g;
const RUN = /[\w.-]{20,}/g;
const CREDENTIALS = /\b((?:Bearer|Basic|DPoP|Token|NTLM|Negotiate|SSWS)[ \t]{1,8})([\w.~+/-]{16,}=*)/gi;
const ENTRY =
  /^([ +-]?[ \t]{0,200}(?:-[ \t]{0,8})?["']?(?:export[ \t]{1,8})?)([A-Za-z_][\w.-]{0,63})(["']?[ \t]{0,8}[:=][ \t]{0,8})(.*)$/gm;
