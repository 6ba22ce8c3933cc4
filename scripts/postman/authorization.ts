import { type AuthParameters, secretsInAuth } from '../secrets/declared.ts';
import { authorizationHeaderOf } from './adapt.ts';
import { pathOf } from './collection.ts';
import type { Auth, Place, Request, Row } from './collection-format.ts';
import { credentialsOf } from './credentials.ts';
import { authParametersOf } from './declarations.ts';
import { codeOf, setBy, setsAny } from './script-code.ts';
import { authOf, fillIn, knownTo, VARIABLE, type Value } from './variables.ts';

/** What lets a request in, where no admin token is put into it. */
export interface Authorization {
  /** Where it comes from, for people: `from the collection, oauth2`. */
  readonly from: string;
  /** It counts although IAT_ADMIN_TOKEN is set: that could only take its place, and not fill it. */
  readonly isWhole: boolean;
  /** What is known of it before the run and is secret. */
  readonly secrets: readonly string[];
}

/** Where the values come from that a request gets. */
interface Given {
  readonly values: readonly Value[];
  /** Names of the variables of `--env-var`. */
  readonly envVars: readonly string[];
  /** The requests that log in before it. */
  readonly logins: readonly Place[];
}

/**
 * What lets a request in by the collection alone: its auth (its own or a folder's), a header, a field of its body, a script
 * before it, a request that logs in. Newman fetches no token for an auth of OAuth 2.0, so one without a token is none.
 *
 * @returns null: nothing that is known; an admin token has to be put in
 */
export function findAuthorization(place: Place, given: Given): Authorization | null {
  const request = place.item.request ?? {};
  const auth = authOf(place)?.auth ?? null;
  const known = knownTo(place, given.values);
  const setByLogins = new Set(given.logins.flatMap((each) => [...setBy(codeOf(each))]));
  const isSetByLogin = (text: string) => namesIn(text).some((name) => setByLogins.has(name));
  const login = { from: `from the login "${given.logins.map(pathOf).join('", "')}"`, secrets: [] };
  const isLogin = given.logins.length > 0;
  const script = { from: 'from a pre-request script of the collection', isWhole: false, secrets: [] };

  if (auth !== null && auth.type !== 'bearer' && !isEmpty(auth, known)) {
    const texts = sentOf(auth, new Map()).map(({ value }) => value);
    if (texts.some(isSetByLogin)) return { ...login, isWhole: true };
    const parameters = sentOf(auth, known);
    const secrets = secretsInAuth({ type: auth.type ?? '', parameters }).map(({ value }) => value);
    const isWhole = parameters.every(({ value }) => value === '' || isFilled(value));
    return { from: `from the collection, ${auth.type}`, isWhole, secrets };
  }
  const text = tokenOf(place);
  if (text.trim() !== '') {
    if (isSetByLogin(text)) return { ...login, isWhole: true };
    const [, scheme = 'Bearer', value = ''] = /^(?:([\w-]+)\s+)?(.*)$/s.exec(fillIn(text, known).trim()) ?? [];
    if (isFilled(value)) return { from: sourceOf(text, given), isWhole: !/^bearer$/i.test(scheme), secrets: [value] };
    const code = preRequestOf(place);
    if (changesRequest(code) || maySet(code, text)) return script;
    return given.logins.some((each) => maySet(codeOf(each), '')) ? { ...login, isWhole: false } : null;
  }
  if (isLogin) return { ...login, isWhole: false };
  for (const { place: where, name, value } of credentialsOf(asSent(request))) {
    const secret = fillIn(value, known);
    if (isFilled(secret))
      return { from: `from the collection, ${name} in its ${where}`, isWhole: where === 'body', secrets: [secret] };
  }
  const code = preRequestOf(place);
  return changesRequest(code) || /\bpm\.sendRequest\b/.test(code) ? script : null;
}

/** The variable of a request's token that has no value and that no script sets; null: there is none. */
export function missingToken(place: Place, values: readonly Value[]): string | null {
  const [name] = namesIn(fillIn(tokenOf(place), knownTo(place, values)));
  return name === undefined || setBy(codeOf(place)).has(name) ? null : name;
}

/** The token of a request, or its Authorization header, as the collection has it; '': it has none. */
function tokenOf(place: Place): string {
  const auth = authOf(place)?.auth ?? null;
  const token = auth?.type === 'bearer' ? sentOf(auth, new Map()).find(({ name }) => name === 'token')?.value : '';
  return token || (authorizationHeaderOf(place.item.request ?? {}) ?? '');
}

/** The requests of a collection, by their paths, whose scripts set a variable: one of them may be the login. */
export function settersOf(places: readonly Place[], variable: string): string[] {
  return places.filter((place) => setBy(codeOf({ ...place, around: [] })).has(variable)).map(pathOf);
}

/** Of OAuth 2.0 only the token is sent: the rest of the block is what Postman needs to get it. */
function sentOf(auth: Auth, known: ReadonlyMap<string, string>): AuthParameters['parameters'] {
  const { parameters } = authParametersOf(auth, known);
  return auth.type === 'oauth2' ? parameters.filter(({ name }) => name === 'accessToken') : parameters;
}

/** Whether it has neither a user nor a secret, so that Newman sends nothing. */
function isEmpty(auth: Auth, known: ReadonlyMap<string, string>): boolean {
  const parameters = sentOf(auth, known);
  const secrets = secretsInAuth({ type: auth.type ?? '', parameters });
  return [...secrets, ...parameters.filter(({ name }) => name === 'username')].every(({ value }) => value === '');
}

/** Variables that Postman itself generates may be left. */
function isFilled(text: string): boolean {
  return text.trim() !== '' && namesIn(text).every((name) => name.startsWith('$'));
}

function namesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)].map((match) => match[1] ?? '');
}

/** Whose value it is: `from the environment (admin_token)`. */
function sourceOf(expression: string, { values, envVars }: Given): string {
  const [name] = namesIn(expression);
  if (name === undefined) return 'from the collection';
  if (envVars.includes(name)) return `from --env-var (${name})`;
  return `from the ${values.some((value) => value.name === name) ? 'environment' : 'collection'} (${name})`;
}

/** The scripts before a request, without what is commented out. */
function preRequestOf(place: Place): string {
  return codeOf(place, 'prerequest').replace(/^[ \t]{0,200}\/\/.*$/gm, '');
}

/** Whether scripts set a variable of the text, or one whose name cannot be told. */
function maySet(code: string, text: string): boolean {
  const names = setBy(code);
  return setsAny(code) || namesIn(text).some((name) => names.has(name));
}

/** Whether scripts change how their request is let in. */
function changesRequest(code: string): boolean {
  return /\bpm\.request\.(?:headers|auth|addHeader)\b/.test(code) && /auth|key|token/i.test(code);
}

/** What is disabled, and bodies of other modes, left out. */
function asSent(request: Request): Request {
  const enabled = <T extends Row | string>(rows: string | readonly T[] | undefined) =>
    typeof rows === 'object' ? rows.filter((row) => typeof row === 'string' || row.disabled !== true) : rows;
  const { header, body } = request;
  const mode = body?.disabled === true ? '' : (body?.mode ?? '');
  return {
    ...request,
    header: enabled(header) ?? [],
    body: body
      ? {
          mode,
          ...(mode === 'raw' ? { raw: body.raw ?? '' } : {}),
          ...(mode === 'urlencoded' || mode === 'formdata' ? { [mode]: enabled(body[mode]) } : {}),
        }
      : null,
  };
}
