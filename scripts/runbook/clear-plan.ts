import { diagnoseLog, isTrue } from '../bff/diagnose.ts';
import { isFault } from '../bff/health-answers.ts';
import type { Target } from '../compose-file/target.ts';
import { AppError } from '../core/errors.ts';
import type { LogLine, Standing } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import type { Instance, Project, Stack } from '../core/stack.ts';
import { planHealth, type RequestPlan, withKid } from '../postman/request-plan.ts';
import { readSource } from '../postman/source.ts';
import type { Context } from './job.ts';
import { learnEnvironments } from './learn.ts';
import { findTarget, serviceOf } from './preflight.ts';
import type { StepScope } from './recorder.ts';
import { LOG_TAIL } from './would-help.ts';

/** What clearing works with. */
export interface ClearPlan {
  readonly stack: Stack;
  readonly health: RequestPlan;
  /** Every service as it is before anything changes. */
  readonly project: Project;
  readonly target: Target;
  /** How the variable stood in the file before the token was written; null: not known. */
  readonly before: Standing | null;
  /** The file holds a value. */
  readonly isSet: boolean;
  /** The container that runs now holds a value. */
  readonly isInContainer: boolean;
  readonly container: Instance | null;
}

/**
 * Checks everything that can be known before a change, and changes nothing. What would make the next start need a token is
 * refused here, while the BFF still runs.
 *
 * @throws AppError `token-needed`, `bff-unregistered`, `shadowed`, and what the preflight of the main job throws
 */
export async function planClear(context: Context, scope: StepScope): Promise<ClearPlan> {
  const { job, tools, recorder, signal } = context;
  const source = await readSource(job, tools);
  recorder.facts.push(...source.facts, ['Run by', tools.collections.engine]);
  const health = planHealth(source, job);
  await tools.verifyReports();
  scope.progress('asking Docker and compose');
  const stack = await tools.connect(await tools.composeFiles(), signal);
  tools.collections.preload();
  recorder.facts.push(['Compose', stack.title], ['Project', stack.invocation]);
  const target = await findTarget(context, stack.files, stack.dotenv);
  await tools.files.verifyWritable(target.path);
  const [project, container] = await Promise.all([stack.resolve(signal), stack.container(job.service, signal)]);
  const { environment } = serviceOf(project, job.service, target.path);
  learnEnvironments(project, tools);
  for (const value of [environment[job.variable], container?.env[job.variable]]) {
    if (value) tools.learn(new Secret(value, job.variable));
  }
  const isSet = target.standingOf(job.variable) === 'value';
  const plan = {
    stack,
    health: withKid(health, environment['BFF_KID'] ?? null),
    project,
    target,
    before: await tools.standingBefore(target.path),
    isSet,
    isInContainer: Boolean(container?.env[job.variable]),
    container,
  };
  if (environment[job.variable] && !isSet) throw fromElsewhere(context, target);
  if (isSet) target.clear(job.variable, plan.before);
  verifyNotNeeded(context, environment, container);
  if ((isSet || plan.isInContainer) && container !== null) await verifyRegistered(context, stack, container);
  scope.summary(`${stack.invocation}, service ${job.service}`);
  return plan;
}

function fromElsewhere({ job }: Context, target: Target): AppError {
  return new AppError('shadowed', `${job.service} gets ${job.variable} from elsewhere than ${target.path}.`, {
    hint: `Take it out where it is set: an env_file, another file (name it with -f), or ${job.variable} exported in this shell.`,
    where: { file: target.path },
  });
}

/** Whether the next start can do without a token at all. */
function verifyNotNeeded(
  { job }: Context,
  environment: Readonly<Record<string, string | null>>,
  container: Instance | null,
): void {
  if (isTrue(environment['DCR_FORCE_REPLACE']) === true) {
    throw new AppError('token-needed', 'DCR_FORCE_REPLACE is on, so every start registers anew and needs a token.', {
      hint: `Set DCR_FORCE_REPLACE to "false" in the environment of ${job.service}, and run again.`,
    });
  }
  const path = environment['BFF_CLIENT_CRED_PATH'] ?? container?.env['BFF_CLIENT_CRED_PATH'];
  if (!path?.startsWith('/') || container === null) return;
  const isKept = container.persistentPaths.some(
    (mount) => path === mount || path.startsWith(`${mount.replace(/\/$/, '')}/`),
  );
  if (isKept) return;
  const message = `${job.service} keeps its credentials in ${path}, which is on no volume: a new container loses them and needs a token.`;
  throw new AppError('token-needed', message, {
    hint: 'Mount a volume there (bff-keys:/app/keys), run npm run iat once more, and then clear.',
  });
}

/** A BFF that is not up now would not come up without its token. */
async function verifyRegistered({ job, signal }: Context, stack: Stack, container: Instance): Promise<void> {
  const lines: LogLine[] = [];
  for await (const line of stack.logs(container.id, { follow: false, signal, tail: LOG_TAIL })) lines.push(line);
  const diagnosis = diagnoseLog(lines, { env: container.env, service: job.service });
  if (container.state.status === 'running' && !(isFault(diagnosis) && !diagnosis.code.startsWith('redis'))) return;
  const why = isFault(diagnosis) ? diagnosis.cause : `Its container is ${container.state.status}.`;
  throw new AppError('bff-unregistered', `The BFF is not up and registered, so it needs its token still. ${why}`, {
    hint: 'See what is wrong with npm run doctor, or mint a fresh token: npm run iat',
  });
}
