import type { LogLine } from '../../scripts/core/result.ts';
import type { Instance, InstanceState, LogOptions, Port } from '../../scripts/core/stack.ts';
import type { FakeClock } from './fake-clock.ts';

/** What is answered; null: nothing listens. `fails`: a test of the collection fails, as with each status from 300 on. */
export type Answer = { readonly status: number; readonly body?: string; readonly fails?: true } | null;

/**
 * What a BFF does after each of its starts, by the fake clock: it writes, exits, gets healthy. The signal aborts when the
 * instance is replaced.
 */
export type Behaviour = (bff: FakeInstance, signal: AbortSignal) => Promise<void> | void;

/** One instance of the fake, moved by a test as the outside would move a real one. */
export class FakeInstance {
  readonly id: string;
  readonly copy: number;
  readonly name: string;
  readonly createdAt: string;
  readonly env: Readonly<Record<string, string>>;
  readonly lines: LogLine[] = [];
  persistentPaths: readonly string[] = ['/'];
  ports: readonly Port[] = [];
  logUnreadable: string | null = null;
  state: InstanceState;
  noun: 'pod' | undefined;
  /** What it answers by HTTP. */
  answer: Answer = null;
  /** Its signing key beside the key's id, as its JWKS has it. */
  jwk: Readonly<Record<string, string>> = {};
  /** Hears that it serves. */
  onServe: () => void = () => {};
  isGone = false;
  /** How long a reader of its log needs for a line. */
  lineMs = 0;
  readonly #clock: FakeClock;
  readonly #behave: Behaviour;
  readonly #ending = new AbortController();
  #waiting: (() => void)[] = [];

  /** @param copy which of the copies of its start it is, from 1 on */
  constructor(
    number: number,
    copy: number,
    env: Readonly<Record<string, string>>,
    clock: FakeClock,
    behave: Behaviour,
  ) {
    this.id = String(number).padStart(64, '0');
    this.copy = copy;
    this.name = `fake-bff-${copy}`;
    this.createdAt = stamp(clock, number);
    this.env = env;
    this.#clock = clock;
    this.#behave = behave;
    this.state = { ...RUNNING, startedAt: stamp(clock, number) };
  }

  /** Begins to behave; after an exit this is how an engine starts it again. */
  start({ counts = false } = {}): void {
    const restartCount = this.state.restartCount + (counts ? 1 : 0);
    this.state = { ...RUNNING, restartCount, startedAt: stamp(this.#clock, this.lines.length) };
    void Promise.resolve(this.#behave(this, this.#ending.signal)).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) throw error;
    });
    this.wake();
  }

  /** Lines of its log, as written now. */
  write(...texts: string[]): void {
    for (const text of texts) this.lines.push({ at: this.#clock.date(), stream: 'stdout', text });
    this.wake();
  }

  /** It serves requests from now on, and answers so. */
  serve(answer: Answer = { status: 200, body: '{"status":"healthy"}' }): void {
    this.answer = answer;
    this.onServe();
  }

  exit(exitCode: number, more: Partial<InstanceState> = {}): void {
    this.answer = null;
    this.change({ status: 'exited', exitCode, ...more });
  }

  /** Its state as the engine describes it from now on. */
  change(state: Partial<InstanceState>): void {
    this.state = { ...this.state, ...state };
    this.wake();
  }

  /** Removed from outside. */
  remove(): void {
    this.isGone = true;
    this.answer = null;
    this.#ending.abort(new Error('This instance is gone.'));
    this.wake();
  }

  describe(): Instance {
    const { id, noun, name, createdAt, env, persistentPaths, ports, logUnreadable, state } = this;
    const described = { id, name, image: 'fake', createdAt, env, persistentPaths, ports, logUnreadable, state };
    return noun === undefined ? described : { ...described, noun };
  }

  async *read({ follow, signal, tail }: LogOptions): AsyncGenerator<LogLine> {
    let at = tail === undefined ? 0 : Math.max(0, this.lines.length - tail);
    for (;;) {
      if (signal.aborted) return;
      const line = this.lines[at];
      if (line !== undefined) {
        at += 1;
        if (this.lineMs > 0) await this.#clock.sleep(this.lineMs, signal);
        yield line;
      } else if (!follow || this.isGone || ['exited', 'dead', 'removing'].includes(this.state.status)) return;
      else await this.#change(signal);
    }
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.push(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

const RUNNING: InstanceState = {
  status: 'running',
  exitCode: 0,
  oomKilled: false,
  restartCount: 0,
  startedAt: '',
  error: '',
  health: null,
};

/** RFC 3339 with nanoseconds that differ where the time is the same. */
function stamp(clock: FakeClock, count: number): string {
  return clock
    .date()
    .toISOString()
    .replace('Z', `${String(count).padStart(6, '0')}Z`);
}
