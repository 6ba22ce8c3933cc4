import { AppError } from './errors.ts';

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
export function proxyOf({ protocol, hostname, port }: URL, variables: ProxyVariables): Proxy | null {
  const find = (...names: string[]) =>
    names.flatMap((name) => [name, name.toLowerCase()]).find((name) => variables[name]);
  if (isNear(hostname) || isExempt(hostname, port || DEFAULT_PORTS[protocol], variables[find('NO_PROXY') ?? ''])) {
    return null;
  }
  const variable = protocol === 'https:' ? find('HTTPS_PROXY', 'HTTP_PROXY') : find('HTTP_PROXY');
  return variable === undefined ? null : { variable, url: proxyUrl(variable, variables[variable] ?? '') };
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** "HTTPS_PROXY (proxy.test:8080)": without user and password. */
export function describeProxy({ variable, url }: Proxy): string {
  return `${variable} (${addressOf(url)})`;
}

/** Host and port, the port also where it is the scheme's own. */
export function addressOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || DEFAULT_PORTS[protocol]}`;
}

/** Loopback, or a container's name, which has no dot. */
export function isNear(hostname: string): boolean {
  return isLoopback(hostname) || !/[.:]/.test(hostname);
}

/** Whether a host, as `URL.hostname` gives it, is this machine (RFC 6761 §6.3 for the names). */
export function isLoopback(hostname: string): boolean {
  return /^127(?:\.\d+){3}$|^\[::1\]$|(?:^|\.)localhost$/.test(hostname);
}

function isExempt(hostname: string, port = '', list = ''): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = '', only = port] = /^(?:\*?\.)?([^:]*)(?::(\d+))?$/.exec(entry) ?? [];
      return entry === '*' || (only === port && name !== '' && (hostname === name || hostname.endsWith(`.${name}`)));
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
