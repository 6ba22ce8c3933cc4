import { AppError } from '../core/errors.ts';
import type { Auth, Request, Row, Url } from './collection-format.ts';
import { authParametersOf } from './declarations.ts';
import { isInParts, urlOf } from './url.ts';
import { textOf, type Value } from './variables.ts';

/** Options that change what the mint request sends; null leaves it as the collection has it. */
export interface MintOptions {
  readonly label: string | null;
  /** Seconds. */
  readonly expiresIn: number | null;
  readonly maxUsages: number | null;
}

/** A request as it is to be sent. The one that was given is never changed. */
export interface Adapted {
  readonly request: Request;
  /** Variables that it needs on top of the collection's and the environment's. */
  readonly values: readonly Value[];
}

/**
 * Points a request at another base URL: by setting the variable that its URL begins with (`{{idp_url}}/api/…`), or, where
 * the URL is written out, by replacing scheme, host and port. A URL in its parts keeps its path variables and its query.
 */
export function aimAt(request: Request, baseUrl: string): Adapted {
  const text = urlOf(request);
  const base = baseUrl.replace(/(?<!\/)\/+$/, '');
  const variable = /^\{\{([^{}]+)\}\}(?!:\/\/)/.exec(text)?.[1];
  if (variable !== undefined && !text.startsWith(`{{${variable}}}:`)) {
    return { request, values: [{ name: variable, value: base, isSecret: false }] };
  }
  const { url } = request;
  const path = text.replace(/^(?:[a-z][a-z0-9+.-]*|\{\{[^{}]+\}\}):\/\/[^/?#]*|^[^/?#]*/i, '');
  const aimed = typeof url === 'object' && isInParts(url) ? aimParts(url, new URL(base)) : base + path;
  return { request: { ...request, url: aimed }, values: [] };
}

function aimParts(
  { raw: _, protocol: __, auth: ___, port: ____, ...url }: Url,
  { protocol, hostname, port, pathname }: URL,
): Url {
  const { path = [] } = url;
  return {
    ...url,
    protocol: protocol.slice(0, -1),
    host: [hostname],
    ...(port === '' ? {} : { port }),
    path: [
      ...pathname.split('/').filter((segment) => segment !== ''),
      ...(typeof path === 'string' ? path.replace(/^\//, '').split('/') : path),
    ],
  };
}

/** The variable that a bearer token is in: `{{admin_token}}`, also behind the scheme of a header; undefined: it is in none. */
const TOKEN_VARIABLE = /^(?:(?!basic|digest|negotiate)[\w-]+\s+)?\{\{([^{}]+)\}\}$/i;

/**
 * Makes a request carry the admin token as its Bearer (RFC 6750 §2.1): in the variable that the collection has for it, or,
 * where it has none, as the request's own auth.
 *
 * @param auth what counts for the request today, its own or one from a folder around it
 * @returns the request, and the variable that takes the token
 */
export function authorize(request: Request, auth: Auth | null): { request: Request; tokenVariable: string } {
  const parameters = auth?.type === 'bearer' ? authParametersOf(auth).parameters : [];
  const inHeader = auth === null || auth.type === 'bearer' ? (authorizationHeaderOf(request) ?? '') : '';
  const expression = parameters.find(({ name }) => name === 'token')?.value ?? inHeader;
  const tokenVariable = TOKEN_VARIABLE.exec(expression.trim())?.[1];
  if (tokenVariable !== undefined) return { request, tokenVariable };
  return { request: withBearer(request, '{{admin_token}}'), tokenVariable: 'admin_token' };
}

/** The request with this Bearer as its only authorization. */
export function withBearer(request: Request, token: string): Request {
  const { header } = request;
  const others = typeof header === 'object' ? { header: header.filter((each) => !isAuthorization(each)) } : {};
  return { ...request, ...others, auth: { type: 'bearer', bearer: [{ key: 'token', value: token }] } };
}

/** The value of the Authorization header that the request itself has; null: it has none. */
export function authorizationHeaderOf({ header }: Request): string | null {
  if (typeof header === 'string') return /^authorization:[ \t]*(.*)$/im.exec(header)?.[1] ?? null;
  const found = header?.find(isAuthorization);
  return typeof found === 'object' ? textOf(found.value) : null;
}

function isAuthorization(header: Row | string): boolean {
  return typeof header === 'object' && header.disabled !== true && header.key?.toLowerCase() === 'authorization';
}

/** Where each option goes: into a variable of ours, or into the member of the JSON body that means the same. */
const PLACES = [
  { option: '--label', field: 'label', variable: 'iat_label', members: ['label'] },
  // Keycloak: `expiration` and `count`; some pages of EmpowerNow: `max_uses`.
  { option: '--expires-in', field: 'expiresIn', variable: 'iat_expires_in', members: ['expires_in', 'expiration'] },
  {
    option: '--max-usages',
    field: 'maxUsages',
    variable: 'iat_max_usages',
    members: ['max_usages', 'max_uses', 'count'],
  },
] as const;

/**
 * Hands `--label`, `--expires-in` and `--max-usages` to the mint request: through the collection's own variables, else by
 * changing its JSON body.
 *
 * @param title the request's path, for messages
 * @throws AppError `bad-value` for an option that the request has no place for
 */
export function applyMintOptions(request: Request, options: MintOptions, title: string): Adapted {
  const values: Value[] = [];
  let raw = request.body?.raw ?? '';
  for (const { option, field, variable, members } of PLACES) {
    const value = options[field];
    if (value === null) continue;
    if (raw.includes(`{{${variable}}}`)) {
      // The variable is between quotes in a JSON text, so its value has to be escaped for that.
      values.push({ name: variable, value: JSON.stringify(String(value)).slice(1, -1), isSecret: false });
      continue;
    }
    const changed = replaceMember(raw, members, value);
    if (changed === null) {
      throw new AppError('bad-value', `${option} has no effect: "${title}" has no place for it.`, {
        hint: `Use {{${variable}}} in the request's JSON body, or leave ${option} out.`,
      });
    }
    raw = changed;
  }
  return raw === (request.body?.raw ?? '')
    ? { request, values }
    : { request: { ...request, body: { ...request.body, raw } }, values };
}

/** How many uses of the token a JSON text asks for; null: it does not say. */
export function usesIn(body: string): number | null {
  const said = /"(?:max_usages|max_uses|count)"\s{0,20}:\s{0,20}"?(\d{1,9})(?!\d)/.exec(body)?.[1];
  return said === undefined ? null : Number(said);
}

/** The JSON text with one of the members set; null where it has none of them. Only plain values are replaced, in place. */
function replaceMember(raw: string, members: readonly string[], value: string | number): string | null {
  for (const member of members) {
    const pattern = new RegExp(`("${member}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|-?[0-9.eE+]+|\\{\\{[^{}]+\\}\\}|null)`);
    if (pattern.test(raw)) return raw.replace(pattern, (_, before: string) => before + JSON.stringify(value));
  }
  return null;
}
