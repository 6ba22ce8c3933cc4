import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../http.ts';
import type { PodRuntime } from './api-types.ts';
import type { ApiObject, ObjectStore } from './store.ts';
import { getOf, listOf, readySince } from './typed-store.ts';

/**
 * A Service on a port of this machine: each connection goes to the next of its pods that are ready, and where none is it is
 * closed.
 */
export async function startServiceProxy(
  store: ObjectStore,
  pods: Pick<PodRuntime, 'address'>,
  namespace: string,
  name: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const next = () => {
    const { selector = {}, ports = [] } = getOf(store, 'services', namespace, name)?.spec ?? {};
    const target = Number(ports[0]?.targetPort ?? ports[0]?.port);
    const addresses = listOf(store, 'pods', namespace)
      .filter(
        (pod) =>
          readySince(pod) !== null &&
          pod.metadata.deletionTimestamp === undefined &&
          Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
      )
      .map((pod) => pods.address(pod as unknown as ApiObject, target))
      .filter((address) => address !== null);
    return addresses[turn++ % addresses.length];
  };
  const server = createServer((socket) => {
    const address = next();
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const upstream = connect(address);
    for (const [own, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(own);
      own.on('error', () => other.destroy());
      own.on('close', () => {
        sockets.delete(own);
        other.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  const port = await listen(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
