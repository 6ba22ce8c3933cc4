import { AppError, type Where } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { nearest } from '../core/nearest.ts';
import type { Collection, Item, Place, Request } from './collection-format.ts';
import { EXPORT_HINT, parseExport, v3Error } from './export-json.ts';
import { misfitIn } from './shape.ts';
import { isInParts, urlOf } from './url.ts';

/**
 * Reads a collection in the v2.0 or v2.1 export format, and gives every item an id of its own: Newman runs the first item
 * of a name, but exactly one of an id. A request that is a mere URL becomes an object, and a URL that Newman would read
 * otherwise than Postman becomes text.
 *
 * @throws AppError `collection-invalid`, `collection-v3`
 */
export function parseCollection(bytes: Uint8Array, file: string): Collection {
  const document = parseExport(bytes, file, 'collection');
  const { info, item, requests } = isRecord(document) ? document : {};
  if (isRecord(info) && typeof info['schema'] === 'string' && /\/v?3\./.test(info['schema'])) throw v3Error(file);
  const invalid = (message: string) =>
    new AppError('collection-invalid', message, { hint: EXPORT_HINT, where: { file } });
  if (Array.isArray(requests) && !(isRecord(info) && Array.isArray(item))) {
    throw invalid(`${file} is a collection in the old v1 format.`);
  }
  if (!isRecord(document) || !isRecord(info) || !Array.isArray(item)) {
    throw invalid(`${file} is JSON, but not a Postman collection.`);
  }
  const misfit = misfitIn(document);
  if (misfit !== null) {
    const { path, names, wanted } = misfit;
    const of = names.length === 0 ? '' : ` of "${names.join('/')}"`;
    throw invalid(`${file} is not a valid Postman collection: ${path}${of} has to be ${wanted}.`);
  }
  let count = 0;
  const identify = (item: ExportedItem): Item => {
    count += 1;
    const { request, item: items, ...rest } = item;
    return {
      ...rest,
      id: `item-${count}`,
      ...(request && !items ? { request: asNewmanReads(request) } : {}),
      ...(items ? { item: items.map(identify) } : {}),
    };
  };
  const collection = document as unknown as Omit<Collection, 'item'> & { item: ExportedItem[] };
  return { ...collection, item: collection.item.map(identify) };
}

/** As an export has it: Postman abbreviates a plain GET to its URL. */
type ExportedItem = Omit<Item, 'request' | 'item'> & {
  readonly request?: Request | string | null;
  readonly item?: readonly ExportedItem[] | null;
};

/**
 * Newman takes a URL object's parts and leaves `raw` alone (postman-collection, `Url.update`), so one that has nothing but
 * `raw` would be empty; and it writes out segments of a path as text only.
 */
function asNewmanReads(request: Request | string): Request {
  if (typeof request === 'string') return { method: 'GET', url: request };
  const { url } = request;
  if (typeof url !== 'object' || url === null) return request;
  const isText = typeof url.path === 'string' || (url.path ?? []).every((segment) => typeof segment === 'string');
  return isInParts(url) && isText ? request : { ...request, url: urlOf(request) };
}

/** Every folder and request, in the collection's order. */
export function placesOf(collection: Collection): Place[] {
  const places: Place[] = [];
  const visit = (items: readonly Item[], folders: readonly string[], around: readonly Item[]) => {
    for (const item of items) {
      places.push({ item, folders, around });
      if (item.item) visit(item.item, [...folders, item.name ?? ''], [...around, item]);
    }
  };
  visit(collection.item, [], [collection]);
  return places;
}

/** `IdP Admin/DCR IAT`: how people name an item whose own name is not unique. */
export function pathOf(place: Place): string {
  return [...place.folders, place.item.name ?? ''].join('/');
}

export function isFolder(place: Place): boolean {
  return Array.isArray(place.item.item);
}

/** All requests in a folder, or the request itself. */
export function requestsIn({ item }: Place, collection: Collection): Place[] {
  return placesOf(collection).filter((each) => !isFolder(each) && (each.item === item || each.around.includes(item)));
}

/**
 * The one request of that name or `Folder/Request` path.
 *
 * @throws AppError `request-not-found` with the nearest names, `request-ambiguous` with all paths
 */
export function findRequest(collection: Collection, name: string, file: string): Place {
  const places = placesOf(collection).filter((place) => !isFolder(place));
  return findOne(places, name, { kind: 'request', option: '--request', where: { file } });
}

/**
 * The one folder of that name or path, with at least one request in it: Newman calls an empty folder a success.
 *
 * @throws AppError `folder-not-found`, `folder-empty`, `request-ambiguous`
 */
export function findFolder(collection: Collection, name: string, file: string): Place {
  const places = placesOf(collection).filter(isFolder);
  const place = findOne(places, name, { kind: 'folder', option: '--health-folder', where: { file } });
  verifyNotEmpty(place, collection, file);
  return place;
}

/** A folder or a request, for `npm run collection` and `--login`. Throws like the two above. */
export function findItem(collection: Collection, name: string, file: string, option = 'the name'): Place {
  const search = { kind: 'folder or request', option, where: { file } } as const;
  const place = findOne(placesOf(collection), name, search);
  verifyNotEmpty(place, collection, file);
  return place;
}

function verifyNotEmpty(place: Place, collection: Collection, file: string): void {
  if (requestsIn(place, collection).length > 0) return;
  throw new AppError('folder-empty', `The folder "${pathOf(place)}" holds no request.`, {
    hint: 'A folder without a request would always pass. Put the checks into it, or name another folder.',
    where: { file },
  });
}

interface Search {
  readonly kind: 'request' | 'folder' | 'folder or request';
  /** What a name is given with. */
  readonly option: string;
  readonly where: Where;
}

function findOne(places: readonly Place[], name: string, { kind, option, where }: Search): Place {
  const named = places.filter((place) => place.item.name === name);
  const matches = named.length > 0 ? named : places.filter((place) => `/${pathOf(place)}`.endsWith(`/${name}`));
  const [match] = matches;
  const paths = (match === undefined ? places.slice(0, 8) : matches).map((place) => `"${pathOf(place)}"`);
  if (match === undefined) {
    const near = nearest(name, [...places.map((place) => place.item.name ?? ''), ...places.map(pathOf)]);
    const code = kind === 'folder' ? 'folder-not-found' : 'request-not-found';
    throw new AppError(code, `There is no ${kind} named "${name}" in the collection.`, {
      hint:
        near.length > 0
          ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}? Name it with ${option}.`
          : `It has: ${paths.join(', ') || 'nothing'}. Name one with ${option}.`,
      where,
    });
  }
  if (matches.length > 1) {
    const isSolvable = new Set(paths).size === paths.length;
    throw new AppError('request-ambiguous', `The collection has ${matches.length} items named "${name}".`, {
      hint: isSolvable
        ? `Say which one with ${option}: ${paths.join(' or ')}.`
        : `They are at ${paths.join(' and ')}. Rename one of them in Postman and export again.`,
      where,
    });
  }
  return match;
}
