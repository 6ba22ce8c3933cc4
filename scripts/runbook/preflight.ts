import { chooseTarget, type Target } from '../compose/target.ts';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Stack } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';
import { jwtExpiry } from '../postman/token.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';
import { planHealth, planMint, type RequestPlan, readSource } from './requests.ts';

/** What the other steps work with: all that could be found out before anything changes. */
export interface Plan {
  readonly mint: RequestPlan & { readonly url: URL };
  readonly health: RequestPlan;
  readonly stack: Stack;
  readonly target: Target;
  /** The variables that will be set, but for the token itself. */
  readonly settings: Readonly<Record<string, string>>;
  /** null in a dry run without one. */
  readonly adminToken: Secret | null;
  /** The service's value today, as compose resolves it; null: none. */
  readonly current: string | null;
}

/** What stands in the token's place while the edit is tried out. As long as a real one, and nobody's secret. */
const PLACEHOLDER = 'to-be-minted';

/**
 * Checks everything that can be known before a change, and changes nothing: collection, compose files, service, target
 * file, Docker, report folder, admin token.
 */
export async function preflight(context: Context, scope: StepScope): Promise<Plan> {
  const { job, tools, recorder, signal } = context;

  // Docker takes longest to answer; the rest is checked meanwhile, and speaks first.
  const connecting = tools.connect(signal);
  connecting.catch(() => {});
  tools.collections.preload();
  const source = await readSource(context);
  planMint(source, context, null);
  planHealth(source, context, null);
  await tools.verifyReports();

  scope.progress('asking Docker and compose');
  const stack = await connecting;
  recorder.facts.push(['Compose', stack.title], ['Project', stack.invocation]);
  const project = await stack.resolve(signal);
  const environment = project[job.service];
  if (environment === undefined) throw serviceNotFound(job.service, Object.keys(project), stack.files[0] ?? '');

  const current = environment[job.variable] ?? null;
  const settings = settingsFor(environment, job.idpUrl ?? planMint(source, context, null).url.origin);
  const target = await chooseTarget({
    files: tools.files,
    paths: stack.files,
    service: job.service,
    variable: job.variable,
    mode: job.write,
  });
  // The edit itself is tried out now: whatever the editor refuses, it refuses before a token is minted.
  target.edit({ ...settings, [job.variable]: PLACEHOLDER });
  await tools.files.verifyWritable(target.path);
  if ((await tools.files.isTracked(target.path)) === true) {
    recorder.warn(
      `git tracks ${target.path}: the token would be committed with it. Do not commit it before DCR_IAT is out again.`,
    );
  }
  if (job.insecure)
    recorder.warn('--insecure: certificates are not checked, so anyone in between could read the admin token.');

  const adminToken = await readAdminToken(context);
  const mint = planMint(source, context, adminToken);
  const health = planHealth(source, context, environment['BFF_KID'] ?? null);
  recorder.facts.push(['IdP', mint.url.origin], ['Collection', source.file]);
  scope.summary(`${stack.title}, service ${job.service}`);
  return { mint, health, stack, target, settings, adminToken, current };
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
function settingsFor(environment: Readonly<Record<string, string | null>>, idpOrigin: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, wanted] of [
    ['DCR_ENABLED', 'true'],
    ['SKIP_DCR_BOOTSTRAP', 'false'],
    ['ALLOW_BOOTSTRAP_FAILURE', 'false'],
  ] as const) {
    if (environment[name]?.toLowerCase() !== wanted) settings[name] = wanted;
  }
  if (!environment['IDP_BASE_URL']) settings['IDP_BASE_URL'] = `${idpOrigin.replace(/\/+$/, '')}/api/oidc`;
  return settings;
}

function serviceNotFound(service: string, services: readonly string[], file: string): AppError {
  const near = nearest(service, services);
  return new AppError('service-not-found', `There is no service "${service}" in the compose project.`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}? Name it with --service.`
        : `It has: ${services.join(', ') || 'none'}. Name one with --service.`,
    where: { file },
  });
}
