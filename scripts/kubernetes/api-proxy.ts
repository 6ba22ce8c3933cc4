import { AppError } from '../core/errors.ts';
import { orAborted } from '../core/or-aborted.ts';
import type { Clock, Forwarded, Framing, LocalSocket } from '../core/ports.ts';
import type { Kubectl } from './kubectl.ts';

/**
 * One `kubectl proxy` in place of a process for each log and each way to a pod. It serves on a socket that only this user gets at,
 * and lets nothing through but logs and connections of pods of this namespace. Where it cannot be (Windows, another machine), or the
 * API server refuses, kubectl itself has to be asked.
 */
export interface ApiProxy {
  /** Whether there is one. It is started with the first question. */
  isThere(signal: AbortSignal): Promise<boolean>;
  /** The log of a pod's container, by the parameters of the API (`pods/log`); null: it is not given by this way. */
  log(pod: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Lines | null>;
  /** A way to a port of a pod (`pods/portforward`); null: there is none by this way. @param onLost the way has gone */
  forward(pod: string, port: number, onLost: () => void): Promise<Forwarded | null>;
  close(): Promise<void>;
}

type Lines = AsyncIterable<string> | Iterable<string>;

export interface ApiProxyOptions {
  readonly namespace: string;
  /** The API server's URL; behind Rancher and its like it has a path. */
  readonly server: string;
  readonly clock: Clock;
  /** null: this system has none. */
  openSocket(): Promise<LocalSocket | null>;
}

/** One that ends is started again this often in all. */
const MOST_STARTS = 3;

const START_MS = 10_000;

interface Running {
  readonly socket: LocalSocket;
  end(): Promise<void>;
}

export function createApiProxy(kubectl: Kubectl, options: ApiProxyOptions): ApiProxy {
  const { clock } = options;
  const base = URL.canParse(options.server) ? new URL(options.server).pathname.replace(/\/$/, '') : '';
  const pods = `${base}/api/v1/namespaces/${options.namespace}/pods`;
  const closing = new AbortController();
  let running: Promise<Running | null> | null = null;
  let starts = 0;

  const start = async (): Promise<Running | null> => {
    const socket = await options.openSocket();
    if (socket === null) return null;
    const ending = new AbortController();
    const end = AbortSignal.any([ending.signal, closing.signal]);
    let serve = (_: boolean) => {};
    const serves = new Promise<boolean>((resolve) => {
      serve = resolve;
    });
    const follow = async () => {
      for await (const { text } of kubectl.lines(proxyArgs(socket.path, pods), end))
        if (text.startsWith('Starting to serve on')) serve(true);
    };
    const ended = follow()
      .catch(() => {})
      .then(() => serve(false));
    const late = clock.sleep(START_MS, end).then(
      () => serve(false),
      () => {},
    );
    const stop = async () => {
      ending.abort(CLOSED);
      await Promise.all([ended, late]);
      await socket.remove();
    };
    if (await serves) return { socket, end: stop };
    await stop();
    return null;
  };

  const use = (): Promise<Running | null> => {
    if (running === null && starts < MOST_STARTS && !closing.signal.aborted) {
      starts += 1;
      running = start();
    }
    return running ?? Promise.resolve(null);
  };

  /** What comes of it; null where it does not answer. */
  const by = async <T>(work: (socket: LocalSocket) => Promise<T>, signal: AbortSignal): Promise<T | null> => {
    const used = use();
    const found = await orAborted(used, signal);
    if (found === null) return null;
    try {
      return await work(found.socket);
    } catch {
      signal.throwIfAborted();
      if (running === used) running = null;
      await found.end();
      return null;
    }
  };

  return {
    isThere: async (signal) => (await orAborted(use(), signal)) !== null,
    log: (pod, query, signal) =>
      by(async (socket) => {
        const { status, lines } = await socket.get(
          `${pods}/${encodeURIComponent(pod)}/log?${new URLSearchParams(query)}`,
          signal,
        );
        return status === 200 ? lines : null;
      }, signal),
    forward: (pod, port, onLost) =>
      by(async (socket) => {
        const path = `${pods}/${encodeURIComponent(pod)}/portforward?ports=${port}`;
        const made = await socket.forward(path, PORT_FORWARD, onLost, closing.signal);
        return typeof made === 'number' ? null : made;
      }, closing.signal),
    async close() {
      closing.abort(CLOSED);
      await (await running)?.end();
    },
  };
}

const CLOSED = new AppError('interrupted', 'The proxy to the API server was closed.');

function proxyArgs(socket: string, pods: string): string[] {
  return [
    'proxy',
    `--unix-socket=${socket}`,
    `--accept-paths=^${escaped(pods)}/[^/]+/(log|portforward)$`,
    '--reject-methods=^(POST|PUT|PATCH|DELETE)$',
    '--reject-paths=/(exec|attach)$',
    '--api-prefix=/',
    '--www=',
    '--disable-filter=false',
  ];
}

/** For Go's regular expressions, of which a comma would begin the next one. */
function escaped(path: string): string {
  return path.replace(/[^\w/-]/g, (letter) => `\\x{${letter.charCodeAt(0).toString(16)}}`);
}

/**
 * Port-forward as the kubelet speaks it over WebSockets (k8s.io/kubelet, pkg/cri/streaming/portforward/websocket.go): the first
 * byte of a message is its channel, 0 for the data and 1 for an error, and the first message of each channel holds the port.
 */
const PORT_FORWARD: Framing = {
  protocol: 'v4.channel.k8s.io',
  toMessage: (bytes) => Buffer.concat([Buffer.of(DATA), bytes]),
  toBytes() {
    let hasPort = false;
    return (message) => {
      if (message[0] !== DATA) return NONE;
      const from = hasPort ? 1 : 1 + PORT_BYTES;
      hasPort = true;
      return message.subarray(from);
    };
  },
};
const DATA = 0;
const PORT_BYTES = 2;
const NONE = new Uint8Array();
