import { maskMembers } from './json-text.ts';
import { isAuthorization, isSecretHeader, isSecretName } from './places.ts';

/*
 * Masks the values in places that hold secrets, whether the value is known or not: header values, members of JSON and form
 * bodies, query parameters, passwords in URLs, tokens by their shape, lines of an environment. It runs after the masker, and
 * what the masker has named (`‹IAT sha256:1a2b3c4d›`) keeps its name.
 */

const MASKED = '‹masked›';

/** The value of a header, with the authentication scheme, cookie names and cookie attributes kept. */
export function maskHeader(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === 'cookie')
    return value.replace(/([^=;\s]+=)([^;]*)/g, (_, key: string, rest: string) => key + hide(rest));
  if (lower === 'set-cookie')
    return value.replace(/^([^=;]*=)([^;]*)/, (_, key: string, rest: string) => key + hide(rest));
  if (isAuthorization(lower)) {
    const [, scheme = '', rest = value] = /^([\w-]+\s+)(.+)$/s.exec(value) ?? [];
    return scheme + hide(rest);
  }
  if (isSecretHeader(lower)) return hide(value);
  return maskText(value);
}

/**
 * A body: JSON members and form fields with secret names, and what `maskText` masks in any text.
 *
 * @param type the media type, without parameters; '' where it is not known
 */
export function maskBody(text: string, type: string): string {
  const isForm = type === 'application/x-www-form-urlencoded';
  if (/json/.test(type) || /^\s*[{["]/.test(text)) return maskText(maskMembers(text, isSecretName, hide));
  return maskText(isForm ? maskParameters(`&${text}`).slice(1) : text);
}

/** Any other text: URLs, messages, log lines. */
export function maskText(text: string): string {
  let masked = text;
  if (masked.includes('=')) masked = maskParameters(masked).replace(VARIABLE, toHidden);
  if (masked.includes('@')) masked = masked.replace(USERINFO, `$1${MASKED}@`);
  if (masked.includes('eyJ')) masked = masked.replace(JWT, MASKED);
  return masked.replace(CREDENTIALS, (whole, scheme: string, value: string) =>
    /\d/.test(value) ? scheme + MASKED : whole,
  );
}

/** Text of a compose or `.env` file: the values of variables whose names say that they are secret. */
export function maskEnvironmentLines(text: string): string {
  return maskText(text.replace(ENTRY, toHidden));
}

/** The value's mask; a value that is a mask already stays. */
function hide(value: string): string {
  return value.trim() === '' || /^["']?(?:‹[^‹›]*›)["']?$/.test(value.trim()) ? value : MASKED;
}

function maskParameters(text: string): string {
  return text.replace(PARAMETER, (whole, start: string, name: string, value: string) =>
    isSecretName(name) || name === 'code' ? `${start}${name}=${hide(value)}` : whole,
  );
}

function toHidden(whole: string, start: string, value: string): string {
  return isPlain(value) ? whole : start + hide(value);
}

/** References (`${DCR_IAT}`), paths and switches are no secrets, and the reader needs them. */
function isPlain(value: string): boolean {
  return /^["']?(?:\$\{?\w.*|\.{0,2}\/[\w./-]*\.\w+|true|false|)["']?\s*$/.test(value);
}

const PARAMETER = /([?&#;])([\w.[\]%-]{1,64})=(‹[^›]*›|[^&#\s"'<>]*)/g;
const USERINFO = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+@/gi;
const JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}(?:(?:\.[\w-]*){0,2}\.[\w-]+)?/g;
const CREDENTIALS = /\b((?:Bearer|Basic|DPoP|Token)\s+)([\w.~+/-]{16,}=*)/gi;
const SECRET_VARIABLE =
  '[A-Z][A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|_IAT|_RAT|API_KEY|PRIVATE_KEY|CREDENTIALS?)|DCR_IAT';
const VARIABLE = new RegExp(`\\b((?:${SECRET_VARIABLE})=)(‹[^›]*›|"[^"]*"|'[^']*'|\\S+)`, 'g');
const ENTRY = new RegExp(
  `^([ +-]?\\s*(?:-\\s*)?["']?(?:export\\s+)?(?:${SECRET_VARIABLE})["']?\\s*[:=]\\s*)(.*)$`,
  'gim',
);
