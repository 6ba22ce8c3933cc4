import { diagnoseEnvironment, LogReader, type ServiceEnvironment } from '../bff/diagnose.ts';
import { downIn, publishedKid } from '../bff/health-answers.ts';
import type { Observations } from '../bff/root-cause.ts';
import { type ContainerVerdict, judgeOnce } from '../bff/verdict.ts';
import { renderCommand } from '../compose/failures.ts';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { describeReach, isUnreachable, type Reach, toAskable } from '../core/reach.ts';
import type { StepName } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import type { Instance, Project, Stack } from '../core/stack.ts';
import { planHealth, planMint, titleOf, withKid } from '../postman/request-plan.ts';
import { readSource, type Source } from '../postman/source.ts';
import { checkHealth, describeFailure } from './health.ts';
import { askIdpFrom, unknown } from './idp.ts';
import type { Context } from './job.ts';
import { learnEnvironments } from './learn.ts';
import type { StepScope } from './recorder.ts';

/** Everything that could be looked at; null: not that part. */
export interface Seen {
  readonly environment: ServiceEnvironment | null;
  readonly container: Instance | null;
  readonly verdict: ContainerVerdict | 'none' | null;
  /** With at least one line. */
  readonly reader: LogReader | null;
  /** In the network of the BFF. */
  readonly idp: Reach | null;
  /** On this machine. */
  readonly idpHere: Reach | null;
  readonly health: (NonNullable<Observations['health']> & { readonly kid: string | null }) | null;
  /** What kept it from looking at the stack: without that nobody can say what is wrong. */
  readonly blocked: readonly AppError[];
  /** What kept it from looking at the rest. */
  readonly missed: readonly AppError[];
}

/** Looks at one part after the other. What cannot be looked at is said, and hides no other part. */
export async function lookAround(context: Context): Promise<Seen> {
  const { recorder, tools, signal } = context;
  const blocked: AppError[] = [];
  const missed: AppError[] = [];
  const look = async <T>(
    name: StepName,
    errors: AppError[],
    work: (scope: StepScope) => Promise<T>,
  ): Promise<T | null> => {
    try {
      return await recorder.step(name, work);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      errors.push(error);
      return null;
    }
  };

  tools.collections.preload();
  let stack: Stack | null = null;
  const environment = await look('settings', blocked, async (scope) => {
    scope.progress('asking Docker and compose');
    stack = await tools.connect(await tools.composeFiles(), signal);
    recorder.facts.push(['Compose', stack.title], ['Project', stack.invocation]);
    return readSettings(context, scope, stack);
  });
  // Assigned in a function, which the compiler does not see.
  const connected = stack as Stack | null;
  if (connected === null)
    for (const part of ['container', 'log'] as const)
      recorder.skip(part, 'could not be looked at, for the same reason');
  const container =
    connected && (await look('container', blocked, (scope) => readContainer(context, scope, connected, environment)));
  const found = container?.found ?? null;
  const reader =
    connected && (await look('log', blocked, (scope) => readLog(context, scope, connected, found, environment)));
  const idp = await look('idp', missed, (scope) => askIdp(context, scope, connected, found, environment));
  const health = await look('health', missed, (scope) => askHealth(context, scope, found?.env ?? environment ?? {}));
  return {
    environment,
    container: found,
    verdict: container?.verdict ?? null,
    reader: reader !== null && reader.count > 0 ? reader : null,
    idp: idp?.there ?? null,
    idpHere: idp?.here ?? null,
    health,
    blocked,
    missed,
  };
}

async function readSettings(context: Context, scope: StepScope, stack: Stack) {
  const { job, recorder, signal } = context;
  const project = await stack.resolve(signal);
  learnSecrets(context, project);
  const service = project[job.service];
  if (service === undefined) {
    const near = nearest(job.service, Object.keys(project));
    throw new AppError('service-not-found', `Compose knows no service "${job.service}" in these files.`, {
      hint: `${near.length > 0 ? `Did you mean ${near.join(' or ')}? ` : ''}Name it with --service, or activate its profile (COMPOSE_PROFILES).`,
    });
  }
  const { environment } = service;
  const findings = diagnoseEnvironment(environment, job.variable).filter(
    ({ variable }) => !(stack.isLocal && variable === 'IDP_BASE_URL'),
  );
  const [worst] = findings;
  for (const { level, message, hint } of findings) {
    if (level === 'info') scope.note(`${message} ${hint}`);
    if (level === 'warning') recorder.warn(`${message} ${hint}`);
  }
  const idp = toAskable(environment['IDP_BASE_URL'] ?? '') ?? 'none';
  const token = environment[job.variable] ? 'is set' : 'is not set';
  if (worst?.level === 'fault') scope.fail(worst.message);
  else scope.summary(`IDP_BASE_URL ${idp}; ${job.variable} ${token}`);
  return environment;
}

