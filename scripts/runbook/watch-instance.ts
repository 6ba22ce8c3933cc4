import { nameComponents } from '../bff/health-answers.ts';
import { LogReader, SETTLE_MS } from '../bff/log-reader.ts';
import { type InstanceVerdict, judge, nounOf } from '../bff/verdict.ts';
import { type Diagnosis, isDiagnosisCode, isFault } from '../core/diagnosis.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { orAborted } from '../core/or-aborted.ts';
import type { Instance, Stack } from '../core/stack.ts';
import type { Context } from './job.ts';

/** Between two looks at the state of an instance. The log is what reacts at once; this catches what the log cannot say. */
export const INSPECT_EVERY_MS = 300;

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

/** Of a log that was not followed to its end: enough to hold the last start. */
const LAST_START = 500;

/** How the bootstrap came to rest: the log says that it succeeded; it runs and says nothing; it has no log to read. */
export type Settled = 'decided' | 'quiet' | 'unreadable';

/** The engine's own healthcheck fails. */
export interface Complaint {
  readonly verdict: InstanceVerdict;
  /** When the last check ended, as the engine says it. */
  readonly checkedAt: string;
}

/** What the watch of one instance has to know of the whole. */
export interface WatchPlan {
  readonly stack: Stack;
  /** Where its token was minted a moment ago; absent: there is none. */
  readonly mintedAt?: string;
  /** The stack replaces instances and starts them again by itself: one that is gone is no fault, nor one that ended once. */
  readonly isManaged: boolean;
  /** All keep their credentials in the same place. */
  readonly isShared: boolean;
  /** There are so many that a log is not followed further than it takes. */
  readonly isMany: boolean;
  isKnown(id: string): boolean;
  /** It has decided, failed, or is gone. */
  onChange(): void;
}

/** One instance under observation: its log from the first line on, and its state, until `stop`. */
export interface Watch {
  readonly first: Instance;
  readonly reader: LogReader;
  /** When it was first seen, by the clock of the run. */
  readonly sinceMs: number;
  /** Rejects as `failed` does. Never comes to an end where the instance is gone. */
  readonly settled: Promise<Settled>;
  /** Rejects when the BFF fails: by its log, or by what became of its instance. Never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when the log says that the BFF serves requests: the moment to ask it. */
  readonly up: Promise<void>;
  /** null: it has not come to rest. */
  how(): Settled | null;
  /** Why it failed; undefined: it has not. */
  failure(): AppError | undefined;
  /** Something removed it or put another one in its place, as the stack does by itself. */
  isGone(): boolean;
  /** As it was seen last. */
  latest(): Instance;
  verdict(): InstanceVerdict;
  diagnosis(): Diagnosis;
  /** Which start of the instance was last seen; changes with every restart. */
  start(): string;
  /** That the engine's own healthcheck fails at the moment; null: it does not, or there is none. */
  complaint(): Complaint | null;
  stop(): Promise<void>;
}

