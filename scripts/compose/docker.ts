import { basename, dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Clock, Command, Processes } from '../core/ports.ts';
import type { Stack } from '../core/stack.ts';
import { parseConfig } from './config.ts';
import { readLogs } from './container-log.ts';
import { parseDryRun } from './dry-run.ts';
import { composeMissing, configFailure, dockerFailure, upFailure } from './failures.ts';
import { type Container, parseInspect } from './inspect.ts';
import {
  configCommand,
  dryUpCommand,
  findRunning,
  type Invocation,
  isOneOff,
  isSameFile,
  logsCommand,
  newestOf,
  PROJECT_LABEL,
  type Program,
  repairCommand,
  SERVICE_LABEL,
  scaleOf,
  UP_FINISH_MS,
  upCommand,
} from './invocation.ts';
import { probe } from './probe.ts';

export interface DockerOptions {
  readonly service: string;
  /** Absolute paths: what the user named or what was found. */
  readonly files: readonly string[];
  /** The user named the files: then a running stack's own list replaces them only where it has them all. */
  readonly explicit: boolean;
  /** What else would be found: other default names, each with its override. v1 and v2 prefer different ones. */
  readonly others: readonly (readonly string[])[];
  /** A path without links in it; null: there is no such file. */
  readonly realPath: (path: string) => string | null;
  /** `COMPOSE_PROJECT_NAME`; null where it is not set. */
  readonly project: string | null;
  readonly platform: NodeJS.Platform;
  /** `--no-deps`. */
  readonly noDeps: boolean;
}

/** A question to the daemon or to compose is answered within this, or not at all. */
const ASK_TIMEOUT_MS = 60_000;

/** An `up -d` may have to pull or build, and waits for the old container's stop grace. */
const UP_TIMEOUT_MS = 15 * 60_000;

