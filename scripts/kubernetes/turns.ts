import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';

/** One of a few places at the same time. */
export interface Turn {
  /** Aborts when the place is needed by another one, and with the signal of who took it. */
  readonly signal: AbortSignal;
  /** Something was done with it. */
  touch(): void;
  release(): void;
}

/** Who has nothing to do for this long gives way to those that have not had a turn at all … */
const QUIET_FIRST_MS = 3_000;
/** … and after this to those that have had one: each turn costs a call of kubectl. */
const QUIET_AGAIN_MS = 15_000;
const LOOK_MS = 1_000;

interface Holder {
  touchedMs: number;
  readonly givesWay: AbortController;
}

interface Waiter {
  readonly isFirst: boolean;
  admit(holder: Holder): void;
}

/** A semaphore that goes round: who holds a place without using it gives way where others wait. */
export class Turns {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #holders = new Set<Holder>();
  #waiting: Waiter[] = [];
  #looking: AbortController | null = null;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Waits for a place. @param isFirst it has not had one yet @throws the signal's reason */
  async take(isFirst: boolean, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    const holder = this.#holders.size < this.#limit ? this.#hold() : await this.#wait(isFirst, signal);
    return {
      signal: AbortSignal.any([signal, holder.givesWay.signal]),
      touch: () => {
        holder.touchedMs = this.#clock.now();
      },
      release: () => {
        if (!this.#holders.delete(holder)) return;
        const next = this.#waiting.find((each) => each.isFirst) ?? this.#waiting[0];
        // The place is taken before anybody else can ask for it.
        if (next !== undefined) next.admit(this.#hold());
      },
    };
  }

  #hold(): Holder {
    const holder = { touchedMs: this.#clock.now(), givesWay: new AbortController() };
    this.#holders.add(holder);
    return holder;
  }

  #wait(isFirst: boolean, signal: AbortSignal): Promise<Holder> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting = this.#waiting.filter((each) => each !== waiter);
        signal.removeEventListener('abort', stop);
        if (this.#waiting.length === 0) this.#looking?.abort(new AppError('interrupted', 'Nobody waits any more.'));
      };
      const stop = () => {
        leave();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        isFirst,
        admit(holder) {
          leave();
          resolve(holder);
        },
      };
      this.#waiting.push(waiter);
      signal.addEventListener('abort', stop, { once: true });
      void this.#look().catch(() => {});
    });
  }

  /** Looks for one that gives way, as long as somebody waits. */
  async #look(): Promise<void> {
    if (this.#looking !== null && !this.#looking.signal.aborted) return;
    const looking = new AbortController();
    this.#looking = looking;
    for (;;) {
      await this.#clock.sleep(LOOK_MS, looking.signal);
      const limitMs = this.#waiting.some(({ isFirst }) => isFirst) ? QUIET_FIRST_MS : QUIET_AGAIN_MS;
      const quiet = [...this.#holders]
        .filter(({ touchedMs, givesWay }) => !givesWay.signal.aborted && this.#clock.now() - touchedMs >= limitMs)
        .sort((a, b) => a.touchedMs - b.touchedMs);
      for (const { givesWay } of quiet.slice(0, this.#waiting.length))
        givesWay.abort(new AppError('interrupted', 'Others wait for their turn.'));
    }
  }
}
