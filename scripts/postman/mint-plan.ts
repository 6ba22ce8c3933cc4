import { AppError } from '../core/errors.ts';
import type { CollectionRun, Login } from '../core/ports.ts';
import { isNear } from '../core/proxy.ts';
import type { Secret } from '../core/secret.ts';
import { aimAt, applyMintOptions, authorize, type MintOptions, usesIn, withBearer } from './adapt.ts';
import { type Authorization, findAuthorization, settersOf } from './authorization.ts';
import { isFolder, pathOf, placesOf, requestsIn } from './collection.ts';
import type { Collection, Item, Place, Request } from './collection-format.ts';
import {
  isBeside,
  type RequestPlan,
  replaceRequests,
  toPlan,
  toRun,
  verifyAimed,
  verifyNoFiles,
} from './request-plan.ts';
import { findLogin, findRequest } from './selection.ts';
import type { Source } from './source.ts';
import { transportOf, withoutTransport } from './transport.ts';
import { authOf, fillIn, knownTo, merge, targetOf, type Value } from './variables.ts';

/** How an admin token was handed over before anything ran: by `--admin-token-file`, by the sandbox, or in IAT_ADMIN_TOKEN. */
export type AdminTokenFrom = 'file' | 'sandbox' | 'variable';

/** The request that mints, behind those that log in for it. `withAdminToken` completes it. */
export interface MintPlan extends RequestPlan {
  /** The request that mints. */
  readonly mint: Place;
  /** The requests that run before it, in order. */
  readonly logins: readonly Place[];
  readonly url: URL;
  /** Where its run may connect to: the origin of the request, and of each host that was allowed besides. */
  readonly origins: readonly string[];
  /** The same of each request that logs in, by its id. */
  readonly loginOrigins: Login['origins'];
  /** Names of settings in the collection that are left out, because they would change the way of the admin token. */
  readonly leftOut: readonly string[];
  /** What lets the request in by the collection alone; null: nothing that is known. */
  readonly authorization: Authorization | null;
  /** The variable that takes the admin token, which has no value yet; null: it takes none. */
  readonly tokenVariable: string | null;
  /** It takes the place of whatever a script of the collection says. */
  readonly isTokenFixed: boolean;
  /** Paths of requests that set that variable, and may be the login. */
  readonly setters: readonly string[];
  /** Why the collection's own auth does not do, as a sentence; null: it has none. */
  readonly lack: string | null;
  /** How many uses the request asks for; null: it does not say. */
  readonly maxUsages: number | null;
}

/**
 * The request that mints. Its authorization stays as the collection has it, with two exceptions. A token from a file takes the
 * place of any. One from IAT_ADMIN_TOKEN takes the place of a Bearer and of what is incomplete, but not of another kind that
 * is whole (Basic, API key, OAuth 2.0 with a token, a body with a password, a login that sets the token's variable).
 *
 * @param options `request`: its name or path; `idpUrl` null: the collection's own; `login`: names or paths of what runs before
 *   it, in the same run; `adminTokenFrom` null: none is given yet
 * @throws AppError `request-not-found`, `request-ambiguous`, `variable-unresolved`, `bad-value`, `insecure-url`,
 *   `body-from-file`
 */
