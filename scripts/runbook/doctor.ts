import { diagnoseEnvironment, isTrue } from '../bff/environment-check.ts';
import { diagnoseKeys, downIn, publishedKid } from '../bff/health-answers.ts';
import type { LogReader } from '../bff/log-reader.ts';
import { type Prospect, wouldIatHelp } from '../bff/prospect.ts';
import { findFaults, type Observations } from '../bff/root-cause.ts';
import { faultsOf, SavedLog } from '../bff/saved-log.ts';
import { type InstanceVerdict, judgeOnce } from '../bff/verdict.ts';
import type { Diagnosis } from '../core/diagnosis.ts';
import { AppError, type Hint, toAppError } from '../core/errors.ts';
import { describeReach, isUnreachable, type Reach, toAskable } from '../core/reach.ts';
import type { StepName } from '../core/result.ts';
import type { Environment, Instance, Stack, StackState } from '../core/stack.ts';
import { planMint } from '../postman/mint-plan.ts';
import { titleOf } from '../postman/request-plan.ts';
import { describeExamined, type Examined, readInstances, readLogs } from './doctor-instances.ts';
import { checkHealth, describeFailure } from './health.ts';
import type { Context } from './job.ts';
import { lookAtEach } from './look-at-each.ts';
import { aimHealth } from './next-start.ts';
import { describeObjection } from './objections.ts';
import { askIdpFrom, describeStack, learnSecrets, openCollection, sayWhere, verifyNoTokenNeeded } from './preflight.ts';
import type { Outcome, StepScope } from './recorder.ts';
import { countWell } from './some-of-many.ts';
import { waysOf } from './ways.ts';

/**
 * `npm run doctor`: says why the BFF does not start, and whether a fresh Initial Access Token would help. Changes nothing.
 *
 * @param logFile a saved log to read in place of everything else
 * @returns with `error` `fault-found` where something is wrong; what kept it from looking beats that
 */
export async function runDoctor(context: Context, logFile: string | null): Promise<Outcome> {
  return logFile === null ? examine(context) : readSaved(context, logFile);
}

/** Everything that could be looked at; null: not that part. */
interface Checks {
  readonly environment: Environment | null;
  /** In what else the next start differs from what there is, in half a sentence. */
  readonly changed: string | null;
  readonly instance: Instance | null;
  readonly verdict: InstanceVerdict | null;
  /** With at least one line. */
  readonly reader: LogReader | null;
  /** In the network of the BFF. */
  readonly idp: Reach | null;
  /** On this machine. */
  readonly idpHere: Reach | null;
  readonly health: (NonNullable<Observations['health']> & { readonly kid: string | null }) | null;
  /** Several keys under one client id. */
  readonly keys: Diagnosis | null;
  /** Each, where there are several; null: there are not. */
  readonly instances: Outcome['instances'] | null;
  /** What kept it from looking at the stack: without that the fault cannot be named. */
  readonly blocked: readonly AppError[];
  /** What kept it from looking at the rest. */
  readonly missed: readonly AppError[];
}

async function examine(context: Context): Promise<Outcome> {
  const { job } = context;
  const checks = await runChecks(context);
  const { environment, instance, reader } = checks;
  const effective = environment ?? instance?.env ?? {};
  const prospect = wouldIatHelp(reader?.diagnosis() ?? null, effective, {
    ...(instance === null ? {} : { startedWith: instance.env }),
    variable: job.variable,
    // What was asked from the old one says nothing about the next.
    idp: checks.changed === null ? checks.idp : null,
    changed: checks.changed,
  });
  const faults = findFaults({
    settings: environment && diagnoseEnvironment(environment, job.variable),
    container: checks.verdict,
    log: reader?.reading() ?? null,
    lastLines:
      reader
        ?.excerpt()
        .slice(-LAST_LINES)
        .map(({ text }) => text) ?? [],
    died: reader?.died ?? null,
    idp: checks.idp,
    idpHere: checks.idpHere,
    health: checks.health,
    isProvenByBeingUp:
      isTrue((instance?.env ?? effective)['ALLOW_BOOTSTRAP_FAILURE']) === false ||
      (checks.health?.kid ?? null) !== null,
  });
  if (checks.keys !== null) faults.push(checks.keys);
  const advice = [
    ...adviceOf(checks, faults, prospect),
    ...(faults.length === 0 ? adviceOnToken(context, checks) : []),
  ];
  const { instances } = checks;
  return { ...conclude(faults, prospect, checks, advice), ...(instances ? { instances } : {}) };
}

