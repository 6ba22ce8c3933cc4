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
  const own = check(COMMON, collection, '');
  return own === null ? inItems(collection['item'] as unknown[], '', []) : { names: [], ...own };
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
    const isRequest = isAbsent(children);
    if (isRequest && isAbsent(request)) return { path: `${path}.request`, names, wanted: 'a request' };
    const own = check(COMMON, item, path) ?? (isRequest ? check(REQUEST, request, `${path}.request`) : null);
    if (own !== null) return { names, ...own };
    if (isRequest) continue;
    if (!Array.isArray(children)) return { path: `${path}.item`, names, wanted: 'a list' };
    const inside = inItems(children, `${path}.`, names);
    if (inside !== null) return inside;
  }
  return null;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** What a value may be. */
interface Shape {
  readonly wanted: string;
  /** Whether the value is of this kind at all, whatever is inside. */
  fits(value: unknown): boolean;
  /** What is inside a value that fits, each with its path from there. */
  parts?(value: unknown): Iterable<readonly [path: string, part: unknown, shape: Shape]>;
}

/** The first thing in a value that does not fit; null: there is none. */
function check(shape: Shape, value: unknown, path: string): Omit<Misfit, 'names'> | null {
  if (!shape.fits(value)) return { path: path.replace(/^\./, ''), wanted: shape.wanted };
  for (const [inner, part, partShape] of shape.parts?.(value) ?? []) {
    const misfit = check(partShape, part, path + inner);
    if (misfit !== null) return misfit;
  }
  return null;
}

/** @param membersOf the shapes of the members, by what the object itself holds */
function recordBy(membersOf: (value: Record<string, unknown>) => Readonly<Record<string, Shape>>): Shape {
  return {
    wanted: 'an object',
    fits: isRecord,
    parts: (value) =>
      Object.entries(membersOf(value as Record<string, unknown>))
        .map(([name, shape]) => [`.${name}`, (value as Record<string, unknown>)[name], shape] as const)
        .filter(([, member]) => !isAbsent(member)),
  };
}

function record(members: Readonly<Record<string, Shape>>): Shape {
  return recordBy(() => members);
}

function list(of: Shape): Shape {
  return {
    wanted: 'a list',
    fits: Array.isArray,
    parts: (value) => (value as unknown[]).map((each, index) => [`[${index}]`, each, of] as const),
  };
}

function either(...shapes: readonly Shape[]): Shape {
  const find = (value: unknown) => shapes.find((shape) => shape.fits(value));
  return {
    wanted: shapes.map(({ wanted }) => wanted).join(' or '),
    fits: (value) => find(value) !== undefined,
    parts: (value) => find(value)?.parts?.(value) ?? [],
  };
}

const TEXT: Shape = { wanted: 'text', fits: (value) => typeof value === 'string' };
const NUMBER: Shape = { wanted: 'a number', fits: (value) => typeof value === 'number' };
const ROWS = either(TEXT, list(record({ key: TEXT })));
const PARAMETERS = list(record({ key: TEXT }));
const VARIABLES = list(record({ key: TEXT, id: TEXT }));
const AUTH = recordBy((auth) => {
  const types = Object.keys(auth).filter((type) => Array.isArray(auth[type]));
  return { type: TEXT, ...Object.fromEntries(types.map((type) => [type, PARAMETERS])) };
});
const URL_PARTS = record({
  raw: TEXT,
  protocol: TEXT,
  auth: record({ user: TEXT, password: TEXT }),
  host: either(TEXT, list(TEXT)),
  port: either(TEXT, NUMBER),
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
