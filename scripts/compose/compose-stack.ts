import { dirname, join } from 'node:path';
import { createProjectChanges, type ProjectState, verifyWritable } from '../compose-file/planned-change.ts';
import type { Project } from '../compose-file/project-checks.ts';
import type { TargetOptions } from '../compose-file/target.ts';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Clock, Command, Files, Processes } from '../core/ports.ts';
import { renderCommand } from '../core/shell.ts';
import type { Instance, Stack } from '../core/stack.ts';
import { parseConfig, type ServiceConfig } from './compose-output.ts';
import { readLogs } from './container-log.ts';
import { findComposeFiles, otherComposeFiles } from './default-files.ts';
import { ASK_TIMEOUT_MS } from './docker.ts';
import { atEngine, describeEngine, describeProgram, engineSideEffects } from './engine-words.ts';
import { composeMissing, configFailure, upFailure } from './failures.ts';
import { type FoundProject, findProject, type ProjectOptions } from './find-project.ts';
import type { Container } from './inspect.ts';
import {
  composeCommand,
  configCommand,
  findRunning,
  logsCommand,
  newestFirst,
  newestOfEach,
  PROJECT_LABEL,
  quietConfigCommand,
  repairCommand,
  SERVICE_LABEL,
  scaleOf,
  UP_FINISH_MS,
  upCommand,
} from './invocation.ts';
import { createLastExit } from './last-exit.ts';
import { lookAhead, type Outlook, prepareUp } from './look-ahead.ts';
import { probe } from './probe.ts';

export { findComposeFiles } from './default-files.ts';

export interface ComposeOptions extends ProjectOptions {
  /** The variable that takes the token. */
  readonly variable: string;
  readonly write: 'auto' | 'compose' | 'env-file';
  readonly cwd: string;
  /** Whether a variable is exported where compose is called. */
  isExported(name: string): boolean;
  /** When a file, or the newest one in a folder, was changed; null: that cannot be looked at. */
  changedAt(path: string): Date | null;
}

export interface ComposeTools {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly files: Files;
}

/** An `up -d` may have to pull or build, and waits for the old container's stop grace. */
const UP_TIMEOUT_MS = 15 * 60_000;

/**
 * Finds the project that was started from the compose files, and talks to it by the command line of Docker and of the compose
 * that it was started with.
 *
 * @param purpose `write`: what keeps the token from being written is said before what is wrong with Docker
 * @throws AppError `compose-file-missing`, `docker-…`, `compose-missing`, `service-ambiguous`
 */
export async function findComposeStack(
  options: ComposeOptions,
  tools: ComposeTools,
  purpose: 'write' | 'look',
  signal: AbortSignal,
): Promise<Stack> {
  const exists = async (path: string) => (await tools.files.read(path)) !== null;
  const named = options.composeFiles;
  const files = await findComposeFiles(named, options.cwd, exists);
  const others = named === null ? await otherComposeFiles(files, exists) : [];
  try {
    const found = await findProject(options, [files, ...others], tools.processes, signal);
    return createComposeStack(options, found, tools);
  } catch (error) {
    signal.throwIfAborted();
    if (purpose === 'write') {
      await verifyWritable(targetOptions(options, files, join(dirname(files[0] ?? ''), '.env'), tools));
    }
    throw error;
  }
}

