import { isRecord } from '../core/json.ts';

/** A member of a collection that has another shape than the export format gives it. */
interface Misfit {
  /** `item[0].request.header`. */
  readonly path: string;
  /** The names of the item and of the folders around it, outermost first; empty for the collection itself. */
  readonly names: readonly string[];
  /** What belongs there, for people: "text or a list". */
  readonly wanted: string;
}

/**
 * The first member of a collection that nothing could be done with, of those that this project and Newman read
 * (https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html); null: there is none. What is absent or null
 * is all right, except for a request.
 */
export function misfitIn(collection: Record<string, unknown>): Misfit | null {
  const own = COMMON.misfit(collection, '');
  if (own !== null) return { names: [], ...own };
  return inItems(collection['item'] as unknown[], '', []);
}

/** Deeper than anybody sorts requests; what goes through folders one by one would run out of stack. */
const DEEPEST = 100;

function inItems(items: readonly unknown[], prefix: string, folders: readonly string[]): Misfit | null {
  for (const [index, item] of items.entries()) {
    const path = `${prefix}item[${index}]`;
    if (!isRecord(item)) return { path, names: folders, wanted: 'a folder or a request' };
    const { name, item: children, request } = item;
    const names = [...folders, typeof name === 'string' ? name : ''];
    if (names.length > DEEPEST) return { path, names: [], wanted: `in fewer than ${DEEPEST} folders` };
    const isRequest = children === undefined || children === null;
    if (isRequest && (request === undefined || request === null)) {
      return { path: `${path}.request`, names, wanted: 'a request' };
    }
    const own = COMMON.misfit(item, `${path}.`) ?? (isRequest ? REQUEST.misfit(request, `${path}.request`) : null);
    if (own !== null) return { names, ...own };
    if (isRequest) continue;
    if (!Array.isArray(children)) return { path: `${path}.item`, names, wanted: 'a list' };
    const inside = inItems(children, `${path}.`, names);
    if (inside !== null) return inside;
  }
  return null;
}

/** What a value may be. */
interface Shape {
  readonly wanted: string;
  /** Whether the value is of this kind at all, whatever is inside. */
  fits(value: unknown): boolean;
  misfit(value: unknown, path: string): Omit<Misfit, 'names'> | null;
}

function plain(wanted: string, fits: (value: unknown) => boolean): Shape {
  return { wanted, fits, misfit: (value, path) => (fits(value) ? null : { path, wanted }) };
}

function record(members: Readonly<Record<string, Shape>>): Shape {
  const wanted = 'an object';
  return {
    wanted,
    fits: isRecord,
    misfit(value, path) {
      if (!isRecord(value)) return { path, wanted };
      for (const [name, shape] of Object.entries(members)) {
        const member = value[name];
        if (member === undefined || member === null) continue;
        const inside = shape.misfit(member, path === '' || path.endsWith('.') ? `${path}${name}` : `${path}.${name}`);
        if (inside !== null) return inside;
      }
      return null;
    },
  };
}

function list(of: Shape): Shape {
  const wanted = 'a list';
  return {
    wanted,
    fits: Array.isArray,
    misfit(value, path) {
      if (!Array.isArray(value)) return { path, wanted };
      for (const [index, each] of value.entries()) {
        const inside = of.misfit(each, `${path}[${index}]`);
        if (inside !== null) return inside;
      }
      return null;
    },
  };
}

function either(...shapes: readonly Shape[]): Shape {
  const wanted = shapes.map((shape) => shape.wanted).join(' or ');
  const find = (value: unknown) => shapes.find((shape) => shape.fits(value));
  return {
    wanted,
    fits: (value) => find(value) !== undefined,
    misfit: (value, path) => {
      const shape = find(value);
      return shape === undefined ? { path, wanted } : shape.misfit(value, path);
    },
  };
}

const TEXT = plain('text', (value) => typeof value === 'string');
const TEXT_OR_NUMBER = plain('text or a number', (value) => typeof value === 'string' || typeof value === 'number');
const ROWS = either(TEXT, list(record({ key: TEXT })));
const PARAMETERS = list(record({ key: TEXT }));
const VARIABLES = list(record({ key: TEXT, id: TEXT }));
const AUTH: Shape = {
  wanted: 'an object',
  fits: isRecord,
  misfit(value, path) {
    const lists = isRecord(value) ? Object.entries(value).filter(([, block]) => Array.isArray(block)) : [];
    return record({ type: TEXT, ...Object.fromEntries(lists.map(([type]) => [type, PARAMETERS])) }).misfit(value, path);
  },
};
const URL_PARTS = record({
  raw: TEXT,
  protocol: TEXT,
  auth: record({ user: TEXT, password: TEXT }),
  host: either(TEXT, list(TEXT)),
  port: TEXT_OR_NUMBER,
  path: either(TEXT, list(either(TEXT, record({ value: TEXT })))),
  query: ROWS,
  hash: TEXT,
  variable: VARIABLES,
});
const REQUEST = either(
  TEXT,
  record({
    method: TEXT,
    url: either(TEXT, URL_PARTS),
    header: either(TEXT, list(either(TEXT, record({ key: TEXT })))),
    body: record({ mode: TEXT, raw: TEXT, urlencoded: ROWS, formdata: ROWS }),
    auth: AUTH,
    certificate: record({}),
  }),
);

/** What a collection, a folder and a request have in common. */
const COMMON = record({
  name: TEXT,
  event: list(record({ script: either(TEXT, record({ exec: either(TEXT, list(TEXT)) })) })),
  auth: AUTH,
  variable: VARIABLES,
  protocolProfileBehavior: record({}),
});
