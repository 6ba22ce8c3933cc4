import { nounOf } from '../bff/verdict.ts';
import { AppError, exitCodeOf } from '../core/errors.ts';
import type { Instance } from '../core/stack.ts';

/** An instance that is not well, and why. */
export interface Ill {
  readonly name: string;
  readonly error: AppError;
}

/** So many names or reasons are shown. */
const SHOWN = 4;

/** "bff-1, bff-2, bff-3 and 7 more" */
export function listNames(names: readonly string[]): string {
  if (names.length <= SHOWN) return names.join(', ');
  return `${names.slice(0, SHOWN - 1).join(', ')} and ${names.length - SHOWN + 1} more`;
}

/** "2 of 3 pods are registered" */
export function countWell(
  well: number,
  wanted: number,
  instance: Instance | null | undefined,
  what: 'registered' | 'healthy' | 'well',
): string {
  return `${well} of ${wanted} ${nounOf(instance)}${wanted === 1 ? '' : 's'} ${well === 1 ? 'is' : 'are'} ${what}`;
}

/**
 * One error for what is wrong with some of several instances: how many are well, which are not, and why. Of a single instance
 * it is its own. The code is that of the cause where there is one cause; several that fail by what they log are `not-registered`,
 * as are different causes.
 *
 * @param count how many of how many are well, as a sentence without its full stop
 * @param ill at least one, the one that failed first in front
 */
export function errorOfSome(count: string, wanted: number, ill: readonly [Ill, ...Ill[]]): AppError {
  const [{ error: first }, ...others] = ill;
  const aside = ill.find(({ error }) => exitCodeOf(error.code) !== 1);
  if (aside !== undefined) return aside.error;
  if (wanted < 2 && others.length === 0) return first;
  const names = new Map<string, string[]>();
  for (const { name, error } of ill) names.set(error.message, [...(names.get(error.message) ?? []), name]);
  const reasons = [...names].map(([why, who]) => `${listNames(who)} ${who.length === 1 ? 'is' : 'are'} not: ${why}`);
  const more = reasons.length > SHOWN ? [`The same goes for others: the report has each.`] : [];
  const isOne = others.every(({ error }) => error.code === first.code) && (others.length === 0 || isByState(first));
  return new AppError(
    isOne ? first.code : 'not-registered',
    [`${count}.`, ...reasons.slice(0, SHOWN), ...more].join(' '),
    { ...(first.hint === undefined ? {} : { hint: first.hint }), cause: first },
  );
}

/** What the code says is what happened, and not only that its log names a cause. */
function isByState({ code }: AppError): boolean {
  return code !== 'bootstrap-failed';
}
