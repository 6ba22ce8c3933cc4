import { diagnoseComponents, downIn, nameComponents } from '../bff/health-answers.ts';
import { LogReader, SETTLE_MS } from '../bff/log-reader.ts';
import { type InstanceVerdict, judge } from '../bff/verdict.ts';
import { type Diagnosis, isFault } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import type { Attempt, ClassifiedLine } from '../core/result.ts';
import type { Instance, Stack } from '../core/stack.ts';
import type { RequestPlan } from '../postman/request-plan.ts';
import { type Complaint, describeFailure, health } from './health.ts';
import type { Context } from './job.ts';

/** Between two looks at the state of the instance. The log is what reacts at once; this catches what the log cannot say. */
const INSPECT_EVERY_MS = 300;

/** A running BFF that has said nothing new for this long is asked by HTTP instead. */
const QUIET_MS = 10_000;

/** A BFF that serves requests has finished its bootstrap and would have logged that by then, whatever else it logs. */
const UP_MS = 2_000;

/** Backups pause a container for a moment; one that is paused for longer stays so. */
const PAUSE_MS = 2_000;

/** How long an instance that was stopped is looked for in a newer one: that is made after the old one was stopped. */
const REPLACED_MS = 1_000;

/** How long to keep reading the log of an instance that is still running before its failure is reported. */
const CATCH_UP_MS = 2_000;

/** How long the log of an instance that has ended may keep silent before its end: a busy or remote engine sends it late. */
const LOG_END_MS = 8_000;

/** What became of a new instance. */
export interface Watched {
  readonly diagnosis: Diagnosis;
  readonly log: readonly ClassifiedLine[];
  /** Why it is not healthy, or not known to be registered; undefined: it is both. */
  readonly error?: unknown;
}

/**
 * The steps bootstrap and health: watches new instances from their first line until the BFF is healthy, stays so, and each has
 * shown that it is registered. Never throws.
 *
 * @param plan.mintedAt where its token was minted a moment ago; without it there is none
 */
export async function watchUntilHealthy(
  context: Context,
  plan: { readonly stack: Stack; readonly health: RequestPlan; readonly mintedAt?: string },
  instances: readonly [Instance, ...Instance[]],
): Promise<Watched> {
  const { job, recorder } = context;
  const attempts: Attempt[] = [];
  const sinceMs = recorder.elapsedMs();
  const watch = together(instances.map((each) => watchInstance(context, { ...plan, instances }, each)));
  const names = instances.map(({ name }) => name).join(', ');
  let error: unknown;
  try {
    await recorder.step('bootstrap', async (scope) => {
      scope.progress(`following the log of ${names}`);
      const how = await withLimit(context, job.healthTimeoutMs, watch.settled);
      scope.summary(how === 'decided' ? watch.reader().diagnosis().cause : SUMMARIES[how]);
      if (how === 'unreadable')
        scope.warn(`The log of ${names} cannot be read here, so only its state and health are checked.`);
    });
    await recorder.step('health', (scope) =>
      health(context, scope, plan.health, {
        reading: () => watch.reader().reading(),
        failed: watch.failed,
        up: watch.up,
        start: watch.start,
        complaint: watch.complaint,
        sinceMs,
        env: instances[0].env,
        onAttempt: (each) => attempts.push(each),
      }),
    );
  } catch (thrown) {
    error = thrown;
  }
  await watch.stop();
  const reader = watch.reader();
  const diagnosis = withHealth(diagnose(context, plan, reader, instances[0]), attempts.at(-1));
  return { diagnosis, log: reader.excerpt(), ...(error === undefined ? {} : { error }) };
}

/** What the log says, unless the environment of the instance proves it wrong. */
function diagnose(
  { job }: Context,
  { mintedAt }: { readonly mintedAt?: string },
  reader: LogReader,
  { env }: Instance,
): Diagnosis {
  const diagnosis = reader.diagnosis();
  if (!env[job.variable]) return diagnosis;
  if (diagnosis.code === 'iat-missing') {
    const cause = `The container has the token in ${job.variable}, but the BFF says that it has none.`;
    const text = `The BFF reads its token from somewhere else. Check which variable this version of it reads (--variable NAME), and whether its own configuration overrides it.`;
    return { ...diagnosis, cause, fix: { text }, iatHelps: false };
  }
  if (diagnosis.code === 'iat-invalid' && mintedAt !== undefined) {
    const cause = 'The IdP refuses the token that was minted for this start a moment ago.';
    const text = `Make sure that the BFF's IDP_BASE_URL (${env['IDP_BASE_URL'] ?? 'not set'}) is the same IdP as ${mintedAt}, where it was minted, and that this IdP did not restart and forget it. Look at the IdP's log; then run npm run iat again, with --max-usages 2 if the BFF uses the token more than once.`;
    return { ...diagnosis, cause, fix: { text }, iatHelps: null };
  }
  return diagnosis;
}

