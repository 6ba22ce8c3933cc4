import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { systemClock } from '../../scripts/platform/clock.ts';
import { startApiServer } from '../../scripts/sandbox/cluster/api-server.ts';
import type { StartContainer } from '../../scripts/sandbox/cluster/container-runtime.ts';
import { startControllers } from '../../scripts/sandbox/cluster/controllers.ts';
import { writeKubeconfig } from '../../scripts/sandbox/cluster/kubeconfig.ts';
import { startKubelet } from '../../scripts/sandbox/cluster/kubelet.ts';
import { createPodRuntime } from '../../scripts/sandbox/cluster/pod-runtime.ts';
import { ObjectStore } from '../../scripts/sandbox/cluster/store.ts';
import { median } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import type { Row } from './row.ts';
import { startStandIn } from './stand-in.ts';

/** What one run cost. */
interface Measured {
  /** Milliseconds from the line of the last pod that says it is up to the last line of the command. */
  readonly reaction: number;
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of user and system time, that of every kubectl included. */
  readonly cpu: number;
  /** Megabytes of the largest process. */
  readonly memory: number;
  readonly calls: number;
  readonly requests: number;
}

/**
 * The main job on a cluster of one pod, and of fifty: the real kubectl asks the API server of the sandbox, whose pods are no
 * processes but register by themselves. Their health is asked through one URL, since that server has no port-forward.
 */
export const benchPods: Row = async ({ rounds }) => {
  console.log('  reaction      wall       CPU    memory   kubectl   requests   pods');
  for (const pods of [1, 50]) {
    const measured: Measured[] = [];
    // The first one warms caches up.
    for (let round = 0; round <= (rounds ?? 3); round++) {
      const one = await measure(pods);
      if (round > 0) measured.push(one);
    }
    const of = (what: keyof Measured) => median(measured.map((each) => each[what]));
    const cells = [
      `${of('reaction').toFixed(0)} ms`.padStart(10),
      `${(of('wall') / 1_000).toFixed(2)} s`.padStart(10),
      `${(of('cpu') / 1_000).toFixed(2)} s`.padStart(10),
      `${of('memory').toFixed(0)} MB`.padStart(10),
      String(of('calls')).padStart(10),
      String(of('requests')).padStart(11),
    ];
    console.log(`${cells.join('')}   ${pods}${of('reaction') <= BUDGET_MS ? '' : `  OVER ${BUDGET_MS} ms`}`);
  }
};

const BUDGET_MS = 1_000;

async function measure(pods: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const standIn = await startStandIn();
  const cluster = await startCluster(folder, pods);
  try {
    const [program, ...script] = words(await npmScript('iat'));
    const where = ['--kubernetes', 'deployment/bff', '--namespace', 'crud', '--context', 'bench'];
    const urls = ['--idp-url', standIn.url, '--bff-url', standIn.url];
    const rest = ['--kubectl', cluster.kubectl, '--stable-for', '0', '--reports', join(folder, 'reports')];
    const startedAt = performance.now();
    const child = execa('time', ['-f', 'measured: %U %S %M', program, ...script, ...where, ...urls, ...rest], {
      ...{ cwd: root, all: true, reject: false },
      env: { KUBECONFIG: cluster.kubeconfig, IAT_ADMIN_TOKEN: 'bench-only-admin-token' },
    });
    let saidAt = 0;
    let seen = '';
    child.all.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (saidAt === 0 && seen.includes('Report: ')) saidAt = performance.now();
    });
    const { exitCode } = await child;
    const wall = performance.now() - startedAt;
    const [, user, system, peak] = /measured: (\S+) (\S+) (\d+)\s*$/.exec(seen) ?? [];
    if (exitCode !== 0 || peak === undefined) throw new Error(`With ${pods} pods it ended with ${exitCode}:\n${seen}`);
    return {
      reaction: saidAt - cluster.lastUpAt(),
      wall,
      cpu: (Number(user) + Number(system)) * 1_000,
      memory: Number(peak) / 1024,
      calls: (await readFile(cluster.calls, 'utf8')).trimEnd().split('\n').length,
      requests: cluster.requests(),
    };
  } finally {
    await cluster.close();
    standIn.close();
    await rm(folder, { recursive: true });
  }
}

