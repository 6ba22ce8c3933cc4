import type { DiagnosisCode } from '../core/diagnosis.ts';
import { AppError, type Hint } from '../core/errors.ts';
import type { StepName, TokenFacts } from '../core/result.ts';
import { titleOf } from '../postman/request-plan.ts';
import { watchUntilHealthy } from './bootstrap.ts';
import { clearToken } from './clear.ts';
import type { Context } from './job.ts';
import { mint } from './mint.ts';
import { type Plan, preflight } from './preflight.ts';
import type { Outcome } from './recorder.ts';
import { restart } from './restart.ts';
import { write } from './write.ts';

export const IAT_STEPS: readonly StepName[] = ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'];

/**
 * The main job: from a BFF that fails because it has no Initial Access Token to one that is registered and healthy. A token
 * that was minted is not lost by a later failure: it stays written, and `next` says how to go on.
 */
export async function runIat(context: Context): Promise<Outcome> {
  const { job, recorder, tools, signal } = context;
  const plan = await recorder.step('preflight', (scope) => preflight(context, scope));
  if (job.dryRun) return describePlan(context, plan);
  const { adminToken, stack } = plan;
  if (adminToken === null) throw new AppError('admin-token-missing', 'There is no admin token.');

  const admin = { token: adminToken, current: plan.current };
  const minted = await recorder.step('mint', (scope) => mint(context, scope, plan.mint, admin));
  let found: Outcome = { verdict: 'failed', token: minted.facts };
  // The health folder runs in an engine of its own, which loads while compose works.
  tools.collections.preload();
  try {
    const written = await recorder.step('write', (scope) => write(context, scope, plan, minted));
    found = { ...found, change: written.change };
    if (written.doubt !== null) throw written.doubt;
    const again = stack.byHand.restart;
    if (!job.restart) {
      recorder.skip(['restart', 'bootstrap', 'health', ...(job.clear ? (['clear'] as const) : [])], '--no-restart');
      const next = { text: 'The token is written. It takes effect at the next start:', command: again };
      return { ...found, verdict: 'planned', next: [next] };
    }

    const stays = 'The token is written and stays in place.';
    found = { ...found, next: [{ text: `${stays} To retry the restart:`, command: again }] };
    let isStarted = false;
    const onStart = () => {
      isStarted = true;
    };
    const instance = await recorder
      .step('restart', (scope) => restart(context, scope, stack, minted.secret, onStart))
      .catch(async (error: unknown) => {
        // An interruption before anything happened leaves nothing behind.
        if (!isStarted && error instanceof AppError && error.code === 'interrupted') {
          await written.putBack();
          found = { verdict: 'failed', token: minted.facts };
        }
        throw error;
      });

    const { error, ...watched } = await watchUntilHealthy(context, plan, instance);
    // A plain restart would leave the new instance as it is.
    found = {
      ...found,
      ...watched,
      next: [{ text: `${stays} To retry the restart:`, command: stack.byHand.recreate }],
    };
    if (error !== undefined) throw error;
    const use = describeUse(watched.diagnosis.code, minted.facts);
    found = { ...found, verdict: 'healthy', facts: [['Token', use]] };
    const unused: Hint[] = watched.diagnosis.code === 'credentials-cached' ? [{ text: use }] : [];
    if (!job.clear) {
      const clear = {
        text: `The BFF has cached its credentials now. Take ${job.variable} out again (with the same options):`,
        command: 'npm run iat:clear',
      };
      return { ...found, next: [...unused, clear] };
    }

    const planned = await stack.planClear(await tools.priorValue(plan.write.place), signal);
    const cleared = await clearToken(context, { stack, health: plan.health, planned, instance });
    return {
      ...found,
      ...cleared,
      change: cleared.change ?? found.change ?? null,
      next: [...unused, ...(cleared.next ?? [])],
    };
  } catch (error) {
    return { ...found, error };
  }
}

/** `--dry-run`: what would happen, to read. */
function describePlan({ recorder }: Context, plan: Plan): Outcome {
  recorder.skip(IAT_STEPS.slice(1), 'dry run');
  const { byHand } = plan.stack;
  const token = `with the admin token${plan.adminToken === null ? ' (none was given yet)' : ''}`;
  const next = [
    { text: `mint: POST ${plan.mint.url.href} ${token}` },
    { text: `write: ${plan.write.place}` },
    { text: 'check:', command: byHand.check },
    { text: 'restart:', command: byHand.restart },
    { text: 'follow:', command: byHand.follow },
    { text: `health: ${titleOf(plan.health)}` },
  ];
  return { verdict: 'planned', change: plan.write.preview, next };
}

/** What became of the token: a BFF that has cached credentials leaves it alone. */
function describeUse(code: DiagnosisCode, { expiresAt }: TokenFacts): string {
  if (code === 'registered') return 'The BFF used it to register.';
  if (code !== 'credentials-cached') return 'It is not known whether the BFF used it: its log does not say.';
  const end = expiresAt === null ? 'the IdP did not say when it expires' : `it expires at ${expiresAt.toISOString()}`;
  return `The BFF started from its cached credentials, so the new token was not used; ${end}.`;
}