function createComposeStack(
  options: ComposeOptions,
  { invocation, engine, running, otherProject }: FoundProject,
  tools: ComposeTools,
): Stack {
  const { service, platform, realPath } = options;
  const { program, files } = invocation;
  const { docker } = engine;
  const scale = scaleOf(running?.containers ?? []);
  const up = upCommand(invocation, service, scale);
  const recreate = { ...up, args: [...up.args.slice(0, -1), '--force-recreate', service] };
  // In the directory of the first file, unless the stack was started with --env-file (Compose spec, "Use an environment file").
  const dotenv = invocation.envFiles.at(-1) ?? join(running?.directory ?? dirname(files[0] ?? ''), '.env');
  const check = configCommand(invocation);
  const withLastExit = createLastExit(docker);
  const typed = (command: Command) => renderCommand(command, platform);
  const ofContainer =
    (verb: string) =>
    ({ name }: Pick<Instance, 'name'>) =>
      typed({ file: docker.program, args: [verb, name] });
  let { project } = invocation;
  /** By the last time that compose was asked. */
  let services: Readonly<Record<string, ServiceConfig>> = {};

  const resolve = async (signal: AbortSignal, exported: Readonly<Record<string, string>> = {}): Promise<Project> => {
    const result = await docker.run(check, signal, exported);
    if (result.startError !== null) throw composeMissing(docker.program);
    if (result.timedOut) {
      throw new AppError('compose-failed', `Compose took longer than ${ASK_TIMEOUT_MS / 1_000} s to read its files.`, {
        hint: {
          text: 'An include from elsewhere or a slow disk may be the reason. See how long it takes by hand:',
          command: typed(check),
        },
      });
    }
    if (result.exitCode !== 0) throw configFailure(result, typed(quietConfigCommand(invocation)), files[0] ?? '');
    try {
      services = parseConfig(result.stdout);
      return Object.fromEntries(Object.entries(services).map(([name, { environment }]) => [name, environment]));
    } catch {
      throw new AppError('compose-failed', 'Compose answered "config" with something that cannot be read.', {
        hint: `Is ${program.command.join(' ')} really compose? It says it is version ${program.version}.`,
      });
    }
  };
  const changes = createProjectChanges({
    ...targetOptions(options, files, dotenv, tools),
    resolve,
    checkByHand: typed(check),
  });
  let looked: ProjectState | null = null;
  let outlook: Outlook | null = null;
  const lastLook = async (signal: AbortSignal) => {
    looked ??= await changes.read(signal);
    return looked;
  };

  /** Of the project; as long as its name is not known, only the service's own. */
  const containers = async (signal: AbortSignal, labels: readonly string[] = []): Promise<readonly Container[]> => {
    if (project !== null)
      return newestFirst(await docker.containers([`${PROJECT_LABEL}=${project}`, ...labels], signal));
    // Only those that were made from these files belong to it.
    const found = await docker.containers([`${SERVICE_LABEL}=${service}`], signal);
    const real = (path: string) => realPath(path) ?? path;
    const own = newestFirst(findRunning(found, files[0] ?? '', null, platform, real)?.containers ?? []);
    project = own[0]?.labels[PROJECT_LABEL] ?? null;
    return own;
  };
  const isOwn = ({ labels }: Container) => labels[SERVICE_LABEL] === service;
  const completeOne = async (each: Container, signal: AbortSignal) =>
    atEngine(await withLastExit(each, signal), engine);
  const complete = (own: readonly Container[], signal: AbortSignal) =>
    Promise.all(newestOfEach(own).map((each) => completeOne(each, signal)));
  const instances = async (signal: AbortSignal): Promise<readonly Container[]> =>
    complete(await containers(signal, [`${SERVICE_LABEL}=${service}`]), signal);

  /** The service's containers, and the services that live in their network (`network_mode: service:…`), whatever profile they have. */
  const lookBeforeUp = async (signal: AbortSignal) => {
    const all = await containers(signal);
    const old = all.filter(isOwn).map(({ id }) => id);
    const beside = all.filter(({ networkMode }) => old.some((id) => networkMode === `container:${id}`));
    return { old, sidecars: [...new Set(beside.map(({ labels }) => labels[SERVICE_LABEL] ?? ''))] };
  };

  /** Replaces containers, and is not stopped halfway: that would leave the service down. */
  const replaceContainers = async (command: Command, what: string, signal: AbortSignal) => {
    const limits = { timeoutMs: UP_TIMEOUT_MS, finishMs: UP_FINISH_MS, ownGroup: true };
    const result = await tools.processes.run(command, { signal, ...limits });
    if (result.exitCode !== 0) throw upFailure(result, typed(command), what);
  };

  return {
    description: [
      describeEngine(program, engine),
      ...(invocation.project === null ? [] : [`project ${invocation.project}`]),
      ...files,
      `service ${service}`,
    ].join(', '),
    facts: [
      ['Compose', describeProgram(program, engine)],
      ['Project', [...(invocation.project === null ? [] : [invocation.project]), ...files].join(', ')],
    ],
    isLocal: false,
    byHand: {
      check: typed(check),
      restart: typed(up),
      recreate: typed(recreate),
      follow: typed(logsCommand(invocation, service)),
      log: ofContainer('logs'),
      inspect: ofContainer('inspect'),
      resume: ofContainer('unpause'),
    },

    async look(signal) {
      const reading = changes.read(signal);
      reading.catch(() => {});
      const all = await containers(signal);
      const config = reading.then(() => services);
      const [state, ahead, own] = await Promise.all([
        reading,
        lookAhead({ invocation, service, scale }, all, config, { docker, changedAt: options.changedAt }, signal),
        complete(all.filter(isOwn), signal),
      ]);
      looked = state;
      outlook = ahead;
      const environment = state.project[service];
      if (environment === undefined) throw serviceNotFound(service, Object.keys(state.project), state, files[0] ?? '');
      return {
        environment,
        environments: Object.values(state.project),
        instance: own[0] ?? null,
        instances: own,
        absence: own.length === 0 && ahead.missingImage !== null ? imageMissing(ahead.missingImage) : null,
        sideEffects: [
          ...(otherProject === null ? [] : [secondStack(project, otherProject)]),
          ...ahead.sideEffects,
          ...engineSideEffects(invocation, service, services, engine, all.filter(isOwn)),
        ],
        next: ahead.next,
      };
    },
    async prepare(listener, signal) {
      signal.throwIfAborted();
      if (outlook === null) return;
      const pull = (command: Command) => tools.processes.run(command, { signal, timeoutMs: UP_TIMEOUT_MS });
      const replace = (command: Command, what: string) => replaceContainers(command, what, signal);
      await prepareUp(invocation, service, outlook, { program: docker.program, pull, replace, typed }, listener);
    },
    async planWrite(settings, signal) {
      signal.throwIfAborted();
      return changes.planWrite(await lastLook(signal), settings);
    },
    planClear: async (prior, signal) => changes.planClear(await changes.read(signal), prior),

    async restart(listener, onStart, signal) {
      const { old, sidecars } = await lookBeforeUp(signal);
      signal.throwIfAborted();
      onStart();
      listener.progress(typed(up));
      const explainWait = () =>
        listener.warn(
          `Compose is still replacing the container of ${service}. Stopping it halfway would leave the service down, so it has up to ${UP_FINISH_MS / 1_000} s to finish. Ctrl-C again ends at once.`,
        );
      signal.addEventListener('abort', explainWait, { once: true });
      try {
        await replaceContainers(up, service, signal);
      } finally {
        signal.removeEventListener('abort', explainWait);
      }
      const [instance, ...others] = await instances(signal);
      if (instance === undefined) {
        throw new AppError('restart-failed', `Compose reported success, but ${service} has no container.`, {
          hint: { text: 'Run it by hand and look:', command: typed(up) },
        });
      }
      if ([instance, ...others].some(({ id }) => old.includes(id))) {
        throw new AppError(
          'container-unchanged',
          `Compose left the old container of ${service} in place, so nothing changed for it.`,
          { hint: { text: 'Run it by hand with --force-recreate:', command: typed(recreate) } },
        );
      }
      // With the old container they lost their network, and cannot even restart.
      if (sidecars.length > 0)
        await replaceContainers(repairCommand(invocation, sidecars), sidecars.join(', '), signal);
      const also = sidecars.length > 0 ? `, and new ones for ${sidecars.join(', ')} on its network` : '';
      const ids = [instance, ...others].map(({ id }) => id.slice(0, 12));
      const made = ids.length === 1 ? `new container ${ids[0]}` : `${ids.length} new containers ${ids.join(', ')}`;
      return { instances: [instance, ...others], summary: made + also };
    },

    instances,
    async instance(id, signal) {
      const [found] = await docker.inspect([id], signal);
      return found === undefined ? null : completeOne(found, signal);
    },
    reachFrom: (id, url, signal) => probe(id, url, { program: docker.program, processes: tools.processes, signal }),
    logs: (id, how) =>
      readLogs(id, how, {
        program: docker.program,
        processes: tools.processes,
        clock: tools.clock,
        inspect: async () => (await docker.inspect([id], how.signal))[0] ?? null,
      }),
  };

  function imageMissing(image: string): AppError {
    const pull = composeCommand(invocation, ['pull', service]);
    const message = `The service has no container, and its image ${image} is not on this machine.`;
    return new AppError('image-pull', message, {
      hint: {
        text: 'The next run of iat pulls it before it mints. Where that fails, check its name, log in to its registry, or build it. To try:',
        command: typed(pull),
      },
    });
  }
}

