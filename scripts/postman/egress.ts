import dgram from 'node:dgram';
import dns from 'node:dns';
import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { addressesOf, lookupOf } from '../core/resolve.ts';
import { type EgressPolicy, judgeRequest, mayConnect, mayResolve, type Refusal } from './egress-policy.ts';

/** The code of the error with which a refused connection fails. */
const REFUSED = 'EGRESS_REFUSED';

/** Marks the connection of a request that may go to a proxy. */
const JUDGED = Symbol('judged');

interface Guard {
  readonly policy: EgressPolicy;
  readonly onRefused: (refusal: Refusal) => void;
}

let guard: Guard | null = null;

/**
 * From now on every connection of this thread passes here: sockets (and with them TLS, HTTP/2, fetch and WebSocket), DNS and
 * UDP. What the policy does not allow fails before a name is looked up and before a byte is sent. Unix sockets are refused
 * under every policy: they are no hosts, and Docker's is one of them. Another call exchanges policy and listener.
 *
 * It has to be called before Newman is loaded. It guards against what a collection asks for, not against code that has left
 * the sandbox of its scripts.
 *
 * @param onRefused is told of each refused connection, before it fails
 */
export function guardEgress(policy: EgressPolicy, onRefused: (refusal: Refusal) => void): void {
  if (guard === null) install();
  guard = { policy, onRefused };
}

function refuse(refusal: Refusal): Error {
  guard?.onRefused(refusal);
  const error = new Error(`this run may not connect to ${refusal.address}`);
  return Object.assign(error, { code: REFUSED });
}

function install(): void {
  guardSockets();
  guardRequests(http, 'http:');
  guardRequests(https, 'https:');
  for (const resolver of [dns, dns.Resolver.prototype]) guardNames(resolver, failByCallback);
  for (const resolver of [dns.promises, dns.promises.Resolver.prototype]) guardNames(resolver, failByPromise);
  guardDatagrams();
  // For those who import what was replaced by name.
  syncBuiltinESMExports();
}

type Call = (this: unknown, ...args: unknown[]) => unknown;

function replace(owner: object, name: string, by: (original: Call) => Call): void {
  const members = owner as Record<string, Call>;
  const original = members[name];
  if (original !== undefined) members[name] = by(original);
}

/** `connect` of a socket: of net.connect, tls.connect, every agent, HTTP/2 and undici. */
function guardSockets(): void {
  const { _normalizeArgs: normalize } = net as unknown as {
    _normalizeArgs(args: unknown[]): [ConnectOptions, unknown];
  };
  replace(net.Socket.prototype, 'connect', (connect) => {
    return function (this: unknown, ...args) {
      // Node's own callers hand over arguments that are in order already.
      const [options, done] = Array.isArray(args[0]) ? (args[0] as [ConnectOptions, unknown]) : normalize(args);
      const refusal = guard === null ? null : judgeConnection(guard.policy, options);
      if (refusal !== null) return connect.call(this, failing(refuse(refusal)));
      const addresses = options.path ? null : addressesOf(guard?.policy.resolve ?? [], ...hostAndPort(options));
      if (addresses === null) return connect.apply(this, args);
      // Only the address is another: TLS and HTTP have the name from elsewhere.
      return connect.call(this, { ...options, lookup: lookupOf(addresses) }, done);
    };
  });
}

interface ConnectOptions {
  readonly host?: string;
  readonly port?: number | string;
  readonly path?: string | null;
  readonly [JUDGED]?: true;
}

function judgeConnection(policy: EgressPolicy, options: ConnectOptions) {
  if (options.path) return { address: options.path };
  const [host, port] = hostAndPort(options);
  if (options[JUDGED] || mayConnect(policy, host, port)) return null;
  return { address: `${host.includes(':') ? `[${host}]` : host}:${port}` };
}

function hostAndPort({ host = 'localhost', port = '' }: ConnectOptions): [host: string, port: string] {
  return [host, String(port)];
}

/** Fails as for an unknown name, so that the owner of the socket hears of it in the usual way; nothing is asked. */
function failing(error: Error): net.TcpNetConnectOpts {
  const lookup: net.LookupFunction = (_, __, done) => void setImmediate(done, error, '', 0);
  // The refusal was told already, so the guard lets it pass.
  return { host: 'refused.invalid', port: 1, lookup, [JUDGED]: true } as net.TcpNetConnectOpts;
}