const LAST_LINES = 3;

/** A BFF that is well, and whose next start needs a token nevertheless. */
function adviceOnToken(context: Context, { environment, instance }: Checks): Hint[] {
  try {
    verifyNoTokenNeeded(context, environment ?? instance?.env ?? {}, instance);
    return [];
  } catch (error) {
    const { message, hint } = toAppError(error);
    return [{ text: `Before it starts again: ${message} ${hint?.text ?? ''}`.trim() }];
  }
}

/** A saved log, offline: what it says is all there is. */
async function readSaved(context: Context, path: string): Promise<Outcome> {
  const { job, tools, recorder, signal } = context;
  const where = path === '-' ? 'standard input' : path;
  const log = new SavedLog({ service: job.service });
  const judged = await recorder.step('log', async (scope) => {
    scope.progress(`reading ${where}`);
    for await (const line of tools.logFile(path, signal)) log.push(line);
    scope.fact('Log', `${where}, ${log.count} lines`);
    const pods = log.judged();
    const well = pods.filter(({ isWell }) => isWell).length;
    const said = `${log.count} lines of ${where}${pods.length > 1 ? `; ${well} of ${pods.length} pods started well` : ''}`;
    if (log.unread.size > 0) scope.warn(`Only the lines of ${pods.length} pods were read; there are more.`);
    if (pods.some(({ reader }) => reader.reading().decided !== 'good')) scope.fail(said);
    else scope.summary(said);
    return pods;
  });
  const faults = faultsOf(judged);
  const [root] = faults;
  const { reader } = judged.find((each) => !each.isWell && each.reader.diagnosis().code === root?.code) ?? judged[0];
  const prospect = wouldIatHelp(root ?? reader.diagnosis(), {});
  return conclude(faults, prospect, { reader, blocked: [], missed: [] }, []);
}

/** The answer: the root cause as the diagnosis, and the error that belongs to it. */
function conclude(
  [root, ...others]: readonly Diagnosis[],
  prospect: Prospect,
  { reader, blocked, missed }: Pick<Checks, 'reader' | 'blocked' | 'missed'>,
  advice: readonly Hint[],
): Outcome {
  const [obstacle] = blocked;
  const proof = reader?.reading().decided === 'good' ? reader.diagnosis() : null;
  const also = (obstacle === undefined ? others : [root, ...others]).filter((each) => each !== undefined);
  const error =
    obstacle ?? (root === undefined ? missed[0] : new AppError('fault-found', root.cause, { hint: root.fix }));
  return {
    verdict: 'healthy',
    ...(error === undefined ? {} : { error }),
    diagnosis: root === undefined ? proof : { ...root, iatHelps: prospect.helps },
    log: reader?.excerpt() ?? [],
    next: [...also.map(({ cause, fix }) => ({ ...fix, text: `Also: ${cause} ${fix.text}` })), ...advice],
  };
}

