import { dirname, join } from 'node:path';
import { chooseTarget, type Target } from '../compose-file/target.ts';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Project, ResolvedService, Stack } from '../core/stack.ts';
import { jwtExpiry } from '../idp/token.ts';
import { type MintPlan, originsOf, planHealth, planMint, type RequestPlan, withKid } from '../postman/request-plan.ts';
import { readSource } from '../postman/source.ts';
import type { Context } from './job.ts';
import { learnEnvironments } from './learn.ts';
import type { StepScope } from './recorder.ts';
import { PLACEHOLDER, resolveBefore } from './side-effects.ts';
import { foresee } from './would-help.ts';

/** What the other steps work with: all that could be found out before anything changes. */
export interface Plan {
  readonly mint: MintPlan;
  readonly health: RequestPlan;
  readonly stack: Stack;
  /** Every service as it is before anything changes. */
  readonly project: Project;
  readonly target: Target;
  /** The variables that will be set, but for the token itself. */
  readonly settings: Readonly<Record<string, string>>;
  /** null in a dry run without one. */
  readonly adminToken: Secret | null;
  /** The service's value today, as compose resolves it; null: none. */
  readonly current: string | null;
}

/**
 * Checks everything that can be known before a change, and changes nothing: collection, compose files, service, target
 * file, Docker, report folder, admin token; and whether a fresh token will help at all.
 */
export async function preflight(context: Context, scope: StepScope): Promise<Plan> {
  const { job, tools, recorder, signal } = context;

  const paths = await tools.composeFiles();
  // Docker takes longest to answer; the rest is checked meanwhile, and speaks first.
  const connecting = tools.connect(paths, signal);
  connecting.catch(() => {});
  const source = await readSource(job, tools);
  recorder.facts.push(...source.facts, ['Run by', tools.collections.engine]);
  const mint = planMint(source, job);
  const healthAsGiven = planHealth(source, job);
  recorder.facts.push(['IdP', mint.url.origin], ['BFF', originsOf(healthAsGiven)]);
  const dotenv = join(dirname(paths[0] ?? ''), '.env');
  const early = findWritable(context, paths, dotenv);
  await early.catch(() => {});
  await tools.verifyReports();

  scope.progress('asking Docker and compose');
  const stack = await connecting.catch(async (error: unknown) => {
    await early;
    throw error;
  });
  // The running stack may have been started with more files than were named.
  const isSame = stack.files.join() === paths.join() && stack.dotenv === dotenv;
  const target = await (isSame ? early : findWritable(context, stack.files, stack.dotenv));
  recorder.facts.push(['Compose', stack.title], ['Project', stack.invocation]);
  const resolving = resolveBefore(stack, target, job, signal);
  const looking = Promise.all([stack.seen ?? stack.container(job.service, signal), stack.foresee(job.service, signal)]);
  looking.catch(() => {});
  // Loading Newman takes as long as compose, and nothing else can go on meanwhile: all at the same time.
  tools.collections.preload();
  const project = await resolving;
  const { environment } = serviceOf(project, job.service, target.path);
  const current = environment[job.variable] || null;
  learnEnvironments(project, tools);
  // What is about to be replaced was a secret as well, and is not to be seen in a diff or a log.
  if (current !== null) tools.learn(new Secret(current, `${job.variable} before`));
  const settings = settingsFor(context, environment, job.idpUrl ?? mint.url.origin, target.kind);
  verifyNotShadowed(target, job, environment[job.variable] ?? null);
  // The edit itself is tried out now: whatever the editor refuses, it refuses before a token is minted.
  target.edit({ ...settings, [job.variable]: PLACEHOLDER });
  await warn(context, target.path);
  await foresee(context, scope, { stack, looking }, { ...environment, ...settings });

  const adminToken = await readAdminToken(context);
  const health = withKid(healthAsGiven, environment['BFF_KID'] ?? null);
  scope.summary(`${stack.invocation}, service ${job.service}`);
  return { mint, health, stack, project, target, settings, adminToken, current };
}

/**
 * The service as compose resolves it. The file has it, so that compose leaves it out only for its profile (compose-spec:
 * profiles).
 *
 * @throws AppError `service-not-found`
 */
