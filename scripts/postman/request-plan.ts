import { AppError } from '../core/errors.ts';
import type { CollectionRun } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import type { Context } from '../runbook/job.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { aimAt, applyMintOptions, authorize } from './adapt.ts';
import {
  type Collection,
  findFolder,
  findItem,
  findRequest,
  isFolder,
  type Place,
  parseCollection,
  pathOf,
  requestsIn,
  v3Error,
} from './collection.ts';
import { declaredSecrets } from './declared-secrets.ts';
import { describeRevision } from './revision.ts';
import { parseEnvironment, targetOf, type Value, verifyResolved } from './variables.ts';

/** Requests of the collection, ready to run; what `Collections.run` needs but for limits and signal. */
export interface RequestPlan {
  readonly collection: Collection;
  readonly file: string;
  /** The folders or requests that are named. */
  readonly places: readonly Place[];
  /** All requests in them, in order. */
  readonly requests: readonly Place[];
  readonly values: readonly Value[];
}

/** The collection and the values that the user gave it. */
export interface Source {
  readonly collection: Collection;
  readonly file: string;
  readonly values: readonly Value[];
}

/**
 * Reads the collection and the environment export, and notes for the report which state of them runs, and in what.
 *
 * @throws AppError `collection-missing`, `collection-invalid`, `collection-v3`, `environment-invalid`
 */
export async function readSource({ job, tools, recorder }: Context): Promise<Source> {
  const file = job.collection;
  const bytes = await tools.files.read(file).catch((error: unknown) => {
    // A folder where a file should be: the v3 format is a folder of YAML files.
    if (error instanceof AppError && error.code === 'file-not-regular') throw v3Error(file);
    throw error;
  });
  if (bytes === null) {
    throw new AppError('collection-missing', `There is no collection at ${file}.`, {
      hint: 'Name the Postman export with --collection FILE.',
    });
  }
  const values = job.environment === null ? [] : await readEnvironment(job.environment, tools.files);
  const own = job.envVars.map(({ name, value }) => ({ name, value, isSecret: false }));
  const collection = parseCollection(bytes, file);
  recorder.facts.push(['Collection', file], ['Revision', describeRevision(bytes, collection)]);
  if (job.environment !== null) recorder.facts.push(['Postman environment', job.environment]);
  recorder.facts.push(['Run by', tools.collections.engine]);
  const found = new FoundSecrets((secret) => tools.learn(secret, 'found'));
  for (const { value, label, isMarked } of declaredSecrets(collection, [...values, ...own])) {
    if (isMarked) tools.learn(new Secret(value, label));
    else found.add(value, label);
  }
  return { collection, file, values: merge(values, own) };
}

/** The request that mints, carrying the admin token. `adminToken` null: only to see what would be sent. */
export function planMint(
  source: Source,
  { job }: Context,
  adminToken: Secret | null,
): RequestPlan & { readonly url: URL } {
  const place = findRequest(source.collection, job.request, source.file);
  const values = merge(source.values, [
    ...(job.idpUrl === null ? [] : aimAt(place, job.idpUrl)),
    ...authorize(place, adminToken?.reveal() ?? ''),
    ...applyMintOptions(place, job),
  ]);
  const plan = toPlan(source, [place], values);
  const target = targetOf(place, values);
  // "idp.test:8002/api" parses, too: as an address of the scheme "idp.test".
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) {
    throw new AppError('bad-value', `"${pathOf(place)}" goes to "${target}", which is not a URL.`, {
      hint: 'Name the IdP with --idp-url https://HOST.',
      where: { file: source.file },
    });
  }
  const url = new URL(target);
  if (url.protocol === 'http:' && !isNear(url.hostname) && !job.allowHttp) {
    throw new AppError('insecure-url', `The admin token would go to ${url.host} unencrypted (http).`, {
      hint: 'Use https, or say --allow-http where the network between is trusted.',
    });
  }
  return { ...plan, url };
}

/**
 * The folder that says whether the BFF is healthy.
 *
 * @param kid the signing key's id that the service has in its environment; null: the collection's own
 */
