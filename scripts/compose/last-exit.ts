import type { Docker } from './docker.ts';
import type { Container } from './inspect.ts';
import { PODMAN } from './invocation.ts';

/**
 * Completes containers that run again after an end: the engine gives their exit code as 0 then, and keeps the right one in its
 * events only. Each end is looked up once.
 */
export function createLastExit(docker: Docker) {
  const known = new Map<string, number>();
  return async (container: Container, signal: AbortSignal): Promise<Container> => {
    const { id, createdAt, state } = container;
    if (state.status !== 'running' || state.restartCount === 0) return container;
    const key = `${id} ${state.startedAt}`;
    let exitCode = known.get(key);
    if (exitCode === undefined) {
      const [event, format, end] =
        docker.program === PODMAN
          ? ['died', '{{.ContainerExitCode}}', ['--stream=false']]
          : ['die', '{{.Actor.Attributes.exitCode}}', ['--until', '0s']];
      const filters = ['--filter', `container=${id}`, '--filter', `event=${event}`];
      const { stdout } = await docker.ask(
        ['events', '--since', createdAt, ...end, ...filters, '--format', format],
        signal,
      );
      exitCode = Number(/(?<!\d)(\d{1,9})\s*$/.exec(stdout)?.[1] ?? 0);
      known.set(key, exitCode);
    }
    return { ...container, state: { ...state, exitCode } };
  };
}
