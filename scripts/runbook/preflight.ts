import { diagnoseEnvironment, isTrue } from '../bff/environment-check.ts';
import { LogReader } from '../bff/log-reader.ts';
import { type Prospect, wouldIatHelp } from '../bff/prospect.ts';
import { nounOf } from '../bff/verdict.ts';
import { isGood } from '../core/diagnosis.ts';
import { AppError } from '../core/errors.ts';
import { isLoopback, proxyVariable } from '../core/proxy.ts';
import { type Reach, toAskable } from '../core/reach.ts';
import { Secret } from '../core/secret.ts';
import type { Environment, Instance, PlannedWrite, Settings, Stack, StackState } from '../core/stack.ts';
import { type MintPlan, planMint } from '../postman/mint-plan.ts';
import { originsOf, planHealth, type RequestPlan } from '../postman/request-plan.ts';
import { readSource, type Source } from '../postman/source.ts';
import { describeUnchecked } from '../postman/transport.ts';
import { registerEnvironments } from '../secrets/found.ts';
import { isOrdinary, isPlaceholder } from '../secrets/values.ts';
import { authorizeMint, learnAuthorization } from './authorization.ts';
import type { Context, Job } from './job.ts';
import {
  type AimedHealth,
  aimHealth,
  type HealthPlans,
  isBelow,
  isShared,
  planUses,
  warnOfNobody,
} from './next-start.ts';
import { raiseObjections } from './objections.ts';
import type { StepScope } from './recorder.ts';
import { Slots } from './slots.ts';

/** What the other steps work with: all that could be found out before anything changes. */
export interface Plan {
  readonly mint: MintPlan;
  readonly health: RequestPlan;
  /** The health folder for a new instance, which may publish another port than the old one. */
  readonly healthOf: HealthPlans;
  readonly stack: Stack;
  /** The instances as they are before anything changes, the newest first. */
  readonly instances: readonly Instance[];
  /** All new instances keep their credentials in the same place. */
  readonly isShared: boolean;
  /** What has to be done before the token is minted, a few words each. */
  readonly before: readonly string[];
  /** Where the token will be written, and what else changes there. */
  readonly write: PlannedWrite;
  /** null: the collection has an authorization of its own, or it is a dry run without a token. */
  readonly adminToken: Secret | null;
  /** The service's value today; null: none. */
  readonly current: string | null;
}

/** Enough of the last log to hold a whole start. */
export const LOG_TAIL = 2_000;

/** So many logs are read at the same time: each may be a process. */
const READERS = 4;

/**
 * Checks everything that can be known before a change, and changes nothing: collection, the place of the value, what runs the
 * BFF, report folder, admin token; and whether a fresh token will help at all.
 */
export async function preflight(context: Context, scope: StepScope): Promise<Plan> {
  const { job, tools, signal } = context;
  // What runs the BFF takes longest to answer; the rest is checked in the meantime, and its errors come first.
  const finding = tools.findStack('write', signal);
  finding.catch(() => {});
  const source = await openCollection(context, scope);
  const replan = (maxUsages: number | null) =>
    planMint(source, { ...job, maxUsages, adminTokenFrom: tools.adminTokenFrom });
  const mint = replan(job.maxUsages);
  learnAuthorization(context, mint);
  const folder = planHealth(source, job);
  scope.fact('IdP', mint.url.origin);
  if (job.restart) scope.fact('BFF', originsOf(folder));
  if (mint.leftOut.length > 0) {
    scope.note(`The mint ignores these settings of the collection: ${mint.leftOut.join(', ')}.`);
  }
  for (const warning of mint.warnings) scope.warn(warning);
  warnOf(context, scope, folder);
  await tools.verifyReports();

  scope.progress('looking for the BFF');
  const stack = await finding;
  const looking = stack.look(signal);
  looking.catch(() => {});
  // Loading Newman takes as long, and nothing else can go on meanwhile: both at the same time.
  tools.collections.preload();
  describeStack(scope, stack);
  const { state, write, next } = await planChange(context, scope, stack, looking, mint.url.origin);
  const { environment, instance, instances } = state;
  await raiseObjections(context, scope, state.objections);
  if (job.clear) verifyNoTokenNeeded(context, next, instance);
  sayLeftover(job, scope, write);
  await verifyTokenHelps(context, scope, stack, state, next);

  const adminToken = await authorizeMint(context, scope, mint);
  const healthOf = aimHealth(source, job, environment);
  const health = healthOf(instance);
  sayWhere(scope, health, stack, job);
  if (job.restart) await warnOfNobody(context, scope, health, instance);
  const { authorization } = mint;
  scope.summary(`${stack.description}${authorization === null ? '' : `; authorization ${authorization.from}`}`);
  return {
    mint: planUses(job, scope, mint, replan, state.next, next, instance),
    health,
    healthOf,
    stack,
    instances,
    isShared: isShared(state.next, next, instance),
    before: state.next.before,
    write,
    adminToken,
    current: environment[job.variable] || null,
  };
}

