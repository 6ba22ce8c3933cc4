import { maskMembers } from '../secrets/json-text.ts';
import { isSecretName } from '../secrets/places.ts';
import type { Item, Row } from './collection-format.ts';
import { textOf } from './variables.ts';

/**
 * The variables that a request sends as credentials, whatever their names: in a header, a parameter, a field or a member that
 * holds secrets by its name.
 */
export function credentialVariables({ request }: Item): string[] {
  const texts: string[] = [];
  const addRows = (rows: string | readonly (Row | string)[] | undefined) => {
    for (const row of typeof rows === 'string' ? rows.split('\n') : (rows ?? [])) {
      const [, key = '', value = ''] =
        typeof row === 'string' ? (/^([^:]{1,200}):(.*)$/.exec(row) ?? []) : ['', row.key ?? '', textOf(row.value)];
      if (isSecretName(key)) texts.push(value);
    }
  };
  addRows(request?.header);
  const { body, url } = request ?? {};
  addRows(body?.urlencoded);
  addRows(body?.formdata);
  if (typeof url === 'object') addRows(typeof url.query === 'string' ? [] : url.query);
  maskMembers(body?.raw ?? '', isSecretName, (value) => {
    texts.push(value);
    return value;
  });
  return texts.flatMap((text) => [...text.matchAll(/\{\{([^{}]{1,200})\}\}/g)].map(([, name = '']) => name.trim()));
}
