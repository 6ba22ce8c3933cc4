import { publishedKid } from '../bff/health-answers.ts';
import type { Reading } from '../bff/log-reader.ts';
import { AppError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Instance } from '../core/stack.ts';
import { type RequestPlan, toRun } from '../postman/request-plan.ts';
import { targetOf } from '../postman/variables.ts';
import { REQUEST_TIMEOUT_MS } from './health.ts';
import type { Context } from './job.ts';
import type { StepScope } from './recorder.ts';

/** Where the BFF publishes its public keys (RFC 7517). */
const JWKS_PATH = '/.well-known/jwks.json';

/**
 * What shows that a healthy BFF is registered as well: its log, else its key in the answers of the health folder, else its key
 * where it is asked for it. `/health` alone shows nothing of the kind.
 *
 * @returns how it is known, in one sentence
 * @throws AppError `bff-unregistered` when nothing shows it
 */
export async function proveRegistration(
  context: Context,
  scope: Pick<StepScope, 'attempt'>,
  plan: RequestPlan,
  known: {
    reading(): Reading;
    readonly exchanges: readonly Exchange[];
    readonly env: Instance['env'];
  },
): Promise<string> {
  const { exchanges, env } = known;
  const { decided, diagnosis } = known.reading();
  if (decided === 'good') return `${diagnosis.cause} Its log says so: ${diagnosis.evidence.at(-1) ?? ''}`.trim();
  const kid = publishedKid(exchanges, env) ?? publishedKid(await askForKeys(context, scope, plan, exchanges), env);
  if (kid !== null) return `Its JWKS holds the key ${kid}; its log does not say whether it registered.`;
  throw new AppError('bff-unregistered', 'The BFF answers as healthy, but nothing shows that it is registered.', {
    hint: `Neither its log nor its JWKS says so, and /health can pass without registration. Make sure that ALLOW_BOOTSTRAP_FAILURE is "false" and BFF_KID is the id of its key, and read its log in the report.`,
  });
}

/** One more attempt, with the request that the folder does not have. */
export async function askForKeys(
  { job, tools, recorder, signal }: Context,
  scope: Pick<StepScope, 'attempt'>,
  plan: RequestPlan,
  before: readonly Exchange[],
): Promise<readonly Exchange[]> {
  const [first] = plan.requests;
  const health = first === undefined ? '' : targetOf(first, plan.values);
  if (!URL.canParse(health)) return [];
  const base = job.bffUrl ?? new URL(health).origin;
  const item = {
    id: 'jwks',
    name: 'JWKS of the BFF',
    request: { method: 'GET', url: `${base.replace(/(?<!\/)\/+$/, '')}${JWKS_PATH}` },
  };
  const startMs = recorder.elapsedMs();
  const { exchanges } = await tools.collections.run({
    ...toRun(plan, job, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal }),
    collection: { info: { name: 'Registration', schema: plan.collection.info.schema }, item: [item] } as object,
    items: [item.id],
    requests: 1,
  });
  const passed = exchanges.every(({ error }) => error === null);
  scope.attempt({
    startMs,
    durationMs: recorder.elapsedMs() - startMs,
    passed,
    exchanges: [...before, ...exchanges],
  });
  return exchanges;
}
