import type { Clock, Container, Processes } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';

/** Between two looks at a container that is between two starts. */
const RESTART_POLL_MS = 100;

export interface LogOptions {
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Only about so many of the last lines. */
  readonly tail?: number;
}

export interface LogTools {
  readonly processes: Processes;
  readonly clock: Clock;
  /** The container as it is now; null: it is gone. */
  inspect(): Promise<Container | null>;
}

/**
 * A container's log by `docker logs`, never by compose, whose output differs by version (notes: compose.md §1.10). Followed, it
 * goes on after each restart without gaps or repeats, and ends when the container has ended for good.
 */
export async function* readLogs(id: string, options: LogOptions, tools: LogTools): AsyncGenerator<LogLine> {
  const { follow, signal, tail } = options;
  let last = '';
  let startedAt = '';
  for (;;) {
    const shown = tail === undefined ? [] : ['--tail', String(tail)];
    const since = last === '' ? [] : ['--since', last];
    const command = { file: 'docker', args: ['logs', '-t', ...(follow ? ['-f'] : []), ...shown, ...since, id] };
    for await (const { stream, text } of tools.processes.lines(command, { signal })) {
      const { stamp, line } = parseStamped(text, stream);
      // `--since` is inclusive: the line that was seen last comes again.
      if (stamp !== '' && stamp <= last) continue;
      if (stamp !== '') last = stamp;
      yield line;
    }
    if (!follow || signal.aborted) return;
    // `docker logs -f` ends at every exit of the container; attach again when it has come back.
    for (;;) {
      signal.throwIfAborted();
      const container = await tools.inspect();
      if (container === null || ['exited', 'dead', 'removing'].includes(container.state.status)) return;
      if (container.state.status === 'running' && container.state.startedAt !== startedAt) {
        startedAt = container.state.startedAt;
        break;
      }
      await tools.clock.sleep(RESTART_POLL_MS, signal);
    }
  }
}

/** `docker logs -t` puts RFC 3339 with nanoseconds and a blank in front of each line. */
function parseStamped(text: string, stream: LogLine['stream']): { readonly stamp: string; readonly line: LogLine } {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) /.exec(text);
  if (match === null) return { stamp: '', line: { at: null, stream, text } };
  const stamp = match[1] ?? '';
  return { stamp, line: { at: new Date(stamp), stream, text: text.slice(match[0].length).replace(/\r$/, '') } };
}
