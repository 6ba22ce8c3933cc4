import { AppError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { CollectionRun, LocalFiles, PostmanVariable } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { aimAt } from './adapt.ts';
import { isFolder, pathOf, placesOf, requestsIn } from './collection.ts';
import type { Collection, Item, Place, Request } from './collection-format.ts';
import type { DataRow } from './iteration-data.ts';
import { findFolder, type Selection, selectItems } from './selection.ts';
import type { Source } from './source.ts';
import { sendsFile } from './transport.ts';
import { verifyResolved } from './unresolved.ts';
import { urlOf } from './url.ts';
import { fillIn, knownTo, merge, targetOf, type Value } from './variables.ts';

/** Requests of a collection as they are to be sent; what `Collections.run` needs but for limits and signal. */
export interface RequestPlan {
  /** A copy where a request had to change. */
  readonly collection: Collection;
  readonly file: string;
  /** The folders or requests that are named, or all at the top. */
  readonly places: readonly Place[];
  /** All of the collection runs. */
  readonly isWhole: boolean;
  /** All requests in them, in order. */
  readonly requests: readonly Place[];
  readonly values: readonly Value[];
  readonly globals: readonly Value[];
  /** `pm.environment.name`; '': none. */
  readonly environmentName: string;
  /** The rows of the iterations; null: there is no data. */
  readonly data: readonly DataRow[] | null;
  /** What may go wrong when they are sent, each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * The folder that says whether the BFF is healthy.
 *
 * @param options `bffUrl` null: the collection's own; `restart` false: nothing is checked, so no folder is needed
 * @throws AppError `folder-not-found`, `folder-empty`, `request-ambiguous`, `variable-unresolved`, `insecure-url`,
 *   `body-from-file`
 */
export function planHealth(
  source: Source,
  options: { readonly healthFolder: string; readonly bffUrl: string | null; readonly restart?: boolean },
): RequestPlan {
  if (options.restart === false) return toPlan(source, [], source.values, { isStrict: false });
  const folder = findFolder(source.collection, options.healthFolder, source.file);
  const aimed = options.bffUrl === null ? [] : aimAll(source, folder, options.bffUrl);
  const values = aimed.flatMap((each) => each.values);
  const requests = new Map(aimed.map(({ id, request }) => [id, request]));
  const plan = toPlan(source, [folder], merge(source.values, values), { changed: requests, isStrict: false });
  verifyNoFiles(plan);
  for (const place of plan.requests.filter(({ item }) => requests.has(item.id ?? ''))) {
    verifyAimed(place, plan, options.bffUrl, '--bff-url');
  }
  return plan;
}

/**
 * The plan with the signing key's id that the service has in its environment. One that the user gave beats it.
 *
 * @param kid null: the collection's own
 */
export function withKid(plan: RequestPlan, kid: string | null): RequestPlan {
  if (kid === null || plan.values.some(({ name }) => name === 'bff_kid')) return plan;
  return { ...plan, values: [...plan.values, { name: 'bff_kid', value: kid, isSecret: false }] };
}

/**
 * What runs for `npm run collection`: see `selectItems`, which throws the same.
 *
 * @throws AppError `variable-unresolved` for a host
 */
export function planItems(source: Source, names: readonly string[], folders: readonly string[] = []): RequestPlan {
  const selection = selectItems(source, names, folders);
  const plan = toPlan(source, selection.places, source.values, { selection, isStrict: false });
  return { ...plan, warnings: [...selection.warnings, ...plan.warnings] };
}

/** The options of a run through the `Collections` port. */
export function toRun(
  plan: RequestPlan,
  tls: { readonly caFile: string | null; readonly insecure: boolean },
  limits: {
    /** In milliseconds, for one request. */
    readonly requestTimeoutMs: number;
    readonly signal: AbortSignal;
    readonly origins?: readonly string[];
    readonly local?: LocalFiles;
    /** Default true. */
    readonly isBounded?: boolean;
    readonly onCut?: CollectionRun['onCut'];
  },
): CollectionRun {
  return {
    collection: plan.collection as CollectionRun['collection'],
    items: plan.isWhole ? null : plan.places.map(({ item }) => item.id ?? ''),
    requests: plan.requests.length,
    variables: plan.values.map(toVariable),
    newman: {
      ...(plan.environmentName === '' ? {} : { environmentName: plan.environmentName }),
      globals: plan.globals.map(toVariable),
      ...(plan.data === null ? {} : { data: plan.data }),
    },
    tls: { caFile: tls.caFile, insecure: tls.insecure },
    requestTimeoutMs: limits.requestTimeoutMs,
    origins: limits.origins ?? null,
    local: limits.local ?? null,
    isBounded: limits.isBounded ?? true,
    signal: limits.signal,
    ...(limits.onCut === undefined ? {} : { onCut: limits.onCut }),
  };
}

function toVariable({ name, value, isSecret }: Value): PostmanVariable {
  return { name, value: isSecret && typeof value === 'string' ? new Secret(value, name) : value };
}

/** Where the requests go: scheme, host and port of each, as far as that can be told before their scripts run. */
export function originsOf({ requests, values, globals }: RequestPlan): string {
  const targets = requests.map((place) => targetOf(place, values, globals)).filter((target) => URL.canParse(target));
  return [...new Set(targets.map((target) => new URL(target).origin))].join(', ');
}

/** "BFF Health (2 requests)", "IdP Admin/DCR IAT"; of a whole collection its name. */
export function titleOf({ collection, places, requests, isWhole }: RequestPlan): string {
  const counted = (count: number) => (count === 1 ? '1 request' : `${count} requests`);
  if (isWhole) return `${collection.info.name ?? 'the whole collection'} (${counted(requests.length)})`;
  const titles = places.map((place) =>
    isFolder(place) ? `${pathOf(place)} (${counted(requestsIn(place, collection).length)})` : pathOf(place),
  );
  return titles.join(', ');
}

/**
 * That a script left requests of the plan out (`setNextRequest`), as a sentence without its full stop; null: all of them ran,
 * or the last one broke, and that ended the run. Newman calls an early end a success.
 */
export function describeEarlyEnd(plan: RequestPlan, exchanges: readonly Exchange[]): string | null {
  const ran = new Map<string, number>();
  for (const { id, name, folders } of exchanges) {
    const key = id ?? [...folders, name].join('/');
    ran.set(key, (ran.get(key) ?? 0) + 1);
  }
  const missed = plan.requests.filter((place) => {
    if (ran.has(place.item.id ?? '')) return false;
    const count = ran.get(pathOf(place)) ?? 0;
    ran.set(pathOf(place), count - 1);
    return count <= 0;
  });
  const last = exchanges.at(-1);
  if (missed.length === 0 || last === undefined || last.error !== null) return null;
  const count = `${plan.requests.length - missed.length} of ${plan.requests.length} requests ran`;
  const isEnd = missed.at(-1) === plan.requests.at(-1);
  return isEnd
    ? `${count}; a script ended the run after "${last.name}"`
    : `${count}; a script left out ${namesOf(missed)}`;
}

function namesOf(places: readonly Place[]): string {
  const names = places.slice(0, MOST_NAMED).map(({ item }) => `"${item.name ?? ''}"`);
  const more = places.length > names.length ? ` and ${places.length - names.length} more` : '';
  return names.join(', ') + more;
}

/** Of many names as many are shown. */
const MOST_NAMED = 8;

/**
 * @param options.changed the requests to send instead of the collection's own, by id
 * @param options.selection what was asked for, where that may be the whole collection
 */
export function toPlan(
  { collection: original, file, environment, environmentName, globals, data }: Source,
  named: readonly Place[],
  values: readonly Value[],
  {
    changed = new Map(),
    isStrict = true,
    selection,
  }: {
    readonly changed?: ReadonlyMap<string, Request>;
    readonly isStrict?: boolean;
    readonly selection?: Selection;
  } = {},
): RequestPlan {
  const collection = changed.size === 0 ? original : replaceRequests(original, changed);
  const all = placesOf(collection);
  const byId = new Map(all.map((place) => [place.item.id, place]));
  const places = named.map((place) => byId.get(place.item.id) ?? place);
  const isWhole = selection?.isWhole === true;
  const requests = isWhole
    ? all.filter((place) => !isFolder(place))
    : places.flatMap((place) => requestsIn(place, collection));
  const sources = { file, environment: environment ?? null, globals, data };
  const warnings = verifyResolved(requests, values, sources, isStrict);
  return { collection, file, places, isWhole, requests, values, globals, environmentName, data, warnings };
}

/** A copy of an item with other requests in it, by their ids. */
export function replaceRequests<T extends Item>(item: T, changed: ReadonlyMap<string, Request>): T {
  const request = changed.get(item.id ?? '');
  if (request !== undefined) return { ...item, request };
  return item.item ? { ...item, item: item.item.map((child) => replaceRequests(child, changed)) } : item;
}

/** Points the requests that go to the BFF elsewhere, by id; a folder may ask the IdP, too, and that stays. */
function aimAll({ collection, values }: Source, folder: Place, baseUrl: string) {
  const requests = requestsIn(folder, collection);
  const [first] = requests;
  return requests
    .filter((place) => first !== undefined && isBeside(place, first, values))
    .map(({ item }) => ({ id: item.id ?? '', ...aimAt(item.request ?? {}, baseUrl) }));
}

/** Whether two requests go to the same host. Before they are aimed, it may be a variable without a value, which no URL parser takes. */
export function isBeside(place: Place, other: Place, values: readonly Value[]): boolean {
  const [origin, wanted] = [place, other].map((each) => /^(?:[^/?#]*:\/\/)?[^/?#]*/.exec(targetOf(each, values))?.[0]);
  return origin === wanted;
}

/**
 * That a request goes where it was aimed at, or, where it was not, to the host of the variable that its URL begins with: what
 * follows a variable may make another host of it, as in `{{idp_url}}@other` and `{{idp_url}}.other`.
 *
 * @throws AppError `insecure-url`
 */
export function verifyAimed(place: Place, { values, file }: RequestPlan, base: string | null, option: string): void {
  const target = targetOf(place, values);
  const beginning = /^\{\{[^{}]+\}\}/.exec(urlOf(place.item.request ?? {}))?.[0] ?? '';
  const wanted = base ?? fillIn(beginning, knownTo(place, values));
  if (!URL.canParse(target) || !/^https?:\/\//i.test(wanted) || !URL.canParse(wanted)) return;
  const [{ host, hostname, origin }, meant] = [new URL(target), new URL(wanted)];
  if (base === null ? hostname === meant.hostname : origin === meant.origin) return;
  const source = base === null ? beginning : option;
  throw new AppError('insecure-url', `"${pathOf(place)}" goes to ${host}, and not to ${meant.host} of ${source}.`, {
    hint: 'Look at the URL of the request: a "/" has to follow the variable for the base URL.',
    where: { file },
  });
}

/** What a file holds may be a secret, and nothing that mints or checks needs one. Throws `body-from-file`. */
export function verifyNoFiles({ requests, file }: RequestPlan): void {
  const place = requests.find(sendsFile);
  if (place === undefined) return;
  throw new AppError('body-from-file', `"${pathOf(place)}" would send a file of this machine.`, {
    hint: 'Put the text into the body of the request (raw or form fields). Only npm run collection sends files.',
    where: { file },
  });
}
