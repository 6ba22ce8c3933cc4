import process from 'node:process';
import type { Container } from 'kubernetes-types/core/v1.d.ts';
import { endProcess, exitOf, type PipedChild, startCommand, startProgram } from '../stack/process.ts';
import type { ContainerLog } from '../stack/stored-log.ts';

export interface ContainerStart {
  readonly container: Container;
  readonly env: Readonly<Record<string, string>>;
  /** The folder that stands for `/`. */
  readonly root: string;
  /** Where the first port of the container is to be opened on this machine; null: it declares none. */
  readonly port: number | null;
  readonly log: ContainerLog;
}

export interface ContainerEnd {
  readonly exitCode: number;
  /** It never ran, and why, in the words of a runtime. */
  readonly startError: string | null;
}

export interface RunningContainer {
  /** Resolves when it has ended and its log is whole. */
  readonly ended: Promise<ContainerEnd>;
  /** Asks it to end; after the grace period it is killed. */
  stop(): Promise<void>;
}

export type StartContainer = (start: ContainerStart) => RunningContainer;

/** What the fault `never-starts` starts in place of Node. It does not exist. */
const NO_ENTRYPOINT = 'bff-entrypoint';

/**
 * Starts a container as a process on this machine: the sandbox's BFF where the image is one of the BFF and no command is given,
 * else the command. A container with neither, such as a sidecar, does nothing until it is ended.
 */
export const startProcess: StartContainer = ({ container, env, root, port, log }) => {
  const { command = [], args = [], image = '' } = container;
  const [file, ...first] = command;
  if (file !== undefined) return follow(startCommand(file, [...first, ...args], env), log);
  if (!/bff/.test(image)) return idle(log);
  const isLinked = env['BFF_PORT']?.startsWith('tcp://') ?? false;
  const isReadOnly = container.securityContext?.readOnlyRootFilesystem === true;
  const writable = (container.volumeMounts ?? [])
    .filter(({ readOnly }) => readOnly !== true)
    .map(({ mountPath }) => mountPath);
  const technical = {
    SANDBOX_ROOT: root,
    ...(isReadOnly ? { SANDBOX_WRITABLE: writable.join(':') } : {}),
    ...(port === null || isLinked ? {} : { BFF_PORT: String(port) }),
  };
  const node = env['SANDBOX_BFF_FAULT'] === 'never-starts' ? NO_ENTRYPOINT : process.execPath;
  return follow(startProgram('bff', { ...env, ...technical }, node), log);
};

function follow(child: PipedChild, log: ContainerLog): RunningContainer {
  const exited = exitOf(child);
  const output = Promise.all([log.collect('stdout', child.stdout), log.collect('stderr', child.stderr)]);
  const ended = Promise.all([exited, output.catch(() => {})]).then(([{ code, startError }]) => {
    log.isOver = true;
    return { exitCode: code, startError };
  });
  return { ended, stop: () => endProcess(child, exited) };
}

function idle(log: ContainerLog): RunningContainer {
  let end = (_: ContainerEnd) => {};
  const ended = new Promise<ContainerEnd>((resolve) => (end = resolve));
  return {
    ended,
    async stop() {
      log.isOver = true;
      end({ exitCode: 0, startError: null });
    },
  };
}