/** What the root cause alone does not say. */
function adviceOf(
  { reader, idp, idpHere, blocked }: Checks,
  faults: readonly Diagnosis[],
  { helps, reason }: Prospect,
): Hint[] {
  const advice: Hint[] = [];
  if (helps === null && reader !== null && faults.length > 0 && !faults.some(({ cause }) => cause === reason))
    advice.push({ text: reason });
  if (helps === true && isUnreachable(idpHere))
    advice.push({
      text: 'The IdP cannot be reached from this machine, so npm run iat could not mint a token. See --idp-url, --ca-file.',
    });
  if (idp?.kind === 'dns' && idpHere?.kind === 'answered')
    advice.push({
      text: 'The IdP answers from this machine, so it runs. Check that its container and the BFF share a network (networks in the compose file), and that the name in IDP_BASE_URL is one of its names there.',
    });
  if (blocked.length > 0 && reader === null)
    advice.push({ text: 'A saved log can be read on its own:', command: 'npm run doctor -- --log-file FILE' });
  return advice;
}

/** Looks at one part after the other. A part that cannot be looked at is reported, and the others are looked at anyway. */
async function runChecks(context: Context): Promise<Checks> {
  const { recorder, tools, signal } = context;
  const blocked: AppError[] = [];
  const missed: AppError[] = [];
  const look = async <T>(name: StepName, errors: AppError[], work: (scope: StepScope) => Promise<T>) => {
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
  const finding = tools.findStack('look', signal);
  const state = await look('settings', blocked, (scope) => readSettings(context, scope, finding));
  const environment = state?.environment ?? null;
  // Where its files are not accepted, what runs can be looked at nevertheless.
  const stack = await finding.catch(() => null);
  if (stack === null) recorder.skip(['container', 'log'], 'not checked, for the same reason');
  const found = stack && (await look('container', blocked, (scope) => readInstances(context, scope, stack, state)));
  const seen = found ?? { all: [], instance: null };
  const read = stack && (await look('log', blocked, (scope) => readLogs(context, scope, stack, seen, environment)));
  const reader = read?.decisive.reader ?? null;
  const instance = read?.decisive.instance ?? found?.instance ?? null;
  const idp = await look('idp', missed, (scope) => askIdp(context, scope, stack, instance, environment));
  const given = instance?.env ?? environment ?? {};
  const all = seen.all.map((each) => each.instance);
  const health = await look('health', missed, (scope) => askHealth(context, scope, given, { stack, instance, all }));
  const looks = health?.looks ?? [];
  const isSeveral = all.length > 1 || (all.length > 0 && stack?.connect !== undefined);
  const keys = diagnoseKeys(looks.map((each) => ({ name: each.instance.name, key: each.key })));
  return {
    environment,
    changed: state?.next.changed ?? null,
    instance,
    verdict: verdictOf(context, stack, seen.all, instance, reader) ?? found?.verdict ?? null,
    reader: reader !== null && reader.count > 0 ? reader : null,
    idp: idp?.there ?? null,
    idpHere: idp?.here ?? null,
    health,
    keys,
    instances: isSeveral ? describeExamined(seen.all, read?.logs ?? [], looks, keys !== null) : null,
    blocked,
    missed,
  };
}

/** By its state, and by what its log tells of the start before. */
function verdictOf(
  { tools }: Context,
  stack: Stack | null,
  all: readonly Examined[],
  instance: Instance | null,
  reader: LogReader | null,
): InstanceVerdict | undefined {
  const seen = all.find((each) => each.instance.id === instance?.id);
  if (stack === null || seen?.verdict.kind !== 'fine' || reader?.died == null) return seen?.verdict;
  return judgeOnce(seen.instance, tools.clock.date(), stack.byHand, null, true);
}

async function readSettings(context: Context, scope: StepScope, finding: Promise<Stack>): Promise<StackState> {
  const { job, signal } = context;
  scope.progress('looking for the BFF');
  const stack = await finding;
  describeStack(scope, stack);
  const state = await stack.look(signal);
  learnSecrets(context, state);
  const { environment, next, objections = [] } = state;
  for (const each of objections) if (each.error !== state.absence) scope.warn(describeObjection(each));
  for (const each of next.before)
    scope.warn(`Before the next start something is to be done: ${each}. A run of iat does it first.`);
  const findings = diagnoseEnvironment(environment, job.variable).filter(
    ({ variable }) => !(stack.isLocal && variable === 'IDP_BASE_URL'),
  );
  const [worst] = findings;
  for (const { level, message, hint } of findings) {
    if (level === 'info') scope.note(`${message} ${hint}`);
    if (level === 'warning') scope.warn(`${message} ${hint}`);
  }
  const idp = toAskable(environment['IDP_BASE_URL'] ?? '') ?? 'none';
  const token = environment[job.variable] ? 'is set' : 'is not set';
  if (worst?.level === 'fault') scope.fail(worst.message);
  else scope.summary(`IDP_BASE_URL ${idp}; ${job.variable} ${token}`);
  return state;
}

async function askIdp(
  context: Context,
  scope: StepScope,
  stack: Stack | null,
  instance: Instance | null,
  environment: Environment | null,
): Promise<{ readonly there: Reach; readonly here: Reach }> {
  scope.progress('asking the IdP');
  const { tools, signal } = context;
  const given = environment ?? instance?.env ?? null;
  const [there, here] = await Promise.all([
    stack === null || given === null
      ? ({ kind: 'unknown', why: 'what runs the BFF could not be queried' } as const)
      : askIdpFrom(instance, stack, given, signal),
    mintUrl(context, scope).then((url) => tools.reach(`${url.origin}/`, signal)),
  ]);
  const said = `from the BFF it ${describeReach(there)}; from here it ${describeReach(here)}`;
  if (isUnreachable(there)) scope.fail(said);
  else scope.summary(said);
  if (there.kind === 'answered' && there.status >= 500)
    scope.warn(`The IdP ${describeReach(there)}: it may be down behind its proxy. Look at its log.`);
  return { there, here };
}

/** Where a token would be minted. No token is sent, so plain http is no danger here. */
async function mintUrl(context: Context, scope: StepScope): Promise<URL> {
  if (context.job.idpUrl !== null) return new URL(context.job.idpUrl);
  const job = { ...context.job, allowHttp: true, adminTokenFrom: 'file' as const };
  return planMint(await openCollection(context, scope), job).url;
}

async function askHealth(
  context: Context,
  scope: StepScope,
  environment: Environment,
  there: { readonly stack: Stack | null; readonly instance: Instance | null; readonly all: readonly Instance[] },
) {
  const { job, signal } = context;
  const { stack, instance, all } = there;
  const healthOf = aimHealth(await openCollection(context, scope), job, environment);
  const plan = healthOf(instance);
  sayWhere(scope, plan, stack ?? {}, job);
  scope.progress(titleOf(plan));
  const ways = stack === null || all.length === 0 ? null : waysOf(context, stack, healthOf);
  const looks = ways === null ? [] : await lookAtEach(context, scope, ways, all);
  const ill = looks.find(({ error }) => error !== null);
  const own = looks.find((each) => each.instance.id === instance?.id);
  const attempt = ways === null ? await checkHealth(context, scope, plan, signal) : (ill ?? own)?.attempt;
  const exchanges = attempt?.exchanges ?? [];
  const passed = ways === null ? attempt?.passed === true : ill === undefined;
  const said = ill !== undefined ? `${ill.instance.name}: ${ill.error?.message ?? ''}` : '';
  const failure = passed ? '' : ways !== null ? said : attempt == null ? '' : describeFailure(attempt);
  const well = countWell(looks.filter(({ error }) => error === null).length, looks.length, instance, 'healthy');
  const isSeveral = looks.length > 1;
  if (!passed) scope.fail(isSeveral ? `${well}. ${failure}` : failure);
  else scope.summary(isSeveral ? well : `${plan.requests.length} of ${plan.requests.length} requests pass`);
  const ofOwn = ways === null ? exchanges : (own?.attempt?.exchanges ?? []);
  return { passed, failure, down: exchanges.flatMap(downIn), kid: publishedKid(ofOwn, environment), looks };
}
