import type { CommandResult } from '../core/ports.ts';
import type { Docker } from './docker.ts';
import type { Engine } from './engine.ts';
import { composeMissing, podmanComposeTooOld } from './failures.ts';
import { DOCKER, PODMAN, type Program, type Running } from './invocation.ts';

/** What was asked of an engine to find out which composes there are. */
export type Composes = Promise<readonly CommandResult[]>;

/** Asks for the composes that are tried first. */
export function askForComposes(docker: Docker, signal: AbortSignal): Composes {
  const ask = (...args: string[]) => docker.ask(args, signal);
  if (docker.program === DOCKER) return Promise.all([ask('compose', 'version', '--short')]);
  const socket = ask('info', '--format', '{{.Host.RemoteSocket.Exists}} {{.Host.RemoteSocket.Path}}');
  return Promise.all([ask('compose', 'version'), socket]);
}

/**
 * The compose that made the running container, else the newest: each recreates what another one made.
 *
 * @throws AppError `compose-missing`
 */
export async function chooseProgram(
  composes: Composes,
  running: Running | null,
  { docker, env }: Pick<Engine, 'docker' | 'env'>,
  signal: AbortSignal,
): Promise<Program> {
  const [first, socket] = await composes;
  const program =
    socket === undefined
      ? await chooseForDocker(first, running, docker, signal)
      : await chooseForPodman(first, socket, running, { docker, env }, signal);
  if (program === null) throw composeMissing(docker.program);
  if (program.isPodmanCompose && isOlder(program.version, OLDEST_PODMAN_COMPOSE))
    throw podmanComposeTooOld(program.version, OLDEST_PODMAN_COMPOSE);
  return program;
}

/** Before it there is no `config`, and a service whose settings have changed is left as it is. */
const OLDEST_PODMAN_COMPOSE = '1.0.6';

async function chooseForDocker(
  plugin: CommandResult | undefined,
  running: Running | null,
  docker: Docker,
  signal: AbortSignal,
): Promise<Program | null> {
  const v2 = toProgram([DOCKER, 'compose'], plugin);
  if (v2 !== null && running?.major !== 1) return v2;
  const v1 = await docker.run({ file: 'docker-compose', args: ['version', '--short'] }, signal);
  return toProgram(['docker-compose'], v1) ?? v2;
}

/**
 * Podman has no compose of its own: `podman compose` (4.7) calls Docker's or podman-compose, whichever is there. Before that,
 * Docker's are called with the socket of Podman, where that exists.
 */
async function chooseForPodman(
  wrapper: CommandResult | undefined,
  socket: CommandResult,
  running: Running | null,
  { docker, env }: Pick<Engine, 'docker' | 'env'>,
  signal: AbortSignal,
): Promise<Program | null> {
  const version = (file: string, ...args: string[]) => docker.run({ file, args: [...args, 'version'] }, signal);
  const [, path] = /^true (?:unix:\/\/)?(\/\S+)/.exec(socket.stdout) ?? [];
  const host = path === undefined ? undefined : `unix://${path}`;
  const [old, plugin, own] = await Promise.all([
    version('docker-compose'),
    version(DOCKER, 'compose'),
    version('podman-compose'),
  ]);
  const onSocket = (program: Program | null) => (program === null || host === undefined ? null : { ...program, host });
  const wrapped = toProgram([PODMAN, 'compose'], wrapper);
  // It leaves DOCKER_HOST as it is, even where that is empty: then Docker's compose would work on another engine.
  const isElsewhere = !wrapped?.isPodmanCompose && ![undefined, host].includes(env['DOCKER_HOST']);
  const all = [
    isElsewhere ? null : wrapped,
    onSocket(toProgram([DOCKER, 'compose'], plugin)),
    onSocket(toProgram(['docker-compose'], old)),
    toProgram(['podman-compose'], own),
  ].filter((each) => each !== null);
  const made = ({ major, isPodmanCompose = false }: Program) =>
    isPodmanCompose === running?.isPodmanCompose && (isPodmanCompose || (major === 1) === (running.major === 1));
  return all.find(made) ?? all[0] ?? null;
}

/** By the version that it prints, alone (`--short`) or in a sentence: "podman-compose version 1.3.0". */
function toProgram(command: readonly string[], result: CommandResult | undefined): Program | null {
  if (result?.exitCode !== 0) return null;
  const [, name, said] =
    /^(?:(docker[ -]compose|podman-composer?) version:?\s{1,4})?v?(\d+(?:\.\d+)*)/im.exec(result.stdout.trim()) ?? [];
  if (said === undefined) return null;
  const isPodmanCompose = /^podman/i.test(name ?? '');
  return { command, version: said, major: Number.parseInt(said, 10), ...(isPodmanCompose ? { isPodmanCompose } : {}) };
}

/** Versions of numbers with dots in between. */
export function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}
