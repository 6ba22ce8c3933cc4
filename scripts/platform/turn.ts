import { setTimeout as delay } from 'node:timers/promises';
import { LockHeld, takeLock } from './file-lock.ts';
import { type FileSystem, toFileError } from './file-system.ts';
import { findFileTarget } from './file-target.ts';

/** Between two words about who is waited for, and how late an abort is noticed at most. */
const LOOK_MS = 1_000;

/**
 * The turn of a whole run at a file: `<file>.run.lock`, taken as the lock for a write is, but waited for until the signal aborts.
 * While a file is written, the run that has its turn takes the other lock as well.
 */
export async function takeTurn(
  fs: FileSystem,
  path: string,
  onWait: (owner: string) => void,
  signal: AbortSignal,
): Promise<{ release(): Promise<void> }> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const target = await findFileTarget(fs, path);
      const { release } = await takeLock(fs, `${target.path}.run`, LOOK_MS);
      return { release };
    } catch (thrown) {
      if (!(thrown instanceof LockHeld)) throw toFileError(thrown, path, 'written');
      onWait(thrown.owner ?? `the one that made ${path}.run.lock`);
      // Such a lock is told at once, and not only after a while.
      if (thrown.owner === null) await delay(LOOK_MS);
    }
  }
}
