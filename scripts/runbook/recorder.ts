import type { Diagnosis } from '../core/diagnosis.ts';
import { type AppError, exitCodeOf, type Hint, toAppError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type {
  Attempt,
  ClassifiedLine,
  ComposeFacts,
  Run,
  StepName,
  StepRecord,
  StepStatus,
  TokenFacts,
  Verdict,
} from '../core/result.ts';

/** What happens while a run goes on, for whoever shows it. */
export type RunEvent =
  | { readonly type: 'step-started'; readonly name: StepName }
  | { readonly type: 'progress'; readonly name: StepName; readonly text: string }
  | { readonly type: 'step-ended'; readonly step: StepRecord }
  | { readonly type: 'warning'; readonly text: string };

/** What a step can say about itself while it works. */
export interface StepScope {
  /** What it is waiting for right now. */
  progress(text: string): void;
  /** One line that stays. */
  note(text: string): void;
  attempt(attempt: Attempt): void;
  /** The line that a passed step ends with. */
  summary(text: string): void;
  /** The step failed, in this line, and the run goes on. */
  fail(text: string): void;
}

/**
 * Writes down a run as it goes: steps with their times, and what each part found. `finish` makes the `Run` that console,
 * reports and exit code derive from, for failures and interruptions too.
 */
export class Recorder {
  token: TokenFacts | null = null;
  compose: ComposeFacts | null = null;
  diagnosis: Diagnosis | null = null;
  log: readonly ClassifiedLine[] = [];
  /** What the reader does next. */
  next: Hint[] = [];
  readonly facts: (readonly [string, string])[] = [];
  readonly #clock: Clock;
  readonly #listener: (event: RunEvent) => void;
  readonly #startedAt: Date;
  readonly #startMs: number;
  readonly #steps: StepRecord[] = [];
  readonly #warnings: string[] = [];

  constructor(clock: Clock, listener: (event: RunEvent) => void) {
    this.#clock = clock;
    this.#listener = listener;
    this.#startedAt = clock.date();
    this.#startMs = clock.now();
  }

  /** Milliseconds since the run began. */
  elapsedMs(): number {
    return this.#clock.now() - this.#startMs;
  }

  warn(text: string): void {
    this.#warnings.push(text);
    this.#listener({ type: 'warning', text });
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
    this.#listener({ type: 'step-started', name });
    try {
      const result = await work({
        progress: (text) => this.#listener({ type: 'progress', name, text }),
        note: (text) => notes.push(text),
        attempt: (attempt) => attempts.push(attempt),
        summary: (text) => {
          summary = text;
        },
        fail: (text) => {
          summary = text;
          status = 'failed';
        },
      });
      end(status, summary);
      return result;
    } catch (error) {
      end('failed', toAppError(error).message);
      throw error;
    }
  }

  /** A step that does not run, and why. */
  skip(name: StepName, why: string): void {
    this.#end({
      name,
      status: 'skipped',
      startMs: this.elapsedMs(),
      durationMs: 0,
      summary: why,
      notes: [],
      attempts: [],
    });
  }

  /**
   * The whole run as one value.
   *
   * @param planned the steps of the command; those that were not reached are recorded as skipped
   * @param thrown what ended the run early; null when it came to its end
   * @param signalExitCode 130 or 143 when a signal interrupted it
   */
  finish(options: {
    readonly command: string;
    readonly version: string;
    readonly planned: readonly StepName[];
    readonly verdict: Verdict;
    readonly thrown: unknown;
    readonly signalExitCode: number | null;
  }): Run {
    const error = options.thrown === null ? null : toAppError(options.thrown);
    for (const name of options.planned) {
      if (!this.#steps.some((step) => step.name === name)) this.skip(name, 'not reached');
    }
    const exitCode = exitCodeFor(error, options.signalExitCode);
    return {
      command: options.command,
      version: options.version,
      startedAt: this.#startedAt,
      durationMs: Math.round(this.elapsedMs()),
      verdict: error === null ? options.verdict : verdictFor(error, exitCode),
      exitCode,
      steps: this.#steps,
      token: this.token,
      compose: this.compose,
      diagnosis: this.diagnosis,
      error: error && {
        code: error.code,
        message: error.message,
        hint: error.hint ?? null,
        where: error.where ?? null,
      },
      next: this.next,
      warnings: this.#warnings,
      log: this.log,
      // What was found again counts as it was last.
      facts: [...new Map(this.facts)],
    };
  }

  #end(step: StepRecord): void {
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
  return exitCode === 1 ? 'unhealthy' : 'failed';
}
