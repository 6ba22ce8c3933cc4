import type { Clock } from '../core/ports.ts';
import type { LogLine } from '../core/result.ts';

/** A line with the time that the engine gave it, as text that sorts; '': the rest of a line that was too long. */
export interface StampedLine {
  readonly stamp: string;
  readonly line: LogLine;
}

/**
 * How long a line of a log that is followed waits for an older one of the other stream. Both pipes are read at the same time, so a
 * moment is enough; the verdict waits for it as well.
 */
const HOLD_MS = 40;
/** So many characters may come of one stream before the first of the other: more than a pipe (64 KB) and its reader have. */
const MOST_HELD = 262_144;

/**
 * The lines of a container in the order of their times. stdout and stderr come by two pipes, each in its own order; a BFF that
 * logs to one of them and prints its traceback to the other is understood in their common order only.
 *
 * @param read reads the lines until its signal aborts
 * @param clock null: they come to an end by themselves, and a line may wait until then
 */
export async function* inOrder(
  read: (signal: AbortSignal) => AsyncIterable<StampedLine>,
  clock: Clock | null,
  signal: AbortSignal,
): AsyncGenerator<StampedLine> {
  const held = new Held();
  const leaving = new AbortController();
  const end = AbortSignal.any([signal, leaving.signal]);
  let isOver = false;
  let wake = () => {};
  let goOn = () => {};
  /** Nothing has to be done for a line before it is settled: the time is measured already, or none is. */
  let isTiming = clock === null;
  let isDue = false;
  const collect = async () => {
    for await (const each of read(end)) {
      held.add(each, clock?.now() ?? 0);
      if (held.isFull && !end.aborted) {
        const room = new Promise<void>((resolve) => {
          goOn = resolve;
        });
        wake();
        await room;
      } else if (held.isSettled || !isTiming) wake();
    }
  };
  const collecting = collect().finally(() => {
    isOver = true;
    wake();
  });
  collecting.catch(() => {});
  try {
    while (!isOver) {
      for (const each of held.takeSettled()) yield each;
      if (clock !== null && isDue) for (const each of held.takeOld(clock.now() - HOLD_MS)) yield each;
      isDue = false;
      goOn();
      if (held.isSettled || isOver) continue;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (clock !== null && held.size > 0 && !isTiming) {
        isTiming = true;
        clock
          .sleep(HOLD_MS, end)
          // It fails when nothing is waited for any more.
          .catch(() => {})
          .finally(() => {
            isTiming = false;
            isDue = true;
            wake();
          });
      }
      await woken;
    }
    for (const each of held.takeAll()) yield each;
    await collecting;
  } finally {
    leaving.abort();
    goOn();
    // A line is always being waited for, and only the signal ends that.
    await collecting.catch(() => {});
  }
}

/** What has come and was not given on yet. */
class Held {
  readonly #queues = { stdout: new Queue(), stderr: new Queue() };

  #count = 0;
  /** In characters. */
  size = 0;

  /** No older line can come before the first one, or it can wait no longer. */
  get isSettled(): boolean {
    const { stdout, stderr } = this.#queues;
    return (stdout.first !== undefined && stderr.first !== undefined) || this.isFull;
  }

  get isFull(): boolean {
    return this.size >= 2 * MOST_HELD;
  }

  add(each: StampedLine, nowMs: number): void {
    const queue = this.#queues[each.line.stream];
    // The rest of a line belongs to it.
    this.size += sizeOf(each);
    queue.add({ ...each, order: each.stamp || queue.newest, sinceMs: nowMs, number: this.#count++ });
  }

  /** Those that no older line can come before, and half of those that are too many to wait. */
  *takeSettled(): Generator<StampedLine> {
    const isFull = this.isFull;
    while (this.isSettled || (isFull && this.size > MOST_HELD)) yield this.#take();
  }

  /** Those that have waited since `untilMs` or longer. */
  *takeOld(untilMs: number): Generator<StampedLine> {
    while ((this.#first()?.sinceMs ?? Number.POSITIVE_INFINITY) <= untilMs) yield this.#take();
  }

  *takeAll(): Generator<StampedLine> {
    while (this.size > 0) yield this.#take();
  }

  #first(): HeldLine | undefined {
    const { first: out } = this.#queues.stdout;
    const { first: err } = this.#queues.stderr;
    if (out === undefined || err === undefined) return out ?? err;
    // Of the same time, as Podman has whole seconds only, the one that came first.
    return err.order < out.order || (err.order === out.order && err.number < out.number) ? err : out;
  }

  #take(): StampedLine {
    const first = this.#first() as HeldLine;
    this.size -= sizeOf(first);
    this.#queues[first.line.stream].drop();
    return first;
  }
}

/** The lines of one stream. To take the first of a long array would move all others. */
class Queue {
  #lines: HeldLine[] = [];
  #at = 0;
  /** The time of the line that was added last. */
  newest = '';

  get first(): HeldLine | undefined {
    return this.#lines[this.#at];
  }

  add(line: HeldLine): void {
    this.newest = line.order;
    this.#lines.push(line);
  }

  drop(): void {
    this.#at += 1;
    if (this.#at * 2 < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#at);
    this.#at = 0;
  }
}

function sizeOf({ stamp, line }: StampedLine): number {
  return stamp.length + line.text.length + 1;
}

interface HeldLine extends StampedLine {
  /** The time by which it is put in order. */
  readonly order: string;
  readonly sinceMs: number;
  readonly number: number;
}
