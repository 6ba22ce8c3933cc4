import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { readSource } from '../../scripts/postman/source.ts';
import { collectionBytes, request } from '../support/builders.ts';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Reads with these files, and what is learned meanwhile. */
async function read(files: Readonly<Record<string, Uint8Array>>, environment: string | null = null) {
  const learned: string[] = [];
  const source = await readSource(
    { collection: 'c.json', environment, envVars: [{ name: 'b', value: 'own' }] },
    {
      files: { read: async (path) => files[path] ?? null },
      learn: (secret, how) => learned.push(`${how ?? 'marked'}: ${secret.label} ${secret.reveal()}`),
    },
  );
  return { source, learned };
}

describe('readSource', () => {
  const collection = collectionBytes([request('A', 'http://a/')], {
    info: { name: 'Test', version: { major: 1, minor: 2 }, _postman_id: 'x-1' },
    variable: [{ key: 'client_secret', value: 'test-only-0001-found' }],
  });

  test('the values of the environment, those of the command line first; what is secret is learned', async () => {
    const values = [
      { key: 'a', value: 'given', enabled: true },
      { key: 'b', value: 'given' },
      { key: 'off', value: 'x', enabled: false },
      { key: 't', value: 'test-only-0002-marked', type: 'secret' },
    ];
    const { source, learned } = await read({ 'c.json': collection, 'e.json': encode({ values }) }, 'e.json');
    expect(source.values).toEqual([
      { name: 'a', value: 'given', isSecret: false },
      { name: 'b', value: 'own', isSecret: false },
      { name: 't', value: 'test-only-0002-marked', isSecret: true },
    ]);
    expect(learned.sort()).toEqual(['found: client_secret test-only-0001-found', 'marked: t test-only-0002-marked']);
    expect(source.facts).toEqual([
      ['Collection', 'c.json'],
      ['Revision', expect.stringMatching(/^Test, version 1\.2, sha256:[0-9a-f]{12}, id x-1$/)],
      ['Postman environment', 'e.json'],
    ]);
  });

  test('files that are not there', async () => {
    await expect(read({})).rejects.toMatchObject({ code: 'collection-missing' });
    await expect(read({ 'c.json': collection }, 'e.json')).rejects.toMatchObject({ code: 'environment-invalid' });
  });

  test('a folder is a collection in the v3 format', async () => {
    const files = { read: () => Promise.reject(new AppError('file-not-regular', 'a folder')) };
    const options = { collection: 'c', environment: null, envVars: [] };
    await expect(readSource(options, { files, learn: () => {} })).rejects.toMatchObject({ code: 'collection-v3' });
  });

  const valuesOf = async (document: unknown) => {
    const { source } = await read({ 'c.json': collection, 'e.json': encode(document) }, 'e.json');
    return {
      name: source.environmentName,
      values: Object.fromEntries(source.values.map(({ name, value }) => [name, value])),
    };
  };

  test.for([
    ["as Postman's API wraps it", { environment: { name: 'E', values: [{ key: 'a', value: '1' }] } }, 'E'],
    ['wrapped twice', { environment: { environment: { name: 'E', values: [{ key: 'a', value: '1' }] } } }, 'E'],
    ['as a list', [{ key: 'a', value: '1' }, null], ''],
  ] as const)('an environment %s', async ([, document, name]) => {
    expect(await valuesOf(document)).toEqual({ name, values: { a: '1', b: 'own' } });
  });

  test('values have the types that scripts get in Newman; what is switched off in either way is off', async () => {
    const values = [
      { key: 'plain', value: 5 },
      { key: 'null', value: null },
      { key: 'object', value: { x: 1 } },
      { key: 'string', value: null, type: 'string' },
      { key: 'number', value: '5', type: 'number' },
      { key: 'boolean', value: 'false', type: 'boolean' },
      { key: 'parsed', value: '{"x":1}', type: 'object' },
      { key: 'list', value: '[1]', type: 'array' },
      { key: 'broken', value: '[1', type: 'array' },
      { key: 'secret', value: 5, type: 'secret' },
      { key: 'off', value: 1, disabled: true },
      { key: 'unticked', value: 1, enabled: false },
      { key: 7, value: 'seven' },
      { value: 'nameless' },
    ];
    expect((await valuesOf({ values })).values).toEqual({
      ...{ plain: 5, null: null, object: { x: 1 }, string: 'null', number: 5, boolean: true },
      ...{ parsed: { x: 1 }, list: [1], broken: undefined, secret: 5, 7: 'seven', b: 'own' },
    });
  });

  test('globals, data and what the command line sets', async () => {
    const files: Readonly<Record<string, Uint8Array>> = {
      'c.json': collection,
      'g.json': encode({
        values: [
          { key: 'a', value: 'g' },
          { key: 'pass', value: 'test-only-0003', type: 'secret' },
        ],
      }),
      'd.csv': new TextEncoder().encode('user,password\nann,test-only-0004-row\n'),
    };
    const learned: string[] = [];
    const source = await readSource(
      {
        ...{ collection: 'c.json', environment: null, envVars: [], globals: 'g.json', iterationData: 'd.csv' },
        globalVars: [{ name: 'pass', value: 'test-only-0005' }],
      },
      {
        files: { read: async (path) => files[path] ?? null },
        learn: (secret, how) => learned.push(`${how ?? 'marked'}: ${secret.label} ${secret.reveal()}`),
      },
    );
    expect(source.globals).toEqual([
      { name: 'a', value: 'g', isSecret: false },
      { name: 'pass', value: 'test-only-0005', isSecret: true },
    ]);
    expect(source.data).toEqual([{ user: 'ann', password: 'test-only-0004-row' }]);
    expect(source.facts.slice(2)).toEqual([
      ['Postman globals', 'g.json'],
      ['Iteration data', 'd.csv'],
    ]);
    expect(learned).toEqual(
      expect.arrayContaining([
        'marked: pass test-only-0003',
        'marked: pass test-only-0005',
        'found: password test-only-0004-row',
      ]),
    );
  });

  test('a data file without a row runs the collection once, and that is said', async () => {
    const files: Readonly<Record<string, Uint8Array>> = { 'c.json': collection, 'd.csv': encode([]) };
    const options = { collection: 'c.json', environment: null, envVars: [], iterationData: 'd.csv' };
    const tools = { files: { read: async (path: string) => files[path] ?? null }, learn() {} };
    expect((await readSource(options, tools)).warnings).toEqual([expect.stringContaining('d.csv holds no rows')]);
    await expect(readSource({ ...options, iterationData: 'no.csv' }, tools)).rejects.toMatchObject({
      code: 'bad-value',
    });
    await expect(readSource({ ...options, globals: 'no.json' }, tools)).rejects.toMatchObject({
      code: 'environment-invalid',
      hint: { text: expect.stringContaining('--globals') },
    });
  });

  test.for([
    [{ info: {}, item: [] }, 'a Postman collection, not a Postman environment', '--collection'],
    [{ collection: { item: [] } }, 'a Postman collection, not a Postman environment', '--collection'],
    [{ collections: [{}], environments: [] }, 'a data dump \\(1 collection, 0 environments\\), not', 'on its own'],
    [{}, 'JSON, but not a Postman environment', 'Export'],
    [null, 'JSON, but not a Postman environment', 'Export'],
    [{ values: {} }, 'JSON, but not a Postman environment', 'Export'],
  ] as const)('%j is no environment', async ([document, what, hint]) => {
    const files = { 'c.json': collection, 'e.json': encode(document) };
    await expect(read(files, 'e.json')).rejects.toMatchObject({
      code: 'environment-invalid',
      message: expect.stringMatching(what),
      hint: { text: expect.stringContaining(hint) },
    });
  });
});

test('a variable is a secret where it is sent as one, whatever its name', async () => {
  const sent = {
    method: 'POST',
    url: { raw: 'http://a/?sig={{five}}', query: [{ key: 'sig', value: '{{five}}' }] },
    header: [
      { key: 'X-Functions-Key', value: '{{one}}' },
      { key: 'Authorization', value: 'Custom a={{two}}' },
      { key: 'Accept', value: '{{open}}' },
    ],
    body: {
      mode: 'raw',
      raw: '{"user": "{{open}}", "my_password": "{{three}}"}',
      urlencoded: [{ key: 'pin', value: '{{four}}' }],
    },
  };
  const names = ['one', 'two', 'three', 'four', 'five', 'open'];
  const variable = names.map((key) => ({ key, value: `test-only-value-${key}-0001` }));
  const { learned } = await read({ 'c.json': collectionBytes([request('A', '', { request: sent })], { variable }) });
  expect(learned.map((each) => each.split(' ')[1]).sort()).toEqual(['five', 'four', 'one', 'three', 'two']);
});
