import { exitCodeOf, toAppError } from '../core/errors.ts';
import { toFailure } from '../core/result.ts';
import { renderFailure } from './outcome.ts';
import { hintForCaller } from './same-options.ts';
import type { Session } from './session.ts';
import { signsOf } from './terminal-text.ts';

/**
 * Prints what kept a command from its work that leaves no report.
 *
 * @returns the exit code
 */
export function printFailure({ outside, human, redact }: Session, error: unknown): number {
  const { hint, ...rest } = toFailure(toAppError(error));
  const failure = { ...rest, hint: hint && hintForCaller(hint, outside.host.caller) };
  human.print(...renderFailure(failure, { columns: human.columns, signs: signsOf(human), quiet: false, redact }));
  return exitCodeOf(failure.code);
}
