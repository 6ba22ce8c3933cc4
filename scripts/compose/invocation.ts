import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Command } from '../core/ports.ts';
import type { Container } from './inspect.ts';

/** The programs that talk to an engine. `docker` may talk to Podman, too. */
export const DOCKER = 'docker';
export const PODMAN = 'podman';

/** A compose: one of Docker's two, or podman-compose. */
export interface Program {
  /** `['docker', 'compose']`, `['docker-compose']`, `['podman', 'compose']` or `['podman-compose']`. */
  readonly command: readonly string[];
  /** As the program says it: "2.26.1", "1.29.2". */
  readonly version: string;
  readonly major: number;
  /** `-H`: Docker's compose is to use this engine, not the one that it would choose by itself. */
  readonly host?: string;
  /** Not Docker's: it knows no dry run, and a service is recreated with whatever depends on the file. */
  readonly isPodmanCompose?: boolean;
}

/** How compose is called for this project: always the same way, so that it finds the containers it made. */
export interface Invocation {
  readonly program: Program;
  /** Absolute paths, in order. */
  readonly files: readonly string[];
  /** `-p`; null: compose derives it from the first file's directory, as it did when the stack was started. */
  readonly project: string | null;
  /** `--project-directory`; null: the first file's directory. */
  readonly directory: string | null;
  /** `--env-file`, absolute. */
  readonly envFiles: readonly string[];
  /** Leave what the service depends on alone. */
  readonly noDeps: boolean;
}

/** Labels that both composes put on their containers. */
const LABEL = {
  project: 'com.docker.compose.project',
  files: 'com.docker.compose.project.config_files',
  directory: 'com.docker.compose.project.working_dir',
  envFiles: 'com.docker.compose.project.environment_file',
  version: 'com.docker.compose.version',
  podmanVersion: 'io.podman.compose.version',
  number: 'com.docker.compose.container-number',
  oneOff: 'com.docker.compose.oneoff',
  hash: 'com.docker.compose.config-hash',
} as const;

export const SERVICE_LABEL = 'com.docker.compose.service';
export const PROJECT_LABEL = LABEL.project;
export const FILES_LABEL = LABEL.files;
export const HASH_LABEL = LABEL.hash;

/** `-f`, `-p` and the rest, in front of a compose command. */
export function composeCommand(invocation: Invocation, args: readonly string[]): Command {
  const { command, host, isPodmanCompose = false } = invocation.program;
  const [file = DOCKER, ...first] = command;
  const { directory } = invocation;
  return {
    file,
    args: [
      ...(host === undefined ? [] : ['-H', host]),
      ...first,
      ...(invocation.project === null ? [] : ['-p', invocation.project]),
      ...(directory === null || isPodmanCompose ? [] : ['--project-directory', directory]),
      ...invocation.envFiles.flatMap((envFile) => ['--env-file', envFile]),
      ...invocation.files.flatMap((each) => ['-f', each]),
      ...args,
    ],
  };
}

/** `config`, as a document to compare in memory: it prints every value, so it is never shown. */
export function configCommand(invocation: Invocation): Command {
  const isPlain = invocation.program.isPodmanCompose || invocation.program.major < 2;
  return composeCommand(invocation, isPlain ? ['config'] : ['config', '--format', 'json']);
}

/** The same for a person: only what is wrong, not the configuration itself. */
export function quietConfigCommand(invocation: Invocation): Command {
  return composeCommand(invocation, ['config', '-q']);
}

/**
 * `up -d` of one service. Never `restart`, which keeps the old environment; never `--remove-orphans`.
 *
 * @param scale how many containers the service has now: a bare `up` would bring them down to one
 */
export function upCommand(invocation: Invocation, service: string, scale: number): Command {
  return composeCommand(invocation, upArguments(invocation, service, scale));
}

/** The same without doing it: v2 says for each container what would become of it. */
export function dryUpCommand(invocation: Invocation, service: string, scale: number): Command {
  return composeCommand(invocation, ['--dry-run', ...upArguments(invocation, service, scale)]);
}

/** New containers for services that lost the network of another one. */
export function repairCommand(invocation: Invocation, services: readonly string[]): Command {
  return composeCommand(invocation, ['up', '-d', '--no-deps', '--force-recreate', ...services]);
}

function upArguments(invocation: Invocation, service: string, scale: number): string[] {
  return [
    'up',
    '-d',
    // podman-compose would recreate what the service depends on, whatever has changed.
    ...(invocation.noDeps || invocation.program.isPodmanCompose ? ['--no-deps'] : []),
    ...(scale > 1 ? ['--scale', `${service}=${scale}`] : []),
    service,
  ];
}

/**
 * How long an `up` that was interrupted may go on: the stop time of a container (10 s), and some for the new one. Stopped
 * halfway it leaves the service down.
 */
export const UP_FINISH_MS = 30_000;

/** What a person would type to see what this tool sees. */
export function logsCommand(invocation: Invocation, service: string): Command {
  return composeCommand(invocation, ['logs', '-f', service]);
}

