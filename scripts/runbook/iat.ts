import { renderDiff } from '../compose/diff.ts';
import { renderCommand } from '../compose/failures.ts';
import type { DiagnosisCode } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import type { StepName, TokenFacts, Verdict } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import type { Context } from './job.ts';
import { mint } from './mint.ts';
import { type Plan, preflight } from './preflight.ts';
import { titleOf } from './requests.ts';
import { restart } from './restart.ts';
import { seeHealthy } from './start.ts';
import { writeToken } from './write.ts';

export const IAT_STEPS: readonly StepName[] = ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'];

/**
 * The main job: from a BFF that dies for want of an Initial Access Token to one that is registered and healthy. A token that
 * was minted is never lost by a later failure: it stays written, and `next` says what goes on from there.
 */
export async function runIat(context: Context): Promise<Verdict> {
  const { job, recorder, tools } = context;
  const plan = await recorder.step('preflight', (scope) => preflight(context, scope));
  if (job.dryRun) return describePlan(context, plan);
  const { adminToken } = plan;
  if (adminToken === null) throw new AppError('admin-token-missing', 'There is no admin token.');

  const minted = await recorder.step('mint', async (scope) => {
    const result = await mint(context, scope, plan.mint, { token: adminToken, current: plan.current });
    recorder.token = result.facts;
    scope.summary(describeToken(result.facts, tools.clock.date()));
    return result;
  });
  const putBack = await recorder.step('write', (scope) => writeToken(context, scope, plan, minted));

  const again = renderCommand(plan.stack.commands(job.service).restart);
  if (!job.restart) {
    for (const step of ['restart', 'bootstrap', 'health'] as const) recorder.skip(step, '--no-restart');
    recorder.next = [`The token is written. It counts from the next start: ${again}`];
    return 'planned';
  }
  recorder.next = [`The token is written and stays so. To try the restart again: ${again}`];
  let isStarted = false;
  const onStart = () => {
    isStarted = true;
  };
  const container = await recorder
    .step('restart', (scope) => restart(context, scope, plan, minted.secret, onStart))
    .catch(async (error: unknown) => {
      // Whoever interrupts before anything happened wants nothing to have happened.
      if (!isStarted && error instanceof AppError && error.code === 'interrupted') {
        await putBack();
        recorder.next = [];
      }
      throw error;
    });

  await seeHealthy(context, plan, container);
  const spent = describeUse(recorder.diagnosis?.code ?? 'unknown', minted.facts);
  recorder.facts.push(['Token', spent]);
  recorder.next = [
    ...(recorder.diagnosis?.code === 'credentials-cached' ? [spent] : []),
    `Take ${job.variable} out of ${plan.target.path} again and restart once more: the BFF then starts from its cached credentials.`,
  ];
  return 'healthy';
}

/** `--dry-run`: what would happen, to read. */
function describePlan({ job, recorder }: Context, plan: Plan): Verdict {
  const { target, stack } = plan;
  const placeholder = new Secret('to-be-minted', 'IAT');
  const values = { ...plan.settings, [job.variable]: placeholder.reveal() };
  const edit = target.edit(values);
  const decode = (bytes: Uint8Array | null) =>
    bytes === null ? '' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  recorder.compose = {
    files: stack.files,
    service: job.service,
    wrote: null,
    target: target.path,
    changed: edit.changes.map(({ name }) => name),
    diff: renderDiff(target.path, decode(edit.before), decode(edit.bytes), {
      names: Object.keys(values).map(target.nameOf),
      secretName: target.nameOf(job.variable),
      handle: 'the new IAT',
    }),
  };
  for (const step of IAT_STEPS.slice(1)) recorder.skip(step, 'dry run');
  const commands = stack.commands(job.service);
  recorder.next = [
    `mint: POST ${plan.mint.url.href} with the admin token${plan.adminToken === null ? ' (none was given yet)' : ''}`,
    `write: ${target.path}`,
    `check: ${renderCommand(commands.check)}`,
    `restart: ${renderCommand(commands.restart)}`,
    `follow: ${renderCommand(commands.follow)}`,
    `health: ${titleOf(plan.health)}`,
  ];
  return 'planned';
}

/** What became of the token: a BFF that has cached credentials leaves it alone. */
function describeUse(code: DiagnosisCode, { expiresAt }: TokenFacts): string {
  if (code === 'registered') return 'The BFF used it to register.';
  if (code !== 'credentials-cached') return 'Whether the BFF used it is not known: its log does not say.';
  const end = expiresAt === null ? 'at the end of its life' : `at ${expiresAt.toISOString()}`;
  return `The BFF started from its cached credentials, so the new token was not used; it dies ${end}.`;
}

function describeToken(facts: TokenFacts, now: Date): string {
  const minutes = facts.expiresAt === null ? null : Math.round((facts.expiresAt.getTime() - now.getTime()) / 60_000);
  const life = minutes === null ? 'the IdP does not say when it expires' : `expires in ${minutes} min`;
  const uses = facts.maxUsages === null ? '' : facts.maxUsages === 1 ? ', 1 use' : `, ${facts.maxUsages} uses`;
  return `IAT ${facts.handle}, ${life}${uses}`;
}
