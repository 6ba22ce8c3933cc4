import { AppError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { TokenFacts } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { refusalOf, retryDelayMs } from '../idp/refusals.ts';
import { asksForLife, readToken } from '../idp/token.ts';
import { headerIn } from '../postman/body-text.ts';
import { type MintPlan, toRun, withAdminToken } from '../postman/request-plan.ts';
import { secretsInAnswer, withoutValues } from '../secrets/answer.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

/** The IdP's time for one answer, connecting included; one that is woken up takes its time. */
const REQUEST_TIMEOUT_MS = 30_000;

/** A mint is not idempotent: each further try may leave an unused token behind. */
const MAX_TRIES = 3;

export interface Minted {
  readonly secret: Secret;
  readonly facts: TokenFacts;
}

/**
 * Runs the mint request through Newman and reads the Initial Access Token out of its answer (RFC 7591 §3).
 *
 * @param current the value that the service has today
 * @throws AppError `idp-…` for what the IdP refused or could not do, `token-…` for an answer that is no token
 */
export async function mint(
  context: Context,
  scope: StepScope,
  plan: MintPlan,
  admin: { readonly token: Secret; readonly current: string | null },
): Promise<Minted> {
  const { job, tools, recorder, signal } = context;
  const limits = { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal, origins: plan.origins };
  for (let tries = 1; ; tries++) {
    scope.progress(`asking ${plan.url.host}${tries > 1 ? `, try ${tries} of ${MAX_TRIES}` : ''}`);
    const startMs = recorder.elapsedMs();
    const onCut = (exchanges: readonly Exchange[]) =>
      scope.attempt({ startMs, durationMs: recorder.elapsedMs() - startMs, passed: false, exchanges });
    const run = toRun(withAdminToken(plan, admin.token), job, { ...limits, onCut });
    const outcome = await tools.collections.run(run);
    const exchange =
      outcome.exchanges.find(({ name }) => name === plan.requests[0]?.item.name) ?? outcome.exchanges.at(-1);
    const durationMs = recorder.elapsedMs() - startMs;
    const bodyOf = (each: Exchange) => (each === exchange ? outcome.lastBody : each.response?.body?.text) ?? '';
    // What is not understood may hold a live token anywhere, so its values become secrets before anything of it is recorded.
    const record = (passed: boolean) => {
      const { exchanges } = outcome;
      const set = Object.values(outcome.variables);
      for (const each of passed ? [] : exchanges) {
        for (const value of secretsInAnswer(each, bodyOf(each), set))
          tools.learn(new Secret(value, "the IdP's answer"), 'found');
      }
      const shown = passed ? exchanges : exchanges.map((each) => withoutValues(each, bodyOf(each), set));
      scope.attempt({ startMs, durationMs, passed, exchanges: shown });
    };

    if (exchange === undefined) {
      record(false);
      throw new AppError('newman-failed', 'Newman did not send the mint request.', {
        hint: 'Look at the pre-request scripts of the collection: one may skip the request.',
      });
    }
    const refusal = refusalOf(exchange, plan.url, tools.clock.date(), {
      limitMs: REQUEST_TIMEOUT_MS,
      caFile: job.caFile,
    });
    if (refusal !== null) {
      record(false);
      const delayMs = tries < MAX_TRIES ? retryDelayMs(exchange, tries, tools.clock.date()) : null;
      if (delayMs === null) throw refusal;
      scope.note(`${refusal.message} Tried again after ${(delayMs / 1_000).toFixed(1)} s.`);
      await tools.clock.sleep(delayMs, signal);
      continue;
    }
    try {
      const { notes, warnings, ...minted } = readToken(
        {
          body: outcome.lastBody ?? '',
          type: mediaTypeOf(exchange),
          headers: exchange.response?.headers ?? [],
          variables: outcome.variables,
        },
        {
          path: job.tokenPath,
          header: job.tokenHeader,
          variable: job.tokenVariable,
          adminToken: admin.token,
          authorization: headerIn(exchange.request.headers, 'authorization'),
          current: admin.current,
          now: tools.clock.date(),
          isLifeAsked: asksForLife(exchange.request.body?.text ?? ''),
        },
      );
      // First of all, so that it is masked everywhere, also in what is already recorded.
      tools.learn(minted.secret);
      record(true);
      for (const note of notes) scope.note(note);
      for (const warning of warnings) scope.warn(warning);
      noteFailedAssertions(scope, exchange);
      scope.summary(describeToken(minted.facts, tools.clock.date()));
      return minted;
    } catch (error) {
      record(false);
      throw error;
    }
  }
}

/** Also of an answer without a body: what it was meant to be. */
function mediaTypeOf({ response }: Exchange): string {
  const named = response?.body?.type ?? headerIn(response?.headers ?? [], 'content-type');
  return named.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The collection's own tests do not decide whether there is a token, but the reader wants to know. */
function noteFailedAssertions(scope: StepScope, exchange: Exchange): void {
  for (const { name, status } of exchange.assertions) {
    if (status === 'failed') scope.note(`The collection's test "${name}" failed, although the answer holds a token.`);
  }
  if (exchange.error?.kind === 'script') {
    scope.note('A script of the collection broke, although the answer holds a token.');
  }
}

function describeToken(facts: TokenFacts, now: Date): string {
  const minutes = facts.expiresAt === null ? null : Math.round((facts.expiresAt.getTime() - now.getTime()) / 60_000);
  const life = minutes === null ? 'no known expiry' : `expires in ${minutes} min`;
  const uses = facts.maxUsages === null ? '' : facts.maxUsages === 1 ? ', 1 use' : `, ${facts.maxUsages} uses`;
  return `IAT ${facts.handle}, ${life}${uses}`;
}
