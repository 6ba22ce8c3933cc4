import { type DiagnosisCode, isGood } from '../core/diagnosis.ts';
import { AppError, type Hint, toAppError } from '../core/errors.ts';
import { isUnreachable } from '../core/reach.ts';
import type { StepName, TokenFacts } from '../core/result.ts';
import type { Instance, PlannedWrite, Stack } from '../core/stack.ts';
import { pathOf } from '../postman/collection.ts';
import { titleOf } from '../postman/request-plan.ts';
import { targetOf } from '../postman/variables.ts';
import { watchUntilHealthy } from './bootstrap.ts';
import { clearToken } from './clear.ts';
import type { Context } from './job.ts';
import { mint } from './mint.ts';
import { type Plan, planAgain, preflight, sayWhere, verifyNoTokenNeeded } from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';
import { restart } from './restart.ts';
import { type Turn, takeTurn } from './turn.ts';
import { write } from './write.ts';

export const IAT_STEPS: readonly StepName[] = ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'];

/**
 * The main job: from a BFF that fails because it has no Initial Access Token to one that is registered and healthy. A token
 * that was minted is not lost by a later failure: it stays written, and `next` says how to go on.
 */
export async function runIat(context: Context): Promise<Outcome> {
  const { job, recorder, tools, signal } = context;
  let plan = await recorder.step('preflight', (scope) => preflight(context, scope));
  if (job.dryRun) return describePlan(context, plan);
  const { adminToken, stack } = plan;

  let turn: Turn | null = null;
  let found: Outcome = { verdict: 'failed' };
  try {
    const minted = await recorder.step('mint', async (scope) => {
      turn = await takeTurn(context, scope, plan.stack, plan.write.place);
      if (turn.hasWaited) plan = await planAgain(context, scope, plan);
      await prepare(context, scope, plan);
      return mint(context, scope, plan.mint, { token: adminToken, current: plan.current });
    });
    found = { verdict: 'failed', token: minted.facts };
    // The health folder runs in an engine of its own, which loads while compose works.
    if (job.restart) tools.collections.preload();
    const written = await recorder.step('write', (scope) => write(context, scope, plan, minted));
    found = { ...found, change: written.change };
    if (written.doubt !== null) throw written.doubt;
    const again = stack.byHand.restart;
    if (!job.restart) {
      recorder.skip(['restart', 'bootstrap', 'health', ...(job.clear ? (['clear'] as const) : [])], '--no-restart');
      const next = { text: 'The token is written. It takes effect with this restart:', command: again };
      return { ...found, verdict: 'planned', next: [next] };
    }

    found = { ...found, next: [{ text: `${STAYS} To retry the restart:`, command: again }] };
    let isStarted = false;
    const onStart = () => {
      isStarted = true;
    };
    const restarted = await recorder
      .step('restart', async (scope) => {
        const made = await restart(context, scope, stack, minted.secret, onStart);
        sayWhere(scope, plan.healthOf(made.instances[0]), stack, job);
        return made;
      })
      .catch(async (error: unknown) => {
        // An interruption before anything happened leaves nothing behind.
        if (!isStarted && error instanceof AppError && error.code === 'interrupted') {
          await written.putBack();
          found = { verdict: 'failed', token: minted.facts };
        }
        throw error;
      });

    const { healthOf, isShared } = plan;
    const watching = { stack, healthOf, isShared, mintedAt: plan.mint.url.origin, before: plan.instances };
    const { error, isCached: _, ...watched } = await watchUntilHealthy(context, watching, restarted);
    const { instances } = restarted;
    // A plain restart would leave the new instance as it is.
    found = {
      ...found,
      ...watched,
      next: [nextAfter(error, watched.diagnosis.code, stack)],
    };
    if (error !== undefined) throw error;
    const use = describeUse(watched.diagnosis.code, minted.facts, restarted.wanted !== undefined);
    found = { ...found, verdict: 'healthy', facts: [['Token', use]] };
    const unused: Hint[] = watched.diagnosis.code === 'credentials-cached' ? [{ text: use }] : [];
    if (!job.clear) return { ...found, next: [...unused, adviceOnClear(context, plan.write, instances[0])] };

    const planned = await stack.planClear(await tools.priorValue(plan.write.place), signal);
    const cleared = await clearToken(context, { stack, healthOf, isShared, planned, instances });
    return {
      ...found,
      ...cleared,
      change: cleared.change ?? found.change ?? null,
      next: [...unused, ...(cleared.next ?? [])],
    };
  } catch (error) {
    return { ...found, error };
  } finally {
    await (turn as Turn | null)?.release();
  }
}