/** Watches a new instance. The verdict comes from log lines and states, never from how the restart itself ended. */
export function watchInstance(context: Context, plan: WatchPlan, first: Instance): Watch {
  const { tools, signal } = context;
  const { stack } = plan;
  const { clock } = tools;
  const reader = new LogReader({ env: first.env });
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  const sinceMs = clock.now();
  let latest = first;
  let verdict = judge(first, first, stack.byHand);
  let complaint: Complaint | null = null;
  let startedMs = sinceMs;
  let lastLineMs = sinceMs;
  let isReadable = true;
  let isLogOver = false;
  let isCutOff = false;
  /** How many of its starts have failed by what they log. */
  let failedStarts = 0;
  let how: Settled | null = null;
  let failure: AppError | undefined;
  let isGone = false;
  let upMs: number | null = null;
  const started = promise<void>();
  const up = promise<void>();
  const settled = promise<Settled>();
  const failed = promise<never>();
  failed.promise.catch(() => {});

  const decide = (what: Settled) => {
    if (how !== null) return;
    how = what;
    settled.resolve(what);
    plan.onChange();
  };
  const fail = (error: unknown) => {
    if (failure !== undefined) return;
    failure = toAppError(error);
    failed.reject(error);
    plan.onChange();
  };

  /**
   * Instances that share their credentials race for them where they start together: for the one use of the token, or for the
   * cached one, which the first to use it replaces (RFC 7592 §3). The next start finds what the first has left; one that goes on
   * without registering does not start again.
   */
  const isForgiven = () =>
    plan.isShared &&
    failedStarts < 2 &&
    !reader.isUp &&
    ['iat-invalid', 'rat-invalid'].includes(reader.diagnosis().code);

  /** What follows a fatal line may name the root cause better: it gets a moment. */
  const failSoon = async (found: InstanceVerdict) => {
    const hasEnded = ENDED.includes(found.kind);
    const startMs = clock.now();
    if (isCutOff) await readAgain();
    await clock.sleep(SETTLE_MS, end);
    // The line that decides may be the last one. The log of what has ended comes to an end by itself.
    const readsOn = () =>
      hasEnded
        ? clock.now() - Math.max(startMs, lastLineMs) < LOG_END_MS
        : clock.now() - lastLineMs < SETTLE_MS && clock.now() - startMs < CATCH_UP_MS;
    while (!isLogOver && readsOn()) await clock.sleep(SETTLE_MS / 5, end);
    const isStopped = found.kind === 'gone' || (found.kind === 'exited' && STOPPED.includes(latest.state.exitCode));
    const { kind, message, hint, code } = isStopped ? await findReplacement(found, startMs) : found;
    const error = new AppError(code ?? FAILURES[kind] ?? 'internal', message, hint === null ? {} : { hint });
    fail(kind === 'replaced' ? error : failureOf(diagnose(context, plan, reader, first), error));
  };

  /** Where somebody made a new instance, that is what happened to this one. */
  const findReplacement = async (found: InstanceVerdict, startMs: number): Promise<InstanceVerdict> => {
    for (;;) {
      const [all, now] = await Promise.all([stack.instances(end), stack.instance(first.id, end)]);
      const newest = all.find(({ id }) => !plan.isKnown(id));
      if (newest !== undefined && newest.createdAt > first.createdAt) return judge(first, newest, stack.byHand);
      if (now === null && found.kind !== 'gone') return findReplacement(judge(first, now, stack.byHand), startMs);
      if (clock.now() - startMs > REPLACED_MS) return found;
      await clock.sleep(INSPECT_EVERY_MS, end);
    }
  };

  /** A failed registration may be tried again by the BFF itself; then the newer lines count. */
  const failIfStillBad = async () => {
    await clock.sleep(SETTLE_MS, end);
    if (reader.reading().decided !== 'bad' || isForgiven()) return;
    fail(bootstrapFailed(diagnose(context, plan, reader, first)));
  };

  const onUnreadable = () => {
    isReadable = false;
  };
  const follow = async () => {
    for await (const line of stack.logs(first.id, { follow: true, signal: end, onUnreadable })) {
      lastLineMs = clock.now();
      const wasBad = reader.reading().decided === 'bad';
      const wasUp = reader.isUp;
      const { decided } = reader.push(line);
      if (decided === 'good') {
        decide('decided');
        if (wasBad) plan.onChange();
      }
      upMs = reader.isUp ? (upMs ?? lastLineMs) : null;
      if (reader.isUp) up.resolve();
      if (decided === 'bad' && !wasBad) failedStarts += 1;
      if (decided === 'bad' && !(wasBad && wasUp === reader.isUp)) void failIfStillBad().catch(() => {});
      // Its further starts are seen by its state.
      isCutOff = plan.isMany && decided === 'good';
      if (isCutOff) break;
    }
    up.resolve();
    isLogOver = true;
  };
  const readAgain = async () => {
    for await (const line of stack.logs(first.id, { follow: false, signal: end, tail: LAST_START })) reader.push(line);
  };
  const followFromStart = async () => {
    // One that waits for its start has no log yet, and would take the place of others.
    if (plan.isManaged && first.state.status === 'created') await orAborted(started.promise, end);
    lastLineMs = startedMs = clock.now();
    await follow();
  };
  const inspect = async () => {
    let pausedMs: number | null = null;
    // Its state was asked for a moment ago, unless it could not start even then.
    for (let isFirst = true; ; isFirst = false) {
      if (!(isFirst && verdict.kind === 'obstacle')) await clock.sleep(INSPECT_EVERY_MS, end);
      const now = await stack.instance(first.id, end);
      verdict = judge(first, now, stack.byHand);
      if (now !== null) {
        if (startOf(now) !== startOf(latest)) startedMs = clock.now();
        latest = now;
        if (now.state.status !== 'created') started.resolve();
      }
      if (plan.isManaged && verdict.kind === 'gone') {
        isGone = true;
        stopping.abort(new AppError('interrupted', 'It is gone.'));
        return plan.onChange();
      }
      if (plan.isManaged && BY_ITSELF.includes(verdict.kind)) continue;
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
      const isQuiet = clock.now() - (upMs ?? Math.max(lastLineMs, startedMs)) > (upMs === null ? QUIET_MS : UP_MS);
      if (isRunning && isQuiet && !isForgiven()) decide('quiet');
    }
  };
  // After `stop` both end with the abort's reason, which no longer matters.
  const work = [followFromStart(), inspect()].map((each) =>
    each.catch((error: unknown) => {
      if (!stopping.signal.aborted) fail(error);
    }),
  );

  const atRest = Promise.race([settled.promise, failed.promise]);
  atRest.catch(() => {});
  return {
    first,
    reader,
    sinceMs,
    settled: atRest,
    failed: failed.promise,
    up: up.promise,
    how: () => how,
    failure: () => failure,
    isGone: () => isGone,
    latest: () => latest,
    verdict: () => verdict,
    diagnosis: () => withObstacle(diagnose(context, plan, reader, first), failure),
    start: () => startOf(latest),
    complaint: () => complaint,
    async stop() {
      stopping.abort(new AppError('interrupted', 'The watch has ended.'));
      await Promise.all(work);
    },
  };
}

