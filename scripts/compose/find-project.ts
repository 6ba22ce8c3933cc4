import { basename, dirname } from 'node:path';
import type { Processes } from '../core/ports.ts';
import { askForComposes, chooseProgram } from './composes.ts';
import { createDocker, type Docker } from './docker.ts';
import { type Engine, type EngineOptions, findEngine } from './engine.ts';
import type { Container } from './inspect.ts';
import { FILES_LABEL, findRunning, type Invocation, isSameFile, type Running, SERVICE_LABEL } from './invocation.ts';

export interface ProjectOptions extends EngineOptions {
  readonly service: string;
  /** Absolute paths; null: none was named. */
  readonly composeFiles: readonly string[] | null;
  /** `COMPOSE_PROJECT_NAME`; null where it is not set. */
  readonly project: string | null;
  /** `--no-deps`. */
  readonly noDeps: boolean;
  readonly platform: NodeJS.Platform;
  /** A path without links in it; null: there is no such file. */
  readonly realPath: (path: string) => string | null;
}

/** The project as it was found: what runs of it, and how compose is called for it. */
export interface FoundProject {
  readonly invocation: Invocation;
  readonly engine: Engine;
  /** Its containers are the service's own: none where only others of the project are there. */
  readonly running: Running | null;
  /** The project that the files run as, where another one was named that nothing runs of. */
  readonly otherProject: string | null;
}

/**
 * Finds out which project the service belongs to, from the labels of its containers, and how compose is called for it.
 *
 * @param options.composeFiles as the user named them: a running stack's own list replaces them only where it has them all
 * @param lists the files that are meant, and others that compose could take for its own, each with its override
 * @throws AppError `docker-…`, `compose-missing`, `service-ambiguous`
 */
export async function findProject(
  options: ProjectOptions,
  lists: readonly (readonly string[])[],
  processes: Processes,
  signal: AbortSignal,
): Promise<FoundProject> {
  const { service, project, platform, realPath, composeFiles, noDeps } = options;
  const ask = (docker: Docker) => {
    const asked = {
      docker,
      composes: askForComposes(docker, signal),
      own: docker.containers([`${SERVICE_LABEL}=${service}`], signal),
    };
    // Where the engine is not there, or the run is interrupted, nobody waits for them.
    asked.composes.catch(() => {});
    asked.own.catch(() => {});
    return asked;
  };
  // Most people have Docker: it is asked for the rest while it still says that it is there.
  const first = options.engine === 'podman' ? null : ask(createDocker(processes));
  const engine = await findEngine(options, processes, signal);
  const { docker } = engine;
  const { composes, own } = first?.docker.program === docker.program ? first : ask(docker);
  const containers = await own;

  const real = (path: string) => realPath(path) ?? path;
  let running: Running | null = null;
  let list: readonly string[] = [];
  const find = (among: readonly Container[], named: string | null) => {
    for (list of lists) {
      const found = findRunning(among, list[0] ?? '', named, platform, real);
      if (found !== null) return found;
    }
    return null;
  };
  running = find(containers, project);
  let otherProject: string | null = null;
  if (running === null) {
    // The rest of its stack tells as much: with which compose, files and name it was started.
    const all = await docker.containers([FILES_LABEL], signal);
    const beside = find(all, project);
    running = beside && { ...beside, containers: [] };
    if (running === null && project !== null) otherProject = soleProject(() => find(all, null));
  }
  const program = await chooseProgram(composes, running, engine, signal);
  let files = program.major < 2 && !program.isPodmanCompose ? firstForV1(lists) : (lists[0] ?? []);
  if (running !== null) {
    // The running stack's own list, unless that has lost a file or somebody names one that it does not have.
    const { files: started } = running;
    const has = (file: string) => started.some((each) => isSameFile(real(each), real(file), platform));
    const isWhole = started.every((file) => realPath(file) !== null);
    files = isWhole && (composeFiles === null || composeFiles.every(has)) ? started : list;
  }
  const isElsewhere = running !== null && !isSameFile(running.directory, dirname(files[0] ?? ''), platform);
  const invocation = {
    program,
    files,
    project: running?.project ?? project,
    directory: isElsewhere ? (running?.directory ?? null) : null,
    envFiles: running?.envFiles ?? [],
    noDeps,
  };
  return { invocation, engine, running, otherProject };
}

/** null also where there are several. */
function soleProject(find: () => Running | null): string | null {
  try {
    return find()?.project ?? null;
  } catch {
    return null;
  }
}

/** v1 looks for its old names first: docker-compose.yml before compose.yaml. */
function firstForV1(lists: readonly (readonly string[])[]): readonly string[] {
  const isOld = ([file = '']: readonly string[]) => /^docker-compose\.ya?ml$/.test(basename(file));
  return lists.find(isOld) ?? lists[0] ?? [];
}