/** The real thing: Docker by its command line, and the compose that the running stack was started with. */
export async function connectDocker(
  options: DockerOptions,
  { processes, clock }: { readonly processes: Processes; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Stack> {
  const ask = (command: Command, env: Readonly<Record<string, string>> = {}) =>
    processes.run(command, { signal, timeoutMs: ASK_TIMEOUT_MS, env });
  const docker = (...args: string[]) => ask({ file: 'docker', args });

  const inspectAll = async (ids: readonly string[]): Promise<Container[]> => {
    if (ids.length === 0) return [];
    const result = await docker('inspect', '--type', 'container', ...ids);
    // A container that went away meanwhile makes the exit code 1; the others are printed all the same.
    if (result.exitCode !== 0 && !/no such (?:container|object)/i.test(result.stderr)) throw dockerFailure(result);
    return result.stdout.trim() === '' ? [] : parseInspect(result.stdout);
  };
  const containersOf = async (filters: readonly string[]) => {
    const result = await docker('ps', '-aq', '--no-trunc', ...filters.flatMap((each) => ['--filter', `label=${each}`]));
    if (result.exitCode !== 0) throw dockerFailure(result);
    return (await inspectAll(result.stdout.split(/\s+/).filter(Boolean))).filter((each) => !isOneOff(each));
  };

  const [server, plugin, containers] = await Promise.all([
    docker('version', '--format', '{{.Server.Version}}'),
    docker('compose', 'version', '--short'),
    containersOf([`${SERVICE_LABEL}=${options.service}`]),
  ]);
  if (server.exitCode !== 0) throw dockerFailure(server);

  const { platform } = options;
  const real = (path: string) => options.realPath(path) ?? path;
  const runningFrom = (from: readonly Container[], [file = '']: readonly string[], project = options.project) =>
    findRunning(from, file, project, platform, real);
  const lists = [options.files, ...options.others];
  const found = lists.map((list) => ({ list, running: runningFrom(containers, list) })).find((each) => each.running);
  const running = found?.running ?? null;
  const program = await chooseProgram(running?.major ?? null);
  const files = chooseFiles();
  const [first = ''] = files;
  const invocation: Invocation = {
    program,
    files,
    project: running?.project ?? null,
    directory: running !== null && running.directory !== dirname(first) ? running.directory : null,
    envFiles: running?.envFiles ?? [],
    noDeps: options.noDeps,
  };
  let project = running?.project ?? null;
  const scale = scaleOf(running?.containers ?? []);

  /** The compose that made the running container, else the plugin, else the old program (notes: compose.md rule 3). */
  async function chooseProgram(major: number | null): Promise<Program> {
    const v2 = toProgram(['docker', 'compose'], plugin.exitCode === 0 ? plugin.stdout : '');
    if (v2 !== null && major !== 1) return v2;
    const standalone = await ask({ file: 'docker-compose', args: ['version', '--short'] });
    const v1 = toProgram(['docker-compose'], standalone.exitCode === 0 ? standalone.stdout : '');
    const program = v1 ?? v2;
    if (program === null) throw composeMissing();
    return program;
  }

  /** The running stack's own list, unless that has lost a file or somebody names one that it does not have. */
  function chooseFiles(): readonly string[] {
    if (running === null) return program.major < 2 ? firstForV1(lists) : options.files;
    const has = (file: string) => running.files.some((each) => isSameFile(real(each), real(file), platform));
    const isWhole = running.files.every((file) => options.realPath(file) !== null);
    return isWhole && (!options.explicit || options.files.every(has)) ? running.files : (found?.list ?? []);
  }

  const newest = async (service: string) => {
    const labels = [`${SERVICE_LABEL}=${service}`, ...(project === null ? [] : [`${PROJECT_LABEL}=${project}`])];
    const found = await containersOf(labels);
    // Without a project's name yet: only containers that were made from these files belong to it.
    const own = project !== null ? found : (runningFrom(found, files, null)?.containers ?? []);
    const container = newestOf(own);
    if (container !== null) project ??= container.labels[PROJECT_LABEL] ?? null;
    return container;
  };

  return {
    title: `${program.command.join(' ')} ${program.version} (Engine ${server.stdout.trim()})`,
    invocation: [
      `${program.command.join(' ')} ${program.version}`,
      ...(invocation.project === null ? [] : [`project ${invocation.project}`]),
      ...invocation.files,
    ].join(', '),
    files: invocation.files,
    // In the directory of the first file, unless the stack was started with --env-file (notes: compose.md §1.4).
    dotenv: invocation.envFiles.at(-1) ?? join(running?.directory ?? dirname(invocation.files[0] ?? ''), '.env'),
    isLocal: false,
    seen: newestOf(running?.containers ?? []),
    commands: (service) => ({
      check: configCommand(invocation),
      restart: upCommand(invocation, service, scale),
      follow: logsCommand(invocation, service),
    }),
    async resolve(_, exported) {
      const command = configCommand(invocation);
      const result = await ask(command, exported);
      if (result.startError !== null) throw composeMissing();
      if (result.exitCode !== 0) throw configFailure(result, command, first);
      try {
        return parseConfig(result.stdout);
      } catch {
        throw new AppError('compose-failed', 'Compose answered "config" with something that cannot be read.', {
          hint: `Is ${program.command.join(' ')} really compose? It says it is version ${program.version}.`,
        });
      }
    },
    container: newest,
    async up(service, upSignal) {
      const command = upCommand(invocation, service, scale);
      const result = await processes.run(command, {
        signal: upSignal,
        timeoutMs: UP_TIMEOUT_MS,
        finishMs: UP_FINISH_MS,
        ownGroup: true,
      });
      if (result.exitCode !== 0) throw upFailure(result, command, service);
    },
    async foresee(service) {
      if (program.major < 2) return [];
      const result = await ask(dryUpCommand(invocation, service, scale));
      const own = running?.containers.map(({ name }) => name) ?? [];
      return result.exitCode === 0 && own.length > 0 ? parseDryRun(`${result.stdout}\n${result.stderr}`, own) : [];
    },
    async beforeUp(service) {
      if (project === null) return { container: await newest(service), sidecars: [] };
      const all = await containersOf([`${PROJECT_LABEL}=${project}`]);
      const own = all.filter(({ labels }) => labels[SERVICE_LABEL] === service);
      const networks = own.map(({ id }) => `container:${id}`);
      const lost = all.filter(({ networkMode }) => networks.includes(networkMode));
      const sidecars = [...new Set(lost.map(({ labels }) => labels[SERVICE_LABEL] ?? ''))];
      return { container: newestOf(own), sidecars };
    },
    async repair(services, repairSignal) {
      const command = repairCommand(invocation, services);
      const limits = { timeoutMs: UP_TIMEOUT_MS, finishMs: UP_FINISH_MS, ownGroup: true };
      const result = await processes.run(command, { signal: repairSignal, ...limits });
      if (result.exitCode !== 0) throw upFailure(result, command, services.join(', '));
    },
    async inspect(id) {
      return (await inspectAll([id]))[0] ?? null;
    },
    reachFrom: (id, url, probeSignal) => probe(id, url, { processes, signal: probeSignal }),
    logs: (id, how) =>
      readLogs(id, how, { processes, clock, inspect: async () => (await inspectAll([id]))[0] ?? null }),
  };
}

/** v1 looks for its old names first (notes: compose.md §1.5). */
function firstForV1(lists: readonly (readonly string[])[]): readonly string[] {
  const isOld = ([file = '']: readonly string[]) => /^docker-compose\.ya?ml$/.test(basename(file));
  return lists.find(isOld) ?? lists[0] ?? [];
}

function toProgram(command: readonly string[], version: string): Program | null {
  const text = version.trim().replace(/^v/, '').split(/[\s-]/)[0] ?? '';
  const major = Number.parseInt(text, 10);
  return Number.isNaN(major) ? null : { command, version: text, major };
}