export function planHealth(source: Source, { job }: Context, kid: string | null): RequestPlan {
  const folder = findFolder(source.collection, job.healthFolder, source.file);
  const requests = requestsIn(folder, source.collection);
  const known = kid === null || source.values.some(({ name }) => name === 'bff_kid');
  const values = merge(known ? [] : [{ name: 'bff_kid', value: kid, isSecret: false }], source.values);
  return toPlan(source, [folder], job.bffUrl === null ? values : merge(values, aimAll(requests, values, job.bffUrl)));
}

/** Any folders and requests, for `npm run collection`. */
export function planItems(source: Source, names: readonly string[]): RequestPlan {
  const places = names.map((name) => findItem(source.collection, name, source.file));
  return toPlan(source, places, source.values);
}

/** The options of a run through the `Collections` port. */
export function toRun(
  plan: RequestPlan,
  { job, signal }: Context,
  limits: {
    readonly requestTimeoutMs: number;
    readonly signal?: AbortSignal;
    readonly guarded?: CollectionRun['guarded'];
    readonly ready?: Promise<void>;
  },
): CollectionRun {
  return {
    collection: plan.collection as CollectionRun['collection'],
    items: plan.places.map(({ item }) => item.id ?? ''),
    requests: plan.requests.length,
    variables: plan.values.map(({ name, value, isSecret }) => ({
      name,
      value: isSecret ? new Secret(value, name) : value,
    })),
    tls: { caFile: job.caFile, insecure: job.insecure },
    requestTimeoutMs: limits.requestTimeoutMs,
    guarded: limits.guarded ?? null,
    ready: limits.ready ?? null,
    signal: limits.signal ?? signal,
  };
}

/** Where the requests go: scheme, host and port of each, as far as that can be told before their scripts run. */
export function originsOf({ requests, values }: RequestPlan): string {
  const targets = requests.map((place) => targetOf(place, values)).filter((target) => URL.canParse(target));
  return [...new Set(targets.map((target) => new URL(target).origin))].join(', ');
}

/** "BFF Health (2 requests)", "IdP Admin/DCR IAT". */
export function titleOf(plan: RequestPlan): string {
  const count = plan.requests.length === 1 ? '1 request' : `${plan.requests.length} requests`;
  return plan.places.map((place) => (isFolder(place) ? `${pathOf(place)} (${count})` : pathOf(place))).join(', ');
}

async function readEnvironment(file: string, files: Context['tools']['files']): Promise<Value[]> {
  const bytes = await files.read(file);
  if (bytes !== null) return parseEnvironment(bytes, file);
  throw new AppError('environment-invalid', `There is no Postman environment at ${file}.`, {
    hint: 'Correct --environment; collections/ has examples.',
  });
}

function toPlan(source: Source, places: readonly Place[], values: readonly Value[]): RequestPlan {
  const requests = places.flatMap((place) => requestsIn(place, source.collection));
  verifyResolved(requests, values, source.file);
  return { collection: source.collection, file: source.file, places, requests, values };
}

/** Points the requests that go to the BFF elsewhere; a folder may ask the IdP, too, and that stays. */
function aimAll(requests: readonly Place[], values: readonly Value[], baseUrl: string): Value[] {
  const originOf = (place: Place) => {
    const target = targetOf(place, values);
    return URL.canParse(target) ? new URL(target).origin : target;
  };
  const [first] = requests;
  const origin = first === undefined ? '' : originOf(first);
  return requests.filter((place) => originOf(place) === origin).flatMap((place) => aimAt(place, baseUrl));
}

/** Later values beat earlier ones of the same name. */
function merge(values: readonly Value[], beating: readonly Value[]): Value[] {
  return [...new Map([...values, ...beating].map((value) => [value.name, value])).values()];
}

/** Loopback, or a container's name, which has no dot. */
function isNear(hostname: string): boolean {
  return /^127\.|^\[::1\]$|(?:^|\.)localhost$/.test(hostname) || !/[.:]/.test(hostname);
}
