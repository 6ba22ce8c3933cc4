import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { bundle } from './bundle.ts';
import { type CommandOptions, ownEnvironment, type Running, startCommand } from './command.ts';
import { type Compose, createProjectName, removeLeftovers, removeProjects } from './docker.ts';
import { provideNodeImage } from './docker-image.ts';

export const ADMIN_TOKEN = 'test-only-admin-2rD6hJ8nQx5Bk3Ws';
export const STALE_IAT = 'test-only-stale-iat-4eG7zC1mTy9Pf5Ua';

/** A stack of the documented shape: IdP, BFF, Redis and Kafka (stand-ins) as containers, in a project of its own. */
export interface DockerStack {
  readonly project: string;
  /** The folder around all files. */
  readonly home: string;
  /** Where the compose file is and where people call compose: `CRUDService`. */
  readonly folder: string;
  /** Absolute. */
  readonly composeFile: string;
  readonly adminTokenFile: string;
  /** The BFF's `env_file`. */
  readonly bffEnvFile: string;
  readonly idpUrl: string;
  readonly bffUrl: string;
  /** Runs compose as the runbook does: in the folder, with `-f docker-compose-authzen4.yml`; what it prints. */
  compose(...args: string[]): Promise<string>;
  /** Resolves when the IdP answers. */
  waitForIdp(): Promise<void>;
  /** Starts everything and resolves when the IdP answers and the BFF has ended at least once. */
  startFailing(): Promise<void>;
  /** The BFF's container, as the daemon tells it; throws where there is not exactly one. */
  inspectBff(): Promise<ContainerFacts>;
  /** The log of the BFF's container, from its first line. */
  readBffLog(): Promise<string>;
  /** Asks the IdP for an IAT, as the runbook's request does. */
  mint(): Promise<string>;
  /** Starts a command as its own process, in the folder, with the compose file and the BFF's address. */
  start(command: CommandOptions['command'], args: readonly string[], env?: CommandOptions['env']): Running;
  /** Takes everything away, in Docker and on disk. Throws when something stays. */
  remove(): Promise<void>;
}

