import { isRecord, jsonOrNull } from '../core/json.ts';
import type { Auth, Item, Place, Request, Variable } from './collection-format.ts';
import { type ExportKind, isCollection, otherExport, parseExport } from './export-json.ts';
import { urlOf } from './url.ts';

/** A variable of the environment's or the globals' scope. */
export interface Value {
  readonly name: string;
  /** As its type in Postman has it: a text, a number, a boolean, null or an object. */
  readonly value: unknown;
  /** `type: secret` in Postman: masked wherever it appears. */
  readonly isSecret: boolean;
}

/** A Postman environment, or globals. */
export interface Environment {
  /** '': it has none. */
  readonly name: string;
  /** The enabled ones. */
  readonly values: readonly Value[];
}

/**
 * Reads an export of a Postman environment or of globals.
 *
 * @throws AppError `environment-invalid`
 */
export function parseEnvironment(
  bytes: Uint8Array,
  file: string,
  kind: Exclude<ExportKind, 'collection'> = 'environment',
): Environment {
  const document = parseExport(bytes, file, kind);
  // The old form is the list alone.
  const values = isRecord(document) && !isCollection(document) ? document['values'] : document;
  if (!Array.isArray(values)) throw otherExport(document, file, kind);
  return {
    name: isRecord(document) && typeof document['name'] === 'string' ? document['name'] : '',
    values: (values.filter(isRecord) as Variable[])
      // Newman leaves out `disabled` ones, and Postman itself writes `enabled`.
      .filter(({ key, enabled, disabled }) => enabled !== false && disabled !== true && isKey(key))
      .map(({ key, value, type }) => ({
        name: String(key),
        value: typed(value, type),
        isSecret: type === 'secret',
      })),
  };
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' || typeof key === 'number';
}

/** A value as scripts get it (postman-collection, lib/collection/variable.js, `types`). */
function typed(value: unknown, type: unknown): unknown {
  if (value === undefined) return undefined;
  switch (type) {
    case 'string':
      return String(value);
    case 'number':
      return Number(value);
    case 'boolean':
      return Boolean(value);
    case 'array':
    case 'object': {
      const parsed = typeof value === 'string' ? jsonOrNull(value) : value;
      return (type === 'array' ? Array.isArray(parsed) : isRecord(parsed)) ? parsed : undefined;
    }
    default:
      return value;
  }
}

/** The URL that a request goes to, with its variables filled in. */
export function targetOf(place: Place, values: readonly Value[], globals: readonly Value[] = []): string {
  return fillIn(urlOf(place.item.request ?? {}), knownTo(place, values, globals));
}

/** Unknown variables stay as they are. */
export function fillIn(text: string, known: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > 10) return text;
  return text.replace(VARIABLE, (whole, name: string) => {
    const value = known.get(name);
    return value === undefined ? whole : fillIn(value, known, depth + 1);
  });
}

/** Its name with its blanks, which Newman keeps. */
export const VARIABLE = /\{\{([^{}]+)\}\}/g;

/**
 * Name and value of everything that a request can use: the environment beats folders, folders the collection, and that the
 * globals.
 */
export function knownTo(place: Place, values: readonly Value[], globals: readonly Value[] = []): Map<string, string> {
  const known = new Map<string, string>(globals.map(({ name, value }) => [name, textOf(value)]));
  for (const item of place.around) {
    for (const variable of item.variable ?? []) {
      if (variable.disabled !== true) known.set(variable.key ?? variable.id ?? '', textOf(variable.value));
    }
  }
  for (const { name, value } of values) known.set(name, textOf(value));
  return known;
}

/** The auth that counts for a request: its own, else the nearest folder's, else the collection's; null: none. */
export function authOf(place: Place): { readonly auth: Auth; readonly owner: Item | Request } | null {
  for (const owner of [place.item.request, place.item, ...[...place.around].reverse()]) {
    if (owner?.auth) return owner.auth.type === 'noauth' ? null : { auth: owner.auth, owner };
  }
  return null;
}

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Later values beat earlier ones of the same name. */
export function merge(values: readonly Value[], beating: readonly Value[]): Value[] {
  return [...new Map([...values, ...beating].map((value) => [value.name, value])).values()];
}