export function planMint(
  source: Source,
  options: MintOptions & {
    readonly request: string;
    readonly idpUrl: string | null;
    readonly allowHttp: boolean;
    /** HOST or HOST:PORT. */
    readonly allowHosts: readonly string[];
    readonly login?: readonly string[] | null;
    readonly envVars?: readonly { readonly name: string }[];
    readonly adminTokenFrom?: AdminTokenFrom | null;
  },
): MintPlan {
  const { idpUrl, allowHttp, adminTokenFrom = null } = options;
  const mint = findRequest(source.collection, options.request, source.file);
  const logins = findLogins(source, options.login ?? [], mint);
  const isAimed = (place: Place) => idpUrl !== null && isBeside(place, mint, source.values);
  const aim = ({ item: { request = {} } }: Place) =>
    idpUrl === null ? { request, values: [] } : aimAt(request, idpUrl);
  const aimed = aim(mint);
  const aimedLogins = logins.filter(isAimed).map((place) => ({ id: place.item.id ?? '', ...aim(place) }));

  const envVars = (options.envVars ?? []).map(({ name }) => name);
  const authorization = findAuthorization(mint, { values: source.values, envVars, logins });
  const takesToken =
    authorization === null || (adminTokenFrom !== null && !(adminTokenFrom === 'variable' && authorization.isWhole));
  const { request, tokenVariable } = takesToken
    ? authorize(aimed.request, authOf(mint)?.auth ?? null)
    : { request: aimed.request, tokenVariable: null };
  const adapted = applyMintOptions(request, options, pathOf(mint));

  const values = merge(source.values, [
    ...aimed.values,
    ...aimedLogins.flatMap((each) => each.values),
    ...adapted.values,
  ]);
  const token: Value[] = tokenVariable === null ? [] : [{ name: tokenVariable, value: '', isSecret: true }];
  const changed = new Map<string, Request>(aimedLogins.map((each) => [each.id, each.request]));
  changed.set(mint.item.id ?? '', adapted.request);
  const own = toPlan(source, [...logins, mint], merge(values, token), { changed });
  verifyNoFiles(own);
  const url = urlOfMint(own, { idpUrl, allowHttp });
  const allowed = options.allowHosts.flatMap((host) => originsOfHost(host, allowHttp));
  const known = own.requests.slice(0, -1).map((place, index) => {
    const origin = loginOrigin(place, own, { idpUrl: isAimed(logins[index] ?? mint) ? idpUrl : null, allowHttp });
    return [place.item.id ?? '', origin] as const;
  });
  const all = known.flatMap(([, origin]) => origin ?? []);
  const body = fillIn(adapted.request.body?.raw ?? '', knownTo(mint, values));
  return {
    ...own,
    collection: withoutTransport(logins.length === 0 ? own.collection : alone(own)),
    values,
    mint: own.requests.at(-1) ?? mint,
    logins: own.requests.slice(0, -1),
    url,
    origins: [url.origin, ...allowed],
    // Where a login goes may be known only once another one has run: then it stays with the others.
    loginOrigins: Object.fromEntries(
      known.map(([id, origin]) => [
        id,
        [...(origin === null ? (all.length > 0 ? all : [url.origin]) : [origin]), ...allowed],
      ]),
    ),
    leftOut: transportOf(own.requests),
    authorization: takesToken ? null : authorization,
    tokenVariable,
    setters:
      tokenVariable === null
        ? []
        : settersOf(
            placesOf(source.collection).filter((place) => !isFolder(place) && place.item !== mint.item),
            tokenVariable,
          ),
    isTokenFixed: adminTokenFrom === 'file' || adminTokenFrom === 'sandbox',
    lack:
      authorization === null && authOf(mint)?.auth.type === 'oauth2'
        ? 'The OAuth 2.0 of the collection has no access token, and Newman does not get one by itself.'
        : null,
    maxUsages: usesIn(body),
  };
}

/**
 * The plan with the admin token: in its variable, where the collection's scripts see it and may change it; and, where it is
 * fixed, in the request itself. Where requests log in before, it is in that one alone: theirs may go to another host.
 */
export function withAdminToken(plan: MintPlan, token: Secret): MintPlan {
  const { logins, mint, tokenVariable, isTokenFixed } = plan;
  if (tokenVariable === null) return plan;
  const { id = '' } = mint.item;
  const fix = (collection: Collection) => {
    const place = placesOf(collection).find(({ item }) => item.id === id);
    const request = withBearer(place?.item.request ?? {}, token.reveal());
    return replaceRequests(collection, new Map([[id, request]]));
  };
  const collection = isTokenFixed || logins.length > 0 ? fix(plan.collection) : plan.collection;
  const value = { name: tokenVariable, value: token.reveal(), isSecret: true };
  return { ...plan, collection, values: logins.length > 0 ? plan.values : merge(plan.values, [value]) };
}

/** How often a request that logs in may run: some ask until a person has agreed (RFC 8628 §3.4). */
const LOGIN_TURNS = 200;

