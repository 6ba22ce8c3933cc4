import { AppError } from '../core/errors.ts';
import type { Stack } from '../core/stack.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

export interface Turn {
  /** Another run had it first: what was looked at before may have changed. */
  readonly hasWaited: boolean;
  release(): Promise<void>;
}

/**
 * Waits until no other run is at work on the file that is to be written: two at once would restart each other's BFF. The turn
 * lasts until the verdict. For a workload of a cluster it is one among the runs of this machine's user; those of others are
 * noticed when the Secret is written.
 *
 * @param place the file that is to be written, where the stack names nothing else
 * @throws AppError `file-busy` when the time for the whole run is up before
 */
export async function takeTurn(
  { tools, recorder, signal }: Context,
  scope: StepScope,
  { turn }: Pick<Stack, 'turn'>,
  place: string,
): Promise<Turn> {
  const file = turn === undefined ? place : await tools.turnFile(turn);
  const subject = turn ?? place;
  if (file === null) {
    scope.note(`There is no folder for locks, so another run at work on ${subject} would not be noticed.`);
    return { hasWaited: false, release: async () => {} };
  }
  const startMs = recorder.elapsedMs();
  const seconds = () => `${Math.round((recorder.elapsedMs() - startMs) / 1_000)} s`;
  let owner: string | null = null;
  const onWait = (who: string) => {
    if (owner !== who)
      scope.warn(`Another run (${who}) is at work on ${subject}. This one waits until that has ended.`);
    owner = who;
    scope.progress(`waiting for another run (${who}), ${seconds()} so far`);
  };
  const { release } = await tools.files.takeTurn(file, onWait, signal).catch((error: unknown) => {
    if (owner === null || !(error instanceof AppError) || error.code !== 'timeout') throw error;
    throw new AppError(
      'file-busy',
      `Another run (${owner}) is at work on ${subject}, and has not ended in ${seconds()}.`,
      {
        hint: `Run again when it has ended, or wait longer with --timeout. If nothing runs there, remove ${file}.run.lock.`,
        cause: error,
      },
    );
  });
  if (owner !== null) scope.note(`Waited ${seconds()} for another run (${owner}) to end.`);
  return { hasWaited: owner !== null, release };
}
