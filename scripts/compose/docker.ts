import type { Command, CommandResult, Processes } from '../core/ports.ts';
import { dockerFailure } from './daemon-failures.ts';
import { type Container, parseInspect } from './inspect.ts';
import { DOCKER, isOneOff } from './invocation.ts';

/** A question to the daemon or to compose is answered within this, or not at all. */
export const ASK_TIMEOUT_MS = 60_000;

/** Questions to the engine, by its command line. */
export interface Docker {
  /** `docker` or `podman`: where only what both know is asked, it does not matter which. */
  readonly program: string;
  run(command: Command, signal: AbortSignal, env?: Readonly<Record<string, string>>): Promise<CommandResult>;
  ask(args: readonly string[], signal: AbortSignal): Promise<CommandResult>;
  inspect(ids: readonly string[], signal: AbortSignal): Promise<Container[]>;
  /** Those that have all of these labels, without what `compose run` made. */
  containers(labels: readonly string[], signal: AbortSignal): Promise<Container[]>;
}

/** @throws AppError `docker-…` from `inspect` and `containers` */
export function createDocker(processes: Processes, program: string = DOCKER): Docker {
  const run: Docker['run'] = (command, signal, env = {}) =>
    processes.run(command, { signal, timeoutMs: ASK_TIMEOUT_MS, env });
  const ask: Docker['ask'] = (args, signal) => run({ file: program, args }, signal);
  const inspect: Docker['inspect'] = async (ids, signal) => {
    if (ids.length === 0) return [];
    const result = await ask(['inspect', '--type', 'container', ...ids], signal);
    // A container that went away meanwhile makes the exit code 1 (of Podman 125); the others are printed nevertheless.
    if (result.exitCode !== 0 && !/no such (?:container|object)/i.test(result.stderr))
      throw dockerFailure(result, program);
    return result.stdout.trim() === '' ? [] : parseInspect(result.stdout);
  };
  return {
    program,
    run,
    ask,
    inspect,
    async containers(labels, signal) {
      const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
      const result = await ask(['ps', '-aq', '--no-trunc', ...filters], signal);
      if (result.exitCode !== 0) throw dockerFailure(result, program);
      const found = await inspect(result.stdout.split(/\s+/).filter(Boolean), signal);
      return found.filter((each) => !isOneOff(each));
    },
  };
}
