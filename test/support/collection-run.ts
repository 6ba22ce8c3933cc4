import type { CollectionRun } from '../../scripts/core/ports.ts';
import { findItem, parseCollection, requestsIn } from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { collectionBytes } from './builders.ts';

/** A run of the item with this name, of a collection of these. */
export function runOf(items: Item[], name: string, more: Partial<CollectionRun> = {}): CollectionRun {
  const collection = parseCollection(collectionBytes(items), 'c.json');
  const place = findItem(collection, name, 'c.json');
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