export interface ContainerFacts {
  readonly id: string;
  readonly status: string;
  readonly exitCode: number;
  readonly restartCount: number;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Writes the files of a stack; nothing runs yet.
 *
 * @param iat what DCR_IAT is to begin with: a token that the IdP does not know, or no such line
 */
export async function createDockerStack(compose: Compose, iat: 'a stale' | 'no'): Promise<DockerStack> {
  await removeLeftovers();
  const image = await provideNodeImage();
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-stack-'));
  const project = createProjectName();
  const folder = join(home, 'CRUDService');
  const composeFile = join(folder, COMPOSE_FILE);
  const adminTokenFile = join(home, 'idp', 'admin-token');
  const bffEnvFile = join(home, 'ms_bff_spike', '.env');
  const [idpPort, bffPort] = await freePorts();

  await cp(new URL('../fixtures/stack/', import.meta.url), home, { recursive: true });
  await cp(join(home, 'ms_bff_spike', 'bff.env'), bffEnvFile);
  const programs = ['idp', 'bff'].map(
    (name) => new URL(`../../scripts/sandbox/${name}-main.ts`, import.meta.url).pathname,
  );
  await bundle(join(home, 'programs'), programs, ['oidc-provider']);
  await mkdir(join(home, 'idp'));
  await writeFile(adminTokenFile, `${ADMIN_TOKEN}\n`, { mode: 0o600 });
  const repository = new URL('../../', import.meta.url).pathname.replace(/\/$/, '');
  await fillIn(composeFile, { image, repository, 'idp-port': `${idpPort}`, 'bff-port': `${bffPort}`, iat: STALE_IAT });
  if (iat === 'no') await removeLine(composeFile, STALE_IAT);

  const idpUrl = `http://127.0.0.1:${idpPort}`;
  const [file, ...first] = compose.command;
  const runCompose = async (...args: string[]) => {
    const env = { COMPOSE_PROJECT_NAME: project };
    const { all } = await execa(file, [...first, '-f', COMPOSE_FILE, ...args], { cwd: folder, env, all: true });
    return all;
  };
  const bffContainer = async () => {
    const labels = [`project=${project}`, 'service=bff'].map((label) => `label=com.docker.compose.${label}`);
    const { stdout } = await execa('docker', [
      'ps',
      '-aq',
      '--no-trunc',
      ...labels.flatMap((each) => ['--filter', each]),
    ]);
    const ids = stdout.split('\n').filter(Boolean);
    if (ids.length !== 1) throw new Error(`${ids.length} containers of the BFF instead of one.`);
    return ids[0] ?? '';
  };

  const stack: DockerStack = {
    project,
    home,
    folder,
    composeFile,
    adminTokenFile,
    bffEnvFile,
    idpUrl,
    bffUrl: `http://127.0.0.1:${bffPort}`,
    compose: runCompose,
    async waitForIdp() {
      await until('the IdP answers', async () => (await statusOf(`${idpUrl}${DISCOVERY}`)) === 200);
    },
    async startFailing() {
      await runCompose('up', '-d', 'idp');
      await stack.waitForIdp();
      await runCompose('up', '-d');
      await until('the BFF has ended', async () => (await stack.inspectBff()).restartCount > 0);
    },
    async inspectBff() {
      const { stdout } = await execa('docker', ['inspect', '--type', 'container', await bffContainer()]);
      return toFacts(JSON.parse(stdout));
    },
    async readBffLog() {
      return (await execa('docker', ['logs', await bffContainer()], { all: true })).all;
    },
    async mint() {
      const response = await fetch(`${idpUrl}/api/admin/dcr/initial-access-tokens`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ label: 'ms-bff bootstrap', expires_in: 3600, max_usages: 1 }),
      });
      if (response.status !== 201) throw new Error(`The IdP answered the mint with ${response.status}.`);
      return ((await response.json()) as { token: string }).token;
    },
    start(command, args, env) {
      const places = ['-f', composeFile, '--bff-url', stack.bffUrl, '--collection', COLLECTION];
      const options = { cwd: folder, env: { ...ownEnvironment(), ...env } };
      return startCommand([...places, ...args], { ...options, ...(command === undefined ? {} : { command }) });
    },
    async remove() {
      await removeProjects([project]);
      await rm(home, { recursive: true, force: true });
    },
  };
  return stack;
}

const COLLECTION = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;
const COMPOSE_FILE = 'docker-compose-authzen4.yml';
const DISCOVERY = '/api/oidc/.well-known/openid-configuration';
const UNTIL_MS = 40_000;
const LOOK_AGAIN_MS = 100;

/** Looks again and again: there is no event for it. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Waited ${UNTIL_MS / 1000} s in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** 0 where nothing answers. */
export async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

/** Both held until both are known, so that they differ. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      return address !== null && typeof address === 'object' ? address.port : 0;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

async function fillIn(path: string, values: Readonly<Record<string, string>>): Promise<void> {
  const filled = (await readFile(path, 'utf8')).replace(/@([a-z-]+)@/g, (_, name: string) => values[name] ?? '');
  await writeFile(path, filled);
}

async function removeLine(path: string, part: string): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, lines.filter((line) => !line.includes(part)).join('\n'));
}

type Inspected = readonly {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: { readonly Status: string; readonly ExitCode: number };
  readonly Config: { readonly Env: readonly string[] };
}[];

function toFacts([container]: Inspected): ContainerFacts {
  if (container === undefined) throw new Error('The BFF has no container any more.');
  const { Id, RestartCount, State, Config } = container;
  return {
    id: Id,
    status: State.Status,
    exitCode: State.ExitCode,
    restartCount: RestartCount,
    env: Object.fromEntries(Config.Env.map((each) => each.split(/=(.*)/s).slice(0, 2))),
  };
}
