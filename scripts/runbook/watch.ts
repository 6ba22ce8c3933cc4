import { LogReader, SETTLE_MS } from '../bff/log-reader.ts';
import { judge } from '../bff/verdict.ts';
import { AppError } from '../core/errors.ts';
import type { Container, Stack } from '../core/ports.ts';
import type { Context } from './job.ts';

/** Between two looks at the container's state. The log is what reacts at once; this catches what the log cannot say. */
const INSPECT_EVERY_MS = 300;

/** A running BFF that has said nothing new for this long is asked by HTTP instead. */
const QUIET_MS = 10_000;

/** One container under observation: its log from the first line on, and its state, until `stop`. */
export interface Watch {
  readonly reader: LogReader;
  /** `decided`: the log says that the bootstrap succeeded; `quiet`: it runs, and says nothing. Rejects as `failed` does. */
  readonly settled: Promise<'decided' | 'quiet'>;
  /** Rejects when the BFF fails: by its log, or by what became of its container. Never resolves. */
  readonly failed: Promise<never>;
  /** Which start of the container was last seen; changes with every restart. */
  start(): string;
  stop(): Promise<void>;
}

/**
 * Watches a new container. The verdict comes from log lines and inspected states, never from compose's exit code or `--wait`,
 * which call a crash loop healthy (notes: reliability.md M11).
 */
export function watchContainer({ tools, signal }: Context, stack: Stack, first: Container): Watch {
  const { clock } = tools;
  const reader = new LogReader({ env: first.env });
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  let latest = first;
  let lastLineMs = clock.now();
  let decide: (how: 'decided' | 'quiet') => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const settled = new Promise<'decided' | 'quiet'>((resolve) => {
    decide = resolve;
  });
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  /** What follows a fatal line may name the root cause better: it gets a moment. */
  const failSoon = async (error: () => AppError) => {
    await clock.sleep(SETTLE_MS, end);
    fail(failureOf(reader, error));
  };

  /** A failed registration may be tried again by the BFF itself; then the newer lines count. */
  const failIfStillBad = async () => {
    await clock.sleep(SETTLE_MS, end);
    if (reader.reading().decided === 'bad') fail(bootstrapFailed(reader));
  };

  const follow = async () => {
    for await (const line of stack.logs(first.id, { follow: true, signal: end })) {
      lastLineMs = clock.now();
      const wasBad = reader.reading().decided === 'bad';
      const { decided } = reader.push(line);
      if (decided === 'good') decide('decided');
      if (decided === 'bad' && !wasBad) void failIfStillBad().catch(() => {});
    }
  };
  const inspect = async () => {
    while (!end.aborted) {
      const now = await stack.inspect(first.id, end);
      const verdict = judge(first, now);
      if (now !== null) latest = now;
      const code = FAILURES[verdict.kind];
      if (code !== undefined) {
        await failSoon(() => new AppError(code, verdict.message, { hint: verdict.hint }));
        return;
      }
      if (verdict.kind === 'fine' && clock.now() - lastLineMs > QUIET_MS) decide('quiet');
      await clock.sleep(INSPECT_EVERY_MS, end);
    }
  };
  // After `stop` both end with the abort's reason, and nobody listens any more.
  const work = [follow(), inspect()].map((each) => each.catch((error: unknown) => fail(error)));

  return {
    reader,
    settled: Promise.race([settled, failed]),
    failed,
    start: () => `${latest.state.restartCount} ${latest.state.startedAt}`,
    async stop() {
      stopping.abort(new AppError('interrupted', 'The watch has ended.'));
      await Promise.all(work);
    },
  };
}

const FAILURES: Partial<Record<ReturnType<typeof judge>['kind'], AppError['code']>> = {
  'not-started': 'container-not-started',
  exited: 'container-exited',
  'crash-loop': 'container-crash-loop',
  unhealthy: 'bff-unhealthy',
  replaced: 'container-replaced',
  paused: 'container-exited',
  gone: 'container-replaced',
};

/** A cause that the log names beats what merely became of the container. */
function failureOf(reader: LogReader, otherwise: () => AppError): AppError {
  const diagnosis = reader.diagnosis();
  const isFault = diagnosis !== null && !['unknown', 'registered', 'credentials-cached'].includes(diagnosis.code);
  return isFault ? bootstrapFailed(reader) : otherwise();
}

function bootstrapFailed(reader: LogReader): AppError {
  const diagnosis = reader.diagnosis();
  return new AppError('bootstrap-failed', diagnosis?.cause ?? 'The bootstrap of the BFF failed.', {
    hint: diagnosis?.fix ?? 'Look at the log excerpt in the report.',
  });
}
