import { randomBytes } from 'node:crypto';
import type { LogLine } from '../../core/result.ts';
import { Secret } from '../../core/secret.ts';
import { findFreePort } from '../http.ts';
import { startIdpProcess } from '../sandbox.ts';
import { type SandboxCluster, startSandboxCluster } from './cluster.ts';
import type { ApiObject } from './store.ts';
import { listOf, type Stored } from './typed-store.ts';

/** A cluster with an IdP beside it, on which the pods of a Deployment crash-loop because they have no token. */
export interface FailingCluster {
  readonly kubeconfig: string;
  readonly context: string;
  /** `deployment/bff` */
  readonly workload: string;
  readonly idpUrl: string;
  /** The Service of the BFF, from this machine. */
  readonly bffUrl: string;
  /** What the IdP's admin route accepts; made for this run. */
  readonly adminToken: Secret;
  /** Name, and what is shown of it: `CrashLoopBackOff, exit code 3, 2 restarts`. */
  readonly pods: readonly (readonly [name: string, state: string])[];
  /** Of the first pod, as far as it has come. */
  readonly log: readonly LogLine[];
  close(): Promise<void>;
}

/** So fast that a demo is no test of patience, and so slow that back-off shows. */
const SPEED = 20;

/**
 * Resolves when every pod waits to be restarted.
 *
 * @param signal aborting closes it
 * @throws AppError `internal` where the IdP does not start; the signal's reason
 */
export async function startFailingCluster(dir: string, signal: AbortSignal): Promise<FailingCluster> {
  signal.throwIfAborted();
  const adminToken = new Secret(randomBytes(32).toString('base64url'), 'admin token');
  const port = await findFreePort();
  const idpUrl = `http://127.0.0.1:${port}`;
  const idp = startIdpProcess(port, adminToken, null);
  const cluster = await startSandboxCluster({ dir, idpUrl, speed: SPEED });
  const { store, namespace, context, kubeconfig } = cluster;
  let closed: Promise<void> | null = null;
  const close = () => {
    signal.removeEventListener('abort', close);
    closed ??= Promise.all([cluster.close(), idp.end()]).then(() => {});
    return closed;
  };
  signal.addEventListener('abort', close, { once: true });
  const pods = () => listOf(store, 'pods', namespace);
  try {
    const [failed] = await Promise.all([
      new Promise<FailingCluster['pods']>((resolve, reject) => {
        const isOver = () => {
          const all = pods();
          return all.length > 0 && all.every((pod) => waitsFor(pod) === 'CrashLoopBackOff');
        };
        const silence = store.listen(() => {
          if (!isOver()) return;
          silence();
          // What they show now: in a moment the first of them starts again.
          resolve(pods().map((pod) => [pod.metadata.name, describe(pod)]));
        });
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
      idp.ready,
    ]);
    signal.throwIfAborted();
    const [first] = pods();
    return {
      kubeconfig,
      context,
      workload: 'deployment/bff',
      idpUrl,
      bffUrl: cluster.serviceUrl,
      adminToken,
      pods: failed,
      log: first === undefined ? [] : await readLog(cluster, first, signal),
      close,
    };
  } catch (error) {
    await close();
    // An interruption ends the IdP, which then says that it did not start.
    signal.throwIfAborted();
    throw error;
  }
}

function waitsFor({ status }: Stored<'pods'>): string | undefined {
  return status?.containerStatuses?.[0]?.state?.waiting?.reason;
}

function describe(pod: Stored<'pods'>): string {
  const [{ lastState, restartCount = 0 } = {}] = pod.status?.containerStatuses ?? [];
  const restarts = `${restartCount} restart${restartCount === 1 ? '' : 's'}`;
  return `${waitsFor(pod)}, exit code ${lastState?.terminated?.exitCode}, ${restarts}`;
}

async function readLog({ runtime }: SandboxCluster, pod: Stored<'pods'>, signal: AbortSignal): Promise<LogLine[]> {
  // Followed: where the next run has begun meanwhile, it is read to its end.
  const options = { previous: false, follow: true, tailLines: null, timestamps: false, sinceTime: null };
  const log = await runtime.log(pod as unknown as ApiObject, 'bff', options, signal);
  if ('refusal' in log) return [];
  let whole = '';
  for await (const piece of log) whole += piece;
  return whole
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => ({ at: null, stream: 'stdout', text }));
}
