import { type Auth, type Collection, type Place, placesOf, type Variable } from '../postman/collection.ts';
import { fillIn, knownTo, textOf, type Value } from '../postman/variables.ts';
import { isSecretVariable } from './places.ts';

export interface DeclaredSecret {
  readonly value: string;
  /** What it is, for people: "basic password", "client_secret". */
  readonly label: string;
  /** Marked as `type: secret`, and so one whatever it looks like. */
  readonly isMarked: boolean;
}

/**
 * What the collection and the environment say is secret before anything runs: variables marked or named so, the auth blocks
 * at every level with their variables filled in, passphrases of client certificates.
 *
 * @param values the environment's scope
 */
export function declaredSecrets(collection: Collection, values: readonly Value[]): DeclaredSecret[] {
  const secrets: DeclaredSecret[] = [];
  for (const { name, value, isSecret } of values) {
    if (isSecret || isSecretVariable(name)) secrets.push({ value, label: name, isMarked: isSecret });
  }
  const root: Place = { item: collection, folders: [], around: [] };
  for (const place of [root, ...placesOf(collection)]) {
    secrets.push(...(place.item.variable ?? []).flatMap(inVariable));
    const known = knownTo({ ...place, around: [...place.around, place.item] }, values);
    const { request } = place.item;
    const { auth = null, certificate = null } = typeof request === 'object' ? request : {};
    const found = [place.item.auth ?? null, auth].flatMap((each) => (each === null ? [] : secretsInAuth(each)));
    if (certificate !== null) found.push({ value: textOf(certificate.passphrase), label: 'passphrase' });
    secrets.push(...found.map(({ value, label }) => ({ value: fillIn(value, known), label, isMarked: false })));
  }
  return secrets.filter(({ value }) => value !== '');
}

/** The secret parts of an auth block of any type, in the format of v2.1 (a list) or v2.0 (an object). */
export function secretsInAuth(auth: Auth): { readonly value: string; readonly label: string }[] {
  const { type = '' } = auth;
  const block = auth[type];
  const entries = Array.isArray(block)
    ? block.map(({ key, value }: { key?: unknown; value?: unknown }): [string, unknown] => [String(key), value])
    : Object.entries(typeof block === 'object' && block !== null ? block : {});
  return entries
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && isSecretField(type, entry[0]))
    .map(([key, value]) => ({ value, label: `${type} ${key}` }));
}

function inVariable({ key, id, value, type }: Variable): DeclaredSecret[] {
  const label = key ?? id ?? '';
  const isMarked = type === 'secret';
  return isMarked || isSecretVariable(label) ? [{ value: textOf(value), label, isMarked }] : [];
}

/** In an API key's block the secret is called `value`; elsewhere that would be anything. */
function isSecretField(type: string, key: string): boolean {
  return SECRET_FIELDS.has(key) || (type === 'apikey' && key === 'value');
}

/** Of basic, bearer, digest, ntlm, oauth1, oauth2, hawk, awsv4, edgegrid, jwt and asap, as Postman names them. */
const SECRET_FIELDS = new Set(
  (
    'password token accessToken refreshToken idToken clientSecret clientToken consumerSecret tokenSecret privateKey ' +
    'authKey secretKey sessionToken secret code codeVerifier code_verifier'
  ).split(' '),
);
