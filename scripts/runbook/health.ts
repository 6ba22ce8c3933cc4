import { diagnoseComponents, downIn, publishedKid } from '../bff/health-answers.ts';
import type { Reading } from '../bff/log-reader.ts';
import type { InstanceVerdict } from '../bff/verdict.ts';
import { AppError } from '../core/errors.ts';
import { type Exchange, isPassed } from '../core/exchange.ts';
import type { Attempt, StepName } from '../core/result.ts';
import type { Instance } from '../core/stack.ts';
import { describeEarlyEnd, originsOf, planHealth, type RequestPlan, titleOf, toRun } from '../postman/request-plan.ts';
import { targetOf } from '../postman/variables.ts';
import type { Context } from './job.ts';
import { openCollection, warnOf } from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';

export const HEALTH_STEPS: readonly StepName[] = ['preflight', 'health'];

/** One health request's limit. */
const REQUEST_TIMEOUT_MS = 5_000;

const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * A component that the BFF has called down for this long is a diagnosis, and no reason to go on waiting: what the BFF
 * depends on was started before it, and the BFF answers already.
 */
const DOWN_FOR_MS = 4_000;

/** `npm run health`: the health folder, once. */
export async function runHealth(context: Context): Promise<Outcome> {
  const { recorder, tools } = context;
  const plan = await recorder.step('preflight', async (scope) => {
    tools.collections.preload();
    const planned = planHealth(await openCollection(context, scope), context.job);
    await tools.verifyReports();
    scope.fact('Hosts', originsOf(planned));
    warnOf(context, scope, planned);
    scope.summary(titleOf(planned));
    return planned;
  });
  await recorder.step('health', (scope) => checkOnce(context, scope, plan));
  return { verdict: 'healthy' };
}

/**
 * Runs the health folder once.
 *
 * @throws AppError `bff-unhealthy` when it does not pass
 */
export async function checkOnce(context: Context, scope: StepScope, plan: RequestPlan): Promise<void> {
  scope.progress(titleOf(plan));
  const attempt = await checkHealth(context, scope, plan, context.signal);
  if (!attempt.passed) {
    throw new AppError('bff-unhealthy', `The BFF is not healthy. ${describeFailure(attempt)}.`, {
      hint: { text: 'The report has every request. If the BFF does not start at all:', command: 'npm run iat' },
    });
  }
  scope.summary(describePasses(attempt.exchanges, plan.requests.length));
}

/**
 * One attempt with the health folder.
 *
 * @returns the attempt, which is recorded too; it passed when every request got an answer and no assertion failed
 * @throws AppError `bff-unhealthy` where all that ran has passed, but scripts ended the folder early or skipped all of it:
 *   they would do so again
 */
export async function checkHealth(
  context: Context,
  scope: StepScope,
  plan: RequestPlan,
  signal: AbortSignal,
): Promise<Attempt> {
  const { job, tools, recorder } = context;
  const startMs = recorder.elapsedMs();
  const { exchanges } = await tools.collections.run(toRun(plan, job, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal }));
  const early = describeEarlyEnd(plan, exchanges);
  const attempt = {
    startMs,
    durationMs: recorder.elapsedMs() - startMs,
    // Newman calls a run without a single request a success.
    passed: exchanges.some(({ isSkipped }) => !isSkipped) && early === null && exchanges.every(isPassed),
    exchanges,
  };
  scope.attempt(attempt);
  if (exchanges.length > 0 && exchanges.every(({ isSkipped }) => isSkipped)) {
    throw new AppError('bff-unhealthy', `Nothing was checked: ${describeSkips(exchanges)}.`, {
      hint: 'Take pm.execution.skipRequest out of its scripts, or give them the variables that they look at (--env-var, --environment).',
    });
  }
  if (early !== null && exchanges.every(isPassed)) {
    throw new AppError('bff-unhealthy', `The health folder did not run to its end. ${early}.`, {
      hint: 'The check counts only if every request in the folder ran. Remove setNextRequest from its scripts, or name another folder with --health-folder.',
    });
  }
  return attempt;
}

