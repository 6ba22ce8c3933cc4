import type { Diagnosis } from '../core/diagnosis.ts';
import { type AppError, exitCodeOf, type Hint, toAppError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Clock } from '../core/ports.ts';
import {
  type Attempt,
  type ChangeFacts,
  type ClassifiedLine,
  type CollectionFacts,
  type InstanceFacts,
  type Run,
  type StepName,
  type StepRecord,
  type StepStatus,
  type TokenFacts,
  toFailure,
  type Verdict,
} from '../core/result.ts';
import type { Listener } from '../core/stack.ts';

/** What happens while a run goes on, for its display. */
export type RunEvent =
  | { readonly type: 'step-started'; readonly name: StepName }
  | { readonly type: 'progress'; readonly name: StepName; readonly text: string }
  /** What is known of the run of a collection; again where more is known. */
  | { readonly type: 'collection'; readonly facts: CollectionFacts }
  /** A request of a collection has ended, the `count`th of the run; `total` is how many are to run, or null. */
  | { readonly type: 'exchange'; readonly exchange: Exchange; readonly count: number; readonly total: number | null }
  | { readonly type: 'step-ended'; readonly step: StepRecord }
  | { readonly type: 'warning'; readonly text: string };

/** What a step can say about itself while it works. */
export interface StepScope extends Listener {
  /** Something about where it runs, by name. What is said again counts as it was said last. */
  fact(name: string, value: string): void;
  attempt(attempt: Attempt): void;
  /** A request of a collection has ended. */
  exchange(exchange: Exchange, count: number, total: number | null): void;
  /** What is known of the collection's run. Said again, it counts as it was said last. */
  collection(facts: CollectionFacts): void;
  /** The line that a passed step ends with. */
  summary(text: string): void;
  /** The step failed, in this line, and the run goes on. */
  fail(text: string): void;
}

/** The result of a command, apart from its steps. */
export interface Outcome {
  /** Of a command that came to its end; where `error` ended it, that decides. */
  readonly verdict: Verdict;
  readonly error?: unknown;
  readonly token?: TokenFacts | null;
  readonly change?: ChangeFacts | null;
  readonly diagnosis?: Diagnosis | null;
  readonly log?: readonly ClassifiedLine[];
  /** What the reader does next, most important first. */
  readonly next?: readonly Hint[];
  /** Each of several instances, as it was at the end. */
  readonly instances?: readonly InstanceFacts[];
  /** Name and value, beside what the steps have said. */
  readonly facts?: readonly (readonly [string, string])[];
}

/** Keeps the time of a run, its steps with their notes and attempts, and its warnings. */
export class Recorder {
  readonly #clock: Clock;
  readonly #listener: (event: RunEvent) => void;
  readonly #crashed: Promise<never>;
  readonly #startedAt: Date;
  readonly #startMs: number;
  readonly #steps: StepRecord[] = [];
  readonly #warnings: string[] = [];
  readonly #facts = new Map<string, string>();
  /** Those that requests went through, for people. */
  readonly #proxies = new Set<string>();
  #collection: CollectionFacts | null = null;
  #askingMs = 0;
  /** The step that goes on. */
  #running: { readonly name: StepName; readonly startMs: number } | null = null;

  /** @param crashed rejects when the process itself breaks: the step that runs then fails at once, whatever it waits for */
  constructor(clock: Clock, listener: (event: RunEvent) => void, crashed: Promise<never> = new Promise(() => {})) {
    this.#crashed = crashed;
    this.#clock = clock;
    this.#listener = listener;
    this.#startedAt = clock.date();
    this.#startMs = clock.now();
  }

  /** Milliseconds since the run began, without the time in which a person was asked. */
  elapsedMs(): number {
    return this.#clock.now() - this.#startMs - this.#askingMs;
  }

