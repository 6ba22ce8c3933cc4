import { NewestLine } from '../core/newest-line.ts';
import type { Clock, Processes } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';
import type { LogOptions } from '../core/stack.ts';
import { inOrder, type StampedLine } from './in-order.ts';
import type { Container } from './inspect.ts';

/** Between two looks at a container that is between two starts. */
const RESTART_POLL_MS = 100;

export interface LogTools {
  /** `docker` or `podman`. */
  readonly program: string;
  readonly processes: Processes;
  readonly clock: Clock;
  /** The container as it is now; null: it is gone. */
  inspect(): Promise<Container | null>;
}

/**
 * A container's log by `docker logs`, never by compose, whose output differs by version. Followed, it
 * goes on after each restart without gaps or repeats, and ends when the container has ended for good.
 */
export async function* readLogs(id: string, options: LogOptions, tools: LogTools): AsyncGenerator<LogLine> {
  const { follow, signal, tail } = options;
  const newest = new NewestLine();
  let startedAt = '';
  let isReadable = true;
  for (;;) {
    const repeated = newest.repeated();
    const shown = tail === undefined ? [] : ['--tail', String(tail)];
    const since = newest.stamp === '' ? [] : ['--since', newest.stamp];
    const command = { file: tools.program, args: ['logs', '-t', ...(follow ? ['-f'] : []), ...shown, ...since, id] };
    const read = (until: AbortSignal) =>
      parse(tools.processes.lines(command, { signal: until }), () => {
        isReadable = false;
      });
    for await (const { stamp, line } of inOrder(read, follow ? tools.clock : null, signal)) {
      if (repeated.has(stamp, line.stream)) continue;
      newest.note(stamp, line.stream);
      yield line;
    }
    if (!isReadable) options.onUnreadable?.();
    if (!follow || !isReadable || signal.aborted) return;
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

/** The lines of the container alone. */
async function* parse(lines: ReturnType<Processes['lines']>, onUnreadable: () => void): AsyncGenerator<StampedLine> {
  for await (const { stream, text } of lines) {
    if (stream === 'stdout' || !ENGINES_OWN.test(text)) yield* parseStamped(text, stream);
    // Drivers such as `none` and, before Engine 20.10, all but json-file, local and journald; a log file that is damaged.
    else if (UNREADABLE.test(text)) onUnreadable();
  }
}

/** What `docker logs` or `podman logs` itself says; a line of the container begins with its time. */
const ENGINES_OWN =
  /^(?:Error response from daemon|error from daemon in stream|Error: |Cannot connect to |time="[^"]{1,64}" level=|Emulate Docker CLI)/i;
const UNREADABLE = /does not support reading|in stream|cannot read logs/i;

/**
 * `docker logs -t` puts RFC 3339 with nanoseconds and a blank in front of each line, and again in front of each further
 * 16 KB of a long one. After a long line the driver `local` leaves the line break out. Podman writes the zone of the machine,
 * and no fraction where the Docker CLI asks it.
 */
function parseStamped(text: string, stream: LogLine['stream']): StampedLine[] {
  const stamp = STAMP.exec(text)?.[0] ?? '';
  // The rest of a line that was too long to be held whole.
  if (stamp === '') return [{ stamp: '', line: { at: null, stream, text: withoutReturn(text) } }];
  const isLong = text.indexOf(stamp, stamp.length) > 0;
  const whole = isLong ? text.replaceAll(stamp, '') : text.slice(stamp.length);
  const glued = isLong ? whole.slice(CHUNK).search(GLUED) : -1;
  const end = glued === -1 ? whole.length : glued + CHUNK;
  const line = { at: new Date(stamp.trimEnd()), stream, text: withoutReturn(whole.slice(0, end)) };
  return [{ stamp: stamp.trimEnd(), line }, ...(glued === -1 ? [] : parseStamped(whole.slice(end), stream))];
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

/** The least characters that the 16 KB of a chunk can be. */
const CHUNK = 4_096;
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;
const GLUED = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;
