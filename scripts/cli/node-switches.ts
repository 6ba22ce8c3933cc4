import { AppError } from '../core/errors.ts';

/** Options of Node.js that let others read its memory, or that write it to a file. */
const REVEALING =
  /^--(?:inspect|debug|report-|experimental-report|heapsnapshot-|heap-prof|abort-on-uncaught-exception|prof\b|trace-event|trace-tls|trace(?:=|$)|tls-keylog|cpu-prof)/;

/**
 * Refuses to work where Node.js itself would print what is sent and received, or would store or show its memory: nothing of
 * that passes a masker (Node.js, "Command-line API").
 *
 * @param options of Node.js, as they were given to the process
 * @throws AppError `bad-value`
 */
export function verifyNode(env: Readonly<Record<string, string | undefined>>, options: readonly string[]): void {
  const debug = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE'].find((name) => env[name]);
  if (debug !== undefined) throw revealed(`${debug}=${env[debug]}`, 'print what is sent, with its secrets', debug);
  const given = [...(env['NODE_OPTIONS'] ?? '').split(/[\s"]+/), ...options];
  const found = given.find((option) => REVEALING.test(option.replaceAll('_', '-')));
  if (found !== undefined)
    throw revealed(found.split('=')[0] ?? '', 'show or store its memory, with its secrets', found);
}

function revealed(what: string, does: string, remove: string): AppError {
  const name = remove.startsWith('-') ? 'that option (from the command or from NODE_OPTIONS)' : remove;
  return new AppError('bad-value', `${what} makes Node.js ${does}.`, {
    hint: `Remove ${name} and run again. If you want that, and nobody else reads it, say --force.`,
  });
}