const STAYS = 'The token is written and stays in place.';

/** How to go on where the new instance is not as it should be. A plain restart would leave it as it is. */
function nextAfter(error: unknown, code: DiagnosisCode, { byHand }: Stack): Hint {
  if (code === 'iat-invalid') return { text: 'The token is written and stays in place, although the IdP refuses it.' };
  if (code === 'keys-differ') return { text: STAYS };
  // What it needed the token for is done, and it runs: another start would change nothing.
  if (isGood({ code }) && error instanceof AppError && error.code === 'bff-unhealthy')
    return {
      text: `${STAYS} The BFF has its credentials, so no other token is needed. To check it again:`,
      command: 'npm run health',
    };
  return { text: `${STAYS} To retry the restart:`, command: byHand.recreate };
}

/**
 * What the restart would do anyway and what could undo the token, such as an IdP that gets a new container and forgets it: done before
 * there is one. An IdP that was started has to answer first.
 */
async function prepare(context: Context, scope: StepScope, { stack, before, mint }: Plan): Promise<void> {
  if (before.length === 0) return;
  const { job, tools, signal } = context;
  await stack.prepare(scope, signal);
  const endMs = tools.clock.now() + job.healthTimeoutMs;
  scope.progress(`waiting for ${mint.url.origin} to answer`);
  for (;;) {
    const reach = await tools.reach(`${mint.url.origin}/`, signal);
    const isStarting =
      (isUnreachable(reach) && reach.kind !== 'tls') || (reach.kind === 'answered' && reach.status >= 500);
    // What is wrong then is said by the mint.
    if (!isStarting || tools.clock.now() >= endMs) return;
    await tools.clock.sleep(ANSWER_POLL_MS, signal);
  }
}

const ANSWER_POLL_MS = 500;

/** To take the token out again, where the BFF can do without. */
function adviceOnClear(context: Context, { leftover }: PlannedWrite, instance: Instance): Hint {
  const { job } = context;
  if (leftover)
    return {
      text: `The BFF has cached its credentials now. Before ${job.variable} can be taken out again: ${leftover.message} ${leftover.hint?.text ?? ''} Then:`,
      command: 'npm run iat:clear',
    };
  try {
    verifyNoTokenNeeded(context, instance.env, instance);
  } catch (error) {
    const { message, hint } = toAppError(error);
    return {
      text: `${message} This token does for one start: before the next one, mint another, or change that. ${hint?.text ?? ''}`.trim(),
    };
  }
  return {
    text: `The BFF has cached its credentials now. Take ${job.variable} out again:`,
    command: 'npm run iat:clear',
  };
}

/** `--dry-run`: what would happen, to read. */
function describePlan({ recorder }: Context, plan: Plan): Outcome {
  recorder.skip(IAT_STEPS.slice(1), 'dry run');
  const { byHand } = plan.stack;
  const { mint } = plan;
  const token =
    mint.authorization === null
      ? `with the admin token${plan.adminToken === null ? ' (none was given yet)' : ''}`
      : `with the authorization ${mint.authorization.from}`;
  const address = targetOf(mint.mint, mint.values);
  const next = [
    ...plan.before.map((each) => ({ text: `first: ${each}` })),
    ...mint.logins.map((each) => ({ text: `login: ${pathOf(each)}` })),
    { text: `mint: ${mint.mint.item.request?.method ?? 'GET'} ${address} ${token}` },
    withCommand(`write: ${plan.write.place}`, plan.write.command),
    { text: 'check:', command: byHand.check },
    { text: 'restart:', command: byHand.restart },
    { text: 'follow:', command: byHand.follow },
    { text: `health: ${titleOf(plan.health) || 'not checked (--no-restart)'}` },
  ];
  return { verdict: 'planned', change: plan.write.preview, next };
}

/** A line of the plan, with what a person would type. */
function withCommand(text: string, command: string | undefined): Hint {
  return command === undefined ? { text } : { text, command };
}

/** What became of the token: a BFF that has cached credentials leaves it alone. */
function describeUse(code: DiagnosisCode, { expiresAt }: TokenFacts, canBeReplaced: boolean): string {
  if (code === 'registered') return 'The BFF used it to register.';
  if (code !== 'credentials-cached') return 'It is not known whether the BFF used it: its log does not say.';
  const end = expiresAt === null ? 'the IdP did not say when it expires' : `it expires at ${expiresAt.toISOString()}`;
  // One that was replaced meanwhile may have registered for the others.
  if (canBeReplaced)
    return `What runs now started from cached credentials, so the new token may not have been used; ${end}.`;
  return `The BFF started from its cached credentials, so the new token was not used; ${end}.`;
}
