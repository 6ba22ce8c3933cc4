import { LogReader, SETTLE_MS } from '../bff/log-reader.ts';
import { type InstanceVerdict, judge } from '../bff/verdict.ts';
import { isFault } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import type { Instance, Stack } from '../core/stack.ts';
import { byHandOf } from './by-hand.ts';
import type { Context } from './job.ts';

/** Between two looks at the container's state. The log is what reacts at once; this catches what the log cannot say. */
const INSPECT_EVERY_MS = 300;

/** A running BFF that has said nothing new for this long is asked by HTTP instead. */
const QUIET_MS = 10_000;

/** One that serves requests has its bootstrap behind it, and would have said so by then, whatever else it goes on saying. */
const UP_MS = 2_000;

/** `docker commit` and backups pause a container for a moment; one that is paused for longer stays so. */
const PAUSE_MS = 2_000;

/** How long a container that was stopped is looked for in a newer one: compose makes that after it stopped the old one. */
const REPLACED_MS = 1_000;

/** How long the log of a container that goes on living is read on before its failure is told. */
const CATCH_UP_MS = 2_000;

/** How the bootstrap came to rest: the log says that it succeeded; it runs and says nothing; it has no log to read. */
export type Settled = 'decided' | 'quiet' | 'unreadable';

/** One container under observation: its log from the first line on, and its state, until `stop`. */
export interface Watch {
  readonly reader: LogReader;
  /** Rejects as `failed` does. */
  readonly settled: Promise<Settled>;
  /** Rejects when the BFF fails: by its log, or by what became of its container. Never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when the log says that the BFF serves requests: the moment to ask it. */
  readonly up: Promise<void>;
  /** Which start of the container was last seen; changes with every restart. */
  start(): string;
  stop(): Promise<void>;
}

/**
 * Watches a new container. The verdict comes from log lines and inspected states, never from compose's exit code or `--wait`,
 * which call a crash loop healthy (notes: reliability.md M11).
 */
export function watchContainer({ job, tools, signal }: Context, stack: Stack, first: Instance): Watch {
  const { clock } = tools;
  const byHand = byHandOf(stack, job.service);
  const reader = new LogReader({ env: first.env });
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  let latest = first;
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
    // A flood is read to its end: the line that decides may be the last one.
    while (!isLogOver && clock.now() - lastLineMs < SETTLE_MS && (hasEnded || clock.now() - startMs < CATCH_UP_MS))
      await clock.sleep(SETTLE_MS / 5, end);
    const isStopped = verdict.kind === 'gone' || (verdict.kind === 'exited' && STOPPED.includes(latest.state.exitCode));
    const { kind, message, hint } = isStopped ? await findReplacement(verdict, startMs) : verdict;
    const error = new AppError(FAILURES[kind] ?? 'internal', message, hint === null ? {} : { hint });
    fail(kind === 'replaced' ? error : failureOf(reader, error));
  };

  /** Where somebody made a new container, that is what happened to this one. */
  const findReplacement = async (verdict: InstanceVerdict, startMs: number): Promise<InstanceVerdict> => {
    for (;;) {
      const [newest, now] = await Promise.all([stack.container(job.service, end), stack.inspect(first.id, end)]);
      if (newest !== null && newest.createdAt > first.createdAt) return judge(first, newest, byHand);
      if (now === null && verdict.kind !== 'gone') return findReplacement(judge(first, now, byHand), startMs);
      if (clock.now() - startMs > REPLACED_MS) return verdict;
      await clock.sleep(INSPECT_EVERY_MS, end);
    }
  };

  /** A failed registration may be tried again by the BFF itself; then the newer lines count. */
  const failIfStillBad = async () => {
    await clock.sleep(SETTLE_MS, end);
    if (reader.reading().decided === 'bad') fail(bootstrapFailed(reader));
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
    // The first container was inspected a moment ago.
    for (;;) {
      await clock.sleep(INSPECT_EVERY_MS, end);
      const now = await stack.inspect(first.id, end);
      const verdict = judge(first, now, byHand);
      if (now !== null) latest = now;
      if (verdict.kind !== 'paused') pausedMs = null;
      else pausedMs ??= clock.now();
      const isPassing = pausedMs !== null && clock.now() - pausedMs < PAUSE_MS;
      if (FAILURES[verdict.kind] !== undefined && !isPassing) return failSoon(verdict);
      if (verdict.kind === 'fine' && !isReadable) decide('unreadable');
      const isQuiet = clock.now() - (upMs ?? lastLineMs) > (upMs === null ? QUIET_MS : UP_MS);
      if (verdict.kind === 'fine' && isQuiet) decide('quiet');
    }
  };
  // After `stop` both end with the abort's reason, and nobody listens any more.
  const work = [follow(), inspect()].map((each) => each.catch((error: unknown) => fail(error)));

  return {
    reader,
    settled: Promise.race([settled, failed]),
    failed,
    up,
    start: () => `${latest.state.restartCount} ${latest.state.startedAt}`,
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
function failureOf(reader: LogReader, otherwise: AppError): AppError {
  return isFault(reader.diagnosis()) ? bootstrapFailed(reader) : otherwise;
}

function bootstrapFailed(reader: LogReader): AppError {
  const { cause, fix } = reader.diagnosis();
  return new AppError('bootstrap-failed', cause, { hint: fix });
}
