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
  /** Milliseconds of the step that looks at everything first. */
  readonly preflight: number;
  /** Milliseconds from the line of the last pod that says it is up to the last line of the command. */
  readonly reaction: number;
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of user and system time, that of every kubectl included. */
  readonly cpu: number;
  /** Megabytes of the largest process. */
  readonly memory: number;
  /** Calls of kubectl. */
  readonly calls: number;
  /** Processes of kubectl at the same time. */
  readonly atOnce: number;
  /** Megabytes of all those together. */
  readonly theirs: number;
  /** To the API server. */
  readonly requests: number;
}

/**
 * The main job on a cluster of one pod, and of fifty in the waves of a rolling update: the real kubectl asks the API server of
 * the sandbox, whose pods are no processes but register by themselves. Each is asked for its health through the cluster, and the same
 * stand-in answers for all.
 */
export const benchPods: Row = async ({ rounds }) => {
  const row = (cells: readonly string[], end: string) =>
    console.log(`${cells.map((cell) => cell.padStart(11)).join('')}   ${end}`);
  row(['preflight', 'reaction', 'wall', 'CPU', 'memory', 'kubectl', 'at once', 'their mem.', 'requests'], 'pods');
  for (const pods of [1, 50]) {
    const measured: Measured[] = [];
    // The first one warms caches up.
    for (let round = 0; round <= (rounds ?? 3); round++) {
      const one = await measure(pods);
      if (round > 0) measured.push(one);
    }
    const of = (what: keyof Measured) => median(measured.map((each) => each[what]));
    const seconds = (what: keyof Measured) => `${(of(what) / 1_000).toFixed(2)} s`;
    const megabytes = (what: keyof Measured) => `${of(what).toFixed(0)} MB`;
    const over = (Object.keys(BUDGET_MS) as (keyof typeof BUDGET_MS)[]).filter((what) => of(what) > BUDGET_MS[what]);
    row(
      [
        ...(['preflight', 'reaction', 'wall', 'cpu'] as const).map(seconds),
        ...[
          megabytes('memory'),
          String(of('calls')),
          String(of('atOnce')),
          megabytes('theirs'),
          String(of('requests')),
        ],
      ],
      `${pods}${over.map((what) => `  ${what} OVER ${BUDGET_MS[what]} ms`).join('')}`,
    );
  }
};

const BUDGET_MS = { preflight: 1_500, reaction: 1_000 };

async function measure(pods: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-bench-'));
  const standIn = await startStandIn();
  const cluster = await startCluster(folder, standIn.url, pods);
  const sampling = sample(cluster.calls);
  try {
    const [program, ...script] = words(await npmScript('iat'));
    const where = ['--kubernetes', 'deployment/bff', '--namespace', 'crud', '--context', 'bench'];
    const rest = ['--kubectl', cluster.kubectl, '--stable-for', '0', '--reports', join(folder, 'reports'), '--json'];
    const args = [...script, ...where, '--idp-url', standIn.url, ...rest];
    const startedAt = performance.now();
    const child = execa('time', ['-f', 'measured: %U %S %M', program, ...args], {
      ...{ cwd: root, reject: false },
      env: { KUBECONFIG: cluster.kubeconfig, IAT_ADMIN_TOKEN: 'bench-only-admin-token' },
    });
    let saidAt = 0;
    child.stdout.on('data', () => {
      saidAt = performance.now();
    });
    const { exitCode, stdout, stderr } = await child;
    const wall = performance.now() - startedAt;
    const [, user, system, peak] = /measured: (\S+) (\S+) (\d+)\s*$/.exec(stderr) ?? [];
    if (exitCode !== 0 || peak === undefined)
      throw new Error(`With ${pods} pods it ended with ${exitCode}:\n${stdout}\n${stderr}`);
    const result = JSON.parse(stdout) as { readonly steps: readonly { name: string; durationMs: number }[] };
    const { calls, atOnce, megabytes } = await sampling.stop();
    return {
      preflight: result.steps.find(({ name }) => name === 'preflight')?.durationMs ?? Number.NaN,
      reaction: saidAt - cluster.lastUpAt(),
      wall,
      cpu: (Number(user) + Number(system)) * 1_000,
      memory: Number(peak) / 1024,
      calls,
      atOnce,
      theirs: megabytes,
      requests: cluster.requests(),
    };
  } finally {
    await sampling.stop();
    await cluster.close();
    standIn.close();
    await rm(folder, { recursive: true });
  }
}

/** Looks again and again at the processes whose ids are in a file, a line each. */
function sample(file: string) {
  const stopping = new AbortController();
  const most = { calls: 0, atOnce: 0, megabytes: 0 };
  const ended = new Set<string>();
  const look = async () => {
    const ids = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const there = await Promise.all(
      ids
        .filter((id) => !ended.has(id))
        .map(async (id) => {
          const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
          const kilobytes = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
          if (kilobytes === undefined) ended.add(id);
          return Number(kilobytes ?? 0);
        }),
    );
    const running = there.filter((kilobytes) => kilobytes > 0);
    most.calls = ids.length;
    most.atOnce = Math.max(most.atOnce, running.length);
    most.megabytes = Math.max(most.megabytes, running.reduce((sum, each) => sum + each, 0) / 1024);
  };
  const looking = (async () => {
    for (;;) {
      await look();
      await delay(50, undefined, { signal: stopping.signal });
    }
  })().catch(() => {});
  return {
    async stop() {
      stopping.abort();
      await looking;
      await look();
      return most;
    },
  };
}

/** A Deployment of so many pods that take the token from a Secret and share a volume for what they cache. */
async function startCluster(folder: string, bffUrl: string, pods: number) {
  let lastUpAt = 0;
  const start: StartContainer = ({ env, log }) => {
    const stdout = new PassThrough();
    const collected = log.collect('stdout', stdout);
    const say = (line: string) => stdout.write(`${line}\n`);
    const stopping = new AbortController();
    const isFresh = env['DCR_IAT'] !== OLD;
    const run = async () => {
      say('INFO dcr: no cached credentials, registering client');
      await delay(REGISTERED_MS.from + Math.random() * REGISTERED_MS.within, undefined, { signal: stopping.signal });
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
  const { hostname: host, port } = new URL(bffUrl);
  const runtime = { ...createPodRuntime(kubelet), address: () => ({ host, port: Number(port) }) };
  const api = await startApiServer({ store, now: () => new Date(), pods: runtime });
  for (const [resource, object] of objects(pods)) store.create(resource, object);

  const kubeconfig = join(folder, 'kubeconfig');
  await writeKubeconfig(kubeconfig, { server: api.url, context: 'bench', namespace: 'crud' });
  const kubectl = join(folder, 'kubectl');
  const calls = join(folder, 'calls');
  await writeFile(
    kubectl,
    `#!/bin/sh
echo $$ >>'${calls}'
exec kubectl "$@"
`,
  );
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

/** After the start of a pod, in milliseconds. */
const REGISTERED_MS = { from: 2_000, within: 2_000 };

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
    // Another kind than HTTP succeeds at once: it is ready after that time.
    readinessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 5 },
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
          template: { metadata: { labels }, spec: { containers: [container], volumes } },
        },
      },
    ],
  ] as const;
}
