import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { writeKubeconfig } from '../../scripts/sandbox/cluster/kubeconfig.ts';
import { describeUnless } from './describe-unless.ts';

/** The real one: `IAT_TEST_KUBECTL`, or what is on PATH. */
export const KUBECTL = process.env['IAT_TEST_KUBECTL'] || 'kubectl';

const NEEDED = {
  required: 'IAT_REQUIRE_KUBECTL',
  wayOut: 'install it, or name one with IAT_TEST_KUBECTL; .ci/run does so on Debian',
};

/** A suite that needs kubectl. Without one it is skipped with a line that says so, or fails where `IAT_REQUIRE_KUBECTL` is set. */
export function describeWithKubectl(name: string, body: () => void): void {
  const { error, status } = spawnSync(KUBECTL, ['version', '--client'], { timeout: 20_000 });
  const missing = error !== undefined || status !== 0 ? `there is no ${KUBECTL} that answers` : null;
  describeUnless(missing, NEEDED, name, body);
}

export interface Called {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlHere {
  /** Of each call. */
  readonly env: Readonly<Record<string, string>>;
  /** One call to its end. @param input of standard input, which is closed after it */
  call(args: readonly string[], input?: string): Promise<Called>;
  /** A call that goes on; it ends with the test. */
  start(args: readonly string[]): { readonly lines: AsyncIterator<string>; stop(): void };
}

/** kubectl for one test, with a home folder, kubeconfig and cache of its own, which are removed after it. */
export async function createKubectlHere(server: string, namespace = 'crud'): Promise<KubectlHere> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const config = join(home, 'config');
  await writeKubeconfig(config, { server, context: 'sandbox', namespace });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    KUBECONFIG: config,
    KUBECACHEDIR: join(home, 'cache'),
  };
  return callsOf(env, []);
}

/** The kubeconfig of a real cluster to test on, `IAT_TEST_KUBECONFIG`; null: there is none. */
export const REAL_KUBECONFIG = process.env['IAT_TEST_KUBECONFIG'] || null;

/** kubectl for one test on the real cluster, in a namespace of its own, which is removed after it. */
export async function createKubectlThere(kubeconfig: string): Promise<KubectlHere> {
  const namespace = `iat-test-${randomUUID().slice(0, 8)}`;
  const env = Object.fromEntries(
    Object.entries({ ...process.env, KUBECONFIG: kubeconfig }).map(([k, v]) => [k, v ?? '']),
  );
  const kubectl = callsOf(env, [`--namespace=${namespace}`]);
  const made = await kubectl.call(['create', 'namespace', namespace]);
  if (made.exitCode !== 0) throw new Error(`The namespace ${namespace} could not be made: ${made.stderr}`);
  onTestFinished(async () => void (await kubectl.call(['delete', 'namespace', namespace, '--wait=false'])));
  return kubectl;
}

function callsOf(env: Readonly<Record<string, string>>, flags: readonly string[]): KubectlHere {
  const options = { env, extendEnv: false, reject: false } as const;
  return {
    env,
    async call(args, input = '') {
      const { exitCode, stdout, stderr } = await execa(KUBECTL, [...flags, ...args], { ...options, input });
      return { exitCode, stdout, stderr };
    },
    start(args) {
      const child = execa(KUBECTL, [...flags, ...args], { ...options, stdin: 'ignore', buffer: false });
      const stop = () => void child.kill('SIGKILL');
      onTestFinished(stop);
      return { lines: child[Symbol.asyncIterator]() as AsyncIterator<string>, stop };
    },
  };
}