/** What the containers of a service tell about the project that they belong to. */
export interface Running {
  readonly project: string;
  /** Absolute. */
  readonly files: readonly string[];
  readonly directory: string;
  readonly envFiles: readonly string[];
  /** Of the compose that made it. */
  readonly major: number;
  /** podman-compose made it. */
  readonly isPodmanCompose: boolean;
  readonly containers: readonly Container[];
}

/**
 * The project that was started from `file`, as its containers' labels tell it; null: none has been.
 *
 * @param project only this one (`COMPOSE_PROJECT_NAME`)
 * @param real a path without links in it: labels hold the folder's name as the shell knew it
 * @throws AppError `service-ambiguous` when several projects were started from the file
 */
export function findRunning(
  containers: readonly Container[],
  file: string,
  project: string | null,
  platform: NodeJS.Platform,
  real: (path: string) => string = (path) => path,
): Running | null {
  const sameFile = (a: string, b: string) => isSameFile(real(a), real(b), platform);
  const projects = new Map<string, Running>();
  for (const container of containers) {
    const running = readLabels(container);
    if (running === null || !running.files.some((each) => sameFile(each, file))) continue;
    if (project !== null && running.project !== projectName(project)) continue;
    const known = projects.get(running.project);
    projects.set(running.project, known ? { ...known, containers: [...known.containers, container] } : running);
  }
  const all = [...projects.values()];
  const alive = all.filter((each) => each.containers.some(({ state }) => state.status !== 'exited'));
  const candidates = alive.length > 0 ? alive : all;
  if (candidates.length > 1) {
    const names = candidates.map((each) => each.project);
    throw new AppError('service-ambiguous', `${file} runs as more than one project: ${names.join(', ')}.`, {
      hint: `Say which one: set COMPOSE_PROJECT_NAME=${names[0]}.`,
      where: { file },
    });
  }
  return candidates[0] ?? null;
}

/** As compose v1 spells a project's name; v2 accepts no other spelling. */
function projectName(name: string): string {
  return name.toLowerCase().replace(/[^-_a-z0-9]/g, '');
}

/**
 * Whether two paths are one file by their text. Windows and macOS do not tell cases apart, Windows takes both slashes, and macOS
 * may hold a letter with its accent as two characters.
 */
export function isSameFile(a: string, b: string, platform: NodeJS.Platform): boolean {
  if (platform !== 'win32' && platform !== 'darwin') return a === b;
  const [one, other] = [a, b].map((path) => path.normalize('NFC').toLowerCase());
  return platform === 'win32' ? one?.replaceAll('/', '\\') === other?.replaceAll('/', '\\') : one === other;
}

/** How many a service was scaled to. What an `up` that was killed has left beside a container has the same number. */
export function scaleOf(containers: readonly Container[]): number {
  return Math.max(1, new Set(containers.map(({ labels }) => labels[LABEL.number])).size);
}

/** Whether `compose run` made it: it is none of the service's own. */
export function isOneOff({ labels }: Container): boolean {
  return labels[LABEL.oneOff]?.toLowerCase() === 'true';
}

/** The newest container first: the one that a restart would have made. */
export function newestFirst(containers: readonly Container[]): Container[] {
  return [...containers].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/** One container for each number: what an `up` that was killed has left beside a newer one does not count. */
export function newestOfEach(containers: readonly Container[]): Container[] {
  const seen = new Set<string>();
  return newestFirst(containers).filter(({ id, labels }) => {
    const number = labels[LABEL.number] ?? id;
    return !seen.has(number) && seen.add(number);
  });
}

function readLabels(container: Container): Running | null {
  const { labels } = container;
  const project = labels[LABEL.project];
  const directory = labels[LABEL.directory];
  if (project === undefined || directory === undefined || isOneOff(container)) return null;
  const split = (label: string | undefined) => (label ? label.split(',') : []);
  const files = split(labels[LABEL.files]);
  const base = typedIn(directory, files[0] ?? '');
  const absolute = (path: string) => (isAbsolute(path) ? path : join(base, path));
  return {
    project,
    files: files.map(absolute),
    directory,
    envFiles: split(labels[LABEL.envFiles]).map(absolute),
    major: Number.parseInt(labels[LABEL.version] ?? '2', 10) || 2,
    isPodmanCompose: labels[LABEL.podmanVersion] !== undefined,
    containers: [container],
  };
}

/**
 * Where somebody stood who started a project with v1, whose labels hold the paths as they were typed there. The project's
 * directory is that of the first file, unless `--project-directory` said another. A folder that was left upwards (`../a.yml`)
 * cannot be known; a name that does not exist is in its place.
 */
function typedIn(directory: string, file: string): string {
  if (isAbsolute(file)) return directory;
  const steps = normalize(dirname(file)).split(/[\\/]/);
  const up = steps.filter((step) => step === '..');
  let base = directory;
  for (const step of steps.slice(up.length).reverse()) {
    if (step === '.') continue;
    if (basename(base) !== step) return directory;
    base = dirname(base);
  }
  return join(base, ...up.map(() => UNKNOWN_FOLDER));
}

const UNKNOWN_FOLDER = '…';