  /** Asks a person, whose time is no time of the run. */
  async ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const sinceMs = this.#clock.now();
    try {
      return await question();
    } finally {
      this.#askingMs += this.#clock.now() - sinceMs;
    }
  }

  /** Runs one step. What it throws is recorded and thrown on. */
  async step<T>(name: StepName, work: (scope: StepScope) => Promise<T>): Promise<T> {
    const startMs = this.elapsedMs();
    const notes: string[] = [];
    const attempts: Attempt[] = [];
    let summary = '';
    let status: StepStatus = 'passed';
    const end = (status: StepStatus, text: string) =>
      this.#end({ name, status, startMs, durationMs: this.elapsedMs() - startMs, summary: text, notes, attempts });
    this.#running = { name, startMs };
    this.#listener({ type: 'step-started', name });
    try {
      const working = work({
        progress: (text) => this.#listener({ type: 'progress', name, text }),
        note: (text) => notes.push(text),
        warn: (text) => {
          this.#warnings.push(text);
          this.#listener({ type: 'warning', text });
        },
        fact: (fact, value) => this.#facts.set(fact, value),
        attempt: (attempt) => {
          attempts.push(attempt);
          for (const { via } of attempt.exchanges) if (via !== undefined) this.#proxies.add(via);
        },
        exchange: (exchange, count, total) => this.#listener({ type: 'exchange', exchange, count, total }),
        collection: (facts) => {
          this.#collection = facts;
          this.#listener({ type: 'collection', facts });
        },
        summary: (text) => {
          summary = text;
        },
        fail: (text) => {
          summary = text;
          status = 'failed';
        },
      });
      const result = await Promise.race([working, this.#crashed]);
      end(status, summary);
      return result;
    } catch (error) {
      end('failed', toAppError(error).message);
      throw error;
    }
  }

  /** Steps that do not run, and why. */
  skip(names: readonly StepName[], why: string): void {
    const nothing = { durationMs: 0, notes: [], attempts: [] };
    for (const name of names) {
      this.#end({ ...nothing, name, status: 'skipped', startMs: this.elapsedMs(), summary: why });
    }
  }

  /**
   * The whole run as one value, from which console, reports and exit code derive.
   *
   * @param about.planned the steps of the command; those that were not reached are recorded as skipped
   * @param about.signalExitCode 130 or 143 when a signal interrupted it
   */
  finish(
    outcome: Outcome,
    about: {
      readonly command: string;
      readonly version: string;
      readonly planned: readonly StepName[];
      readonly signalExitCode: number | null;
    },
  ): Run {
    const error = outcome.error === undefined ? null : toAppError(outcome.error);
    const isReached = (name: StepName) => this.#steps.some((step) => step.name === name);
    this.skip(
      about.planned.filter((name) => !isReached(name)),
      'not reached',
    );
    const exitCode = exitCodeFor(error, about.signalExitCode);
    return {
      command: about.command,
      version: about.version,
      startedAt: this.#startedAt,
      durationMs: Math.round(this.elapsedMs()),
      verdict: error === null ? outcome.verdict : verdictFor(error, exitCode),
      exitCode,
      steps: this.#steps,
      token: outcome.token ?? null,
      compose: outcome.change ?? null,
      collection: this.#collection,
      diagnosis: outcome.diagnosis ?? null,
      error: error && toFailure(error),
      next: outcome.next ?? [],
      warnings: this.#warnings,
      log: outcome.log ?? [],
      facts: [
        ...this.#facts,
        ...(this.#proxies.size === 0 ? [] : [['Proxy', [...this.#proxies].join(', ')] as const]),
        ...(outcome.facts ?? []),
      ],
    };
  }

  /**
   * The run as far as it has come, for work that never ends: only what this tool itself says. Foreign texts may be what it
   * does not come back from.
   */
  cutShort(error: (during: StepName | null) => AppError, about: Pick<Run, 'command' | 'version'>): Run {
    const bare = { summary: '', notes: [], attempts: [] };
    const steps = this.#steps.map((step) => ({ ...step, ...bare }));
    if (this.#running !== null) {
      const { name, startMs } = this.#running;
      const durationMs = this.elapsedMs() - startMs;
      steps.push({ ...bare, name, startMs, durationMs, status: 'failed', summary: 'did not come to its end' });
    }
    const cause = error(this.#running?.name ?? null);
    return {
      ...about,
      startedAt: this.#startedAt,
      durationMs: Math.round(this.elapsedMs()),
      verdict: 'failed',
      exitCode: exitCodeOf(cause.code),
      steps,
      token: null,
      compose: null,
      collection: null,
      diagnosis: null,
      error: toFailure(cause),
      next: [],
      warnings: [],
      log: [],
      facts: [],
    };
  }

  #end(step: StepRecord): void {
    if (this.#running?.name === step.name) this.#running = null;
    this.#steps.push(step);
    this.#listener({ type: 'step-ended', step });
  }
}

/** "Could not" beats "no": the code of what ended the run, or 128 + signal. */
function exitCodeFor(error: AppError | null, signalExitCode: number | null): number {
  if (error === null) return 0;
  if (error.code === 'interrupted' && signalExitCode !== null) return signalExitCode;
  return exitCodeOf(error.code);
}

function verdictFor(error: AppError, exitCode: number): Verdict {
  if (error.code === 'interrupted') return 'interrupted';
  // That says nothing against the BFF, which may be registered already.
  if (error.code === 'iat-does-not-help') return 'failed';
  return exitCode === 1 && error.code !== 'assertion-failed' ? 'unhealthy' : 'failed';
}
