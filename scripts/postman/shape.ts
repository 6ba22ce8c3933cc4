import { isRecord } from '../core/json.ts';

/** A member of a collection that has another shape than the export format gives it. */
export interface Misfit {
  /** `item[0].request.header`. */
  readonly path: string;
  /** The names of the item and of the folders around it, outermost first; empty for the collection itself. */
  readonly names: readonly string[];
  /** What belongs there, for people: "text or a list". */
  readonly wanted: string;
}

/**
 * The collection with members of the shapes that the export format gives them, of those that this project and Newman read
 * (https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html). What has another shape becomes what Newman makes
 * of it, as far as that means anything, and else is left out; what is no request becomes one without a URL, which fails.
 *
 * @param collection with a list of items
 * @param onMisfit gets each member that was left out
 * @param onTooDeep where folders are in more folders than anybody sorts requests into; throws
 */
export function fitCollection(
  collection: Record<string, unknown>,
  onMisfit: (misfit: Misfit) => void,
  onTooDeep: (path: string) => never,
): Record<string, unknown> {
  const fitter = (names: readonly string[]) => (path: string, wanted: string) => {
    onMisfit({ path: path.replace(/^\./, ''), names, wanted });
  };
  const items = (list: readonly unknown[], prefix: string, folders: readonly string[]): unknown[] =>
    list.flatMap((value, index) => {
      const path = `${prefix}item[${index}]`;
      if (folders.length >= DEEPEST) return onTooDeep(path);
      if (isRecord(value)) return [item(value, path, folders)];
      fitter(folders)(path, 'a folder or a request');
      // As in Newman, where a list of items leaves out null only.
      return isAbsent(value) ? [] : [{ request: {} }];
    });
  const item = (value: Record<string, unknown>, path: string, folders: readonly string[]): unknown => {
    const { item: children, request, ...rest } = value;
    const names = [...folders, typeof value['name'] === 'string' ? value['name'] : ''];
    const leaveOut = fitter(names);
    const own = COMMON.read(rest, path, leaveOut) as object;
    // Newman takes a single item for a list of one.
    if (Array.isArray(children) || isRecord(children)) {
      return { ...own, item: items(Array.isArray(children) ? children : [children], `${path}.`, names) };
    }
    if (!isAbsent(children)) leaveOut(`${path}.item`, 'a list');
    else if (isAbsent(request)) leaveOut(`${path}.request`, 'a request');
    return { ...own, request: isAbsent(request) ? {} : (REQUEST.read(request, `${path}.request`, leaveOut) ?? {}) };
  };
  const { item: list, ...rest } = collection;
  return { ...(COLLECTION.read(rest, '', fitter([])) as object), item: items(list as unknown[], '', []) };
}

/** What goes through folders one by one would run out of stack. */
const DEEPEST = 100;

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

type LeaveOut = (path: string, wanted: string) => void;

/** What a value may be. */
interface Shape {
  readonly wanted: string;
  /** Whether anything can be made of the value. */
  takes(value: unknown): boolean;
  /** The value with all that is inside, as it has to be; for one that it takes. */
  make(value: unknown, path: string, leaveOut: LeaveOut): unknown;
}

interface Fitting extends Shape {
  /** undefined: nothing can be made of the value. */
  read(value: unknown, path: string, leaveOut: LeaveOut): unknown;
}

function shape(own: Shape): Fitting {
  return {
    ...own,
    read(value, path, leaveOut) {
      if (own.takes(value)) return own.make(value, path, leaveOut);
      leaveOut(path, own.wanted);
      return undefined;
    },
  };
}

/** @param membersOf the shapes of the members, by what the object itself holds */
function recordBy(membersOf: (value: Record<string, unknown>) => Readonly<Record<string, Fitting>>): Fitting {
  return shape({
    wanted: 'an object',
    takes: isRecord,
    make(value, path, leaveOut) {
      const made = { ...(value as Record<string, unknown>) };
      for (const [name, member] of Object.entries(membersOf(made))) {
        if (isAbsent(made[name])) continue;
        made[name] = member.read(made[name], `${path}.${name}`, leaveOut);
        if (made[name] === undefined) delete made[name];
      }
      return made;
    },
  });
}

