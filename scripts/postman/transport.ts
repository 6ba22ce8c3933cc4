import { pathOf } from './collection.ts';
import type { Item, Place, Request } from './collection-format.ts';

/** Of Postman's settings for a request those that change neither where it goes nor who can read it. */
const HARMLESS = ['disableBodyPruning', 'disableUrlEncoding', 'disabledSystemHeaders', 'disableCookies'];

/** What a request says about its way. */
const OF_REQUEST = ['proxy', 'certificate'] as const;

/** An item and all below it without settings that change the way of a request: redirects, TLS, parsers, proxies, certificates. */
export function withoutTransport<T extends Item>(item: T): T {
  const { protocolProfileBehavior, request, item: children, ...rest }: Item = item;
  const kept = Object.entries(protocolProfileBehavior ?? {}).filter(([name]) => HARMLESS.includes(name));
  return {
    ...rest,
    ...(kept.length > 0 && { protocolProfileBehavior: Object.fromEntries(kept) }),
    ...(request && { request: withoutWay(request) }),
    ...(children && { item: children.map(withoutTransport) }),
  } as Item as T;
}

function withoutWay(request: Request): Request {
  return Object.fromEntries(Object.entries(request).filter(([name]) => !OF_REQUEST.some((each) => each === name)));
}

/** The names of the settings that `withoutTransport` takes from requests: `followRedirects`, `proxy`. */
export function transportOf(places: readonly Place[]): string[] {
  const items = places.flatMap(({ around, item }) => [...around, item]);
  const behaviour = items.flatMap((item) => Object.keys(item.protocolProfileBehavior ?? {}));
  const ways = items.flatMap(({ request }) => OF_REQUEST.filter((name) => (request?.[name] ?? null) !== null));
  return [...new Set([...behaviour.filter((name) => !HARMLESS.includes(name)), ...ways])];
}

/** That requests of the collection switch the check of certificates off, as a sentence; null: none does. */
export function describeUnchecked(places: readonly Place[]): string | null {
  const names = places.filter(isUnchecked).map((place) => `"${pathOf(place)}"`);
  if (names.length === 0) return null;
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `The collection switches off the check of certificates (strictSSL) for ${names.slice(0, 3).join(', ')}${rest}, so anyone in between can read and change what is sent.`;
}

/** The request's own setting, else the nearest folder's (postman-runtime, `getProtocolProfileBehavior`). */
function isUnchecked({ around, item }: Place): boolean {
  const says = [...around, item].map(({ protocolProfileBehavior }) => protocolProfileBehavior?.strictSSL);
  return says.filter((each) => each !== undefined).at(-1) === false;
}

/** Whether a request would send a file of this machine: as its body, or in a form. */
export function sendsFile({ item }: Place): boolean {
  const { body } = item.request ?? {};
  if (!body || body.disabled === true) return false;
  if (body.mode === 'file')
    return isNamed(
      typeof body.file === 'object' && body.file !== null && 'src' in body.file ? body.file.src : body.file,
    );
  if (body.mode !== 'formdata' || typeof body.formdata === 'string') return false;
  return (body.formdata ?? []).some(({ disabled, src }) => disabled !== true && isNamed(src));
}

function isNamed(src: unknown): boolean {
  return Array.isArray(src) ? src.length > 0 : typeof src === 'string' && src !== '';
}
