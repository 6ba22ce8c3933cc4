import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { BUNDLES, type Bundles } from './bundles.ts';
import { useEagerTimers } from './eager-timers.ts';
import { guardEgress } from './egress.ts';
import { loadNewman } from './load-newman.ts';
import type { Order, Report } from './newman-messages.ts';
import { type OpenRun, runNewman } from './newman-run.ts';

/*
 * Newman's worker: runs one order after another, and tells what happens. It ends when the run wants it to, whatever it does.
 */
const port = parentPort;
if (port === null) throw new Error('This is a part of a program, and no program.');

let open: OpenRun | null = null;
let limitMs = 0;
let isOverdue = false;

// Before Newman loads node:http, node:net, node:tls and node:dns; nothing may be asked until there is an order.
guardEgress({ origins: [], proxies: {} }, () => {});
useEagerTimers(globalThis);
limitAnswers();
// A rejection concerns the script that runs, and nothing else. An exception that nothing catches ends the worker.
process.on('unhandledRejection', (reason) => open?.fail(reason));

const bundles: Bundles | undefined = workerData ?? (globalThis as { readonly [BUNDLES]?: Bundles })[BUNDLES];
const loading = loadNewman(bundles);
// The first order meets a failure again.
loading.catch(() => {});

port.on('message', async (order: Order) => {
  const { newman, keep } = await loading;
  limitMs = order.requestTimeoutMs;
  tell({ kind: 'begun' });
  open = runNewman(
    newman,
    order,
    (report) => {
      if (report.kind === 'end') keep();
      tell(report);
    },
    takeOverdue,
  );
});

function tell(report: Report): void {
  const send = () => port?.postMessage(report);
  if (report.kind !== 'end') return void send();
  open = null;
  // What was printed past Newman is on its way by another channel, and belongs to this run.
  process.stdout.write('', () => process.stderr.write('', send));
}

/** `timeoutRequest` of Newman begins again with each piece of a body that trickles in. */
function limitAnswers(): void {
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    if (limitMs === 0) return;
    const timer = setTimeout(() => {
      isOverdue = true;
      request.destroy(Object.assign(new Error('no complete answer in time'), { code: 'ETIMEDOUT' }));
    }, limitMs);
    request.once('close', () => clearTimeout(timer));
  });
}

function takeOverdue(): boolean {
  const was = isOverdue;
  isOverdue = false;
  return was;
}
