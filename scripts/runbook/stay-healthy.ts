import { diagnoseComponents, downIn } from '../bff/health-answers.ts';
import type { Reading } from '../bff/log-reader.ts';
import { AppError } from '../core/errors.ts';
import type { Attempt } from '../core/result.ts';
import type { Instance } from '../core/stack.ts';
import type { RequestPlan } from '../postman/request-plan.ts';
import { checkHealth, describeFailure, describePasses } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import { proveRegistration } from './registration.ts';
import type { Complaint } from './watch-instance.ts';

const SHORTEST_PAUSE_MS = 50;
export const LONGEST_PAUSE_MS = 2_000;

/**
 * A component that the BFF has called down for this long is a diagnosis, and no reason to go on waiting: what the BFF
 * depends on was started before it, and the BFF answers already.
 */
const DOWN_FOR_MS = 4_000;

/** Components that the BFF calls down, and since when the same ones are. */
export interface Down {
  readonly names: readonly string[];
  readonly sinceMs: number;
}

export const NOTHING_DOWN: Down = { names: [], sinceMs: 0 };

/** What is down by one more attempt. */
export function stillDown(down: Down, attempt: Attempt, nowMs: number): Down {
  const names = attempt.exchanges.flatMap(downIn);
  const still = down.names.filter((name) => names.includes(name));
  return still.length > 0 ? { ...down, names: still } : { names, sinceMs: nowMs };
}

export function staysDown({ names, sinceMs }: Down, nowMs: number): boolean {
  return names.length > 0 && nowMs - sinceMs >= DOWN_FOR_MS;
}

/** So many further checks have to fail while the BFF answers: the first may have begun before it did. */
export const WRONG_CHECKS = 3;

/**
 * The step: runs the health folder again and again until it passes, and then until it has passed for as long as it has to stay
 * so; a failure in between starts that time again. Then the BFF has to show that it is registered.
 *
 * @param options.reading what the log says so far
 * @param options.complaint that the engine's own healthcheck fails; it may be late, and counts when the time is up or when it
 *   goes on failing while the BFF answers
 * @param options.env of the instance
 * @param options.failed rejects when the BFF fails meanwhile, by its log or its instance
 * @param options.up resolves when the BFF says that it serves requests: it is asked at once, and the pauses begin again
 * @param options.start names the start of the container that answers: another one begins the time again
 * @param options.sinceMs when the instance was there, in milliseconds since the run's start: `--health-timeout` counts from
 *   then, and the bootstrap took its part of it
 * @param options.onAttempt is told of each attempt
 * @throws AppError `bff-unhealthy` with what failed last, `bff-unregistered`
 */