async function readContainer(
  context: Context,
  scope: StepScope,
  stack: Stack,
  environment: ServiceEnvironment | null,
): Promise<{ readonly found: Instance | null; readonly verdict: ContainerVerdict | 'none' }> {
  const { job, tools, recorder, signal } = context;
  const found = await stack.container(job.service, signal);
  if (found === null) {
    scope.fail(`${job.service} has none`);
    return { found, verdict: 'none' };
  }
  learnSecrets(context, { [job.service]: { environment: found.env } });
  recorder.facts.push(['Container', `${found.name} (${found.id.slice(0, 12)}), image ${found.image}`]);
  const older = Object.entries(environment ?? {}).filter(([name, value]) => (found.env[name] ?? '') !== (value ?? ''));
  if (older.length > 0) {
    const names = older.map(([name]) => name);
    const shown = `${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`;
    const command = renderCommand(stack.commands(job.service).restart);
    recorder.warn(`The container was started before ${shown} changed. A new one gets the new values: ${command}`);
  }
  const verdict = judgeOnce(found, tools.clock.date());
  if (verdict.kind === 'fine') scope.summary(verdict.message);
  else scope.fail(verdict.message);
  return { found, verdict };
}

async function readLog(
  { job, recorder, signal }: Context,
  scope: StepScope,
  stack: Stack,
  container: Instance | null,
  environment: ServiceEnvironment | null,
): Promise<LogReader> {
  const reader = new LogReader({ env: container?.env ?? environment ?? {}, service: job.service });
  if (container === null) {
    scope.fail('there is none without a container');
    return reader;
  }
  if (container.logUnreadable !== null) {
    scope.fail(container.logUnreadable);
    return reader;
  }
  scope.progress(`reading the log of ${container.name}`);
  for await (const line of stack.logs(container.id, { follow: false, signal })) reader.push(line);
  recorder.log = reader.excerpt();
  const { decided, diagnosis } = reader.reading();
  if (reader.count === 0) scope.fail('it is empty');
  else if (decided === 'good' || diagnosis.code === 'kafka-unconfigured') scope.summary(diagnosis.cause);
  else scope.fail(diagnosis.cause);
  return reader;
}

async function askIdp(
  context: Context,
  scope: StepScope,
  stack: Stack | null,
  container: Instance | null,
  environment: ServiceEnvironment | null,
): Promise<{ readonly there: Reach; readonly here: Reach }> {
  scope.progress('asking the IdP');
  const { tools, recorder, signal } = context;
  const given = environment ?? container?.env ?? null;
  const [there, here] = await Promise.all([
    stack === null || given === null
      ? unknown('Docker could not be asked')
      : askIdpFrom(container, stack, given, signal),
    mintUrl(context).then((url) => tools.reach(`${url.origin}/`, signal)),
  ]);
  const said = `from the BFF it ${describeReach(there)}; from here it ${describeReach(here)}`;
  if (isUnreachable(there)) scope.fail(said);
  else scope.summary(said);
  if (there.kind === 'answered' && there.status >= 500)
    recorder.warn(`The IdP ${describeReach(there)}: it may be down behind its proxy. Look at its log.`);
  return { there, here };
}

/** Where a token would be minted. No token is sent, so plain http is no danger here. */
async function mintUrl(context: Context): Promise<URL> {
  if (context.job.idpUrl !== null) return new URL(context.job.idpUrl);
  return planMint(await sourceOf(context), { ...context.job, allowHttp: true }).url;
}

async function sourceOf({ job, tools, recorder }: Context): Promise<Source> {
  const source = await readSource(job, tools);
  recorder.facts.push(...source.facts, ['Run by', tools.collections.engine]);
  return source;
}

async function askHealth(context: Context, scope: StepScope, environment: ServiceEnvironment) {
  const plan = withKid(planHealth(await sourceOf(context), context.job), environment['BFF_KID'] ?? null);
  scope.progress(titleOf(plan));
  const attempt = await checkHealth(context, scope, plan, context.signal);
  const failure = attempt.passed ? '' : describeFailure(attempt);
  if (attempt.passed) scope.summary(`${plan.requests.length} of ${plan.requests.length} requests pass`);
  else scope.fail(failure);
  const { passed, exchanges } = attempt;
  return { passed, failure, down: exchanges.flatMap(downIn), kid: publishedKid(exchanges, environment) };
}

/** A log, or what a health answer says, may hold any of them. */
function learnSecrets({ tools, job }: Context, project: Project): void {
  learnEnvironments(project, tools);
  const token = project[job.service]?.environment[job.variable];
  if (token) tools.learn(new Secret(token, job.variable));
}
