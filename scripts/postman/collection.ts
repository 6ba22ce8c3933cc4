import { AppError } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import type { Collection, Item, Place, Request } from './collection-format.ts';
import { EXPORT_HINT, isCollection, otherExport, parseExport, v3Error } from './export-json.ts';
import { fitCollection, type Misfit } from './shape.ts';
import { isInParts, urlOf } from './url.ts';
import { type ConvertV1, isV1 } from './v1.ts';

/** How a collection is read. */
interface Reading {
  /** Makes v2.1 of the old v1 format; where it is absent, that is refused. */
  readonly convertV1?: ConvertV1 | undefined;
  /** Gets what was read otherwise than it stands there, each a sentence. */
  warn?(warning: string): void;
}

/**
 * Reads a collection of any format that Newman reads: v2.0 and v2.1, as Postman's API wraps it, and v1. Every item gets an id
 * that no other has: its own, where it has one, since scripts name requests by it (`setNextRequest`). A request that is a mere URL
 * becomes an object, and a URL that Newman would read otherwise than Postman becomes text.
 *
 * @throws AppError `collection-invalid`, `collection-v3`
 */
export function parseCollection(bytes: Uint8Array, file: string, { convertV1, warn }: Reading = {}): Collection {
  const exported = parseExport(bytes, file, 'collection');
  const isOld = isRecord(exported) && isV1(exported);
  const document = isOld && convertV1 !== undefined ? convertV1(exported, file) : exported;
  if (isOld) warn?.(`${file} is in the old v1 format, and was converted. Export it from Postman as v2.1.`);
  if (!isRecord(document) || (isOld && convertV1 === undefined)) throw otherExport(document, file, 'collection');
  const { info, item, name } = document;
  if (isRecord(info) && typeof info['schema'] === 'string' && /\/v?3\./.test(info['schema'])) throw v3Error(file);
  if (!isCollection(document)) throw otherExport(document, file, 'collection');
  const invalid = (what: string) => {
    const message = `${file} is not a valid Postman collection: ${what}.`;
    return new AppError('collection-invalid', message, { hint: EXPORT_HINT, where: { file } });
  };
  // Newman takes a single item for a list of one.
  const items = isRecord(item) ? [item] : (item ?? []);
  if (!Array.isArray(items)) throw invalid('item has to be a list');
  const misfits: Misfit[] = [];
  const fitted = fitCollection(
    { ...document, info: isRecord(info) ? info : { name }, item: items },
    (misfit) => misfits.push(misfit),
    (path) => {
      throw invalid(`${path} has to be in fewer than 100 folders`);
    },
  ) as unknown as ExportedCollection;
  if (misfits.length > 0) warn?.(describeMisfits(misfits, file));
  return withIds(fitted);
}

/** Of many places some are named. */
const MOST_NAMED = 3;

function describeMisfits(misfits: readonly Misfit[], file: string): string {
  const places = misfits.slice(0, MOST_NAMED).map(({ path, names, wanted }) => {
    const of = names.length === 0 ? '' : ` of "${names.join('/')}"`;
    return `${path}${of} has to be ${wanted}`;
  });
  const more = misfits.length > places.length ? `, and ${misfits.length - places.length} more` : '';
  return `${file} does not fit the format of Postman: ${places.join(', ')}${more}. What does not fit is left out.`;
}

/** An id that two items have is the later one's, as for `setNextRequest` (postman-runtime, `prepareLookupHash`). */
function withIds(collection: ExportedCollection): Collection {
  const owners = new Map<string, ExportedItem>();
  const names = new Set<string>();
  const look = (items: readonly ExportedItem[]) => {
    for (const item of items) {
      owners.set(idOf(item), item);
      names.add(item.name ?? '');
      look(item.item ?? []);
    }
  };
  look(collection.item);
  let count = 0;
  const fresh = (): string => {
    count += 1;
    const id = `item-${count}`;
    return owners.has(id) || names.has(id) ? fresh() : id;
  };
  const identify = (exported: ExportedItem): Item => {
    const { request, item, ...rest } = exported;
    const own = idOf(exported);
    return {
      ...rest,
      id: own !== '' && owners.get(own) === exported ? own : fresh(),
      ...(request && !item ? { request: asNewmanReads(request) } : {}),
      ...(item ? { item: item.map(identify) } : {}),
    };
  };
  return { ...collection, item: collection.item.map(identify) };
}

/** Newman takes `_postman_id` where there is no `id` (postman-collection, lib/collection/property.js). */
function idOf({ id, _postman_id }: ExportedItem): string {
  return String(id || _postman_id || '');
}

/** As an export has it: Postman abbreviates a plain GET to its URL. */
type ExportedItem = Omit<Item, 'id' | 'request' | 'item'> & {
  readonly id?: unknown;
  readonly _postman_id?: unknown;
  readonly request?: Request | string | null;
  readonly item?: readonly ExportedItem[] | null;
};

type ExportedCollection = Omit<Collection, 'item'> & { readonly item: readonly ExportedItem[] };

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
