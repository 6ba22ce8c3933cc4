import type { Docker } from './docker.ts';
import type { Container } from './inspect.ts';

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
      const filters = ['--filter', `container=${id}`, '--filter', 'event=die'];
      const format = '{{.Actor.Attributes.exitCode}}';
      const { stdout } = await docker.ask(
        ['events', '--since', createdAt, '--until', '0s', ...filters, '--format', format],
        signal,
      );
      exitCode = Number(/(?<!\d)(\d{1,9})\s*$/.exec(stdout)?.[1] ?? 0);
      known.set(key, exitCode);
    }
    return { ...container, state: { ...state, exitCode } };
  };
}
