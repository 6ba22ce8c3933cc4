import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Command } from '../core/ports.ts';
import type { Stack } from '../core/stack.ts';
import { reachFromHere } from '../platform/ask-url.ts';
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

export interface SandboxStack extends Stack {
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
  const command = (...args: string[]): Command => ({ file: 'sandbox', args: ['-f', composeFile, ...args] });
  const withId = (id: string) => (current?.id === id ? current : null);

  const newest = async (service: string, signal: AbortSignal) => {
    signal.throwIfAborted();
    return service === SERVICE ? (current?.describe() ?? null) : null;
  };
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

  return {
    title: 'sandbox (processes on this machine)',
    invocation: `sandbox, ${composeFile}`,
    files: [composeFile],
    dotenv: join(dirname(composeFile), '.env'),
    isLocal: true,
    seen: null,
    commands: (service) => ({
      check: command('config'),
      restart: command('up', '-d', service),
      follow: command('logs', '-f', service),
    }),
    async resolve(signal, exported) {
      signal.throwIfAborted();
      const services = Object.entries(await read(exported));
      return Object.fromEntries(services.map(([name, { environment }]) => [name, { environment }]));
    },
    foresee: async () => [],
    beforeUp: async (service, signal) => ({ container: await newest(service, signal), sidecars: [] }),
    repair: async () => {},
    container: newest,
    async up(name, signal) {
      signal.throwIfAborted();
      const services = await read();
      const service = services[name];
      if (service === undefined) throw unknownService(name, Object.keys(services));
      if (name !== SERVICE) throw new AppError('restart-failed', `The sandbox runs ${SERVICE} only, not ${name}.`);
      const done = queue.then(() => replace(service));
      queue = done.catch(() => {});
      await done;
    },
    async inspect(id, signal) {
      signal.throwIfAborted();
      return withId(id)?.describe() ?? null;
    },
    // Its processes are in the network of this machine.
    reachFrom: (_, url, signal) => reachFromHere(url, { caFile: null, insecure: false }, signal),
    async *logs(id, { follow, signal }) {
      yield* withId(id)?.log.read(follow, signal) ?? [];
    },
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
