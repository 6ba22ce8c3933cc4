import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseCollection, requestsIn } from '../scripts/postman/collection.ts';
import type { Item } from '../scripts/postman/collection-format.ts';
import { findFolder, findRequest } from '../scripts/postman/selection.ts';

const folder = new URL('../collections/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const FILE = 'EmpowerNow.postman_collection.json';

describe('the supplied collection', () => {
  const raw = JSON.parse(read(FILE).toString());
  const collection = parseCollection(read(FILE), FILE);

  test('is v2.1, and every item, script and variable has an id of its own', () => {
    expect(raw.info.schema).toBe('https://schema.getpostman.com/json/collection/v2.1.0/collection.json');
    const ids: string[] = [];
    const visit = (item: Item) => {
      ids.push(item.id ?? '');
      for (const event of item.event ?? []) ids.push((event.script as { id?: string }).id ?? '');
      for (const child of item.item ?? []) visit(child);
    };
    for (const item of raw.item) visit(item);
    for (const variable of raw.variable) ids.push(variable.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id))).toBe(true);
  });

  test('mints as the runbook says: method, route, body, Bearer', () => {
    expect(findRequest(collection, 'IdP Admin/DCR IAT', FILE).item.request).toMatchObject({
      method: 'POST',
      url: { raw: '{{idp_url}}/api/admin/dcr/initial-access-tokens' },
      auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{admin_token}}' }] },
    });
    const values = Object.fromEntries(raw.variable.map(({ key, value }: Record<string, string>) => [key, value]));
    expect(values).toMatchObject({
      idp_url: 'https://idp.ocg.labs.empowernow.ai',
      bff_url: 'http://localhost:8000',
      iat_label: 'ms-bff bootstrap',
      iat_expires_in: '3600',
      iat_max_usages: '1',
    });
  });

  test('checks health and keys of the BFF', () => {
    const requests = requestsIn(findFolder(collection, 'BFF Health', FILE), collection);
    expect(requests.map(({ item }) => item.name)).toEqual(['Health', 'JWKS']);
  });
});

test('no file of the folder holds a secret: what is marked secret is empty', () => {
  const environments = readdirSync(folder).filter((name) => name.endsWith('.postman_environment.json'));
  expect(environments.length).toBeGreaterThan(1);
  for (const name of environments) {
    const { values } = JSON.parse(read(name).toString()) as { values: { key: string; value: string; type: string }[] };
    const secrets = values.filter(({ type }) => type === 'secret');
    expect(secrets.map(({ key, value }) => [key, value])).toEqual([['admin_token', '']]);
  }
});
