import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Kubectl } from './kubectl.ts';

/** Before a stream that was cut is begun again. */
const AGAIN_MS = 500;

/**
 * Watches one object until it is as it has to be.
 *
 * @param what kind and name
 * @returns null: the time is over
 */
export async function watchUntil<T>(
  kubectl: Kubectl,
  what: readonly [kind: string, name: string],
  isThere: (object: T) => boolean,
  { ms, clock }: { readonly ms: number; readonly clock: Clock },
  signal: AbortSignal,
): Promise<T | null> {
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  const over = new AppError('interrupted', 'The wait has ended.');
  void clock.sleep(ms, end).then(
    () => ending.abort(over),
    () => {},
  );
  try {
    while (!end.aborted) {
      const args = ['get', ...what, '--watch=true', '--watch-only=false', '--output-watch-events=true'];
      for await (const { object } of kubectl.documents<{ readonly object: T }>(args, end))
        if (isThere(object)) return object;
      await clock.sleep(AGAIN_MS, end).catch(() => {});
    }
  } finally {
    ending.abort(over);
  }
  signal.throwIfAborted();
  return null;
}
