import { AppError } from '../core/errors.ts';
import type { CommandResult, Processes } from '../core/ports.ts';
import { isLoopback } from '../core/proxy.ts';
import { dockerFailure } from './daemon-failures.ts';
import { createDocker, type Docker } from './docker.ts';
import { DOCKER, PODMAN } from './invocation.ts';

export interface EngineOptions {
  /** `--engine`; null: the one that is there, Docker where both are. */
  readonly engine: 'docker' | 'podman' | null;
  /** The person's environment: DOCKER_HOST, CONTAINER_HOST and the like. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What runs the containers, and the program that talks to it. */
export interface Engine {
  readonly docker: Docker;
  /** It is Podman, whichever program talks to it. */
  readonly isPodman: boolean;
  readonly version: string;
  readonly env: EngineOptions['env'];
  /** Where it is, where that is not this machine's default: "tcp://build-7:2375 (context build)"; null: it is. */
  readonly place: string | null;
  /** The machine that it publishes ports on, as a name in URLs; null: this one. */
  readonly host: string | null;
}

/**
 * Finds the engine that is meant.
 *
 * @throws AppError `docker-missing`, `docker-unreachable`
 */
export async function findEngine(
  { engine, env }: EngineOptions,
  processes: Processes,
  signal: AbortSignal,
): Promise<Engine> {
  const podman = () => openPodman(createDocker(processes, PODMAN), env, signal);
  if (engine === 'podman') return podman();
  const docker = createDocker(processes);
  const result = await docker.ask(['version', '--format', '{{json .}}'], signal);
  const said = readVersion(result);
  // The package podman-docker puts a `docker` in place that is Podman's own command line.
  if (said?.isPodmanItself) return podman();
  if (result.exitCode !== 0 || said === null) {
    const failure = dockerFailure(result);
    if (engine === DOCKER) throw failure;
    const beside = await createDocker(processes, PODMAN).ask(['--version'], signal);
    const isMissing = failure.code === 'docker-missing';
    if (beside.exitCode === 0) {
      if (isMissing) return podman();
      throw alsoPodman(failure);
    }
    throw isMissing ? neither(failure) : failure;
  }
  return {
    docker,
    isPodman: said.isPodman,
    version: said.version,
    env,
    ...(await placeOf(said.context, env, docker, signal)),
  };
}

async function openPodman(podman: Docker, env: EngineOptions['env'], signal: AbortSignal): Promise<Engine> {
  const result = await podman.ask(['version', '--format', '{{json .}}'], signal);
  const said = readVersion(result);
  if (result.exitCode !== 0 || said === null) throw dockerFailure(result, PODMAN);
  const url = env['CONTAINER_HOST'] || null;
  const connection = env['CONTAINER_CONNECTION'] || null;
  const place = url === null ? (connection === null ? null : `connection ${connection}`) : withoutPassword(url);
  return { docker: podman, isPodman: true, version: said.version, env, place, host: hostOfEngine(url) };
}

/** What `version --format '{{json .}}'` prints, of Docker and of Podman. */
interface Version {
  readonly Client?: { readonly Version?: string; readonly APIVersion?: string; readonly Context?: string };
  readonly Server?: {
    readonly Version?: string;
    readonly Components?: readonly { readonly Name?: string; readonly Version?: string }[];
  } | null;
}

/** null: it is no such answer, or no engine is behind it. */
function readVersion({ stdout }: CommandResult) {
  let version: Version;
  try {
    version = JSON.parse(stdout) as Version;
  } catch {
    return null;
  }
  const { Client, Server } = version;
  // Podman's own command line spells this name so, and needs no server.
  const isPodmanItself = Client?.APIVersion !== undefined;
  const behind = isPodmanItself ? (Server ?? Client) : Server;
  if (!behind?.Version) return null;
  const isPodman = isPodmanItself || (Server?.Components ?? []).some(({ Name }) => Name === 'Podman Engine');
  return { isPodmanItself, isPodman, version: behind.Version, context: Client?.Context ?? 'default' };
}

/** By DOCKER_HOST, which wins, or by the context. */
async function placeOf(context: string, env: EngineOptions['env'], docker: Docker, signal: AbortSignal) {
  const named = env['DOCKER_HOST'] || DEFAULT_SOCKET;
  if (named !== DEFAULT_SOCKET) return { place: withoutPassword(named), host: hostOfEngine(named) };
  // Docker Desktop has one of its own, which is the only one for most people.
  if (['', 'default', 'desktop-linux'].includes(context)) return { place: null, host: null };
  const format = '{{.Endpoints.docker.Host}}';
  const { stdout } = await docker.ask(['context', 'inspect', context, '--format', format], signal);
  const url = stdout.trim();
  const host = hostOfEngine(url);
  return { place: host === null ? `context ${context}` : `${withoutPassword(url)} (context ${context})`, host };
}

const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

/** `tcp://build-7:2375`, `ssh://me@build-7`: build-7; null: a socket, a pipe, or this machine. */
function hostOfEngine(url: string | null): string | null {
  if (url === null || !/^(?:tcp|ssh|https?):\/\//i.test(url)) return null;
  // As http: other schemes keep the host as it was typed.
  const plain = url.replace(/^[a-z]+:/i, 'http:');
  const host = URL.canParse(plain) ? new URL(plain).hostname : '';
  return host === '' || isLoopback(host) ? null : host;
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]*@/i, '$1@');
}

function neither({ code, hint }: AppError): AppError {
  const message = 'Docker is not installed, or not on the PATH, and neither is Podman.';
  return new AppError(code, message, hint === undefined ? {} : { hint });
}

function alsoPodman({ code, message, hint }: AppError): AppError {
  const text = `Podman is here, too: --engine podman takes it. ${hint?.text ?? ''}`.trimEnd();
  return new AppError(code, message, { hint: { ...hint, text } });
}
