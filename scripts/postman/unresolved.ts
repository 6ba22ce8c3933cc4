import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { pathOf } from './collection.ts';
import type { Place, Request, Row } from './collection-format.ts';
import type { DataRow } from './iteration-data.ts';
import { isOpenEnded, setBy, textOfScript } from './script-code.ts';
import { urlOf } from './url.ts';
import { authOf, fillIn, knownTo, textOf, VARIABLE, type Value } from './variables.ts';

/** Where the values of a run come from. */
interface Sources {
  /** The collection. */
  readonly file: string;
  /** The environment export, for messages; null: there is none. */
  readonly environment: string | null;
  readonly globals?: readonly Value[];
  /** Of the iterations. */
  readonly data?: readonly DataRow[] | null;
}

/**
 * Looks for each `{{variable}}` in what these requests send that has no value: Newman sends the braces themselves, and
 * reports `getaddrinfo ENOTFOUND {{host}}`. Such a host ends the run here, unless a script may set any name or leave requests
 * out; braces elsewhere may be meant, and are a warning.
 *
 * @param places the requests that will run
 * @param values the environment's scope; a script that sets a variable counts as well
 * @param isStrict whether the run ends for a variable in the path, the headers or the auth of a request, too
 * @returns warnings, each a sentence
 * @throws AppError `variable-unresolved`
 */
export function verifyResolved(
  places: readonly Place[],
  values: readonly Value[],
  sources: Sources,
  isStrict: boolean,
): string[] {
  const { globals = [], data } = sources;
  const { names: setByScripts, isOpen } = settersOf(places);
  const columns = new Set((data ?? []).flatMap((row) => Object.keys(row)));
  const isSet = (name: string) => setByScripts.has(name) || columns.has(name);
  const inVain = new Map<string, string[]>();
  for (const place of places) {
    const known = knownTo(place, values, globals);
    const unset = (texts: readonly string[]) => missingIn(texts, known).filter((name) => !isSet(name));
    const { origin, decisive, others } = textsOf(place);
    const empty = emptyHostOf(origin, known).filter((name) => !isSet(name));
    const fatal = [...new Set([...empty, ...unset(isStrict ? [origin, ...decisive] : [origin])])];
    if (fatal.length > 0 && !isOpen) throw unresolved(place, fatal, known, setByScripts, sources);
    for (const name of new Set([...fatal, ...unset([...decisive, ...others])])) {
      inVain.set(name, [...(inVain.get(name) ?? []), place.item.name ?? '']);
    }
  }
  if (inVain.size === 0) return [];
  const uses = [...inVain].map(
    ([name, [first, ...more]]) => `${shownAs(name)} ("${first}"${more.length > 0 ? ` and ${more.length} more` : ''})`,
  );
  const shown = uses.length > MOST_NAMED ? [...uses.slice(0, MOST_NAMED), `${uses.length - MOST_NAMED} more`] : uses;
  return [`Without a value, unless a script sets one: ${shown.join(', ')}. Newman leaves such braces as they are.`];
}

/** What stands between two pairs of braces in a body may be anything. */
function shownAs(name: string): string {
  return `{{${/^[\s\w.$-]{1,60}$/.test(name) ? name : `${name.length} characters`}}}`;
}

/** More names than anybody reads. */
const MOST_NAMED = 8;

function unresolved(
  place: Place,
  missing: readonly string[],
  known: ReadonlyMap<string, string>,
  setByScripts: ReadonlySet<string>,
  { file, environment }: Sources,
): AppError {
  const [first = ''] = missing;
  const uses = `"${pathOf(place)}" uses ${missing.map(shownAs).join(', ')}`;
  const give = `Give it one with --env-var ${first.trim()}=VALUE, or an environment export with --environment FILE`;
  if (known.get(first) === '') {
    const exported =
      environment === null
        ? ''
        : ` Is it in ${environment}? Postman exports initial values only, and not the current ones.`;
    return new AppError('variable-unresolved', `${uses} in its host, which is empty.`, {
      hint: `${give}.${exported}`,
      where: { file: environment ?? file },
    });
  }
  const names = [...known.keys(), ...setByScripts];
  const bare = names.find((name) => name.trim() === first.trim());
  const near = nearest(first, names);
  const others = near.length > 0 ? ` (there is ${near.map((name) => `{{${name}}}`).join(', ')})` : '';
  return new AppError('variable-unresolved', `${uses}, which has no value.`, {
    hint:
      bare === undefined
        ? `${give}${others}.`
        : `There is {{${bare}}}: Newman takes the blanks as part of the name. Write both alike.`,
    where: { file },
  });
}

/** The variables of a URL's scheme and host that are there, but leave it without a host. */
function emptyHostOf(origin: string, known: ReadonlyMap<string, string>): string[] {
  if (!/^(?:https?:\/\/)?\/*$/.test(fillIn(origin, known))) return [];
  const names = [...origin.matchAll(VARIABLE)].map((match) => match[1] ?? '');
  return names.filter((name) => known.get(name) === '');
}

/** Variables without a value; Postman itself generates {{$guid}}, {{$timestamp}} and their like. */
function missingIn(texts: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const left = texts.flatMap((text) => [...fillIn(text, known).matchAll(VARIABLE)]);
  const names = left.map((match) => match[1] ?? '');
  return [...new Set(names.filter((name) => !name.startsWith('$')))];
}

/** Everything of a request that is sent: its scheme, host and port, what decides whether it is let in, and the rest. */
function textsOf(place: Place): { readonly origin: string; readonly decisive: string[]; readonly others: string[] } {
  const request = place.item.request ?? {};
  const url = urlOf(request);
  const origin =
    /^(?:(?:[^/?#{]|\{(?!\{)|\{\{[^{}]*\}\})*:\/\/)?(?:[^/?#{]|\{(?!\{)|\{\{[^{}]*\}\})*/.exec(url)?.[0] ?? '';
  const [path = '', query = ''] = url.slice(origin.length).split(/\?(.*)/s);
  return {
    origin,
    decisive: [path, ...headerTexts(request), ...authTexts(place)],
    others: [query, ...bodyTexts(place, request)],
  };
}

/** Of OAuth 2.0 only the token is sent: the rest of the block is what Postman needs to get it. */
function authTexts(place: Place): string[] {
  const auth = authOf(place)?.auth;
  const block = auth?.[auth.type ?? ''];
  const entries = Array.isArray(block)
    ? block.map(({ key, value }: { key?: unknown; value?: unknown }) => [String(key), value] as const)
    : Object.entries(block ?? {});
  const isSent = (name: string) => auth?.type !== 'oauth2' || name === 'accessToken' || name === 'headerPrefix';
  return entries.filter(([name]) => isSent(name)).map(([, value]) => textOf(value));
}

function headerTexts({ header }: Request): string[] {
  // In the text form a line that begins with // is disabled.
  if (typeof header === 'string') return header.split('\n').filter((line) => !line.trim().startsWith('//'));
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

/** What the scripts of these requests and of the folders around them set. */
function settersOf(places: readonly Place[]): { readonly names: ReadonlySet<string>; readonly isOpen: boolean } {
  const items = new Set(places.flatMap(({ around, item }) => [...around, item]));
  const scripts = [...items].flatMap(({ event }) => event ?? []).filter(({ disabled }) => disabled !== true);
  const names = new Set<string>();
  let isOpen = false;
  for (const code of scripts.map(textOfScript)) {
    for (const name of setBy(code)) names.add(name);
    isOpen ||= isOpenEnded(code);
  }
  return { names, isOpen };
}
