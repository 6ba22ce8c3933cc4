import { AppError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { readOAuthError } from '../idp/refusals.ts';
import { pathOf } from '../postman/collection.ts';
import type { MintPlan } from '../postman/mint-plan.ts';

/**
 * Why the request that mints was not sent after its logins: the first that failed in its last turn.
 *
 * @param exchanges what ran
 * @param shown the same as it may be shown
 */
export function loginFailed(
  { logins, mint }: MintPlan,
  exchanges: readonly Exchange[],
  shown: readonly Exchange[],
): AppError {
  for (const place of logins) {
    const index = exchanges.findLastIndex(({ id }) => id === place.item.id);
    const why = index < 0 ? null : failureOf(exchanges[index] as Exchange, shown[index] as Exchange);
    if (why !== null) {
      return new AppError('login-failed', `The login "${pathOf(place)}" failed: ${why}.`, {
        hint: 'Nothing was minted. Run it in Postman with the same values; the report has what was sent and answered.',
      });
    }
  }
  const last = exchanges.at(-1)?.name ?? '';
  return new AppError('login-failed', `A script of the login ended the run after "${last}".`, {
    hint: `Nothing was minted: "${pathOf(mint)}" did not run. Look at setNextRequest in that script.`,
  });
}

/** A few words; null: it did not fail. */
function failureOf({ response, error, isSkipped }: Exchange, shown: Exchange): string | null {
  if (error?.kind === 'network') return `no answer came${error.code === '' ? '' : ` (${error.code})`}`;
  if (response !== null && response.status >= 400) {
    const { error: code, description } = readOAuthError(response);
    return `it was answered with ${response.status}${code}${description.replace(/\.$/, '')}`;
  }
  const check = shown.assertions.find(({ status }) => status === 'failed');
  if (check !== undefined) return `its check "${check.name}" failed`;
  if (error !== null) return `its script broke: ${shown.error?.message ?? ''}`.trimEnd().replace(/[.:]$/, '');
  return response === null && !isSkipped ? 'no answer came' : null;
}
