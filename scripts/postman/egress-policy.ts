import { addressOf, type ProxyVariables, proxyOf } from '../core/proxy.ts';
import type { Resolution } from '../core/resolve.ts';

/** Where a run may go. */
export interface EgressPolicy {
  /** As `URL.origin` gives them; null: every host. */
  readonly origins: readonly string[] | null;
  /** Proxies that the person's environment names. */
  readonly proxies: ProxyVariables;
  /** Addresses in place of what DNS says. Names are judged, not these. */
  readonly resolve?: readonly Resolution[];
}

/** A connection that was refused. */
export interface Refusal {
  /** What was asked for: host and port, a host alone for DNS, or the path of a socket. */
  readonly address: string;
}

/** A request as Node's `http.request` gets it. */
export interface Outgoing {
  readonly protocol: 'http:' | 'https:';
  /** Where the connection goes: a proxy, or the target itself. */
  readonly host: string;
  readonly port: string;
  readonly method: string;
  /** A whole URL where a proxy is asked; for CONNECT it is host and port. */
  readonly path: string;
}

/**
 * What is wrong with a request.
 *
 * @returns the address that it may not reach; `proxy`: nothing, and it goes through a proxy of the environment; null: nothing
 */
export function judgeRequest(policy: EgressPolicy, request: Outgoing): Refusal | 'proxy' | null {
  if (policy.origins === null) return null;
  const connected = toUrl(request.protocol, request.host, request.port);
  const refuse = (url: URL | null) => ({ address: url === null ? `${request.host}:${request.port}` : addressOf(url) });
  const target = targetOf(request, connected);
  if (target === null || connected === null || !isAllowed(policy.origins, target, request.method === 'CONNECT')) {
    return refuse(target);
  }
  if (target.href === connected.href) return null;
  const proxy = proxyOf(target, policy.proxies);
  const isOwn = proxy !== null && addressOf(proxy.url) === addressOf(connected);
  return isOwn ? 'proxy' : refuse(connected);
}

/** Whether a connection may be opened: to an allowed origin, or to a proxy once its request was judged. */
export function mayConnect({ origins }: EgressPolicy, host: string, port: string): boolean {
  if (origins === null) return true;
  const url = toUrl('http:', host, port);
  return url !== null && isAllowed(origins, url, true);
}

/** Whether the address of a host may be asked for. */
export function mayResolve({ origins, proxies }: EgressPolicy, host: string): boolean {
  if (origins === null) return true;
  const url = toUrl('http:', host, '80');
  if (url === null) return false;
  return origins
    .map((origin) => new URL(origin))
    .flatMap((origin) => [...namesOf(origin), proxyOf(origin, proxies)?.url.hostname])
    .includes(url.hostname);
}

/** @param anyScheme only host and port are known of what is asked for */
function isAllowed(origins: readonly string[], url: URL, anyScheme: boolean): boolean {
  return origins
    .map((origin) => new URL(origin))
    .some((origin) => {
      const wanted = addressOf(origin).slice(origin.hostname.length);
      const isHost = namesOf(origin).some((name) => addressOf(url) === `${name}${wanted}`);
      return isHost && (anyScheme || origin.protocol === url.protocol);
    });
}

/** Newman's runtime asks for `localhost` and all names below it at ::1, then at 127.0.0.1 (postman-runtime, core.js). */
function namesOf({ hostname }: URL): string[] {
  return /(?:^|\.)localhost$/.test(hostname) ? [hostname, 'localhost', '127.0.0.1', '[::1]'] : [hostname];
}

/** Whom the request is for: by its path, where that is a whole URL or the argument of CONNECT; null: it cannot be told. */
function targetOf({ method, path }: Outgoing, connected: URL | null): URL | null {
  if (method === 'CONNECT') {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(path) ?? [];
    return toUrl('https:', host, port);
  }
  if (path.startsWith('/') || path.startsWith('?') || path === '*') return connected;
  const [, protocol, host = '', port = ''] =
    /^(https?:)\/\/(?:[^/?#@]*@)?([^/?#@]*?)(?::(\d*))?(?:[/?#]|$)/i.exec(path) ?? [];
  return protocol === undefined ? null : toUrl(protocol.toLowerCase(), host, port);
}

/** A host as its socket gets it; null: it is none, or would be read in two ways. */
function toUrl(protocol: string, host: string, port: string): URL | null {
  if (/[\s/?#@\\%]/.test(host)) return null;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const text = `${protocol}//${name}${port === '' ? '' : `:${port}`}`;
  return name !== '' && URL.canParse(text) ? new URL(text) : null;
}
