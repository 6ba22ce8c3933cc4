import { nounOf } from '../bff/verdict.ts';
import { AppError } from '../core/errors.ts';
import { isLoopback } from '../core/proxy.ts';
import type { Environment, Instance, NextStart } from '../core/stack.ts';
import { pathOf } from '../postman/collection.ts';
import type { MintPlan } from '../postman/mint-plan.ts';
import { planHealth, type RequestPlan, withKid } from '../postman/request-plan.ts';
import type { Source } from '../postman/source.ts';
import { targetOf } from '../postman/variables.ts';
import type { Context, Job } from './job.ts';
import type { StepScope } from './recorder.ts';
import { listNames } from './some-of-many.ts';

/** Whether what is in a path outlives a container, or is shared, where these paths are. */
export function isBelow(path: string, paths: readonly string[]): boolean {
  return paths.some((each) => path === each || path.startsWith(`${each.replace(/\/$/, '')}/`));
}

/**
 * Whether all instances keep their credentials in the same place, so that one registers for all of them.
 *
 * @param environment of the next start
 */
export function isShared(
  { sharedPaths }: Pick<NextStart, 'sharedPaths'>,
  environment: Environment,
  instance: Instance | null,
): boolean {
  if (sharedPaths === null) return false;
  const path = environment['BFF_CLIENT_CRED_PATH'] ?? instance?.env['BFF_CLIENT_CRED_PATH'];
  return path?.startsWith('/') ? isBelow(path, sharedPaths) : sharedPaths.length > 0;
}

/**
 * The mint, for as many uses as there will be: one, unless several instances keep their credentials apart, so that each of them
 * registers, or others start with the token besides. An option or the collection may ask for more.
 *
 * @param replan the same mint for so many uses
 */
export function planUses(
  job: Job,
  scope: StepScope,
  mint: MintPlan,
  replan: (maxUsages: number) => MintPlan,
  next: NextStart,
  environment: Environment,
  instance: Instance | null,
): MintPlan {
  const { copies, sharedPaths, extraStarts = 0 } = next;
  const apart = copies < 2 || sharedPaths === null || isShared(next, environment, instance) ? 1 : copies;
  const uses = apart + extraStarts;
  if (uses === 1 || (mint.maxUsages ?? 1) >= uses) return mint;
  const noun = nounOf(instance);
  const reasons = [
    ...(apart > 1
      ? [`${copies} ${noun}s of ${job.service} keep their credentials apart, so each of them registers`]
      : []),
    ...(extraStarts > 0 ? [`${extraStarts} more ${extraStarts === 1 ? 'start uses' : 'starts use'} the token`] : []),
  ];
  const why = reasons.join(', and ');
  if (job.maxUsages !== null) {
    scope.warn(`${why}; --max-usages ${job.maxUsages} is too few for that.`);
    return mint;
  }
  try {
    const more = replan(uses);
    scope.warn(`${why}: the token is minted for ${uses} uses. --max-usages says otherwise.`);
    return more;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'bad-value') throw error;
    scope.warn(`${why}, and "${pathOf(mint.mint)}" has no place for the number of uses: ask for ${uses} there.`);
    return mint;
  }
}

/** The health folder, aimed at where a container publishes the BFF. */
export interface AimedHealth extends RequestPlan {
  /** Where that is, where it is not the collection's own; null: it is. */
  readonly published: string | null;
}

/** The health folder for an instance, by `url` where that is how it is reached (`Stack.connect`). */
export type HealthPlans = (instance: Instance | null, url?: string) => AimedHealth;

/**
 * The health folder for an instance: without `--bff-url` at the port that its container publishes on this machine, where the
 * collection's own is on this machine as well, and is none of them.
 *
 * @param environment of the service: BFF_KID is the id of its key
 */
export function aimHealth(source: Source, job: Job, environment: Environment): HealthPlans {
  const own = planHealth(source, job);
  return (instance, url) => {
    const published = url ?? (job.bffUrl === null && instance !== null ? publishedUrl(own, job, instance) : null);
    const aimed = published === null ? own : planHealth(source, { ...job, bffUrl: published });
    return { ...withKid(aimed, environment['BFF_KID'] ?? null), published };
  };
}

function publishedUrl(
  { requests: [first], values }: RequestPlan,
  { envVars }: Job,
  { ports }: Instance,
): string | null {
  const target = first === undefined ? '' : targetOf(first, values);
  if (first === undefined || !URL.canParse(target)) return null;
  const url = new URL(target);
  // Behind https there is a proxy, which is published by another container.
  if (url.protocol !== 'http:' || !isLoopback(url.hostname)) return null;
  // A variable that the person has set says where it is, too.
  const written = JSON.stringify(first.item.request?.url ?? '');
  if (envVars.some(({ name }) => written.includes(`{{${name}}}`))) return null;
  const number = Number(url.port || 80);
  if (ports.some(({ published, address }) => published === number && isHere(address))) return null;
  const port = ports.find(({ inside }) => inside === number) ?? (ports.length === 1 ? ports[0] : undefined);
  if (port === undefined) return null;
  const host = isHere(port.address) ? url.hostname : port.address.includes(':') ? `[${port.address}]` : port.address;
  return `http://${host}:${port.published}`;
}

/** This machine reaches it by its loopback, too. */
function isHere(address: string): boolean {
  return ['', '0.0.0.0', '::', '127.0.0.1'].includes(address);
}

/**
 * A warning where the health folder is aimed at a port of this machine that the instance does not publish, and nobody else
 * serves: it would be asked until the time is up.
 */
export async function warnOfNobody(
  { tools, signal }: Pick<Context, 'tools' | 'signal'>,
  scope: StepScope,
  { requests: [first], values }: RequestPlan,
  instance: Instance | null,
): Promise<void> {
  const target = first === undefined ? '' : targetOf(first, values);
  // Without any port it may be in the network of its host.
  if (instance === null || instance.ports.length === 0 || !URL.canParse(target)) return;
  const { protocol, hostname, port, origin } = new URL(target);
  const number = Number(port || (protocol === 'https:' ? 443 : 80));
  if (!isLoopback(hostname) || instance.ports.some(({ published }) => published === number)) return;
  if ((await tools.reach(`${origin}/`, signal)).kind !== 'refused') return;
  const published = listNames(instance.ports.map((each) => `${each.published}`));
  scope.warn(
    `Nothing listens at ${origin}, where the BFF will be asked, and ${instance.name} publishes ${published}: name its address with --bff-url.`,
  );
}
