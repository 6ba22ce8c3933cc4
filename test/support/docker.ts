import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import process from 'node:process';
import { execa } from 'execa';
import { describeUnless } from './describe-unless.ts';

/** One of the two composes on this machine. */
export interface Compose {
  /** "docker compose" or "docker-compose". */
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  /** Where the engine is (DOCKER_HOST), for compose, the Docker CLI and the tool; absent: where it is by itself. */
  readonly env?: Readonly<Record<string, string>>;
  /** For the tool alone. */
  readonly args?: readonly string[];
  readonly toolEnv?: Readonly<Record<string, string>>;
}

/** Both, as people have them; the plugin first. */
const COMPOSES = [
  { title: 'docker compose', command: ['docker', 'compose'], version: /^v?[2-9]/ },
  { title: 'docker-compose', command: ['docker-compose'], version: /^v?1\./ },
] as const satisfies readonly (Compose & { readonly version: RegExp })[];

const DOCKER = {
  required: 'IAT_REQUIRE_DOCKER',
  wayOut: 'on Debian as root, .ci/run installs what is missing and runs all tests',
};

/**
 * A suite that needs a Docker engine. Without one it is skipped with a line that says so, or fails where
 * `IAT_REQUIRE_DOCKER` is set.
 */
export function describeWithDocker(name: string, body: () => void): void {
  describeUnless(whyNoEngine(), DOCKER, name, body);
}

/** A suite that needs a compose, and for which the plugin will do: the two differ in how they are called, in labels, logs and `up`. */
export function describeWithCompose(name: string, body: (compose: Compose) => void): void {
  const [plugin] = COMPOSES;
  describeUnless(whyNoEngine() ?? whyNoCompose(plugin), DOCKER, name, () => body(plugin));
}

/** The suite once for each of the two composes; a missing one is like a missing engine. */
export function describeWithEachCompose(name: string, body: (compose: Compose) => void): void {
  for (const compose of COMPOSES) {
    describeUnless(whyNoEngine() ?? whyNoCompose(compose), DOCKER, `${name} (${compose.title})`, () => body(compose));
  }
}

/**
 * Takes projects out of Docker, whatever state they and their files are in.
 *
 * @throws Error when something of them is still there afterwards
 */
export async function removeProjects(
  projects: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  // In this order: a network or volume in use cannot be removed.
  for (const { kind, list, id, remove } of KINDS) {
    const find = () => idsOf([kind, ...list], id, projects, env);
    const ids = await find();
    if (ids.length === 0) continue;
    await execa('docker', [kind, ...remove, ...ids], { reject: false, env });
    const left = await find();
    if (left.length > 0) throw new Error(`Left behind in Docker: ${kind} ${left.join(', ')}`);
  }
}

/** A name for a project of this test process. */
export function createProjectName(): string {
  return `${PREFIX}${process.pid}-${randomUUID().slice(0, 8)}`;
}

/** Takes away what test processes of this machine left behind that were killed before they could do it themselves. */
export async function removeLeftovers(): Promise<void> {
  const format = `{{.Label "${PROJECT_LABEL}"}}`;
  const { stdout } = await execa('docker', ['ps', '-a', '--filter', `label=${PROJECT_LABEL}`, '--format', format]);
  for (const project of new Set(stdout.split('\n'))) {
    const pid = project.startsWith(PREFIX) ? Number.parseInt(project.slice(PREFIX.length), 10) : Number.NaN;
    if (!Number.isNaN(pid) && !isAlive(pid)) await removeProjects([project]);
  }
}

/** With the machine's name: process ids of another one, which may share the engine, mean nothing here. */
const PREFIX = `iat-test-${hostname()
  .toLowerCase()
  .replace(/[^a-z0-9]/g, '')}-`;
const PROJECT_LABEL = 'com.docker.compose.project';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What a project has in Docker: both composes put the same label on it. */
const KINDS = [
  { kind: 'container', list: ['ls', '-a', '--no-trunc'], id: 'ID', remove: ['rm', '-f', '-v'] },
  { kind: 'network', list: ['ls'], id: 'ID', remove: ['rm'] },
  { kind: 'volume', list: ['ls'], id: 'Name', remove: ['rm', '-f'] },
] as const;

async function idsOf(
  list: readonly string[],
  id: string,
  projects: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const format = `{{.Label "${PROJECT_LABEL}"}} {{.${id}}}`;
  const { stdout } = await execa('docker', [...list, '--filter', `label=${PROJECT_LABEL}`, '--format', format], {
    env,
  });
  const found = stdout.split('\n').map((line) => line.split(' '));
  return found.flatMap(([project = '', name = '']) => (projects.includes(project) ? [name] : []));
}

let engine: string | null | undefined;

function whyNoEngine(): string | null {
  engine ??= askEngine();
  return engine === '' ? null : engine;
}

/** '' where all is well. */
function askEngine(): string {
  // The containers run this checkout's node_modules, parts of which are programs for this machine's system.
  if (process.platform !== 'linux') return `Linux is needed, and this is ${process.platform} (WSL 2 will do)`;
  const { error, status } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 20_000 });
  if (error !== undefined) return 'there is no docker command';
  return status === 0 ? '' : 'no Docker engine answers';
}

function whyNoCompose({ title, command: [file, ...args], version }: (typeof COMPOSES)[number]): string | null {
  const { stdout } = spawnSync(file, [...args, 'version', '--short'], { encoding: 'utf8', timeout: 20_000 });
  return version.test(stdout ?? '') ? null : `there is no ${title} of the version that belongs to this name`;
}