export async function stayHealthy(
  context: Context,
  scope: StepScope,
  plan: RequestPlan,
  options: {
    reading(): Reading;
    complaint(): Complaint | null;
    readonly env: Instance['env'];
    readonly failed: Promise<never>;
    readonly up: Promise<void>;
    start(): string;
    readonly sinceMs: number;
    onAttempt(attempt: Attempt): void;
  },
): Promise<void> {
  const { job, tools, recorder, signal } = context;
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  let attempts = 0;
  let hasAnswered = false;
  let pausesSinceMs = recorder.elapsedMs();
  let isUp = false;
  const up = options.up.then(() => {
    pausesSinceMs = recorder.elapsedMs();
    isUp = true;
  });
  let healthySinceMs: number | null = null;
  let healthyStart = '';
  let wrongChecks = new Set<string>();
  let down = NOTHING_DOWN;

  const loop = async () => {
    for (;;) {
      const attempt = await checkHealth(context, scope, plan, end);
      options.onAttempt(attempt);
      attempts += 1;
      hasAnswered ||= attempt.exchanges.some(({ response }) => response !== null);
      const nowMs = recorder.elapsedMs();
      if (attempt.passed) {
        down = NOTHING_DOWN;
        if (healthySinceMs === null || healthyStart !== options.start()) {
          if (healthySinceMs !== null)
            scope.note('The BFF restarted while it was being watched, so the time it has to stay healthy starts over.');
          healthySinceMs = nowMs;
          healthyStart = options.start();
          wrongChecks = new Set();
        }
        const stableMs = nowMs - healthySinceMs;
        const complaint = options.complaint();
        if (complaint === null && stableMs >= job.stableForMs) return attempt;
        if (complaint !== null) {
          wrongChecks.add(complaint.checkedAt);
          const isOver = nowMs - options.sinceMs >= job.healthTimeoutMs || wrongChecks.size > WRONG_CHECKS;
          if (isOver) throw wrongHealthcheck(complaint);
          scope.progress('every request passes; waiting for the healthcheck of the container, which still fails');
        } else scope.progress(`healthy, watching for another ${seconds(job.stableForMs - stableMs)}`);
        const restMs = complaint === null ? job.stableForMs - stableMs : LONGEST_PAUSE_MS;
        await tools.clock.sleep(Math.min(LONGEST_PAUSE_MS, restMs), end);
        continue;
      }
      healthySinceMs = null;
      down = stillDown(down, attempt, nowMs);
      const aliveMs = nowMs - options.sinceMs;
      if (staysDown(down, nowMs) || aliveMs >= job.healthTimeoutMs)
        throw unhealthy(attempt, attempts, seconds(aliveMs), options.complaint(), hasAnswered);
      scope.progress(`try ${attempts}: ${describeFailure(attempt)}`);
      const wait = tools.clock.sleep(pauseMs(nowMs - pausesSinceMs), end);
      await (isUp ? wait : Promise.race([wait, up]));
    }
  };
  const looping = loop();
  let last: Attempt;
  try {
    last = await Promise.race([looping, options.failed]);
  } finally {
    ending.abort(new AppError('interrupted', 'The health check has ended.'));
    await looping.catch(() => {});
  }
  const proof = await proveRegistration(context, scope, plan, { ...options, exchanges: last.exchanges });
  scope.fact('Registration', proof);
  scope.summary(`${describePasses(last.exchanges, plan.requests.length)}${describeStability(job.stableForMs)}`);
}

/** The BFF answers as it should, and the engine goes on calling it unhealthy. */
export function wrongHealthcheck({ verdict }: Complaint): AppError {
  const message = `Every request of the health folder passes, so only the healthcheck of the container is wrong. ${verdict.message}`;
  const command = verdict.hint?.command;
  return new AppError('bff-unhealthy', message, {
    hint: {
      text: `The BFF is up. Correct the healthcheck of the service in the compose file (URL, port, program).${command === undefined ? '' : ' To see it:'}`,
      ...(command === undefined ? {} : { command }),
    },
  });
}

/** @param hasAnswered by HTTP, in any of the attempts; what never did may hang */
export function unhealthy(
  attempt: Attempt,
  attempts: number,
  time: string,
  complaint: Complaint | null,
  hasAnswered = true,
): AppError {
  const down = attempt.exchanges.flatMap(downIn);
  const hint =
    down.length > 0
      ? diagnoseComponents(down, []).fix
      : 'The report has every attempt and the log of the BFF. If it only needs longer: --health-timeout SECONDS.';
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  const silent = hasAnswered ? '' : ', and it never answered: it may hang in its start, or be published elsewhere';
  const message = `The BFF is not healthy ${time} after its start, after ${tries}${silent}. ${describeFailure(attempt)}.${complaint === null ? '' : ` ${complaint.verdict.message}`}`;
  return new AppError('bff-unhealthy', message, { hint });
}

/** What is said of the time for which it had to stay so, behind a plural. */
export function describeStability(stableForMs: number): string {
  return stableForMs > 0 ? `, and still do after ${seconds(stableForMs)}` : '';
}

/** A thirtieth of the time waited so far: quick at first, and never more than a few percent late. */
export function pauseMs(waitedMs: number): number {
  const pause = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, waitedMs / 30));
  return pause * (0.9 + Math.random() * 0.2);
}

export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
