import { maskMembers } from '../secrets/json-text.ts';
import { isSecretName } from '../secrets/places.ts';
import type { Item, Row } from './collection-format.ts';
import { urlOf } from './url.ts';
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
  const { body } = request ?? {};
  addRows(body?.urlencoded);
  addRows(body?.formdata);
  for (const pair of urlOf(request ?? {})
    .split(/[?&#]/)
    .slice(1)) {
    addRows([{ key: pair.split('=', 1)[0] ?? '', value: pair }]);
  }
  maskMembers(body?.raw ?? '', isSecretName, (value) => {
    texts.push(value);
    return value;
  });
  return texts.flatMap((text) => [...text.matchAll(/\{\{([^{}]{1,200})\}\}/g)].map(([, name = '']) => name.trim()));
}
