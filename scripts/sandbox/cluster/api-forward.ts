import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';

const [DATA, ERROR] = [0, 1];

/**
 * `pods/portforward` over a WebSocket, for one port: the first byte of each message is its channel, and the first message of each
 * channel holds the port (k8s.io/kubelet, pkg/cri/streaming/portforward/websocket.go).
 *
 * @param address where a port of the pod is; null: nothing listens there
 */
export function acceptForward(
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  address: (port: number) => { readonly host: string; readonly port: number } | null,
): void {
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    const port = Number(new URL(request.url ?? '/', 'http://cluster').searchParams.get('ports'));
    const send = (channel: number, bytes: Buffer) => webSocket.send(Buffer.concat([Buffer.of(channel), bytes]));
    for (const channel of [DATA, ERROR]) send(channel, Buffer.of(port % 256, Math.floor(port / 256)));
    const fail = () => {
      send(ERROR, Buffer.from(`error forwarding port ${port} to pod: connect: connection refused`));
      webSocket.close();
    };
    const target = address(port);
    if (target === null) return fail();
    const pod = connect(target);
    pod.on('data', (bytes) => send(DATA, bytes));
    pod.on('error', fail);
    pod.on('close', () => webSocket.close());
    webSocket.on('message', (message: Buffer) => pod.write(message.subarray(1)));
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('close', () => pod.destroy());
  });
}