/** What there is now and what is to be written, as far as the stack tells. */
async function planChange(
  context: Context,
  scope: StepScope,
  stack: Stack,
  looking: Promise<StackState>,
  mintOrigin: string,
) {
  const { job, signal } = context;
  const state = await looking;
  learnSecrets(context, state);
  const { environment } = state;
  const settings = settingsFor(environment, job.idpUrl ?? mintOrigin);
  const write = await stack.planWrite(settings, signal);
  // What contradicts is corrected or refused; what is absent is added only where that is possible.
  const added = Object.entries(settings.add).filter(([name]) => write.preview.changed.includes(name));
  const next = { ...environment, ...settings.correct, ...Object.fromEntries(added) };
  for (const warning of [...write.warnings, ...warningsFor(context, next), ...state.sideEffects]) scope.warn(warning);
  return { state, write, next };
}

/** What keeps the token from being taken out again is an error where that is asked for. */
function sayLeftover({ clear }: Job, scope: StepScope, { leftover }: PlannedWrite): void {
  if (!leftover) return;
  if (clear) throw leftover;
  scope.warn(`iat:clear will be refused: ${leftover.message} ${leftover.hint?.text ?? ''}`);
}

/** The plan by what there is now: another run has changed it while its end was waited for. */
export async function planAgain(context: Context, scope: StepScope, plan: Plan): Promise<Plan> {
  const { stack, mint } = plan;
  const silent = { ...scope, warn() {} };
  const { state, write } = await planChange(context, silent, stack, stack.look(context.signal), mint.url.origin);
  const { environment, instances } = state;
  return { ...plan, instances, write, before: state.next.before, current: environment[context.job.variable] || null };
}

/** Where the BFF is asked, where that is not what the collection says. */
export function sayWhere(
  scope: StepScope,
  { published }: AimedHealth,
  { connect }: Pick<Stack, 'connect'>,
  { bffUrl }: Pick<Job, 'bffUrl'>,
): void {
  if (connect !== undefined && bffUrl === null)
    scope.fact('BFF', 'each copy by a connection of its own (--bff-url names one address instead)');
  else if (published !== null) {
    const where = `${published}, where its container publishes it (--bff-url says otherwise)`;
    scope.fact('BFF', where);
    if (!isLoopback(new URL(published).hostname)) scope.note(`The BFF is asked at ${where}.`);
  }
}

/** The collection, the values that were given for it and the CA file, with what the report says about them. */
export async function openCollection({ job, tools }: Context, scope: StepScope): Promise<Source> {
  const source = await readSource(job, tools);
  if (job.caFile !== null) for (const warning of await tools.verifyCaFile()) scope.warn(warning);
  for (const [name, value] of source.facts) scope.fact(name, value);
  for (const warning of source.warnings) scope.warn(warning);
  scope.fact('Run by', tools.collections.engine);
  return source;
}

/** What a reader has to know of a plan; as loud as `--insecure` is, that the collection asks for the same. */
export function warnOf({ job }: Context, scope: StepScope, { requests, warnings }: RequestPlan): void {
  for (const warning of warnings) scope.warn(warning);
  const unchecked = job.insecure ? null : describeUnchecked(requests);
  if (unchecked !== null) scope.warn(unchecked);
}

export function describeStack(scope: StepScope, { facts }: Stack): void {
  for (const [name, value] of facts) scope.fact(name, value);
}

/** What a log, a message or a diff may quote. */
export function learnSecrets(
  { job, tools }: Context,
  { environments, environment, instances }: Pick<StackState, 'environments' | 'environment' | 'instances'>,
): void {
  const given = instances.map(({ env }) => env);
  registerEnvironments([...environments, ...given], (secret) => tools.learn(secret, 'found'));
  for (const value of new Set([environment, ...given].map((each) => each[job.variable]))) {
    // A word that stands where a token is to be put in was never one.
    if (value && !isPlaceholder(value) && !isOrdinary(value)) tools.learn(new Secret(value, job.variable));
  }
}

