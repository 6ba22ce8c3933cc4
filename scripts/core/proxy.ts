import { AppError } from './errors.ts';
import { bitsOf, hostOf } from './host.ts';

/** The variables of a person's environment that name proxies. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/** The proxy that a request goes through. */
export interface Proxy {
  /** Where it is named: `HTTPS_PROXY`. */
  readonly variable: string;
  /** It may hold a user and a password: for connecting, never to be shown. */
  readonly url: URL;
}

/**
 * The proxy that the environment names for a URL, as Newman chooses it (postman-request, lib/getProxyFromURI.js): https falls
 * back to HTTP_PROXY. What is near is never asked through a proxy, which would carry a plain request off this machine.
 *
 * @returns null: the URL is asked directly
 * @throws AppError `bad-value` for a variable that holds no http(s) URL
 */
export function proxyOf(url: URL, variables: ProxyVariables): Proxy | null {
  if (isNear(url.hostname)) return null;
  const variable = firstOf(url, variables, url.protocol === 'https:' ? ['HTTPS_PROXY', 'HTTP_PROXY'] : ['HTTP_PROXY']);
  return variable === null ? null : { variable, url: proxyUrl(variable, variables[variable] ?? '') };
}

/**
 * The variable that sends requests for the URL to a proxy, as the clients of other languages read it: https has no other than
 * its own, ALL_PROXY is for all, and what is near is no exception. null: there is none.
 */
export function proxyVariable(
  url: string,
  variables: Readonly<Record<string, string | null | undefined>>,
): string | null {
  const target = new URL(url);
  return firstOf(target, variables, [target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY']);
}

/** The first of the variables that holds something, in capitals or not; null where NO_PROXY names the host, too. */
function firstOf(
  url: URL,
  variables: Readonly<Record<string, string | null | undefined>>,
  names: readonly string[],
): string | null {
  const find = (all: readonly string[]) =>
    all.flatMap((name) => [name, name.toLowerCase()]).find((name) => (variables[name] ?? '') !== '');
  return isExempt(url, variables[find(['NO_PROXY']) ?? ''] ?? '') ? null : (find(names) ?? null);
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** "HTTPS_PROXY (proxy.test:8080)": without user and password. */
export function describeProxy({ variable, url }: Proxy): string {
  return `${variable} (${addressOf(url)})`;
}

/** Host and port, the port also where it is the scheme's own. */
export function addressOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

/** The port, also where it is the scheme's own. */
export function portOf({ port, protocol }: URL): string {
  return port || (DEFAULT_PORTS[protocol] ?? '');
}

/** Loopback, or a container's name, which has no dot. */
export function isNear(hostname: string): boolean {
  return isLoopback(hostname) || !/[.:]/.test(hostname);
}

/** Whether a host, as `URL.hostname` gives it, is this machine (RFC 6761 §6.3 for the names). */
export function isLoopback(hostname: string): boolean {
  return /^127(?:\.\d+){3}$|^\[::1\]$|(?:^|\.)localhost$/.test(hostname);
}

/**
 * NO_PROXY as curl reads it (lib/noproxy.c): names with all that is below them, with or without a dot or `*.` in front,
 * addresses, networks as in 10.0.0.0/8, each with its port or without; `*` is every host. Commas or blanks are in between.
 */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/\.$/, '');
  const bits = bitsOf(host);
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const bare = entry.replace(/^\*?\./, '');
    const [, inside, after = ''] = /^\[([^\]]*)\](.*)$/.exec(bare) ?? [];
    const parts = bare.split(':');
    const [address = '', only = ''] =
      inside === undefined ? (parts.length > 2 ? [bare] : parts) : [inside, after.slice(1)];
    const [name = '', network = ''] = address.split('/');
    const wanted = hostOf(name);
    if (wanted === null || (only !== '' && only !== portOf(url))) return false;
    if (bits === null) return network === '' && (host === wanted || host.endsWith(`.${wanted}`));
    const prefix = bitsOf(wanted);
    const length = network === '' ? bits.length : Number(network);
    return prefix?.length === bits.length && length <= bits.length && bits.startsWith(prefix.slice(0, length));
  });
}

function proxyUrl(variable: string, value: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && /^[\w.-]+$|^\[/.test(url.hostname)) return url;
  throw new AppError('bad-value', `The variable ${variable} does not hold the URL of a proxy.`, {
    hint: 'It has to be http://HOST:PORT, without quotes. Correct it, or remove it where no proxy is needed.',
  });
}
