import { renderCommand } from '../compose/failures.ts';
import { diffOf } from '../compose-file/diff.ts';
import type { DiagnosisCode } from '../core/diagnosis.ts';
import { AppError, toHint } from '../core/errors.ts';
import type { StepName, TokenFacts, Verdict } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import type { Instance } from '../core/stack.ts';
import { titleOf } from '../postman/request-plan.ts';
import { clearToken } from './clear.ts';
import type { Context } from './job.ts';
import { mint } from './mint.ts';
import { findTarget, type Plan, preflight } from './preflight.ts';
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
  const written = await recorder.step('write', (scope) => writeToken(context, scope, plan, minted));

  const again = renderCommand(plan.stack.commands(job.service).restart);
  if (!job.restart) {
    const rest = ['restart', 'bootstrap', 'health', ...(job.clear ? (['clear'] as const) : [])] as const;
    for (const step of rest) recorder.skip(step, '--no-restart');
    recorder.next = [{ text: 'The token is written. It counts from the next start:', command: again }];
    return 'planned';
  }
  recorder.next = [{ text: 'The token is written and stays so. To try the restart again:', command: again }];
  let isStarted = false;
  const onStart = () => {
    isStarted = true;
  };
  const container = await recorder
    .step('restart', (scope) => restart(context, scope, plan, minted.secret, onStart))
    .catch(async (error: unknown) => {
      // Whoever interrupts before anything happened wants nothing to have happened.
      if (!isStarted && error instanceof AppError && error.code === 'interrupted') {
        await written.putBack();
        recorder.next = [];
      }
      throw error;
    });

  await seeHealthy(context, plan, container);
  const spent = describeUse(recorder.diagnosis?.code ?? 'unknown', minted.facts);
  recorder.facts.push(['Token', spent]);
  const unused = recorder.diagnosis?.code === 'credentials-cached' ? [{ text: spent }] : [];
  if (job.clear) await clearAfter(context, plan, container, written.original);
  else
    recorder.next = [
      {
        text: `Now that its credentials are cached, take ${job.variable} out again (with the same options):`,
        command: 'npm run iat:clear',
      },
    ];
  recorder.next = [...unused, ...recorder.next];
  return 'healthy';
}

/** `--clear`: the token has done its work. What was changed for good stays in the report. */
async function clearAfter(
  context: Context,
  { stack, health }: Plan,
  container: Instance,
  original: Uint8Array | null,
): Promise<void> {
  const { job, tools, recorder, signal } = context;
  const { variable } = job;
  const target = await findTarget(context, stack.files, stack.dotenv);
  const written = recorder.compose;
  const before = written?.before === 'value' ? await tools.standingBefore(target.path) : (written?.before ?? null);
  const [project, isSet] = [await stack.resolve(signal), target.standingOf(variable) === 'value'];
  await clearToken(context, { stack, health, project, target, before, isSet, isInContainer: true, container });
  const own = target.nameOf(variable);
  const isBack = written?.before !== 'value';
  const changed = written?.changed.filter((name) => name !== own || !isBack) ?? [];
  const bytes = (await tools.files.read(target.path)) ?? new Uint8Array();
  // `changed` has the names of the file already.
  const names = { path: target.path, nameOf: (name: string) => name };
  const shown = { variables: [...changed, own], secret: own, handle: 'nothing' };
  const diff = diffOf(names, original, bytes, shown);
  if (written !== null) recorder.compose = { ...written, changed, diff: diff || null };
}

/** `--dry-run`: what would happen, to read. */
function describePlan({ job, recorder }: Context, plan: Plan): Verdict {
  const { target, stack } = plan;
  const placeholder = new Secret('to-be-minted', 'IAT');
  const values = { ...plan.settings, [job.variable]: placeholder.reveal() };
  const edit = target.edit(values);
  recorder.compose = {
    files: stack.files,
    service: job.service,
    wrote: null,
    target: target.path,
    before: null,
    changed: edit.changes.map(({ name }) => name),
    diff: diffOf(target, edit.before, edit.bytes, {
      variables: Object.keys(values),
      secret: job.variable,
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
  ].map(toHint);
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
  const life = minutes === null ? 'no known expiry' : `expires in ${minutes} min`;
  const uses = facts.maxUsages === null ? '' : facts.maxUsages === 1 ? ', 1 use' : `, ${facts.maxUsages} uses`;
  return `IAT ${facts.handle}, ${life}${uses}`;
}