/** A Deployment of so many pods that take the token from a Secret and share a volume for what they cache. */
async function startCluster(folder: string, pods: number) {
  let lastUpAt = 0;
  const start: StartContainer = ({ env, log }) => {
    const stdout = new PassThrough();
    const collected = log.collect('stdout', stdout);
    const say = (line: string) => stdout.write(`${line}\n`);
    const stopping = new AbortController();
    const isFresh = env['DCR_IAT'] !== OLD;
    const run = async () => {
      say('INFO dcr: no cached credentials, registering client');
      await delay(1_000 + Math.random() * 1_000, undefined, { signal: stopping.signal });
      say(
        isFresh ? 'INFO dcr: client registered: bff-server (201)' : 'ERROR dcr: registration failed: 401 invalid_token',
      );
      say(isFresh ? 'INFO:     Application startup complete.' : 'ERROR:    Application startup failed. Exiting.');
      lastUpAt = performance.now();
      if (isFresh) await delay(2 ** 30, undefined, { signal: stopping.signal });
    };
    const ended = run()
      .catch(() => {})
      .then(async () => {
        stdout.end();
        await collected;
        log.isOver = true;
        return { exitCode: isFresh ? 0 : 3, startError: null };
      });
    return { ended, stop: async () => stopping.abort() };
  };

  const store = new ObjectStore(() => new Date());
  const kubelet = startKubelet({ store, clock: systemClock, dir: join(folder, 'node'), start });
  const controllers = startControllers({ store, clock: systemClock });
  const api = await startApiServer({ store, now: () => new Date(), pods: createPodRuntime(kubelet) });
  for (const [resource, object] of objects(pods)) store.create(resource, object);

  const kubeconfig = join(folder, 'kubeconfig');
  await writeKubeconfig(kubeconfig, { server: api.url, context: 'bench', namespace: 'crud' });
  const kubectl = join(folder, 'kubectl');
  const calls = join(folder, 'calls');
  await writeFile(kubectl, `#!/bin/sh\necho "$1" >>'${calls}'\nexec kubectl "$@"\n`);
  await chmod(kubectl, 0o755);
  return {
    kubeconfig,
    kubectl,
    calls,
    lastUpAt: () => lastUpAt,
    requests: () => api.requests.length,
    async close() {
      controllers.close();
      await kubelet.close();
      await api.close();
    },
  };
}

const OLD = 'bench-only-used-initial-access-token';

function objects(pods: number) {
  const labels = { app: 'bff' };
  const metadata = (name: string) => ({ name, namespace: 'crud' });
  const container = {
    name: 'bff',
    image: 'empowernow/bff:2.1.0',
    env: [
      { name: 'IDP_BASE_URL', value: 'http://idp' },
      { name: 'DCR_ENABLED', value: 'true' },
      { name: 'ALLOW_BOOTSTRAP_FAILURE', value: 'false' },
      { name: 'BFF_CLIENT_CRED_PATH', value: '/app/keys/bff_client.json' },
      { name: 'DCR_IAT', valueFrom: { secretKeyRef: { name: 'bff-secrets', key: 'DCR_IAT' } } },
    ],
    volumeMounts: [{ name: 'keys', mountPath: '/app/keys' }],
  };
  const volumes = [{ name: 'keys', persistentVolumeClaim: { claimName: 'keys' } }];
  return [
    ['namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'crud' } }],
    [
      'secrets',
      {
        ...{ apiVersion: 'v1', kind: 'Secret', metadata: metadata('bff-secrets'), type: 'Opaque' },
        data: { DCR_IAT: Buffer.from(OLD).toString('base64') },
      },
    ],
    [
      'persistentvolumeclaims',
      {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadata('keys') },
        spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
        status: { phase: 'Bound' },
      },
    ],
    [
      'deployments',
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata('bff') },
        spec: {
          replicas: pods,
          selector: { matchLabels: labels },
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '100%', maxUnavailable: '100%' } },
          template: { metadata: { labels }, spec: { containers: [container], volumes } },
        },
      },
    ],
  ] as const;
}
