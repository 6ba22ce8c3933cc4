import { AppError, type Where } from '../core/errors.ts';
import { groupBy } from '../core/group-by.ts';
import { nearest } from '../core/nearest.ts';
import { isFolder, pathOf, placesOf, requestsIn } from './collection.ts';
import type { Collection, Item, Place } from './collection-format.ts';

/** What runs of a collection. */
export interface Selection {
  /** In the collection's order; none of them is in another one. */
  readonly places: readonly Place[];
  /** Nothing was named: all of the collection runs. */
  readonly isWhole: boolean;
  /** Each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * Folders and requests for `npm run collection`; without any name the whole collection.
 *
 * @param names each a name, a path or an id of exactly one item, as `Names` understands it
 * @param folders by `--folder`, of which the first one counts, as in Newman
 * @throws AppError `request-not-found` with the nearest names, `request-ambiguous` with spellings that are not
 */
export function selectItems(
  { collection, file }: { readonly collection: Collection; readonly file: string },
  names: readonly string[],
  folders: readonly string[],
): Selection {
  const places = placesOf(collection);
  if (names.length + folders.length === 0) {
    const top = places.filter(({ around }) => around.length === 1);
    const isEmpty = places.every(isFolder);
    return {
      places: top,
      isWhole: true,
      warnings: isEmpty ? ['The collection holds no request, so nothing runs.'] : [],
    };
  }
  const index = new Names(places);
  const search = { kind: 'folder or request', where: { file } } as const;
  const warnings: string[] = [];
  const chosen = new Set(names.map((name) => findOne(index, name, search)));
  for (const name of folders) {
    const [first, ...others] = matchesAsInNewman(collection, index, name, folders.length);
    if (first === undefined) throw notFound(index, name, search);
    chosen.add(first);
    if (others.length > 0) {
      const spellings = others.slice(0, MOST_NAMED).map((other) => index.spellingOf(other));
      warnings.push(
        `--folder "${name}" takes the first of ${others.length + 1}, ${index.spellingOf(first)}; the others: ${spellings.join(', ')}.`,
      );
    }
  }
  for (const place of chosen) {
    if (isFolder(place) && requestsIn(place, collection).length === 0) {
      warnings.push(`The folder "${pathOf(place)}" holds no request, so nothing of it runs.`);
    }
  }
  const items = new Set([...chosen].map(({ item }) => item));
  const isOutermost = (place: Place) => chosen.has(place) && !place.around.some((item) => items.has(item));
  return { places: places.filter(isOutermost), isWhole: false, warnings };
}

/** Of many names as many are shown. */
const MOST_NAMED = 8;

/** Items by what people call them. */
export class Names {
  readonly places: readonly Place[];
  readonly #byPath: ReadonlyMap<string, readonly Place[]>;
  readonly #byId: ReadonlyMap<string, readonly Place[]>;
  readonly #byName: ReadonlyMap<string, readonly Place[]>;

  constructor(places: readonly Place[]) {
    this.places = places;
    this.#byPath = groupBy(places, pathOf);
    this.#byId = groupBy(places, ({ item }) => item.id ?? '');
    this.#byName = groupBy(places, ({ item }) => item.name ?? '');
  }