/** The engine's own healthcheck fails. */
export interface Complaint {
  readonly verdict: InstanceVerdict;
  /** When the last check ended, as the engine says it. */
  readonly checkedAt: string;
}

/** So many further checks have to fail while the BFF answers: the first may have begun before it did. */
const WRONG_CHECKS = 3;

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
export async function health(
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
  let pausesSinceMs = recorder.elapsedMs();
  let isUp = false;
  const up = options.up.then(() => {
    pausesSinceMs = recorder.elapsedMs();
    isUp = true;
  });
  let healthySinceMs: number | null = null;
  let healthyStart = '';
  let wrongChecks = new Set<string>();
  let down: { readonly names: readonly string[]; readonly sinceMs: number } = { names: [], sinceMs: 0 };

  const loop = async () => {
    for (;;) {
      const attempt = await checkHealth(context, scope, plan, end);
      options.onAttempt(attempt);
      attempts += 1;
      const nowMs = recorder.elapsedMs();
      if (attempt.passed) {
        down = { names: [], sinceMs: 0 };
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
      const names = attempt.exchanges.flatMap(downIn);
      const still = down.names.filter((name) => names.includes(name));
      down = still.length > 0 ? { ...down, names: still } : { names, sinceMs: nowMs };
      const isDown = down.names.length > 0 && nowMs - down.sinceMs >= DOWN_FOR_MS;
      const aliveMs = nowMs - options.sinceMs;
      if (isDown || aliveMs >= job.healthTimeoutMs)
        throw unhealthy(attempt, attempts, seconds(aliveMs), options.complaint());
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
  const stable = job.stableForMs > 0 ? `, and still do after ${seconds(job.stableForMs)}` : '';
  const proof = await proveRegistration(context, scope, plan, { ...options, exchanges: last.exchanges });
  scope.fact('Registration', proof);
  scope.summary(`${describePasses(last.exchanges, plan.requests.length)}${stable}`);
}

/** Where the BFF publishes its public keys (RFC 7517). */
const JWKS_PATH = '/.well-known/jwks.json';

/**
 * What shows that a healthy BFF is registered as well: its log, else its key in the answers of the health folder, else its key
 * where it is asked for it. `/health` alone shows nothing of the kind.
 *
 * @returns how it is known, in one sentence
 * @throws AppError `bff-unregistered` when nothing shows it
 */
export async function proveRegistration(
  context: Context,
  scope: StepScope,
  plan: RequestPlan,
  known: {
    reading(): Reading;
    readonly exchanges: readonly Exchange[];
    readonly env: Instance['env'];
  },
): Promise<string> {
  const { exchanges, env } = known;
  const { decided, diagnosis } = known.reading();
  if (decided === 'good') return `${diagnosis.cause} Its log says so: ${diagnosis.evidence.at(-1) ?? ''}`.trim();
  const kid = publishedKid(exchanges, env) ?? publishedKid(await askForKeys(context, scope, plan, exchanges), env);
  if (kid !== null) return `Its JWKS holds the key ${kid}; its log does not say whether it registered.`;
  throw new AppError('bff-unregistered', 'The BFF answers as healthy, but nothing shows that it is registered.', {
    hint: `Neither its log nor its JWKS says so, and /health can pass without registration. Make sure that ALLOW_BOOTSTRAP_FAILURE is "false" and BFF_KID is the id of its key, and read its log in the report.`,
  });
}

/** One more attempt, with the request that the folder does not have. */
async function askForKeys(
  { job, tools, recorder, signal }: Context,
  scope: StepScope,
  plan: RequestPlan,
  before: readonly Exchange[],
): Promise<readonly Exchange[]> {
  const [first] = plan.requests;
  const health = first === undefined ? '' : targetOf(first, plan.values);
  if (!URL.canParse(health)) return [];
  const base = job.bffUrl ?? new URL(health).origin;
  const item = {
    id: 'jwks',
    name: 'JWKS of the BFF',
    request: { method: 'GET', url: `${base.replace(/(?<!\/)\/+$/, '')}${JWKS_PATH}` },
  };
  const startMs = recorder.elapsedMs();
  const { exchanges } = await tools.collections.run({
    ...toRun(plan, job, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal }),
    collection: { info: { name: 'Registration', schema: plan.collection.info.schema }, item: [item] } as object,
    items: [item.id],
    requests: 1,
  });
  const passed = exchanges.every(({ error }) => error === null);
  scope.attempt({
    startMs,
    durationMs: recorder.elapsedMs() - startMs,
    passed,
    exchanges: [...before, ...exchanges],
  });
  return exchanges;
}

/** How many requests passed, of all; and how many a script skipped. */
export function describePasses(exchanges: readonly Exchange[], total: number): string {
  const sent = exchanges.filter(({ isSkipped }) => !isSkipped);
  const skips = sent.length === exchanges.length ? '' : `; ${describeSkips(exchanges)}`;
  return `${sent.filter(isPassed).length} of ${total} requests pass${skips}`;
}

/** Which requests their scripts skipped, as half a sentence. */
export function describeSkips(exchanges: readonly Exchange[]): string {
  const names = exchanges.filter(({ isSkipped }) => isSkipped).map(({ name }) => `"${name}"`);
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} others`] : names;
  return `scripts skipped ${shown.join(', ')}`;
}

/** The first thing that failed in an attempt, in one line. */
export function describeFailure(attempt: Attempt): string {
  const exchange = attempt.exchanges.find((each) => !isPassed(each));
  if (exchange === undefined) return 'No request was sent';
  return `${exchange.name}: ${reasonOf(exchange)}`;
}

function reasonOf(exchange: Exchange): string {
  const { via } = exchange;
  return via === undefined ? ownReasonOf(exchange) : `${ownReasonOf(exchange)}, through the proxy of ${via}`;
}

function ownReasonOf(exchange: Exchange): string {
  const { response, error, assertions } = exchange;
  if (response === null)
    return error === null || error.code === '' ? (error?.message ?? 'no answer') : `no answer (${error.code})`;
  const { status, body } = response;
  const down = downIn(exchange);
  if (down.length > 0) return `${status}, down: ${down.join(', ')}`;
  if (error?.kind === 'file') return error.message;
  if (status >= 300 && status < 400) return `${status}, a redirect that was not followed`;
  if (status === 200 && /^\s*</.test(body?.text ?? '')) return `${status} with a web page, such as a login page`;
  const failed = assertions.find(({ status }) => status === 'failed');
  if (failed === undefined) return `${status}, ${error?.message ?? 'and nothing says why it failed'}`;
  return `${status}, "${failed.name}" failed`;
}

/** The BFF answers as it should, and the engine goes on calling it unhealthy. */
function wrongHealthcheck({ verdict }: Complaint): AppError {
  const message = `Every request of the health folder passes, so only the healthcheck of the container is wrong. ${verdict.message}`;
  const command = verdict.hint?.command;
  return new AppError('bff-unhealthy', message, {
    hint: {
      text: `The BFF is up. Correct the healthcheck of the service in the compose file (URL, port, program).${command === undefined ? '' : ' To see it:'}`,
      ...(command === undefined ? {} : { command }),
    },
  });
}

function unhealthy(attempt: Attempt, attempts: number, time: string, complaint: Complaint | null): AppError {
  const down = attempt.exchanges.flatMap(downIn);
  const hint =
    down.length > 0
      ? diagnoseComponents(down, []).fix
      : 'The report has every attempt and the log of the BFF. If it only needs longer: --health-timeout SECONDS.';
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  const message = `The BFF is not healthy ${time} after its start, after ${tries}. ${describeFailure(attempt)}.${complaint === null ? '' : ` ${complaint.verdict.message}`}`;
  return new AppError('bff-unhealthy', message, { hint });
}

/** A thirtieth of the time waited so far: quick at first, and never more than a few percent late. */
function pauseMs(waitedMs: number): number {
  const pause = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, waitedMs / 30));
  return pause * (0.9 + Math.random() * 0.2);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
