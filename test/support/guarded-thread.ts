import dgram from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { parentPort } from 'node:worker_threads';
import { guardEgress } from '../../scripts/postman/egress.ts';
import type { EgressPolicy } from '../../scripts/postman/egress-policy.ts';

/** What the thread is asked to try. */
export interface Trial {
  readonly way: Way;
  readonly policy: EgressPolicy;
  readonly host: string;
  /** Of HTTP, or of the DNS server that is asked. */
  readonly port: number;
}

/** What came of it. */
export interface Tried {
  /** The code of the error, or its words; null: an answer came. */
  readonly error: string | null;
  readonly refused: readonly string[];
}

export type Way = keyof typeof WAYS;

type Target = Pick<Trial, 'host' | 'port'>;

const answered = (request: http.ClientRequest) => once(request.end(), 'response');
const connected = (socket: net.Socket, event = 'connect') => once(socket, event).finally(() => socket.destroy());
const asked = (resolver: dns.Resolver | dns.promises.Resolver, port: number) => {
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
};
const called = (ask: (done: (error: Error | null) => void) => void) =>
  new Promise<void>((resolve, reject) => ask((error) => (error === null ? resolve() : reject(error))));

/** Every way to a connection that Node has. */
const WAYS = {
  'net.connect': ({ host, port }: Target) => connected(net.connect(port, host)),
  'net.createConnection': ({ host, port }: Target) => connected(net.createConnection({ host, port })),
  'a socket': ({ host, port }: Target) => connected(new net.Socket().connect({ host, port })),
  'tls.connect': ({ host, port }: Target) => connected(tls.connect({ host, port }), 'secureConnect'),
  'http.get': ({ host, port }: Target) => answered(http.get({ host, port })),
  'http.request of a URL': ({ host, port }: Target) => answered(http.request(`http://${host}:${port}/x`)),
  'http.request with an agent': ({ host, port }: Target) =>
    answered(http.request({ host, port, agent: new http.Agent({ keepAlive: true }) })),
  'a request made by hand': ({ host, port }: Target) =>
    answered(Reflect.construct(http.ClientRequest, [{ host, port, path: '/' }]) as http.ClientRequest),
  'https.get': ({ host, port }: Target) => answered(https.get(`https://${host}:${port}/x`)),
  'http2.connect': ({ host, port }: Target) => {
    const session = http2.connect(`http://${host}:${port}`);
    return once(session, 'connect').finally(() => session.destroy());
  },
  fetch: ({ host, port }: Target) =>
    fetch(`http://${host}:${port}/`).catch((error: Error) => Promise.reject(error.cause)),
  'dns.lookup': ({ host }: Target) => called((done) => dns.lookup(host, done)),
  'dns.promises.lookup': ({ host }: Target) => dns.promises.lookup(host),
  'dns.resolve4': ({ host, port }: Target) => {
    asked(dns as unknown as dns.Resolver, port);
    return called((done) => dns.resolve4(host, done));
  },
  'a resolver': ({ host, port }: Target) => {
    const resolver = asked(new dns.Resolver({ tries: 1 }), port) as dns.Resolver;
    return called((done) => resolver.resolveTxt(host, done));
  },
  'a resolver of promises': ({ host, port }: Target) =>
    (asked(new dns.promises.Resolver({ tries: 1 }), port) as dns.promises.Resolver).resolve(host, 'MX'),
  'a datagram': ({ host, port }: Target) => {
    const socket = dgram.createSocket('udp4');
    return called((done) => socket.send('x'.repeat(20), port, host, done)).finally(() => socket.close());
  },
} as const satisfies Record<string, (target: Target) => Promise<unknown>>;

parentPort?.on('message', async ({ way, policy, host, port }: Trial) => {
  const refused: string[] = [];
  guardEgress(policy, ({ address }) => refused.push(address));
  const error = await (async () => WAYS[way]({ host, port }))().then(
    () => null,
    (thrown: { code?: string; message?: string }) => thrown.code ?? String(thrown.message),
  );
  parentPort?.postMessage({ error, refused } satisfies Tried);
});
