import { AppError } from '../core/errors.ts';
import type { Place, Request } from './collection.ts';
import { pathOf } from './collection.ts';
import { authOf, urlOf, type Value } from './variables.ts';

/** Options that change what the mint request sends; null leaves it as the collection has it. */
export interface MintOptions {
  readonly label: string | null;
  /** Seconds. */
  readonly expiresIn: number | null;
  readonly maxUsages: number | null;
}

/**
 * Points a request at another base URL: by setting the variable that its URL begins with (`{{idp_url}}/api/…`), or, where
 * the URL is written out, by replacing scheme, host and port in the copy that runs.
 */
export function aimAt(place: Place, baseUrl: string): Value[] {
  const request = asRequest(place);
  const url = urlOf(request);
  const base = baseUrl.replace(/\/+$/, '');
  const variable = /^\{\{([^{}]+)\}\}(?!:\/\/)/.exec(url)?.[1]?.trim();
  if (variable !== undefined && !url.startsWith(`{{${variable}}}:`)) {
    return [{ name: variable, value: base, isSecret: false }];
  }
  request.url = url.replace(/^(?:[a-z][a-z0-9+.-]*|\{\{[^{}]+\}\}):\/\/[^/?#]*|^[^/?#]*/i, base);
  return [];
}

/**
 * Makes a request carry the admin token as its Bearer (RFC 6750 §2.1): in the variable that the collection has for it, or,
 * where it has none, as the auth of the copy that runs.
 */
export function authorize(place: Place, adminToken: string): Value[] {
  const request = asRequest(place);
  const header = Array.isArray(request.header)
    ? request.header.find((each) => each.disabled !== true && each.key?.toLowerCase() === 'authorization')
    : undefined;
  const auth = authOf(place);
  const inAuth = auth?.auth.type === 'bearer' ? bearerTokenOf(auth.auth.bearer) : null;
  const expression = inAuth ?? header?.value?.replace(/^bearer\s+/i, '') ?? '';
  const name = /^\{\{([^{}]+)\}\}$/.exec(expression.trim())?.[1]?.trim();
  if (name !== undefined) return [{ name, value: adminToken, isSecret: true }];
  if (header !== undefined && Array.isArray(request.header)) {
    request.header = request.header.filter((each) => each !== header);
  }
  request.auth = { type: 'bearer', bearer: [{ key: 'token', value: '{{admin_token}}' }] };
  return [{ name: 'admin_token', value: adminToken, isSecret: true }];
}

/**
 * Hands `--label`, `--expires-in` and `--max-usages` to the mint request: through the collection's own variables, else by
 * changing the members of its JSON body that mean the same (Keycloak's `expiration` and `count`, another page's `max_uses`).
 *
 * @throws AppError `bad-value` for an option that the request has no place for
 */
export function applyMintOptions(place: Place, options: MintOptions): Value[] {
  const request = asRequest(place);
  const values: Value[] = [];
  for (const { option, value, variable, members } of [
    // The variable stands between quotes in a JSON body, so what it holds has to be fit for that.
    { option: '--label', value: options.label, variable: 'iat_label', members: ['label'] },
    {
      option: '--expires-in',
      value: options.expiresIn,
      variable: 'iat_expires_in',
      members: ['expires_in', 'expiration'],
    },
    {
      option: '--max-usages',
      value: options.maxUsages,
      variable: 'iat_max_usages',
      members: ['max_usages', 'max_uses', 'count'],
    },
  ] as const) {
    if (value === null) continue;
    const raw = request.body?.raw ?? '';
    if (raw.includes(`{{${variable}}}`)) {
      values.push({ name: variable, value: JSON.stringify(String(value)).slice(1, -1), isSecret: false });
      continue;
    }
    const body = replaceMember(raw, members, value);
    if (body === null || !request.body) {
      throw new AppError('bad-value', `${option} has no effect: "${pathOf(place)}" has no place for it.`, {
        hint: `Use {{${variable}}} in the request's JSON body, or leave ${option} out.`,
      });
    }
    request.body.raw = body;
  }
  return values;
}

/** The JSON text with one of the members set; null where it has none of them. Only plain values are replaced, in place. */
function replaceMember(raw: string, members: readonly string[], value: string | number): string | null {
  for (const member of members) {
    const pattern = new RegExp(`("${member}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|-?[0-9.eE+]+|\\{\\{[^{}]+\\}\\}|null)`);
    if (pattern.test(raw)) return raw.replace(pattern, (_, before: string) => before + JSON.stringify(value));
  }
  return null;
}

function bearerTokenOf(bearer: unknown): string | null {
  if (Array.isArray(bearer)) {
    const token = bearer.find((each: { key?: unknown }) => each.key === 'token') as { value?: unknown } | undefined;
    return typeof token?.value === 'string' ? token.value : null;
  }
  const token = (bearer as { token?: unknown } | undefined)?.token;
  return typeof token === 'string' ? token : null;
}

/** The request as an object; Postman abbreviates a plain GET to its URL. */
function asRequest(place: Place): Request {
  const { item } = place;
  if (typeof item.request === 'string') item.request = { method: 'GET', url: item.request };
  item.request ??= {};
  return item.request;
}
