import process from 'node:process';
import { AppError } from '../core/errors.ts';
import type { Interruption } from '../core/ports.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Turns the first interrupting signal into an abort, so that the run can end cleanly and still write its report. A second
 * one ends the process at once. `release` gives the signals back to Node's own handling.
 */
export function catchInterruption(): Interruption & { release(): void } {
  const controller = new AbortController();
  let code: number | null = null;
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const handler = () => {
      if (code !== null) process.exit(code);
      code = EXIT_CODES[name];
      controller.abort(new AppError('interrupted', 'Interrupted.', { hint: 'Running again is safe.' }));
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    signal: controller.signal,
    exitCode: () => code,
    release() {
      for (const off of handlers) off();
    },
  };
}