type Options = RequestOptions & { [JUDGED]?: true; uri?: unknown };

/** What is asked of a proxy names the target in its path: a socket alone does not tell. */
function guardRequests(module: typeof http | typeof https, protocol: 'http:' | 'https:'): void {
  let request: Call = () => {};
  replace(module, 'request', (original) => {
    request = (...args) => {
      const [options, callback] = toOptions(args);
      const outgoing = {
        protocol,
        host: options.hostname || options.host || 'localhost',
        port: String(options.port || options.defaultPort || (protocol === 'https:' ? 443 : 80)),
        method: String(options.method ?? 'GET').toUpperCase(),
        path: options.path ?? '/',
      };
      const judged = guard === null || options.socketPath ? null : judgeRequest(guard.policy, outgoing);
      if (judged !== null && judged !== 'proxy') return refuseRequest(original, options, judged, callback);
      const sent = original(judged === 'proxy' ? { ...options, [JUDGED]: true } : options, callback) as ClientRequest;
      return outgoing.method === 'CONNECT' ? failWhereProxyRefuses(sent) : sent;
    };
    return request;
  });
  replace(module, 'get', () => (...args) => {
    const sent = request(...args) as ClientRequest;
    sent.end();
    return sent;
  });
}

function toOptions([first, ...rest]: unknown[]): [Options, unknown] {
  const url = typeof first === 'string' ? new URL(first) : first instanceof URL ? first : null;
  const [own, callback] = url === null ? [first, rest[0]] : typeof rest[0] === 'function' ? [{}, rest[0]] : rest;
  return [{ ...(url && urlToHttpOptions(url)), ...(own as Options | undefined) }, callback];
}

function refuseRequest(original: Call, options: Options, refusal: Refusal, callback: unknown): unknown {
  const { agent: _, ...rest } = options;
  const error = refuse(refusal);
  return original({ ...rest, createConnection: () => net.connect(failing(error)) }, callback);
}

/**
 * A proxy that answers CONNECT with another status than 200 is an error with that status as its code: the tunnel's own error
 * has the whole answer in it, and Newman ends the process over that (https://github.com/postmanlabs/newman/issues/818).
 */
function failWhereProxyRefuses(sent: ClientRequest): ClientRequest {
  const emit = sent.emit.bind(sent) as (...args: unknown[]) => boolean;
  sent.emit = (name: string | symbol, ...args: unknown[]) => {
    const [answer, socket] = args as [http.IncomingMessage, net.Socket];
    if (name !== 'connect' || answer.statusCode === 200) return emit(name, ...args);
    socket.destroy();
    return emit('error', new Error(`PROXY_ANSWERED_${answer.statusCode}`));
  };
  return sent;
}

type Fail = (error: Error, args: readonly unknown[]) => unknown;

function failByCallback(error: Error, args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === 'function') setImmediate(() => callback(error));
}

function failByPromise(error: Error): Promise<never> {
  return Promise.reject(error);
}

/** `lookup`, `lookupService`, `resolve4`, `reverse` and so on: the first argument is the name or the address. */
function guardNames(resolver: object, failed: Fail): void {
  for (const name of Object.getOwnPropertyNames(resolver).filter((each) => /^(?:lookup|resolve|reverse)/.test(each))) {
    replace(resolver, name, (original) => {
      return function (this: unknown, ...args) {
        const host = String(args[0] ?? '');
        const isFree = guard === null || host === '' || mayResolve(guard.policy, host);
        return isFree ? original.apply(this, args) : failed(refuse({ address: host }), args);
      };
    });
  }
}

/** Nothing that runs a collection sends datagrams; Node's resolver has its own. */
function guardDatagrams(): void {
  for (const name of ['connect', 'send']) {
    replace(dgram.Socket.prototype, name, (original) => {
      return function (this: unknown, ...args) {
        if (guard === null || guard.policy.origins === null) return original.apply(this, args);
        const host = args.slice(1).find((each) => typeof each === 'string');
        throw refuse({ address: `${host ?? 'localhost'} (UDP)` });
      };
    });
  }
}
