import { isRecord } from '../core/json.ts';
import type { CollectionNode } from '../core/result.ts';
import { toPlain } from '../core/visible.ts';
import { isFolder, placesOf } from './collection.ts';
import type { Collection, Item, Place } from './collection-format.ts';
import { Names } from './selection.ts';
import { urlOf } from './url.ts';

/**
 * The folders and requests of a collection as a tree.
 *
 * @param places what runs, with the folders around it; null: all
 */
export function treeOf(collection: Collection, places: readonly Place[] | null): CollectionNode[] {
  const whole = places === null ? null : new Set(places.map(({ item }) => item));
  const around = new Set(places?.flatMap((place) => place.around));
  const nodes = (items: readonly Item[], isAll: boolean): CollectionNode[] =>
    items.flatMap((item) => {
      const isWhole = isAll || whole?.has(item) === true;
      return isWhole || around.has(item) ? [node(item, isWhole)] : [];
    });
  const node = (item: Item, isAll: boolean): CollectionNode => ({
    id: item.id ?? '',
    name: item.name ?? '',
    description: descriptionOf(item),
    items: item.item ? nodes(item.item, isAll) : null,
    ...(item.item ? {} : { method: item.request?.method ?? 'GET', url: urlOf(item.request ?? {}) }),
  });
  return nodes(collection.item, whole === null);
}

/** Markdown; of a request Postman keeps it in the request itself. '': there is none. */
export function descriptionOf({ description, request }: Item): string {
  const [text = ''] = [description, request?.description]
    .map((each) => (isRecord(each) ? each['content'] : each))
    .filter((each): each is string => typeof each === 'string' && each !== '');
  return text;
}

const WIDTH = 80;

/** A collection as a tree for a terminal, with the spelling beside each item that its name alone does not name. */
export function renderList(collection: Collection): string[] {
  const places = placesOf(collection);
  const index = new Names(places);
  const counts = countRequests(places);
  let areSpelled = false;
  const lines = places.flatMap((place) => {
    const { item, folders } = place;
    const indent = '  '.repeat(folders.length);
    const name = toPlain(item.name ?? '');
    const title = isFolder(place)
      ? cutTo(`${indent}${name}/`, ` (${counted(counts.get(item) ?? 0)})`)
      : cutTo(`${indent}${toPlain(item.request?.method ?? 'GET')} ${name}`, '');
    const spelling = index.spellingOf(place);
    if (spelling === `"${item.name ?? ''}"`) return [title];
    areSpelled = true;
    const beside = `${title}  ${toPlain(spelling)}`;
    return beside.length <= WIDTH ? [beside] : [title, `${indent}    ${toPlain(spelling)}`];
  });
  const total = counted(counts.get(collection) ?? 0);
  const legend = ['', 'Where a name is not unique, the text in quotes is what to give instead.'];
  return [cutTo(toPlain(collection.info.name ?? ''), ` (${total})`).trim(), ...lines, ...(areSpelled ? legend : [])];
}

function countRequests(places: readonly Place[]): Map<Item, number> {
  const counts = new Map<Item, number>();
  for (const place of places) {
    if (!isFolder(place)) for (const item of place.around) counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  return counts;
}

function counted(count: number): string {
  return `${count} request${count === 1 ? '' : 's'}`;
}

/** The text is cut so that it fits into a line with what follows it. */
function cutTo(text: string, tail: string): string {
  const most = Math.max(1, WIDTH - tail.length);
  return (text.length > most ? `${text.slice(0, most - 1)}…` : text) + tail;
}
