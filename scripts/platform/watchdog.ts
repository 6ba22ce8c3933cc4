import { closeSync, writeSync } from 'node:fs';
import process from 'node:process';
import { Worker } from 'node:worker_threads';

/** How often the main thread comes by. */
const BEAT_MS = 250;

const DEFAULTS = { blockedMs: 2_000, graceMs: 5_000, lastWordsMs: 10_000 };

/** Where the watching thread finds what it is to call in this one. */
const ENTRY = 'bff-iat.watchdog';

export interface Watched {
  /** Milliseconds that the work may still take. */
  leftMs(): number;
  /** This thread does one piece of work and comes to nothing else: it hears no signal, so that Node's own way has to do. */
  onBlocked(): void;
  /** It has come back. */
  onBack(): void;
  /** The time is up, and the work goes on and on. Says and writes what it can without waiting for anything. */
  onEnd(): void;
  readonly exitCode: number;
  /** For standard error, where not even `onEnd` could be called. */
  readonly lastWords: string;
  /** Without coming by for so long, this thread is blocked; so long after its time, it is ended, with so long for `onEnd`. */
  readonly limits?: typeof DEFAULTS;
}

/**
 * Holds a time limit against work that never lets go of this thread, such as a regular expression or endless promises: a
 * thread of its own looks whether this one still comes by, and ends the process where its time is up. Neither keeps the
 * process alive.
 */
export function startWatchdog(watched: Watched): { stop(): void } {
  const shared = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT);
  const times = new Float64Array(shared);
  let isBlocked = false;
  const beat = () => {
    const nowMs = Number(process.hrtime.bigint() / 1_000_000n);
    times.set([nowMs, nowMs + watched.leftMs()]);
    if (isBlocked) watched.onBack();
    isBlocked = false;
  };
  const call = (what: 'blocked' | 'end') => {
    if (what === 'blocked') {
      isBlocked = true;
      return watched.onBlocked();
    }
    try {
      watched.onEnd();
    } finally {
      // Node would write to it that a debugger is still connected.
      closeSync(2);
      process.exit(watched.exitCode);
    }
  };
  Object.assign(globalThis, { [Symbol.for(ENTRY)]: call });
  beat();
  const timer = setInterval(beat, BEAT_MS).unref();
  const thread = new Worker(new URL('./watchdog.mjs', import.meta.url), {
    workerData: { ...DEFAULTS, ...watched.limits, shared, entry: ENTRY, lastWords: watched.lastWords },
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  // Without it the limit still holds for all that lets go of the thread.
  thread.on('error', () => {}).unref();
  return {
    stop() {
      clearInterval(timer);
      void thread.terminate();
    },
  };
}

/** Writes before it returns. What a full pipe does not take is lost: nobody waits for its reader any more. */
export function writeNow(stream: 'stdout' | 'stderr', text: string): void {
  try {
    writeSync(stream === 'stdout' ? 1 : 2, text);
  } catch {
    // The stream is closed, or its reader does not read.
  }
}