/** A name that was mistyped would start all of it once more. */
function secondStack(project: string | null, other: string): string {
  return `These files run as project ${other}, and COMPOSE_PROJECT_NAME names ${project}, of which nothing runs: the restart makes a second stack. Correct the name if that is not meant.`;
}

function targetOptions(
  { service, variable, write, isExported }: ComposeOptions,
  paths: readonly string[],
  dotenv: string,
  { files }: ComposeTools,
): TargetOptions {
  return { files, paths, dotenv, service, variable, mode: write, isExported };
}

/** Compose knows the service by another name, or leaves it out for its profile (Compose spec, "profiles"). */
function serviceNotFound(service: string, known: readonly string[], { target }: ProjectState, file: string): AppError {
  if (!(target instanceof AppError)) {
    return new AppError(
      'service-not-found',
      `Compose leaves the service "${service}" out: its profile is not active.`,
      {
        hint: 'Activate it as for the running stack: set COMPOSE_PROFILES.',
        where: { file: target.path },
      },
    );
  }
  if (target.code === 'service-not-found') return target;
  const near = nearest(service, known);
  const suggestion = near.length > 0 ? `Did you mean ${near.join(' or ')}? ` : '';
  return new AppError('service-not-found', `Compose knows no service "${service}" in these files.`, {
    hint: `${suggestion}Name it with --service, or activate its profile (COMPOSE_PROFILES).`,
    where: { file },
  });
}