/** What the BFF says about itself counts where its log knows of no fault. */
function withHealth(fromLog: Diagnosis, attempt: Attempt | undefined): Diagnosis {
  const down = attempt?.exchanges.flatMap(downIn) ?? [];
  if (attempt === undefined || down.length === 0 || isFault(fromLog)) return fromLog;
  return diagnoseComponents(down, [describeFailure(attempt)]);
}

/** Why the log alone did not decide. */
const SUMMARIES = {
  unreadable: 'it is running; its log cannot be read here, so only state and health are checked',
  quiet: 'it is running, but its log does not say whether it registered',
  late: 'it is running, but its log does not say whether it registered',
} as const;

/** The promise's value, or `late` when it takes longer; the timer does not outlive the wait. */
async function withLimit<T>({ tools, signal }: Context, ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const ending = new AbortController();
  const late = tools.clock.sleep(ms, AbortSignal.any([signal, ending.signal])).then(() => 'late' as const);
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    ending.abort(new AppError('interrupted', 'The wait has ended.'));
  }
}

/** How the bootstrap came to rest: the log says that it succeeded; it runs and says nothing; it has no log to read. */
type Settled = 'decided' | 'quiet' | 'unreadable';

/** One instance under observation: its log from the first line on, and its state, until `stop`. */
interface Watch {
  readonly reader: LogReader;
  /** Rejects as `failed` does. */
  readonly settled: Promise<Settled>;
  /** Rejects when the BFF fails: by its log, or by what became of its instance. Never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when the log says that the BFF serves requests: the moment to ask it. */
  readonly up: Promise<void>;
  /** Which start of the instance was last seen; changes with every restart. */
  start(): string;
  /** That the engine's own healthcheck fails at the moment; null: it does not, or there is none. */
  complaint(): Complaint | null;
  stop(): Promise<void>;
}

/** Several watched as one: what goes wrong with one of them goes wrong. */
function together(watches: readonly Watch[]): Omit<Watch, 'reader'> & { reader(): LogReader } {
  const failed = Promise.race(watches.map((each) => each.failed));
  failed.catch(() => {});
  const settled = Promise.all(watches.map((each) => each.settled)).then(
    (hows) => hows.find((how) => how !== 'decided') ?? 'decided',
  );
  settled.catch(() => {});
  return {
    /** The one that decides: what failed, then what says nothing. */
    reader() {
      const readers = watches.map(({ reader }) => reader) as [LogReader, ...LogReader[]];
      const saying = (decided: 'bad' | null) => readers.find((each) => each.reading().decided === decided);
      return saying('bad') ?? saying(null) ?? readers[0];
    },
    settled,
    failed,
    up: Promise.all(watches.map((each) => each.up)).then(() => {}),
    start: () => watches.map((each) => each.start()).join(', '),
    complaint: () => watches.map((each) => each.complaint()).find((each) => each !== null) ?? null,
    async stop() {
      await Promise.all(watches.map((each) => each.stop()));
    },
  };
}