/** The other variables of the runbook, where they mean something else today; IDP_BASE_URL only where there is none. */
function settingsFor(environment: Environment, idpUrl: string): Settings {
  const correct: Record<string, string> = {};
  const add: Record<string, string> = {};
  for (const [name, wanted] of RUNBOOK_VALUES) {
    const value = environment[name];
    if (!value) add[name] = wanted;
    else if (value.toLowerCase() !== wanted) correct[name] = wanted;
  }
  // Loopback is this machine here, and in a container the container itself: better no value than a wrong one.
  if (!environment['IDP_BASE_URL'] && !isLoopback(new URL(idpUrl).hostname)) {
    add['IDP_BASE_URL'] = `${idpUrl.replace(/(?<!\/)\/+$/, '')}/api/oidc`;
  }
  return { correct, add };
}

const RUNBOOK_VALUES = [
  ['DCR_ENABLED', 'true'],
  ['SKIP_DCR_BOOTSTRAP', 'false'],
  ['ALLOW_BOOTSTRAP_FAILURE', 'false'],
] as const;

/**
 * Loud, and in the report: what a reader has to know although nothing stops here.
 *
 * @param next the environment of the next start
 */
function warningsFor({ job }: Context, next: Environment): string[] {
  const warnings: string[] = [];
  if (!next['IDP_BASE_URL'])
    warnings.push('The service has no IDP_BASE_URL. Set it to the address of the IdP in the network of the BFF.');
  if (job.insecure)
    warnings.push('--insecure: certificates are not checked, so anyone in between can read the admin token.');
  return warnings;
}

/**
 * Says whether a fresh token will help, from the environment as it will be and the log of the last start. Where it will not,
 * somebody is asked, or the run ends here.
 *
 * @throws AppError `iat-does-not-help`
 */
async function verifyTokenHelps(
  context: Context,
  scope: StepScope,
  stack: Stack,
  { instances, next }: StackState,
  environment: Environment,
): Promise<void> {
  const { job } = context;
  for (const { level, variable, message, hint } of diagnoseEnvironment(environment, job.variable)) {
    if (variable === job.variable || (stack.isLocal && variable === 'IDP_BASE_URL')) continue;
    if (level === 'info') scope.note(`${message} ${hint}`);
    else scope.warn(`${message} ${hint}`);
  }
  const found = await findProspect(context, scope, stack, instances, next, environment);
  if (found === null) return;
  const { helps, reason, mayBeMended } = found.prospect;
  if (helps !== false) {
    scope.note(
      helps ? `A fresh token should help: ${reason}` : `It is unclear whether a fresh token will help: ${reason}`,
    );
    return;
  }
  if (mayBeMended) {
    scope.warn(
      `Judging by its last log, a fresh token alone will not help. ${reason} If that is done, go on: this run will show.`,
    );
    return;
  }
  await confirmAnyway(context, scope, reason, found.isUp);
}

/** What the logs promise: where one of several instances needs a token, a token helps. null: none has a log. */
async function findProspect(
  { job, signal }: Context,
  scope: StepScope,
  stack: Stack,
  instances: readonly Instance[],
  { changed, before }: StackState['next'],
  environment: Environment,
): Promise<{ readonly prospect: Prospect; readonly isUp: boolean } | null> {
  const enough = new AbortController();
  const end = AbortSignal.any([signal, enough.signal]);
  const slots = new Slots(READERS);
  const read = async (instance: Instance) => {
    const reader = new LogReader({ env: environment });
    for await (const line of stack.logs(instance.id, { follow: false, signal: end, tail: LOG_TAIL })) reader.push(line);
    return { instance, reader };
  };
  const isRunning = ({ state }: Instance) => Number(state.status === 'running');
  // What does not run is more likely to need a token.
  const sorted = instances.toSorted((a, b) => isRunning(a) - isRunning(b));
  const reading = sorted.map((each) => slots.run(() => read(each), end));
  let answer: Reach | null = null;
  let found: { readonly prospect: Prospect; readonly isUp: boolean } | null = null;
  try {
    for (const each of reading) {
      const { instance, reader } = await each;
      if (reader.count === 0) continue;
      const log = reader.diagnosis();
      // A log is as old as the start that wrote it: whether the IdP answers can be asked again, where the next start asks from there.
      const isStale = log.code === 'idp-unreachable' || log.code === 'idp-error';
      const isAsked = isStale && changed === null && before.length === 0;
      if (isAsked && answer === null) {
        scope.progress('asking the IdP from the network of the BFF');
        answer = await askIdpFrom(instance, stack, environment, signal);
      }
      const since = { startedWith: instance.env, variable: job.variable, idp: isAsked ? answer : null, changed };
      const prospect = wouldIatHelp(log, environment, since);
      const isUp = instance.state.status === 'running' && isGood(log);
      if (found === null || hope(prospect) > hope(found.prospect)) found = { prospect, isUp };
      if (prospect.helps === true) break;
    }
  } finally {
    enough.abort(new AppError('interrupted', 'Enough was read.'));
    await Promise.allSettled(reading);
  }
  return found;
}

