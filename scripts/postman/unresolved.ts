import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { pathOf } from './collection.ts';
import type { Place, Request, Row } from './collection-format.ts';
import { codeOf, setBy, setsAny } from './script-code.ts';
import { urlOf } from './url.ts';
import { authOf, fillIn, knownTo, textOf, VARIABLE, type Value } from './variables.ts';

/** Where the values of a run come from, for messages. */
interface Sources {
  /** The collection. */
  readonly file: string;
  /** The environment export; null: there is none. */
  readonly environment: string | null;
}

/**
 * Looks for each `{{variable}}` in what these requests send that has no value: Newman sends the braces themselves, and
 * reports `getaddrinfo ENOTFOUND {{host}}`. Braces in a body may be meant, and a script may set any name: that is a warning.
 *
 * @param places the requests that will run
 * @param values the environment's scope; a script that sets a variable counts as well
 * @param isStrict whether a request that would fail for it ends the run: where the variable is in its URL, headers or auth
 * @returns warnings, each a sentence
 * @throws AppError `variable-unresolved`
 */
export function verifyResolved(
  places: readonly Place[],
  values: readonly Value[],
  sources: Sources,
  isStrict: boolean,
): string[] {
  const scripts = places.map((place) => codeOf(place));
  const setByScripts = setBy(scripts.join('\n'));
  const isAnySet = scripts.some(setsAny);
  const inVain = new Map<string, string[]>();
  for (const place of places) {
    const known = knownTo(place, values);
    const unset = (texts: readonly string[]) => missingIn(texts, known).filter((name) => !setByScripts.has(name));
    const { decisive, others } = textsOf(place);
    const empty = emptyHostOf(place, known).filter((name) => !setByScripts.has(name));
    const missing = [...new Set([...empty, ...unset(decisive)])];
    if (missing.length > 0 && isStrict && !isAnySet) throw unresolved(place, missing, known, setByScripts, sources);
    for (const name of new Set([...missing, ...unset(others)])) {
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
function emptyHostOf(place: Place, known: ReadonlyMap<string, string>): string[] {
  const base = ORIGIN.exec(urlOf(place.item.request ?? {}))?.[0] ?? '';
  if (!/^(?:https?:\/\/)?\/*$/.test(fillIn(base, known))) return [];
  const names = [...base.matchAll(VARIABLE)].map((match) => match[1] ?? '');
  return names.filter((name) => known.get(name) === '');
}

const ORIGIN = /^(?:[^/?#]*:\/\/)?[^/?#]*/;

/** Variables without a value; Postman itself generates {{$guid}}, {{$timestamp}} and their like. */
function missingIn(texts: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const left = texts.flatMap((text) => [...fillIn(text, known).matchAll(VARIABLE)]);
  const names = left.map((match) => match[1] ?? '');
  return [...new Set(names.filter((name) => !name.startsWith('$')))];
}

/** Everything of a request that is sent: what decides where it goes and whether it is let in, and the rest. */
function textsOf(place: Place): { readonly decisive: string[]; readonly others: string[] } {
  const { request } = place.item;
  if (request === undefined) return { decisive: [], others: [] };
  const [path = '', query = ''] = urlOf(request).split(/\?(.*)/s);
  return {
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
