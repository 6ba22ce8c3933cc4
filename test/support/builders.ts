import type { Collection, Item } from '../../scripts/postman/collection-format.ts';
import type { Source } from '../../scripts/postman/source.ts';
import type { Value } from '../../scripts/postman/variables.ts';

/** A Postman v2.1 collection as the bytes of its export. */
export function collectionBytes(items: readonly Item[], more: Partial<Collection> = {}): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      info: { name: 'Test', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
      item: items,
      ...more,
    }),
  );
}

/** A request with its URL, and anything else. */
export function request(name: string, url: string, more: Item = {}): Item {
  return { name, request: { method: 'GET', url }, ...more };
}

export function folder(name: string, ...items: Item[]): Item {
  return { name, item: items };
}

/** What a call throws; fails when it throws nothing. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** A collection as it is read, with the values of its environment. */
export function sourceOf(collection: Collection, values: readonly Value[] = [], file = 'c.json'): Source {
  return { collection, file, environmentName: '', values, globals: [], data: null, facts: [], warnings: [] };
}
