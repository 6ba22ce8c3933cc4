import type { CollectionRun } from '../../scripts/core/ports.ts';
import { parseCollection, requestsIn } from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { selectItems } from '../../scripts/postman/selection.ts';
import { collectionBytes } from './builders.ts';

/** A run of the item with this name, of a collection of these. */
export function runOf(items: Item[], name: string, more: Partial<CollectionRun> = {}): CollectionRun {
  const collection = parseCollection(collectionBytes(items), 'c.json');
  const [place] = selectItems({ collection, file: 'c.json' }, [name], []).places;
  if (place === undefined) throw new Error(`there is no ${name}`);
  return {
    collection: collection as CollectionRun['collection'],
    items: [place.item.id ?? ''],
    requests: requestsIn(place, collection).length,
    variables: [],
    tls: { caFile: null, insecure: false },
    requestTimeoutMs: 5_000,
    isBounded: true,
    origins: null,
    local: null,
    signal: new AbortController().signal,
    ...more,
  };
}
