import { AppError, type ErrorCode } from '../core/errors.ts';
import type { CommandResult } from '../core/ports.ts';

/**
 * The reason of an answer of the API server, as kubectl prints it: `Error from server (NotFound): …`. It is part of the API
 * (`metav1.StatusReason`), unlike every other word on stderr. null: there is none.
 */
export function reasonOf({ stderr }: Pick<CommandResult, 'stderr'>): string | null {
  const reasons = [...stderr.matchAll(/^(?:error: )?Error from server \((\w{1,60})\)/gm)];
  if (reasons.length > 0) return reasons.at(-1)?.[1] ?? null;
  return /^error: You must be logged in to the server \(/m.test(stderr) ? 'Unauthorized' : null;
}

/**
 * Why a call of kubectl failed. Nothing of its stderr is quoted: an answer to a patch may hold a whole Secret
 * (kubernetes/kubernetes: "Invalid value: {the object}").
 *
 * @param typed the call as a person types it
 */
export function kubectlFailure(result: CommandResult, typed: string, program: string): AppError {
  const reason = reasonOf(result);
  const make = (code: ErrorCode, message: string, text: string, command: string | undefined = typed) =>
    new AppError(code, message, { hint: { text, ...(command === undefined ? {} : { command }) } });
  if (result.startError !== null)
    return new AppError('kubectl-missing', `${program} could not be started (${result.startError}).`, {
      hint: 'Install kubectl, or name the program with --kubectl, such as --kubectl oc.',
    });
  if (result.timedOut)
    return make(
      'cluster-unreachable',
      'The cluster did not answer in time.',
      'A VPN that is off or a login that waits for a browser may be the reason. To see it:',
    );
  if (reason === 'Unauthorized')
    return make('cluster-unauthorized', 'The cluster does not accept your login.', 'Log in again. To see it:');
  if (reason === 'Forbidden')
    return make('rights-missing', 'The cluster forbids this call.', 'Ask for the right to make it:');
  if (reason === null) {
    const known = KNOWN.find(([pattern]) => pattern.test(result.stderr));
    if (known !== undefined) return make(known[1], known[2], known[3]);
  }
  const why = reason === null ? `exit code ${result.exitCode ?? 'none'}` : reason;
  return make(
    'kubectl-failed',
    `A call of ${program} failed (${why}).`,
    'Its own words may hold secrets, so they are not shown. To see them:',
  );
}

/** Sentences of kubectl that are known, and what each means. */
const KNOWN: readonly (readonly [RegExp, ErrorCode, string, string])[] = [
  [
    /getting credentials: exec|executable .{1,200} not found/,
    'cluster-unauthorized',
    'The program that logs in to the cluster failed.',
    'Log in again as your cluster wants it. To see it:',
  ],
  [
    /^(?:error: )?(?:Unable to connect to the server|The connection to the server .{1,300} was refused|dial tcp)/m,
    'cluster-unreachable',
    'The cluster cannot be reached.',
    'Check the VPN, the cluster and the context. To see it:',
  ],
  [
    /context .{1,300} does not exist|no context exists with the name|context was not found for specified context/,
    'context-unknown',
    'The kubeconfig has no such context.',
    'Name one of them with --context:',
  ],
];
