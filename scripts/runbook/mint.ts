import { AppError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { TokenFacts } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { refusalOf, retryDelayMs } from '../idp/refusals.ts';
import { asksForLife, readToken } from '../idp/token.ts';
import { headerIn } from '../postman/body-text.ts';
import { type MintPlan, toMintRun, withAdminToken } from '../postman/mint-plan.ts';
import { secretsInAnswer, withoutValues } from '../secrets/answer.ts';
import { BY_SCRIPT, isReplaced } from './authorization.ts';
import type { Context } from './job.ts';
import { loginFailed } from './login.ts';
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
  admin: { readonly token: Secret | null; readonly current: string | null },
): Promise<Minted> {
  const { job, tools, recorder, signal } = context;
  const limitMs = job.timeoutRequestMs ?? REQUEST_TIMEOUT_MS;
  const limits = { requestTimeoutMs: limitMs, signal };
  for (let tries = 1; ; tries++) {
    scope.progress(`asking ${plan.url.host}${tries > 1 ? `, try ${tries} of ${MAX_TRIES}` : ''}`);
    const startMs = recorder.elapsedMs();
    const onCut = (exchanges: readonly Exchange[]) => {
      const shown = exchanges.map((each) => hidden(context, each, each.response?.body?.text ?? '', []));
      scope.attempt({ startMs, durationMs: recorder.elapsedMs() - startMs, passed: false, exchanges: shown });
    };
    const sent = admin.token === null ? plan : withAdminToken(plan, admin.token);
    const run = toMintRun(sent, job, { ...limits, onCut });
    const outcome = await tools.collections.run(run);
    const { exchanges } = outcome;
    const isMint = (each: Exchange) =>
      each.id === undefined ? each.name === plan.mint.item.name : each.id === plan.mint.item.id;
    const exchange = exchanges.find(isMint) ?? (plan.logins.length === 0 ? exchanges.at(-1) : undefined);
    const durationMs = recorder.elapsedMs() - startMs;
    const bodyOf = (each: Exchange) => (each === exchange ? outcome.lastBody : each.response?.body?.text) ?? '';
    const set = Object.values(outcome.variables);
    const record = (passed: boolean) => {
      // What is not understood may hold a live token anywhere, and what a login answers is never read: before anything of it is
      // recorded, its values become secrets.
      const isRead = (each: Exchange) => passed && each === exchange;
      const shown = exchanges.map((each) => (isRead(each) ? each : hidden(context, each, bodyOf(each), set)));
      scope.attempt({ startMs, durationMs, passed, exchanges: shown });
      return shown;
    };

    if (exchange === undefined) {
      const shown = record(false);
      throw plan.logins.length > 0 && exchanges.length > 0
        ? loginFailed(plan, exchanges, shown)
        : new AppError('newman-failed', 'Newman did not send the mint request.', {
            hint: 'Look at the pre-request scripts of the collection: one may skip the request.',
          });
    }
    const authorization = isReplaced(scope, admin.token, exchange) ? BY_SCRIPT : (plan.authorization?.from ?? null);
    // Parts of its path may have been set by the run.
    const { url } = exchange.request;
    const refusal = refusalOf(exchange, URL.canParse(url) ? new URL(url) : plan.url, tools.clock.date(), {
      authorization,
      limitMs,
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

/** The exchange with the structure of its answer only; whatever may be secret in that is masked from now on. */
function hidden({ tools }: Context, exchange: Exchange, body: string, set: readonly string[]): Exchange {
  for (const value of secretsInAnswer(exchange, body, set)) tools.learn(new Secret(value, "the IdP's answer"), 'found');
  return withoutValues(exchange, body, set);
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
