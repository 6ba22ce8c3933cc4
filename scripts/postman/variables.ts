import { AppError } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import type { Auth, Item, Place, Request, Variable } from './collection-format.ts';
import { parseExport } from './export-json.ts';
import { urlOf } from './url.ts';

/** A variable of the environment's scope. */
export interface Value {
  readonly name: string;
  readonly value: string;
  /** `type: secret` in Postman: masked wherever it appears. */
  readonly isSecret: boolean;
}

/**
 * Reads a Postman environment export: its enabled values.
 *
 * @throws AppError `environment-invalid`
 */
export function parseEnvironment(bytes: Uint8Array, file: string): Value[] {
  const document = parseExport(bytes, file, 'environment');
  const values: unknown = isRecord(document) ? document['values'] : null;
  if (!Array.isArray(values) || !values.every(isRecord)) {
    throw new AppError('environment-invalid', `${file} is JSON, but not a Postman environment.`, {
      hint: "In Postman: Environments, the environment's menu, Export.",
      where: { file },
    });
  }
  return (values as Variable[])
    .filter((variable) => variable.enabled !== false && typeof variable.key === 'string')
    .map((variable) => ({
      name: variable.key ?? '',
      value: textOf(variable.value),
      isSecret: variable.type === 'secret',
    }));
}

/** The URL that a request goes to, with its variables filled in. */
export function targetOf(place: Place, values: readonly Value[]): string {
  return fillIn(urlOf(place.item.request ?? {}), knownTo(place, values));
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

/** Name and value of everything that a request can use: the environment beats folders, folders the collection. */
export function knownTo(place: Place, values: readonly Value[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const item of place.around) {
    for (const variable of item.variable ?? []) {
      if (variable.disabled !== true) known.set(variable.key ?? variable.id ?? '', textOf(variable.value));
    }
  }
  for (const { name, value } of values) known.set(name, value);
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