/** What the log says, unless the environment of the instance proves it wrong. */
function diagnose(
  { job }: Context,
  { mintedAt }: Pick<WatchPlan, 'mintedAt'>,
  reader: LogReader,
  instance: Instance,
): Diagnosis {
  const { env } = instance;
  const diagnosis = reader.diagnosis();
  if (!env[job.variable]) return diagnosis;
  if (diagnosis.code === 'iat-missing') {
    const cause = `The ${nounOf(instance)} has the token in ${job.variable}, but the BFF says that it has none.`;
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

/** What the stack names beats a log that knows of no fault. */
function withObstacle(fromLog: Diagnosis, failure: AppError | undefined): Diagnosis {
  if (failure === undefined || isFault(fromLog) || !isDiagnosisCode(failure.code)) return fromLog;
  const { code, message: cause, hint: fix = { text: '' } } = failure;
  return { code, cause, fix, iatHelps: false, evidence: fromLog.evidence };
}

function startOf({ state }: Instance): string {
  return `${state.restartCount} ${state.startedAt}`;
}

function promise<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const made = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise: made, resolve, reject };
}

const FAILURES: Partial<Record<InstanceVerdict['kind'], AppError['code']>> = {
  'not-started': 'container-not-started',
  exited: 'container-exited',
  'crash-loop': 'container-crash-loop',
  unhealthy: 'bff-unhealthy',
  replaced: 'container-replaced',
  paused: 'container-paused',
  gone: 'container-replaced',
  obstacle: 'bootstrap-failed',
};

/** What a stack that starts its instances again does not leave so. */
const BY_ITSELF: readonly InstanceVerdict['kind'][] = ['exited', 'replaced'];

/** Its log comes to an end. */
const ENDED: readonly InstanceVerdict['kind'][] = ['exited', 'gone'];

/** Exit codes of a process that was told to stop: another container may take its place. */
const STOPPED: readonly number[] = [0, 130, 137, 143];

/** A cause that the log names beats what merely became of the container. */
function failureOf(diagnosis: Diagnosis, otherwise: AppError): AppError {
  return isFault(diagnosis) ? bootstrapFailed(diagnosis) : otherwise;
}

export function bootstrapFailed({ cause, fix }: Diagnosis): AppError {
  return new AppError('bootstrap-failed', cause, { hint: fix });
}
