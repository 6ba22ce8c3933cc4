import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describeUnless } from './describe-unless.ts';
import { until } from './docker-stack.ts';

const PODMAN = {
  required: 'IAT_REQUIRE_PODMAN',
  wayOut: 'on Debian as root, .ci/run installs what is missing and runs all tests',
};
const SOCKET = '/run/podman/podman.sock';

/** A suite that needs Podman, and root's own one. */
export function describeWithPodman(name: string, body: () => void): void {
  describeUnless(whyNoPodman(), PODMAN, name, body);
}

/** Where Podman answers, for both command lines. */
export interface PodmanService {
  /** `podman` as it has to run on this machine. */
  readonly native: Readonly<Record<string, string>>;
  /** The same, and the Docker CLI on its socket. */
  readonly onSocket: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts the service behind Podman's socket, unless it is there. Its settings are for machines of every kind: without systemd,
 * with both versions of cgroups, and where limits cannot be raised.
 */
export async function startPodman(): Promise<PodmanService> {
  const folder = await mkdtemp(join(tmpdir(), 'iat-test-podman-'));
  const settings = join(folder, 'containers.conf');
  await writeFile(settings, SETTINGS);
  const native = { CONTAINERS_CONF: settings };
  const onSocket = { ...native, DOCKER_HOST: `unix://${SOCKET}` };
  let service: ChildProcess | null = null;
  if (!answers(onSocket)) {
    service = spawn('podman', ['system', 'service', '--time=0'], {
      env: { ...process.env, ...native },
      stdio: 'ignore',
    });
    await until('the service of Podman answers', async () => answers(onSocket));
  }
  return {
    native,
    onSocket,
    async close() {
      if (service?.kill()) await once(service, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

const SETTINGS = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

function answers(env: Readonly<Record<string, string>>): boolean {
  const options = { env: { ...process.env, ...env }, timeout: 20_000 };
  return spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], options).status === 0;
}

function whyNoPodman(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'Podman is tested as root on Linux only';
  for (const program of ['podman', 'docker', 'runc']) {
    const { error } = spawnSync(program, ['--version'], { timeout: 20_000 });
    if (error !== undefined) return `there is no ${program} command`;
  }
  const { status } = spawnSync('docker', ['compose', 'version'], { timeout: 20_000 });
  return status === 0 ? null : 'there is no docker compose';
}
