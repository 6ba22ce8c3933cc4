import { AppError } from '../core/errors.ts';
import { isRecord } from '../core/json.ts';
import { nearest } from '../core/nearest.ts';
import { pathOf } from './collection.ts';
import type { Auth, Item, Place, Request, Row, Variable } from './collection-format.ts';
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

/**
 * Makes sure that every `{{variable}}` in what these requests send has a value. Newman would send the braces themselves and
 * report `getaddrinfo ENOTFOUND {{host}}`.
 *
 * @param places the requests that will run
 * @param values the environment's scope; a script that sets a variable counts as well
 * @throws AppError `variable-unresolved`
 */
export function verifyResolved(places: readonly Place[], values: readonly Value[], file: string): void {
  const setByScripts = new Set(places.flatMap(namesSetByScripts));
  for (const place of places) {
    const known = knownTo(place, values);
    const missing = missingIn(textsOf(place), known).filter((name) => !setByScripts.has(name));
    if (missing.length === 0) continue;
    const near = nearest(missing[0] ?? '', [...known.keys(), ...setByScripts]);
    throw new AppError(
      'variable-unresolved',
      `"${pathOf(place)}" uses ${missing.map((name) => `{{${name}}}`).join(', ')}, which has no value.`,
      {
        hint: `Give it one with --env-var ${missing[0]}=VALUE, or an environment export with --environment FILE${
          near.length > 0 ? ` (there is ${near.map((name) => `{{${name}}}`).join(', ')})` : ''
        }.`,
        where: { file },
      },
    );
  }
}

/** The URL that a request goes to, with its variables filled in. */
export function targetOf(place: Place, values: readonly Value[]): string {
  return fillIn(urlOf(place.item.request ?? {}), knownTo(place, values));
}

/** Unknown variables stay as they are. */
export function fillIn(text: string, known: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > 10) return text;
  return text.replace(VARIABLE, (whole, name: string) => {
    const value = known.get(name.trim());
    return value === undefined ? whole : fillIn(value, known, depth + 1);
  });
}

const VARIABLE = /\{\{([^{}]+)\}\}/g;

/** Variables without a value; Postman itself generates {{$guid}}, {{$timestamp}} and their like. */
function missingIn(texts: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const left = texts.flatMap((text) => [...fillIn(text, known).matchAll(VARIABLE)]);
  const names = left.map((match) => (match[1] ?? '').trim());
  return [...new Set(names.filter((name) => !name.startsWith('$')))];
}

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

/** Everything of a request that is sent, with the variables that are filled in first. */
function textsOf(place: Place): string[] {
  const { request } = place.item;
  if (request === undefined) return [];
  const auth = authOf(place)?.auth;
  return [
    urlOf(request),
    ...headerTexts(request),
    ...bodyTexts(place, request),
    JSON.stringify(auth?.[auth.type ?? ''] ?? ''),
  ];
}

function headerTexts({ header }: Request): string[] {
  if (typeof header === 'string') return [header];
  return (header ?? []).flatMap((each) => (typeof each === 'string' ? [each] : rowTexts([each])));
}

/** Of a body only what `mode` names is sent, and of a form only the rows that are enabled. */
function bodyTexts(place: Place, { method, body }: Request): string[] {
  if (!body || body.disabled === true || isPruned(place, method)) return [];
  switch (body.mode) {
    case 'raw':
      return [body.raw ?? ''];
    case 'urlencoded':
    case 'formdata': {
      const form = body[body.mode] ?? [];
      return typeof form === 'string' ? [form] : rowTexts(form);
    }
    case 'graphql':
    case 'file':
      return [JSON.stringify(body[body.mode] ?? '')];
    default:
      return [];
  }
}

function rowTexts(rows: readonly Row[]): string[] {
  return rows
    .filter(({ disabled }) => disabled !== true)
    .flatMap(({ key, value, src }) => [key ?? '', textOf(value), textOf(src)]);
}

/** Newman sends no body with these methods, unless the request or a folder around it says so (postman-runtime, `getRequestBody`). */
function isPruned({ around, item }: Place, method = 'GET'): boolean {
  const says = [...around, item].map(({ protocolProfileBehavior }) => protocolProfileBehavior?.disableBodyPruning);
  const isDisabled = says.filter((each) => each !== undefined).at(-1) === true;
  return !isDisabled && /^(?:get|copy|head|purge|unlock)$/i.test(method);
}

/** The auth that counts for a request: its own, else the nearest folder's, else the collection's; null: none. */
export function authOf(place: Place): { readonly auth: Auth; readonly owner: Item | Request } | null {
  for (const owner of [place.item.request, place.item, ...[...place.around].reverse()]) {
    if (owner?.auth) return owner.auth.type === 'noauth' ? null : { auth: owner.auth, owner };
  }
  return null;
}

/** The names in `pm.environment.set('name', …)` and the like, in the scripts of an item and of the folders around it. */
function namesSetByScripts(place: Place): string[] {
  const scripts = [...place.around, place.item].flatMap(({ event }) => event ?? []);
  return scripts
    .filter(({ disabled }) => disabled !== true)
    .flatMap(({ script }) => {
      const exec = typeof script === 'string' ? script : (script?.exec ?? '');
      const code = typeof exec === 'string' ? exec : exec.join('\n');
      return [...code.matchAll(SETTER)].map((match) => match[2] ?? '');
    });
}

const SETTER = /\.\s*(?:set|setEnvironmentVariable|setGlobalVariable)\s*\(\s*(['"`])([^'"`]+)\1/g;

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Later values beat earlier ones of the same name. */
export function merge(values: readonly Value[], beating: readonly Value[]): Value[] {
  return [...new Map([...values, ...beating].map((value) => [value.name, value])).values()];
}
