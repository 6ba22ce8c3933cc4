import { AppError } from '../core/errors.ts';
import { orAborted } from '../core/or-aborted.ts';
import type { Clock, Forwarded } from '../core/ports.ts';
import type { ApiProxy } from './api-proxy.ts';
import { reasonOf } from './failures.ts';
import type { Kubectl } from './kubectl.ts';

/** Ways from this machine to ports of pods, by the proxy or else each by one `kubectl port-forward`. */
export interface Forwards {
  /**
   * The way to a pod's port. It is kept and reused while its process lives, and opened again when that has died: one that lost
   * its pod does not find the next one.
   *
   * @param signal aborts when the way is in use no more: then it may give way to another one
   * @returns `http://127.0.0.1:41234`
   * @throws AppError `port-forward-failed`; the signal's reason
   */
  open(pod: string, port: number, signal: AbortSignal): Promise<string>;
  /** Ends all of them. */
  close(): Promise<void>;
}

/** At the same time: each is a process of its own. */
const LIMIT = 8;

/** A way whose user never gave it back is closed for another one when it was not used for this long. */
const IN_USE_MS = 2_000;
const LOOK_MS = 200;

/** With the login that a credential plug-in makes first. */
const OPEN_MS = 20_000;

interface Forward {
  readonly url: Promise<string>;
  readonly ending: AbortController;
  usedMs: number;
  /** How many have it in use. */
  users: number;
}

export function createForwards(kubectl: Kubectl, proxy: Pick<ApiProxy, 'forward'>, clock: Clock): Forwards {
  const forwards = new Map<string, Forward>();
  /** Those by the proxy, which cost no process; null: it leads to no such pod. */
  const tunnels = new Map<string, Promise<Forwarded | null>>();
  const running = new Set<Promise<void>>();
  const closing = new AbortController();

  const start = (key: string, pod: string, port: number): Forward => {
    const ending = new AbortController();
    let opened = (_: string) => {};
    let failed = (_: unknown) => {};
    const url = new Promise<string>((resolve, reject) => {
      opened = resolve;
      failed = reject;
    });
    const forward: Forward = { url, ending, usedMs: clock.now(), users: 0 };
    const follow = async () => {
      const args = ['port-forward', '--address', '127.0.0.1', `pod/${pod}`, `:${port}`];
      let stderr = '';
      for await (const { stream, text } of kubectl.lines(args, ending.signal)) {
        if (stream === 'stderr') stderr = `${stderr}${text}\n`.slice(-4_000);
        const local = /^Forwarding from 127\.0\.0\.1:(\d{1,5}) ->/.exec(text)?.[1];
        if (local !== undefined) opened(`http://127.0.0.1:${local}`);
        if (text.startsWith('Handling connection')) forward.usedMs = clock.now();
      }
      failed(notForwarded(pod, port, stderr, kubectl));
    };
    const ended = follow()
      .catch(failed)
      .finally(() => {
        ending.abort(CLOSED);
        running.delete(ended);
        if (forwards.get(key) === forward) forwards.delete(key);
      });
    running.add(ended);
    const waiting = new AbortController();
    url.then(
      () => waiting.abort(CLOSED),
      () => {
        waiting.abort(CLOSED);
        ending.abort(CLOSED);
      },
    );
    void clock.sleep(OPEN_MS, waiting.signal).then(
      () => failed(notForwarded(pod, port, '', kubectl, 'it did not open in time')),
      () => {},
    );
    return forward;
  };

  const tunnel = async (key: string, pod: string, port: number): Promise<Forwarded | null> => {
    // The proxy may be closed meanwhile.
    const made = await proxy.forward(pod, port, () => tunnels.delete(key)).catch(() => null);
    if (made === null) tunnels.delete(key);
    return made;
  };

  const isInUse = ({ users, usedMs }: Forward) => users > 0 && clock.now() - usedMs < IN_USE_MS;

  return {
    async open(pod, port, signal) {
      const end = AbortSignal.any([signal, closing.signal]);
      const key = `${pod}:${port}`;
      end.throwIfAborted();
      if (!forwards.has(key)) {
        const made = tunnels.get(key) ?? tunnel(key, pod, port);
        tunnels.set(key, made);
        const led = await orAborted(made, end);
        if (led !== null) return led.url;
        tunnels.delete(key);
      }
      while (!forwards.has(key) && forwards.size >= LIMIT) {
        const [oldest] = [...forwards].filter(([, each]) => !isInUse(each)).sort(([, a], [, b]) => a.usedMs - b.usedMs);
        if (oldest === undefined) {
          await clock.sleep(LOOK_MS, end);
          continue;
        }
        forwards.delete(oldest[0]);
        oldest[1].ending.abort(CLOSED);
      }
      const forward = forwards.get(key) ?? start(key, pod, port);
      forwards.set(key, forward);
      forward.usedMs = clock.now();
      forward.users += 1;
      end.addEventListener(
        'abort',
        () => {
          forward.users -= 1;
        },
        { once: true },
      );
      return orAborted(forward.url, end);
    },
    async close() {
      closing.abort(CLOSED);
      for (const { ending } of forwards.values()) ending.abort(CLOSED);
      for (const each of await Promise.all(tunnels.values())) each?.close();
      await Promise.all(running);
    },
  };
}

const CLOSED = new AppError('interrupted', 'The ways to the pods were closed.');

/** @param stderr of kubectl, of which only what is known is told */
function notForwarded(pod: string, port: number, stderr: string, { typed }: Kubectl, said?: string): AppError {
  const reason = reasonOf({ stderr });
  const why =
    said ??
    (reason === 'Forbidden'
      ? 'the cluster forbids it'
      : reason === 'NotFound'
        ? 'the pod is gone'
        : /pod is not running|container not running/.test(stderr)
          ? 'the pod does not run'
          : (reason ?? 'kubectl ended'));
  const text =
    reason === 'Forbidden'
      ? 'Ask for the rights to create and get pods/portforward, or name the URL of the BFF with --bff-url. To see it:'
      : 'Or name the URL of the BFF with --bff-url. To see it:';
  const command = typed(['port-forward', '--address', '127.0.0.1', `pod/${pod}`, `:${port}`]);
  return new AppError('port-forward-failed', `No way to port ${port} of the pod ${pod}: ${why}.`, {
    hint: { text, command },
  });
}
