import type { Clock } from '../../scripts/core/ports.ts';

const START = Date.UTC(2026, 0, 1);

/** A wait that goes beyond this is one that has no end. */
const LONGEST_MS = 24 * 3_600_000;

interface Sleeper {
  readonly untilMs: number;
  wake(): void;
}

/**
 * A clock that does not wait: when everything that can go on without time has gone on, it jumps to where the first of those
 * that sleep wakes up. Only promises count as going on, so nothing that is tested with it may wait for the outside.
 */
export class FakeClock implements Clock {
  #nowMs = 0;
  #sleepers: Sleeper[] = [];
  #isJumping = false;

  now(): number {
    return this.#nowMs;
  }

  date(): Date {
    return new Date(START + this.#nowMs);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        untilMs: this.#nowMs + Math.max(0, ms),
        wake() {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.push(sleeper);
      this.#jumpWhenIdle();
    });
  }

  /** Promises are settled before the next turn of the event loop: then nothing but time can go on. */
  #jumpWhenIdle(): void {
    if (this.#isJumping) return;
    this.#isJumping = true;
    setImmediate(() => {
      this.#isJumping = false;
      const [first] = [...this.#sleepers].sort((a, b) => a.untilMs - b.untilMs);
      if (first === undefined || first.untilMs > LONGEST_MS) return;
      this.#nowMs = first.untilMs;
      this.#sleepers = this.#sleepers.filter((each) => each !== first);
      first.wake();
      if (this.#sleepers.length > 0) this.#jumpWhenIdle();
    });
  }
}
