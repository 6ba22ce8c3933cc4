import type { AuthParameters, Declarations, DeclaredVariable } from '../secrets/declared.ts';
import { placesOf } from './collection.ts';
import type { Auth, Collection, Place } from './collection-format.ts';
import { credentialVariables } from './credentials.ts';
import { fillIn, knownTo, textOf, type Value } from './variables.ts';

/**
 * What the collection and the environment declare at every level: variables, auth blocks, passphrases of client
 * certificates.
 *
 * @param values what requests can use besides, weakest first
 * @param others that no request uses as it is, or not each
 */
export function declarationsOf(
  collection: Collection,
  values: readonly Value[],
  others: readonly Value[] = [],
): Declarations {
  const variables: DeclaredVariable[] = [...values, ...others].map(({ name, value, isSecret }) => ({
    name,
    value: textOf(value),
    isMarked: isSecret && typeof value === 'string',
  }));
  const auths: AuthParameters[] = [];
  const passphrases: string[] = [];
  const credentials = new Set<string>();
  const root: Place = { item: collection, folders: [], around: [] };
  for (const place of [root, ...placesOf(collection)]) {
    for (const { key, id, value, type } of place.item.variable ?? []) {
      variables.push({ name: key ?? id ?? '', value: textOf(value), isMarked: type === 'secret' });
    }
    for (const name of credentialVariables(place.item)) credentials.add(name);
    const known = knownTo({ ...place, around: [...place.around, place.item] }, values);
    const { request } = place.item;
    const { auth = null, certificate = null } = typeof request === 'object' ? request : {};
    for (const each of [place.item.auth ?? null, auth]) if (each !== null) auths.push(authParametersOf(each, known));
    if (certificate !== null) passphrases.push(fillIn(textOf(certificate.passphrase), known));
  }
  return { variables, auths, passphrases, credentials };
}

/** The parameters of an auth block in the format of v2.1 (a list) or v2.0 (an object); what is no text is left out. */
export function authParametersOf(auth: Auth, known: ReadonlyMap<string, string> = new Map()): AuthParameters {
  const { type = '' } = auth;
  const block = auth[type];
  const entries = Array.isArray(block)
    ? block.map(({ key, value }: { key?: unknown; value?: unknown }): [string, unknown] => [String(key), value])
    : Object.entries(typeof block === 'object' && block !== null ? block : {});
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { type, parameters: texts.map(([name, value]) => ({ name, value: fillIn(value, known) })) };
}