/** Watches a new instance. The verdict comes from log lines and states, never from how the restart itself ended. */
function watchInstance(
  context: Context,
  plan: { readonly stack: Stack; readonly mintedAt?: string; readonly instances: readonly Instance[] },
  first: Instance,
): Watch {
  const { tools, signal } = context;
  const { stack } = plan;
  const { clock } = tools;
  const reader = new LogReader({ env: first.env });
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  let latest = first;
  let complaint: Complaint | null = null;
  let lastLineMs = clock.now();
  let isReadable = true;
  let isLogOver = false;
  let decide: (how: Settled) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  let upMs: number | null = null;
  let noteUp = () => {};
  const up = new Promise<void>((resolve) => {
    noteUp = resolve;
  });
  const settled = new Promise<Settled>((resolve) => {
    decide = resolve;
  });
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  /** What follows a fatal line may name the root cause better: it gets a moment. */
  const failSoon = async (verdict: InstanceVerdict) => {
    const hasEnded = ENDED.includes(verdict.kind);
    const startMs = clock.now();
    await clock.sleep(SETTLE_MS, end);
    // The line that decides may be the last one. The log of what has ended comes to an end by itself.
    const readsOn = () =>
      hasEnded
        ? clock.now() - Math.max(startMs, lastLineMs) < LOG_END_MS
        : clock.now() - lastLineMs < SETTLE_MS && clock.now() - startMs < CATCH_UP_MS;
    while (!isLogOver && readsOn()) await clock.sleep(SETTLE_MS / 5, end);
    const isStopped = verdict.kind === 'gone' || (verdict.kind === 'exited' && STOPPED.includes(latest.state.exitCode));
    const { kind, message, hint } = isStopped ? await findReplacement(verdict, startMs) : verdict;
    const error = new AppError(FAILURES[kind] ?? 'internal', message, hint === null ? {} : { hint });
    fail(kind === 'replaced' ? error : failureOf(diagnose(context, plan, reader, first), error));
  };

  /** Where somebody made a new instance, that is what happened to this one. */
  const findReplacement = async (verdict: InstanceVerdict, startMs: number): Promise<InstanceVerdict> => {
    for (;;) {
      const [all, now] = await Promise.all([stack.instances(end), stack.instance(first.id, end)]);
      const newest = all.find(({ id }) => !plan.instances.some((each) => each.id === id));
      if (newest !== undefined && newest.createdAt > first.createdAt) return judge(first, newest, stack.byHand);
      if (now === null && verdict.kind !== 'gone') return findReplacement(judge(first, now, stack.byHand), startMs);
      if (clock.now() - startMs > REPLACED_MS) return verdict;
      await clock.sleep(INSPECT_EVERY_MS, end);
    }
  };

  /** A failed registration may be tried again by the BFF itself; then the newer lines count. */
  const failIfStillBad = async () => {
    await clock.sleep(SETTLE_MS, end);
    if (reader.reading().decided === 'bad') fail(bootstrapFailed(diagnose(context, plan, reader, first)));
  };

  const onUnreadable = () => {
    isReadable = false;
  };
  const follow = async () => {
    for await (const line of stack.logs(first.id, { follow: true, signal: end, onUnreadable })) {
      lastLineMs = clock.now();
      const wasBad = reader.reading().decided === 'bad';
      const { decided } = reader.push(line);
      if (decided === 'good') decide('decided');
      upMs = reader.isUp ? (upMs ?? lastLineMs) : null;
      if (reader.isUp) noteUp();
      if (decided === 'bad' && !wasBad) void failIfStillBad().catch(() => {});
    }
    isLogOver = true;
  };
  const inspect = async () => {
    let pausedMs: number | null = null;
    // Its state was asked for a moment ago.
    for (;;) {
      await clock.sleep(INSPECT_EVERY_MS, end);
      const now = await stack.instance(first.id, end);
      const verdict = judge(first, now, stack.byHand);
      if (now !== null) latest = now;
      if (verdict.kind !== 'paused') pausedMs = null;
      else pausedMs ??= clock.now();
      const isPassing = pausedMs !== null && clock.now() - pausedMs < PAUSE_MS;
      const isIll = verdict.kind === 'unhealthy';
      complaint = isIll ? { verdict, checkedAt: now?.state.health?.checkedAt ?? '' } : null;
      // A BFF that needs long to start is unhealthy for the engine at first: that counts by itself when the time is up.
      const isPending =
        isIll && !isFault(reader.diagnosis()) && nameComponents(now?.state.health?.lastOutput ?? '').length === 0;
      if (FAILURES[verdict.kind] !== undefined && !isPassing && !isPending) return failSoon(verdict);
      const isRunning = verdict.kind === 'fine' || isIll;
      if (isRunning && !isReadable) decide('unreadable');
      const isQuiet = clock.now() - (upMs ?? lastLineMs) > (upMs === null ? QUIET_MS : UP_MS);
      if (isRunning && isQuiet) decide('quiet');
    }
  };
  // After `stop` both end with the abort's reason, which no longer matters.
  const work = [follow(), inspect()].map((each) => each.catch((error: unknown) => fail(error)));

  return {
    reader,
    settled: Promise.race([settled, failed]),
    failed,
    up,
    start: () => `${latest.state.restartCount} ${latest.state.startedAt}`,
    complaint: () => complaint,
    async stop() {
      stopping.abort(new AppError('interrupted', 'The watch has ended.'));
      await Promise.all(work);
    },
  };
}

const FAILURES: Partial<Record<InstanceVerdict['kind'], AppError['code']>> = {
  'not-started': 'container-not-started',
  exited: 'container-exited',
  'crash-loop': 'container-crash-loop',
  unhealthy: 'bff-unhealthy',
  replaced: 'container-replaced',
  paused: 'container-paused',
  gone: 'container-replaced',
};

/** Its log comes to an end. */
const ENDED: readonly InstanceVerdict['kind'][] = ['exited', 'gone'];

/** Exit codes of a process that was told to stop: another container may take its place. */
const STOPPED: readonly number[] = [0, 130, 137, 143];

/** A cause that the log names beats what merely became of the container. */
function failureOf(diagnosis: Diagnosis, otherwise: AppError): AppError {
  return isFault(diagnosis) ? bootstrapFailed(diagnosis) : otherwise;
}

function bootstrapFailed({ cause, fix }: Diagnosis): AppError {
  return new AppError('bootstrap-failed', cause, { hint: fix });
}