/** The more, the better are the chances. */
function hope({ helps, mayBeMended }: Prospect): number {
  return helps === true ? 3 : helps === null ? 2 : mayBeMended ? 1 : 0;
}

/**
 * A token that will not help is minted only where a person wants it: by `--force`, or when asked. Where no person can be asked, a
 * BFF that is well is no reason to stop: running again is safe, and all that is lost is a token that is not used.
 */
async function confirmAnyway({ job, tools }: Context, scope: StepScope, reason: string, isUp: boolean): Promise<void> {
  const message = `Judging by its last log, a fresh token will not help. ${reason}`;
  const goesOn = job.dryRun || job.force || (isUp && tools.confirm === null);
  if (goesOn || tools.confirm !== null) scope.warn(message);
  if (goesOn) return;
  if (tools.confirm === null) {
    throw new AppError('iat-does-not-help', message, {
      hint: {
        text: 'Nothing was minted or changed. To go on anyway: --force. To look closer:',
        command: 'npm run doctor',
      },
    });
  }
  if (await tools.confirm('Mint a token and restart the BFF anyway?')) return;
  throw new AppError('iat-does-not-help', 'Stopped: a fresh token would not help.', {
    hint: { text: 'Nothing was minted or changed. To look closer:', command: 'npm run doctor' },
  });
}

/** Whether the IdP of the service's environment answers in the network of its instance. */
export async function askIdpFrom(
  instance: Instance | null,
  stack: Stack,
  environment: Environment,
  signal: AbortSignal,
): Promise<Reach> {
  const unknown = (why: string): Reach => ({ kind: 'unknown', why });
  const base = environment['IDP_BASE_URL'] ?? '';
  const url = toAskable(base);
  if (url === null) return unknown(base === '' ? 'the service has no IDP_BASE_URL' : 'IDP_BASE_URL is not a URL');
  if (instance === null) return unknown(`there is no ${nounOf(instance)}`);
  const proxy = proxyVariable(url, { ...instance.env, ...environment });
  if (proxy !== null) return unknown(`the service asks it through a proxy (${proxy})`);
  return stack.reachFrom(instance.id, url, signal);
}

/**
 * Whether a later start can do without a token at all.
 *
 * @throws AppError `token-needed`, and what the stack knows better
 */
export function verifyNoTokenNeeded({ job }: Context, environment: Environment, instance: Instance | null): void {
  if (isTrue(environment['DCR_FORCE_REPLACE']) === true) {
    const message = 'DCR_FORCE_REPLACE is on, so every start registers again and needs a token.';
    throw new AppError('token-needed', message, {
      hint: `Set DCR_FORCE_REPLACE to "false" in the environment of ${job.service}, and run again.`,
    });
  }
  if (instance?.needsToken !== undefined) throw instance.needsToken;
  const path = environment['BFF_CLIENT_CRED_PATH'] ?? instance?.env['BFF_CLIENT_CRED_PATH'];
  if (!path?.startsWith('/') || instance === null) return;
  const isKept = isBelow(path, instance.persistentPaths);
  if (isKept) return;
  const message = `${job.service} keeps its credentials in ${path}, which does not outlive its ${nounOf(instance)}: a new one loses them and needs a token.`;
  throw new AppError('token-needed', message, {
    hint: 'Mount a volume there that outlives it, run npm run iat once more, and then clear.',
  });
}
