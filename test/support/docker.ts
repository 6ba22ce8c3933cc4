import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import process from 'node:process';
import { execa } from 'execa';
import { describe, test } from 'vitest';

/** One of the two composes on this machine. */
export interface Compose {
  /** "docker compose" or "docker-compose". */
  readonly title: string;
  readonly command: readonly [string, ...string[]];
}

/** Both, as people have them. */
const COMPOSES: readonly (Compose & { readonly version: RegExp })[] = [
  { title: 'docker compose', command: ['docker', 'compose'], version: /^v?[2-9]/ },
  { title: 'docker-compose', command: ['docker-compose'], version: /^v?1\./ },
];

const WAY_OUT = 'on Debian as root, .ci/run installs what is missing and runs all tests';

/**
 * A suite that needs a Docker engine. Without one it is skipped with a line that says so, or fails where
 * `IAT_REQUIRE_DOCKER` is set.
 */
export function describeWithDocker(name: string, body: () => void): void {
  describeUnless(whyNoEngine(), name, body);
}

/** The suite once for each of the two composes; a missing one is like a missing engine. */
export function describeWithEachCompose(name: string, body: (compose: Compose) => void): void {
  const noEngine = whyNoEngine();
  for (const compose of COMPOSES) {
    const why = noEngine ?? whyNoCompose(compose);
    describeUnless(why, `${name} (${compose.title})`, () => body(compose));
  }
}

/** What of a project is in Docker: containers, networks and volumes, by the label that both composes put on them. */
export async function listProject(project: string): Promise<string[]> {
  const found = await Promise.all(Object.keys(KINDS).map((kind) => idsOf(kind as Kind, project)));
  return found.flat();
}

/** Takes a project out of Docker, whatever state it and its files are in. */
export async function removeProject(project: string): Promise<void> {
  // In this order: a network or volume in use cannot be removed.
  for (const [kind, { remove }] of Object.entries(KINDS)) {
    const ids = await idsOf(kind as Kind, project);
    if (ids.length > 0) await execa('docker', [kind, ...remove, ...ids], { reject: false });
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
    if (!Number.isNaN(pid) && !isAlive(pid)) await removeProject(project);
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

const KINDS = {
  container: { list: ['ls', '-aq', '--no-trunc'], remove: ['rm', '-f', '-v'] },
  network: { list: ['ls', '-q'], remove: ['rm'] },
  volume: { list: ['ls', '-q'], remove: ['rm', '-f'] },
} as const;
type Kind = keyof typeof KINDS;

async function idsOf(kind: Kind, project: string): Promise<string[]> {
  const filter = ['--filter', `label=${PROJECT_LABEL}=${project}`];
  const { stdout } = await execa('docker', [kind, ...KINDS[kind].list, ...filter]);
  return stdout.split('\n').filter(Boolean);
}

function describeUnless(missing: string | null, name: string, body: () => void): void {
  if (missing === null) {
    describe(name, body);
    return;
  }
  if (process.env['IAT_REQUIRE_DOCKER']) {
    describe(name, () => {
      test('what it needs is there', () => {
        throw new Error(`IAT_REQUIRE_DOCKER is set, and ${missing}.`);
      });
    });
    return;
  }
  process.stderr.write(`SKIPPED: "${name}", because ${missing}; ${WAY_OUT}.\n`);
  describe.skip(name, body);
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
