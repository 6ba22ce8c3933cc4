import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ExecResult, Refusal } from './api-types.ts';

/**
 * The protocol of `pods/exec` over WebSocket (KEP-4006): the first byte of each message is the channel. Older ones have no message
 * that closes standard input, which nobody reads here.
 */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const MOST_IN_A_MESSAGE = 32 * 1024;

/** Accepts the WebSocket, runs, and sends what came of it. */
export function acceptExec(
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  run: (signal: AbortSignal) => Promise<ExecResult | Refusal>,
): void {
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    const ended = new AbortController();
    webSocket.on('close', () => ended.abort());
    webSocket.on('error', () => webSocket.terminate());
    run(ended.signal)
      .catch((error: unknown): Refusal => ({ refusal: String(error) }))
      .then((result) => send(webSocket, result));
  });
}

export function createExecSockets(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });
}

function send(socket: WebSocket, result: ExecResult | Refusal): void {
  const write = (channel: number, text: string) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += MOST_IN_A_MESSAGE) {
      socket.send(Buffer.concat([Buffer.of(channel), bytes.subarray(at, at + MOST_IN_A_MESSAGE)]));
    }
  };
  if (!('refusal' in result)) {
    write(STDOUT, result.stdout);
    write(STDERR, result.stderr);
  }
  write(ERROR, JSON.stringify({ metadata: {}, ...endOf(result) }));
  socket.close(1000);
}

/** As k8s.io/apiserver/pkg/util/proxy/streamtranslator.go and the kubelet tell it. */
function endOf(result: ExecResult | Refusal): object {
  if ('refusal' in result) {
    const message = `unable to upgrade connection: ${result.refusal}`;
    return {
      status: 'Failure',
      message: `Internal error occurred: ${message}`,
      reason: 'InternalError',
      details: { causes: [{ message }] },
      code: 500,
    };
  }
  const { exitCode } = result;
  if (exitCode === 0) return { status: 'Success' };
  return {
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
