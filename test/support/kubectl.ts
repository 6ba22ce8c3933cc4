import { spawnSync } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { writeKubeconfig } from '../../scripts/sandbox/cluster/kubeconfig.ts';
import { describeUnless } from './describe-unless.ts';

/** The real one: `IAT_TEST_KUBECTL`, or what is on PATH. */
const KUBECTL = process.env['IAT_TEST_KUBECTL'] || 'kubectl';

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

export interface KubectlOptions {
  readonly server: string;
  /** Default `crud`. */
  readonly namespace?: string;
}

export interface Called {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlHere {
  /** PATH, HOME, KUBECONFIG and KUBECACHEDIR: nothing of the machine's own. */
  readonly env: Readonly<Record<string, string>>;
  /** One call to its end. @param input of standard input, which is closed after it */
  call(args: readonly string[], input?: string): Promise<Called>;
  /** A call that goes on; it ends with the test. */
  start(args: readonly string[]): { readonly lines: AsyncIterator<string>; stop(): void };
}

/** kubectl for one test, with a home folder, kubeconfig and cache of its own, which are removed after it. */
export async function createKubectlHere({ server, namespace = 'crud' }: KubectlOptions): Promise<KubectlHere> {
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
  const options = { env, extendEnv: false, cwd: home, reject: false } as const;
  return {
    env,
    async call(args, input = '') {
      const { exitCode, stdout, stderr } = await execa(KUBECTL, args, { ...options, input });
      return { exitCode, stdout, stderr };
    },
    start(args) {
      const child = execa(KUBECTL, args, { ...options, stdin: 'ignore', buffer: false });
      const stop = () => void child.kill('SIGKILL');
      onTestFinished(stop);
      return { lines: child[Symbol.asyncIterator]() as AsyncIterator<string>, stop };
    },
  };
}
