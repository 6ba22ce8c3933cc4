import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BUNDLES, type Bundles } from './bundles.ts';
import type { Order, Report } from './newman-messages.ts';

/** Megabytes of JavaScript objects; the bytes of bodies do not count. An answer of 64 MB as JSON fits. */
const HEAP_MB = 1_024;
const YOUNG_HEAP_MB = 12;

/** Why a worker came to its end before the run did. */
export type Death =
  | { readonly kind: 'memory'; readonly megabytes: number }
  /** `process.exit(code)`. */
  | { readonly kind: 'exit'; readonly code: number }
  /** An exception that nothing caught. */
  | { readonly kind: 'crash'; readonly error: unknown };

/** What hears of a run. */
export interface Listener {
  report(report: Report): void;
  /** Something was written to the worker's standard output or standard error. */
  printed(text: string, stream: 'stdout' | 'stderr'): void;
  died(death: Death): void;
}

/** A thread with Newman in it, and nothing of this process but what Newman needs. */
export interface NewmanWorker {
  readonly isAlive: boolean;
  /** Gives it an order. One at a time. */
  start(order: Order, listener: Listener): void;
  /** The run has ended: nobody listens any more, and the process need not stay for it. */
  rest(): void;
  /** Ends it, whatever it does; resolves when its memory is free again. */
  end(): Promise<unknown>;
}

/** @param env all that the worker sees of the environment */
export function startNewmanWorker(env: Readonly<Record<string, string>>): NewmanWorker {
  const worker = new Worker(...programOf(env));
  // Nothing that a script reads may wait for a person.
  worker.stdin?.end();
  worker.unref();
  let isAlive = true;
  let listener: Listener | null = null;
  const die = (death: Death) => {
    isAlive = false;
    listener?.died(death);
    listener = null;
  };
  for (const stream of ['stdout', 'stderr'] as const) {
    worker[stream].setEncoding('utf8').on('data', (text: string) => {
      if (text !== '') listener?.printed(text, stream);
    });
  }
  worker.on('message', (report: Report) => listener?.report(report));
  worker.on('messageerror', (error) => die({ kind: 'crash', error }));
  worker.on('error', (error) => {
    const isFull = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    die(isFull ? { kind: 'memory', megabytes: HEAP_MB } : { kind: 'crash', error });
  });
  worker.on('exit', (code) => die({ kind: 'exit', code }));
  return {
    get isAlive() {
      return isAlive;
    },
    start(order, heard) {
      listener = heard;
      worker.ref();
      worker.postMessage(order);
    },
    rest() {
      listener = null;
      worker.unref();
    },
    end() {
      listener = null;
      isAlive = false;
      worker.unref();
      return worker.terminate();
    },
  };
}

/**
 * What the newest Newman and its packages still do, and nobody who runs a collection can mend: `util.isArray`
 * (@postman/form-data), `fs.F_OK` (newman/lib/run/secure-fs.js), one more listener for each redirect (postman-request).
 */
const KNOWN_WARNINGS = ['DEP0044', 'DEP0176', 'MaxListenersExceededWarning'];

/** The bundled worker where this process is bundled itself, else what run.mjs makes of it. */
function programOf(env: Readonly<Record<string, string>>): ConstructorParameters<typeof Worker> {
  const bundles = (globalThis as { readonly [BUNDLES]?: Bundles })[BUNDLES];
  const name = 'postman/newman-worker-main';
  const run = fileURLToPath(new URL('../run.mjs', import.meta.url));
  return [
    bundles === undefined ? run : join(bundles.programs, `${name}.mjs`),
    {
      argv: [name],
      workerData: bundles,
      env: { ...env },
      // Else the options of this process count, and those of NODE_OPTIONS.
      execArgv: KNOWN_WARNINGS.map((each) => `--disable-warning=${each}`),
      stdin: true,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    },
  ];
}
