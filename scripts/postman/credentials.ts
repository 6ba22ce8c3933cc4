import { maskMembers } from '../secrets/json-text.ts';
import { isSecretName } from '../secrets/places.ts';
import type { Item, Request, Row } from './collection-format.ts';
import { urlOf } from './url.ts';
import { textOf } from './variables.ts';

/** Something that a request sends under a name that holds secrets. */
export interface Credential {
  readonly place: 'header' | 'body' | 'URL';
  readonly name: string;
  /** With its variables left in. */
  readonly value: string;
}

/** What a request sends as credentials: in a header, a parameter, a field or a member that holds secrets by its name. */
export function credentialsOf(request: Request): Credential[] {
  const found: Credential[] = [];
  const addRows = (place: Credential['place'], rows: string | readonly (Row | string)[] | undefined) => {
    for (const row of typeof rows === 'string' ? rows.split('\n') : (rows ?? [])) {
      const [, name = '', value = ''] =
        typeof row === 'string' ? (/^([^:]{1,200}):(.*)$/.exec(row) ?? []) : ['', row.key ?? '', textOf(row.value)];
      if (isSecretName(name)) found.push({ place, name, value });
    }
  };
  addRows('header', request.header);
  const { body } = request;
  addRows('body', body?.urlencoded);
  addRows('body', body?.formdata);
  for (const pair of urlOf(request).split(/[?&#]/).slice(1)) {
    addRows('URL', [{ key: pair.split('=', 1)[0] ?? '', value: pair }]);
  }
  maskMembers(body?.raw ?? '', isSecretName, (value, name) => {
    found.push({ place: 'body', name, value });
    return value;
  });
  return found;
}

/** The variables that a request sends as credentials, whatever their names. */
export function credentialVariables({ request }: Item): string[] {
  return credentialsOf(request ?? {}).flatMap(({ value }) =>
    [...value.matchAll(/\{\{([^{}]{1,200})\}\}/g)].map(([, name = '']) => name.trim()),
  );
}
