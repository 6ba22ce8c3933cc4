import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { AppError } from '../core/errors.ts';
import type { Interruption } from '../core/ports.ts';

/** On Windows SIGBREAK is Ctrl-Break, SIGHUP the closing of the window, and nobody gets SIGTERM. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGBREAK: 130 } as const;

/** npm passes on a Ctrl-C that the terminal has sent to every process already: within this time it is the same one again. */
const SAME_MS = 500;

/**
 * Turns the first interrupting signal into an abort, so that the run can end cleanly and still write its report. A second
 * one ends the process at once. `release` restores Node's own handling, which ends the process at the first signal; `take` is
 * the way back. What came in between and was not heard is lost.
 */
export function catchInterruption(): Interruption & { release(): void; take(): void } {
  const controller = new AbortController();
  let first: { readonly exitCode: number; readonly atMs: number } | null = null;
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const).map((name) => {
    const handler = () => {
      const nowMs = performance.now();
      if (first === null) {
        first = { exitCode: EXIT_CODES[name], atMs: nowMs };
        controller.abort(new AppError('interrupted', 'Interrupted.', { hint: 'Running again is safe.' }));
      } else if (nowMs - first.atMs > SAME_MS) process.exit(first.exitCode);
    };
    return { name, handler };
  });
  const release = () => {
    for (const { name, handler } of handlers) process.off(name, handler);
  };
  const take = () => {
    release();
    for (const { name, handler } of handlers) process.on(name, handler);
  };
  take();
  return {
    signal: controller.signal,
    exitCode: () => first?.exitCode ?? null,
    release,
    take,
  };
}
