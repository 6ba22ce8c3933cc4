import { AppError, hintText } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Secret } from '../core/secret.ts';
import { jwtExpiry } from '../idp/expiry.ts';
import { missingToken } from '../postman/authorization.ts';
import { headerIn } from '../postman/body-text.ts';
import { pathOf } from '../postman/collection.ts';
import type { MintPlan } from '../postman/mint-plan.ts';
import type { RequestPlan } from '../postman/request-plan.ts';
import { FoundSecrets } from '../secrets/found.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

/** Masks what the collection has to be let in with, before anything of the plan is said. */
export function learnAuthorization({ tools }: Context, { authorization }: MintPlan): void {
  const found = new FoundSecrets((secret) => tools.learn(secret, 'found'));
  for (const value of authorization?.secrets ?? []) found.add(value, 'authorization');
}

/**
 * What lets the mint in, said in the report: the admin token, or what the collection has.
 *
 * @returns the admin token; null: it takes none, or it is a dry run without one
 * @throws AppError `admin-token-missing`, `admin-token-expired`, `bad-value`
 */
export async function authorizeMint(context: Context, scope: StepScope, plan: MintPlan): Promise<Secret | null> {
  const { job, tools } = context;
  const { authorization, tokenVariable } = plan;
  if (tokenVariable === null && authorization !== null) {
    scope.fact(FACT, authorization.from);
    for (const value of authorization.secrets) verifyNotExpired(context, value, `The token ${authorization.from}`);
    if (tools.adminTokenFrom === 'variable') {
      scope.warn(
        `IAT_ADMIN_TOKEN is not used: the authorization of the mint comes ${authorization.from}. --admin-token-file FILE would take its place.`,
      );
    }
    return null;
  }
  let token: Secret;
  try {
    // A dry run does not ask for a token that it will not use.
    token = await tools.adminToken(!job.dryRun);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'admin-token-missing') throw error;
    if (job.dryRun) return null;
    throw new AppError(error.code, error.message, { hint: adviseOn(plan, error) });
  }
  tools.learn(token);
  scope.fact(FACT, FROM[tools.adminTokenFrom ?? 'prompt']);
  verifyNotExpired(context, token.reveal(), 'The admin token');
  return token;
}

/** Whether a script has put another token in the place of the given one, whose variable it may set; then the report says so. */
export function isReplaced(scope: StepScope, token: Secret | null, { request }: Exchange): boolean {
  const sent = headerIn(request.headers, 'authorization');
  const isOther = token !== null && sent !== '' && !sent.includes(token.reveal());
  if (isOther) scope.fact(FACT, BY_SCRIPT);
  return isOther;
}

export const BY_SCRIPT = 'from a pre-request script of the collection';

/** A collection may ask any host, so it does not get the admin token of the main job; the reader may have expected that. */
export function warnOfUnusedToken({ tools }: Context, scope: StepScope, { requests, values }: RequestPlan): void {
  const place = requests.find((each) => missingToken(each, values) !== null);
  if (tools.adminTokenFrom !== 'variable' || place === undefined) return;
  scope.warn(
    `"${pathOf(place)}" gets no token: {{${missingToken(place, values)}}} has no value. IAT_ADMIN_TOKEN is for npm run iat alone, because a collection may ask any host. Put a token for it into the environment export (-e FILE), as a secret.`,
  );
}

/** Its name in the report. */
const FACT = 'Authorization';

const FROM = {
  file: 'from --admin-token-file',
  sandbox: 'from the sandbox',
  variable: 'from IAT_ADMIN_TOKEN',
  prompt: 'from the prompt',
} as const;

/** The request that may be the login comes first. */
function adviseOn({ setters, tokenVariable, lack }: MintPlan, { hint }: AppError): string {
  const [login] = setters;
  const advice =
    login === undefined ? '' : `"${login}" sets {{${tokenVariable}}}: run it first with --login "${login}". `;
  return `${lack === null ? '' : `${lack} `}${advice}${hint === undefined ? '' : hintText(hint)}`;
}

function verifyNotExpired({ tools }: Context, token: string, name: string): void {
  const expiry = jwtExpiry(token);
  const now = tools.clock.date().getTime();
  if (expiry === null || expiry.getTime() > now) return;
  const minutes = Math.max(1, Math.round((now - expiry.getTime()) / 60_000));
  throw new AppError('admin-token-expired', `${name} expired ${minutes} min ago (${expiry.toISOString()}).`, {
    hint: 'Get a fresh admin access token and run again.',
  });
}
