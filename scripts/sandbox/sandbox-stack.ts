import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { createProjectChanges, type ProjectState } from '../compose-file/planned-change.ts';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Stack } from '../core/stack.ts';
import { reachFromHere } from '../platform/ask-url.ts';
import { createFiles } from '../platform/files.ts';
import { createProcesses } from '../platform/processes.ts';
import { parseFault } from './faults.ts';
import { ProcessContainer } from './stack/container.ts';
import { readComposeFile, type SandboxService } from './stack/services.ts';

export interface StackOptions {
  /** Absolute path. */
  readonly composeFile: string;
  /** Holds the volumes, which outlive the containers, and the logs, which do not. */
  readonly dir: string;
  /** What the BFF does wrong on purpose, as `SANDBOX_BFF_FAULT`. */
  readonly fault?: string | null;
  /** How the BFF writes its log. Default plain. */
  readonly log?: 'plain' | 'json';
  /** What interpolation looks at before `.env`. Default: this process's environment. */
  readonly shell?: Readonly<Record<string, string | undefined>>;
}

/** What a run wants of a stack: the options of the same names. */
export interface StackRun {
  readonly service: string;
  readonly variable: string;
  readonly write: 'auto' | 'compose' | 'env-file';
}

/** The processes, and a stack over them for each run; it is itself one, for the BFF and `DCR_IAT`. */
export interface SandboxStack extends Stack {
  /** The same processes, for a run with options of its own. */
  forRun(run: StackRun): Stack;
  /** Starts the BFF, or replaces it where its compose file has changed. */
  up(signal: AbortSignal): Promise<void>;
  /** Ends every process that it started, and waits for that. */
  close(): Promise<void>;
}

/** The one service that the sandbox can run. */
const SERVICE = 'bff';

/** A stack of processes on this machine, driven by a compose file as Docker would be. */
export function createStack(options: StackOptions): SandboxStack {
  const { composeFile, dir } = options;
  const logs = join(dir, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  let current: ProcessContainer | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  const read = (exported: Readonly<Record<string, string>> = {}) =>
    readComposeFile(composeFile, { ...(options.shell ?? process.env), ...exported });

  const replace = async (service: SandboxService) => {
    const old = current;
    if (old !== null && isDeepStrictEqual(old.service, service)) {
      if (!old.isActive) old.start();
      return;
    }
    await old?.stop();
    await old?.log.remove();
    current = new ProcessContainer({
      name: 'sandbox-bff-1',
      service,
      technical: technicalVariables(options, service),
      folder: logs,
      fault: options.fault ? parseFault(options.fault).name : null,
    });
    current.start();
  };
  const up = async (signal: AbortSignal) => {
    signal.throwIfAborted();
    const services = await read();
    const service = services[SERVICE];
    if (service === undefined) throw unknownService(SERVICE, Object.keys(services));
    const done = queue.then(() => replace(service));
    queue = done.catch(() => {});
    await done;
  };

  const forRun = ({ service, variable, write }: StackRun): Stack => {
    // Its processes cannot be reached by hand: a new sandbox shows the same.
    const again = 'npm run iat -- --sandbox';
    const changes = createProjectChanges({
      files: createFiles({ processes: createProcesses(process.env) }),
      paths: [composeFile],
      dotenv: join(dirname(composeFile), '.env'),
      service,
      variable,
      mode: write,
      isExported: () => false,
      checkByHand: again,
      async resolve(signal, exported) {
        signal.throwIfAborted();
        const services = Object.entries(await read(exported));
        return Object.fromEntries(services.map(([name, { environment }]) => [name, environment]));
      },
    });
    let looked: ProjectState | null = null;
    const instances = async (signal: AbortSignal) => {
      signal.throwIfAborted();
      return service === SERVICE && current !== null ? [current.describe()] : [];
    };
    return {
      description: `sandbox, ${composeFile}, service ${service}`,
      facts: [
        ['Compose', 'sandbox (processes on this machine)'],
        ['Project', composeFile],
      ],
      isLocal: true,
      byHand: {
        check: again,
        restart: again,
        recreate: again,
        follow: again,
        log: () => again,
        inspect: () => again,
        resume: () => again,
      },
      async look(signal) {
        const state = await changes.read(signal);
        const environment = state.project[service];
        if (environment === undefined) {
          throw state.target instanceof AppError ? state.target : unknownService(service, Object.keys(state.project));
        }
        looked = state;
        const all = await instances(signal);
        return {
          environment,
          environments: Object.values(state.project),
          instance: all[0] ?? null,
          instances: all,
          sideEffects: [],
          // Its IdP runs before it, and nothing is mounted.
          next: { changed: null, copies: 1, sharedPaths: null, before: [] },
        };
      },
      prepare: async (_, signal) => signal.throwIfAborted(),
      async planWrite(settings, signal) {
        signal.throwIfAborted();
        return changes.planWrite(looked ?? (await changes.read(signal)), settings);
      },
      planClear: async (prior, signal) => changes.planClear(await changes.read(signal), prior),
      async restart(listener, onStart, signal) {
        const old = current?.id;
        signal.throwIfAborted();
        onStart();
        listener.progress(`starting ${service}`);
        if (service !== SERVICE)
          throw new AppError('restart-failed', `The sandbox runs ${SERVICE} only, not ${service}.`);
        await up(signal);
        const [instance] = await instances(signal);
        if (instance === undefined || instance.id === old) {
          throw new AppError('container-unchanged', `The old container of ${service} is still in place.`);
        }
        return { instances: [instance], summary: `new container ${instance.id.slice(0, 12)}` };
      },
      instances,
      async instance(id, signal) {
        signal.throwIfAborted();
        return current?.id === id ? current.describe() : null;
      },
      // Its processes are in the network of this machine.
      reachFrom: (_, url, signal) => reachFromHere(url, { caFile: null, insecure: false }, signal),
      async *logs(id, { follow, signal }) {
        signal.throwIfAborted();
        if (current?.id === id) yield* current.log.read(follow, signal);
      },
    };
  };

  return {
    ...forRun({ service: SERVICE, variable: 'DCR_IAT', write: 'auto' }),
    forRun,
    up,
    async close() {
      await queue;
      await current?.stop();
      await current?.log.remove();
      current = null;
    },
  };
}

function technicalVariables({ dir, fault, log }: StackOptions, service: SandboxService): Record<string, string> {
  return {
    SANDBOX_ROOT: join(dir, 'volumes'),
    SANDBOX_BFF_LOG: log ?? 'plain',
    ...(fault ? { SANDBOX_BFF_FAULT: fault } : {}),
    ...(service.port === null ? {} : { BFF_PORT: String(service.port) }),
  };
}

function unknownService(name: string, names: readonly string[]): AppError {
  const close = nearest(name, names);
  return new AppError('service-not-found', `The compose file of the sandbox has no service ${name}.`, {
    hint: `It has ${names.join(', ')}.${close.length > 0 ? ` Did you mean ${close[0]}?` : ''}`,
  });
}