export function serviceOf(project: Project, name: string, file: string): ResolvedService {
  const service = project[name];
  if (service !== undefined) return service;
  throw new AppError('service-not-found', `Compose leaves the service "${name}" out: its profile is not active.`, {
    hint: 'Activate it as for the running stack: set COMPOSE_PROFILES.',
    where: { file },
  });
}

/** The file that decides, if the token can be written there. */
async function findWritable(context: Context, paths: readonly string[], dotenv: string): Promise<Target> {
  const target = await findTarget(context, paths, dotenv);
  target.edit({ [context.job.variable]: PLACEHOLDER });
  await context.tools.files.verifyWritable(target.path);
  return target;
}

/** What the target says today has to be what the service gets today; else something beats it, and would beat the token, too. */
function verifyNotShadowed(target: Target, { variable, service }: Context['job'], effective: string | null): void {
  const own = target.valueOf(variable);
  if (own === null || own === (effective ?? '')) return;
  // An empty value in .env gives way to the default of `${X:-default}`.
  if (own === '' && target.kind === 'env-file') return;
  throw new AppError('shadowed', `${target.path} sets ${variable}, but ${service} gets another value from elsewhere.`, {
    hint: `Find what wins (another -f or override file, an exported ${target.nameOf(variable)}, --env-file) and name that, or take ${variable} out there.`,
    where: { file: target.path },
  });
}

/** The file that decides, for the compose files and the `.env` beside them. */
export function findTarget({ job, tools }: Context, paths: readonly string[], dotenv: string): Promise<Target> {
  const { files, isExported } = tools;
  return chooseTarget({
    files,
    isExported,
    paths,
    dotenv,
    service: job.service,
    variable: job.variable,
    mode: job.write,
  });
}

/** Loud, and in the report: what a reader has to know although nothing stops here. */
async function warn({ job, tools, recorder }: Context, path: string): Promise<void> {
  if ((await tools.files.isTracked(path)) === true) {
    recorder.warn(
      `git tracks ${path}, and would commit the token with it. To keep it out for good: write ${job.variable}: \${${job.variable}} there, and ${job.variable}= into a .env file beside it that git ignores.`,
    );
  }
  if (job.insecure) {
    recorder.warn('--insecure: certificates are not checked, so whoever stands in between can read the admin token.');
  }
}

async function readAdminToken({ job, tools }: Context): Promise<Secret | null> {
  let token: Secret;
  try {
    token = await tools.adminToken(new AbortController().signal);
  } catch (error) {
    if (job.dryRun && error instanceof AppError && error.code === 'admin-token-missing') return null;
    throw error;
  }
  tools.learn(token);
  const expiry = jwtExpiry(token.reveal());
  const now = tools.clock.date().getTime();
  if (expiry !== null && expiry.getTime() <= now) {
    const minutes = Math.max(1, Math.round((now - expiry.getTime()) / 60_000));
    throw new AppError('admin-token-expired', `The admin token expired ${minutes} min ago (${expiry.toISOString()}).`, {
      hint: 'Get a fresh admin access token and run again.',
    });
  }
  return token;
}

/** The other variables of the runbook: set where they mean something else today; IDP_BASE_URL only where there is none. */
function settingsFor(
  { recorder }: Context,
  environment: Readonly<Record<string, string | null>>,
  idpUrl: string,
  kind: Target['kind'],
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, wanted] of [
    ['DCR_ENABLED', 'true'],
    ['SKIP_DCR_BOOTSTRAP', 'false'],
    ['ALLOW_BOOTSTRAP_FAILURE', 'false'],
  ] as const) {
    const value = environment[name];
    // Beside a value in .env the compose file is left alone, so there only what contradicts has to change.
    if (kind === 'env-file' && !value) continue;
    if (value?.toLowerCase() !== wanted) settings[name] = wanted;
  }
  if (environment['IDP_BASE_URL'] || kind === 'env-file') return settings;
  // What is loopback here is the container itself there: better no value than a wrong one.
  if (/^(?:127\.|\[::1\]$|localhost$)/.test(new URL(idpUrl).hostname)) {
    recorder.warn('The service has no IDP_BASE_URL. Set it to the address of the IdP in the network of the BFF.');
  } else {
    settings['IDP_BASE_URL'] = `${idpUrl.replace(/\/+$/, '')}/api/oidc`;
  }
  return settings;
}