/** As `toRun`. What logs in may wait for a person, so the run then ends by its signal. */
export function toMintRun(
  plan: MintPlan,
  tls: Parameters<typeof toRun>[1],
  limits: Omit<Parameters<typeof toRun>[2], 'origins'>,
): CollectionRun {
  const run = toRun(plan, tls, { ...limits, origins: plan.origins });
  if (plan.logins.length === 0) return run;
  const login = { before: plan.mint.item.id ?? '', origins: plan.loginOrigins, turns: LOGIN_TURNS };
  return { ...run, items: null, isBounded: false, login };
}

/** The requests that log in, in the order of their names, without the one that mints. Throws as `findLogin`, and `bad-value`. */
function findLogins({ collection, file }: Source, names: readonly string[], mint: Place): Place[] {
  // A line end at the end of IAT_LOGIN begins no name.
  const given = names.map((name) => name.trim()).filter((name) => name !== '');
  const places = given.flatMap((name) => {
    const found = requestsIn(findLogin(collection, name, file), collection);
    const others = found.filter(({ item }) => item !== mint.item);
    if (others.length > 0) return others;
    throw new AppError('bad-value', `--login "${name}" names nothing but the request that mints.`, {
      hint: 'Name the request or the folder that gets the admin token.',
      where: { file },
    });
  });
  return [...new Map(places.map((place) => [place.item.id, place])).values()];
}

/** The requests alone, each within its folders: Newman runs them in the order in which a collection has them. */
function alone({ collection, requests }: RequestPlan): Collection {
  const item = requests.map((place, index) =>
    place.around
      .slice(1)
      .reduceRight<Item>((child, folder) => ({ ...folder, id: `${folder.id}-${index}`, item: [child] }), place.item),
  );
  return { ...collection, item };
}

interface Way {
  /** null: it was not aimed. */
  readonly idpUrl: string | null;
  readonly allowHttp: boolean;
}

/** Where the authorization of the mint goes. */
function urlOfMint(plan: RequestPlan, { idpUrl, allowHttp }: Way): URL {
  const { requests, values, file } = plan;
  const place = requests.at(-1) as Place;
  const target = targetOf(place, values);
  // "idp.test:8002/api" parses, too: as an address of the scheme "idp.test".
  if (!isHttp(target)) {
    throw new AppError('bad-value', `"${pathOf(place)}" goes to "${target}", which is not a URL.`, {
      hint: 'Name the IdP with --idp-url https://HOST.',
      where: { file },
    });
  }
  const url = new URL(target);
  verifyAimed(place, plan, idpUrl, '--idp-url');
  verifyEncrypted(url, 'The admin token', allowHttp);
  return url;
}

/** Where a request that logs in goes; null: only the run will tell. */
function loginOrigin(place: Place, plan: RequestPlan, { idpUrl, allowHttp }: Way): string | null {
  const target = targetOf(place, plan.values);
  if (!isHttp(target)) return null;
  verifyAimed(place, plan, idpUrl, '--idp-url');
  verifyEncrypted(new URL(target), `What "${pathOf(place)}" sends`, allowHttp);
  return new URL(target).origin;
}

function isHttp(target: string): boolean {
  return URL.canParse(target) && /^https?:$/.test(new URL(target).protocol);
}

/** Throws `insecure-url`. */
function verifyEncrypted({ protocol, hostname, host }: URL, what: string, allowHttp: boolean): void {
  if (protocol !== 'http:' || isNear(hostname) || allowHttp) return;
  throw new AppError('insecure-url', `${what} would go to ${host} unencrypted (http).`, {
    hint: 'Use https, or use --allow-http if you trust the network in between.',
  });
}

/** @param host HOST or HOST:PORT; plain http only where the admin token may go so */
function originsOfHost(host: string, allowHttp: boolean): string[] {
  const plain = new URL(`http://${host}`);
  const isPlain = allowHttp || isNear(plain.hostname);
  return [new URL(`https://${host}`).origin, ...(isPlain ? [plain.origin] : [])];
}