function record(members: Readonly<Record<string, Fitting>>): Fitting {
  return recordBy(() => members);
}

function list(of: Fitting): Fitting {
  return shape({
    wanted: 'a list',
    takes: Array.isArray,
    make: (value, path, leaveOut) =>
      (value as unknown[])
        .map((each, index) => of.read(each, `${path}[${index}]`, leaveOut))
        .filter((each) => each !== undefined),
  });
}

function either(...shapes: readonly Fitting[]): Fitting {
  const find = (value: unknown) => shapes.find((each) => each.takes(value));
  return shape({
    wanted: shapes.map(({ wanted }) => wanted).join(' or '),
    takes: (value) => find(value) !== undefined,
    make: (value, path, leaveOut) => find(value)?.make(value, path, leaveOut),
  });
}

/** The shape, or what Newman makes it of. */
function orFrom(own: Fitting, takes: (value: unknown) => boolean, convert: (value: unknown) => unknown): Fitting {
  return shape({
    wanted: own.wanted,
    takes: (value) => own.takes(value) || takes(value),
    make: (value, path, leaveOut) => own.make(own.takes(value) ? value : convert(value), path, leaveOut),
  });
}

function isSimple(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

const TEXT = shape({
  wanted: 'text',
  takes: (value) => typeof value === 'string',
  make: (value) => value,
});
const NUMBER = shape({
  wanted: 'a number',
  takes: (value) => typeof value === 'number',
  make: (value) => value,
});
const WORD = orFrom(TEXT, isSimple, String);
const JSON_TEXT = orFrom(
  TEXT,
  (value) => typeof value === 'object',
  (value) => JSON.stringify(value),
);
const ROW = record({ key: TEXT });
const ROWS = either(TEXT, list(ROW));
/** `{"Accept": "text/plain"}` */
const NAMED_ROWS = (own: Fitting) =>
  orFrom(own, isRecord, (value) => Object.entries(value as object).map(([key, each]) => ({ key, value: each })));
const PARAMETERS = list(ROW);
const VARIABLES = list(record({ key: TEXT, id: TEXT }));
const AUTH = recordBy((auth) => {
  const types = Object.keys(auth).filter((type) => Array.isArray(auth[type]));
  return { type: TEXT, ...Object.fromEntries(types.map((type) => [type, PARAMETERS])) };
});
const URL_PARTS = record({
  raw: TEXT,
  protocol: TEXT,
  auth: record({ user: TEXT, password: TEXT }),
  host: either(TEXT, list(WORD)),
  port: either(TEXT, NUMBER),
  path: either(TEXT, list(either(WORD, record({ value: TEXT })))),
  query: NAMED_ROWS(ROWS),
  hash: TEXT,
  variable: VARIABLES,
});
const BODY = record({ mode: TEXT, raw: JSON_TEXT, urlencoded: ROWS, formdata: ROWS });
const REQUEST = either(
  TEXT,
  record({
    method: TEXT,
    url: either(TEXT, URL_PARTS),
    header: NAMED_ROWS(either(TEXT, list(either(TEXT, ROW)))),
    body: orFrom(BODY, TEXT.takes, (raw) => ({ mode: 'raw', raw })),
    auth: AUTH,
    certificate: record({}),
  }),
);
const SCRIPT = orFrom(either(TEXT, record({ exec: either(TEXT, list(WORD)) })), Array.isArray, (exec) => ({ exec }));

/** What a collection, a folder and a request have in common. */
const COMMON_MEMBERS = {
  name: WORD,
  event: orFrom(list(record({ script: SCRIPT })), isRecord, (event) => [event]),
  auth: AUTH,
  variable: VARIABLES,
  protocolProfileBehavior: record({}),
};
const COMMON = record(COMMON_MEMBERS);
const COLLECTION = record({ ...COMMON_MEMBERS, info: record({ name: WORD, schema: TEXT }) });