  /**
   * All items that a text names. A whole path (`Folder/Sub/Name`, from the root with `/` or `./`) beats an id, an id a name, and a
   * name the end of a path.
   */
  matches(text: string): readonly Place[] {
    const fromRoot = /^\.?\/(.*)$/s.exec(text)?.[1];
    return (
      this.#byPath.get(text) ??
      (fromRoot === undefined ? undefined : this.#byPath.get(fromRoot)) ??
      this.#byId.get(text) ??
      this.#byName.get(text) ??
      this.places.filter((place) => text !== '' && pathOf(place).endsWith(`/${text}`))
    );
  }

  /** The shortest text that names this item alone, in quotes. */
  spellingOf(place: Place): string {
    const path = pathOf(place);
    const spellings = [place.item.name ?? '', path, `/${path}`];
    const isRight = (text: string) => {
      const [match, ...more] = this.matches(text);
      return !/^(?:-|$)/.test(text) && match === place && more.length === 0;
    };
    return `"${spellings.find(isRight) ?? place.item.id ?? ''}"`;
  }
}

/**
 * The items of that name or id, the one first that Newman takes (postman-runtime, extract-runnable-items.js): of one entry it
 * looks through each folder's own items before it goes into them, of several in the collection's order. What is neither a name
 * nor an id may be a path.
 */
function matchesAsInNewman(collection: Collection, index: Names, text: string, entries: number): readonly Place[] {
  const isMatch = ({ id, name }: Item) => id === text || name === text;
  const places = index.places.filter(({ item }) => isMatch(item));
  const first = (items: readonly Item[]): Item | undefined => {
    const own = items.find(isMatch);
    if (own !== undefined) return own;
    for (const { item } of items) {
      const inside = first(item ?? []);
      if (inside !== undefined) return inside;
    }
    return undefined;
  };
  if (places.length === 0) return index.matches(text);
  if (entries > 1) return places;
  const taken = first(collection.item);
  return [...places].sort((a, b) => Number(b.item === taken) - Number(a.item === taken));
}

/**
 * The one request of that name, path or id.
 *
 * @throws AppError `request-not-found`, `request-ambiguous`
 */
export function findRequest(collection: Collection, name: string, file: string): Place {
  const requests = placesOf(collection).filter((place) => !isFolder(place));
  return findOne(new Names(requests), name, { kind: 'request', option: '--request', where: { file } });
}

/**
 * The one folder of that name, path or id, with at least one request in it: Newman calls an empty folder a success.
 *
 * @throws AppError `folder-not-found`, `folder-empty`, `request-ambiguous`
 */
export function findFolder(collection: Collection, name: string, file: string): Place {
  const folders = placesOf(collection).filter(isFolder);
  const place = findOne(new Names(folders), name, { kind: 'folder', option: '--health-folder', where: { file } });
  verifyNotEmpty(place, collection, file);
  return place;
}

/**
 * The one folder or request of that name, path or id, with at least one request in it, for `--login`.
 *
 * @throws AppError `request-not-found`, `folder-empty`, `request-ambiguous`
 */
export function findLogin(collection: Collection, name: string, file: string): Place {
  const search = { kind: 'folder or request', option: '--login', where: { file } } as const;
  const place = findOne(new Names(placesOf(collection)), name, search);
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
  /** What a name is given with, where that is an option. */
  readonly option?: string;
  readonly where: Where;
}

function findOne(index: Names, name: string, search: Search): Place {
  const [match, ...others] = index.matches(name);
  if (match === undefined) throw notFound(index, name, search);
  if (others.length === 0) return match;
  const spellings = [match, ...others].slice(0, MOST_NAMED).map((place) => index.spellingOf(place));
  throw new AppError('request-ambiguous', `The collection has ${others.length + 1} items named "${name}".`, {
    hint: `Say which one${withOption(search)}: ${spellings.join(' or ')}.`,
    where: search.where,
  });
}

function notFound(index: Names, name: string, search: Search): AppError {
  const { places } = index;
  const near = nearest(name, [...places.map(({ item }) => item.name ?? ''), ...places.map(pathOf)]);
  const some = places.slice(0, MOST_NAMED).map((place) => index.spellingOf(place));
  const code = search.kind === 'folder' ? 'folder-not-found' : 'request-not-found';
  const list = '`npm run collection -- FILE --list` shows all.';
  return new AppError(code, `There is no ${search.kind} named "${name}" in the collection.`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}? Name it${withOption(search)}; ${list}`
        : `It has: ${some.join(', ') || 'nothing'}. Name one${withOption(search)}; ${list}`,
    where: search.where,
  });
}

function withOption({ option }: Search): string {
  return option === undefined ? '' : ` with ${option}`;
}
