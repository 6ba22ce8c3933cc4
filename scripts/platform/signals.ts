import process from 'node:process';
import { AppError } from '../core/errors.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Ctrl-C and friends as one abort signal. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** 128 + the signal's number; null when nobody interrupted. */
  exitCode(): number | null;
  /** Gives the signals back to Node's own handling. */
  release(): void;
}

/**
 * Turns the first interrupting signal into an abort, so that the run can end cleanly and still write its report. A second
 * one ends the process at once.
 */
export function catchInterruption(): Interruption {
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
