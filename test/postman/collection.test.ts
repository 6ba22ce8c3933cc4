import { describe, expect, test } from 'vitest';
import { parseCollection, pathOf, placesOf } from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { urlOf } from '../../scripts/postman/url.ts';
import { loadConverter } from '../../scripts/postman/v1.ts';
import { collectionBytes, folder, request, thrownBy } from '../support/builders.ts';

const encode = (text: string) => new TextEncoder().encode(text);

async function read(document: unknown) {
  const bytes = encode(JSON.stringify(document));
  const warnings: string[] = [];
  const warn = (warning: string) => warnings.push(warning);
  return { collection: parseCollection(bytes, 'c.json', { convertV1: await loadConverter(bytes), warn }), warnings };
}

const idsOf = (items: Item[]) => placesOf(parseCollection(collectionBytes(items), 'c.json')).map(({ item }) => item.id);

describe('ids', () => {
  test('are kept, of folders and requests, in any member that Newman reads', () => {
    const items = [{ ...folder('F', request('A', 'http://a', { id: 'a' })), id: 'f' }, request('B', 'http://b')];
    expect(idsOf([...items, { ...request('C', 'http://c'), _postman_id: 'c' } as Item])).toEqual([
      'f',
      'a',
      'item-1',
      'c',
    ]);
  });

  test('of two that are the same the later one stays, which setNextRequest goes to', () => {
    const [first, second] = idsOf([request('A', 'http://a', { id: 'same' }), request('B', 'http://b', { id: 'same' })]);
    expect([first, second]).toEqual(['item-1', 'same']);
  });

  test("a new one is nobody else's id or name", () => {
    const ids = idsOf([
      request('item-2', 'http://a'),
      request('B', 'http://b', { id: 'item-1' }),
      request('C', 'http://c'),
    ]);
    expect(ids).toEqual(['item-3', 'item-1', 'item-4']);
  });
});

describe('formats', () => {
  const item = [{ name: 'A', request: { url: 'http://a' } }];
  const v1Request = {
    id: 'r',
    name: 'A',
    method: 'POST',
    url: 'http://a/',
    headers: 'X-A: b\n',
    dataMode: 'raw',
    rawModeData: 'hi',
  };
  const v1 = { id: 'c', name: 'Old', order: ['r'], folders: [], requests: [v1Request] };

  test.for([
    ['as the app exports it', { info: { name: 'N', schema: '/v2.1.0/' }, item }, 'N'],
    ["as Postman's API wraps it", { collection: { info: { name: 'N' }, item } }, 'N'],
    ['wrapped twice', { collection: { collection: { info: { name: 'N' }, item } } }, 'N'],
    ['without info', { item }, undefined],
    ['with one item for a list of one', { info: { name: 'N', schema: '/v2.1.0/' }, item: item[0] }, 'N'],
    ['with its name where v1 has it', { name: 'N', item }, 'N'],
    ['v1', v1, 'Old'],
    ['v1 in a wrapper', { collection: v1 }, 'Old'],
  ] as const)('%s', async ([, document, name]) => {
    const { collection } = await read(document);
    expect(collection.info.name).toBe(name);
    expect(placesOf(collection).map((place) => urlOf(place.item.request ?? {}))).toEqual([
      expect.stringMatching('^http://a'),
    ]);
  });

  test('v1 is converted as Newman converts it, with a warning', async () => {
    const { collection, warnings } = await read(v1);
    expect(collection.item[0]).toMatchObject({
      request: { method: 'POST', header: [{ key: 'X-A', value: 'b' }], body: { mode: 'raw', raw: 'hi' } },
    });
    expect(warnings).toEqual([expect.stringMatching(/^c\.json is in the old v1 format, and was converted\./)]);
  });

  test.for([
    ['UTF-8', (text: string) => Buffer.from(text)],
    ['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16, as PowerShell writes it', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without a byte order mark', (text: string) => Buffer.from(text, 'utf16le')],
    ['Latin-1', (text: string) => Buffer.from(text, 'latin1')],
    ['blanks around it that JSON does not know', (text: string) => Buffer.from(`\u00a0\v${text}\u2028`)],
  ] as const)('%s', ([, encoded]) => {
    const bytes = encoded(JSON.stringify({ info: {}, item: [request('Café', 'http://a')] }));
    expect(placesOf(parseCollection(bytes, 'c.json')).map(pathOf)).toEqual(['Café']);
  });

  test.for([
    ['an environment', { name: 'E', values: [] }, 'a Postman environment', '--environment FILE'],
    ['a wrapped environment', { environment: { values: [] } }, 'a Postman environment', '--environment FILE'],
    ['globals', { values: [], _postman_variable_scope: 'globals' }, 'an export of globals', '--globals FILE'],
    [
      'a data dump',
      { version: 1, collections: [v1, v1], environments: [{}] },
      'a data dump (2 collections, 1 environment)',
      'on its own',
    ],
    ['OpenAPI', { openapi: '3.1.0', paths: {} }, 'an OpenAPI document', 'Import it into Postman'],
  ] as const)('%s is named for what it is', async ([, document, what, hint]) => {
    await expect(read(document)).rejects.toMatchObject({
      code: 'collection-invalid',
      message: `c.json is ${what}, not a Postman collection.`,
      hint: { text: expect.stringContaining(hint) },
    });
  });

  test.for([
    ['nothing', '', 'collection-invalid'],
    ['other JSON', '{"a": 1}', 'collection-invalid'],
    ['a list', '[]', 'collection-invalid'],
    [
      'v3 by its schema',
      '{"info": {"schema": "https://schema.postman.com/collection/v3.0.0/"}, "item": []}',
      'collection-v3',
    ],
    ['text in the place of the items', '{"info": {"schema": "/v2.1.0/"}, "item": "x"}', 'collection-invalid'],
    ['a v3 YAML file', '$kind: collection\nname: EmpowerNow\n', 'collection-v3'],
  ] as const)('refuses %s', ([, text, code]) => {
    expect(thrownBy(() => parseCollection(encode(text), 'c.json'))).toMatchObject({
      code,
      hint: { text: expect.any(String) },
    });
  });
});

describe('parseCollection', () => {
  test('says where JSON is broken, and quotes nothing of it', () => {
    const error = thrownBy(() => parseCollection(encode('{\n  "a": 1,\n  "token": TESTONLYSECRET\n}'), 'c.json'));
    expect(error).toMatchObject({ code: 'collection-invalid', where: { file: 'c.json', line: 3, column: 12 } });
    expect(JSON.stringify(error) + String(error)).not.toContain('TESTONLY');
  });

  test.for([
    [{ name: 5, request: 'http://a' }, { name: '5' }],
    [{ name: 'A', request: { url: 'http://a', method: null } }, { request: { url: 'http://a' } }],
    [{ name: 'F', item: request('B', 'http://b') }, { item: [{ name: 'B' }] }],
    [{ name: 'A', item: null, request: 'http://a' }, { request: { url: 'http://a' } }],
    [
      { request: { url: { host: [127, 0, 0, 1], path: ['a', 5] } } },
      { request: { url: { host: ['127', '0', '0', '1'], path: ['a', '5'] } } },
    ],
    [
      { request: { url: { host: 'a', query: { q: '1' } } } },
      { request: { url: { query: [{ key: 'q', value: '1' }] } } },
    ],
    [{ request: { header: { 'X-A': 'b' } } }, { request: { header: [{ key: 'X-A', value: 'b' }] } }],
    [{ request: { body: 'x' } }, { request: { body: { mode: 'raw', raw: 'x' } } }],
    [{ request: { body: { mode: 'raw', raw: { a: 1 } } } }, { request: { body: { raw: '{"a":1}' } } }],
    [{ request: 'http://a', event: { listen: 'test', script: { exec: 'x' } } }, { event: [{ listen: 'test' }] }],
    [{ request: 'http://a', event: [{ script: ['x', 'y'] }] }, { event: [{ script: { exec: ['x', 'y'] } }] }],
    [{ request: 'http://a', event: [{ script: { exec: [5, 'y'] } }] }, { event: [{ script: { exec: ['5', 'y'] } }] }],
  ] as const)('case %#: %j is read as Newman reads it', async ([item, wanted]) => {
    const { collection, warnings } = await read({ item: [item] });
    expect(collection.item).toMatchObject([wanted]);
    expect(warnings).toEqual([]);
  });

  test.for([
    [[null], 'item[0] has to be a folder or a request', []],
    [[5], 'item[0] has to be a folder or a request', [{ request: {} }]],
    [[{ name: 'A' }], 'item[0].request of "A" has to be a request', [{ request: {} }]],
    [[{ name: 'A', request: null }], 'item[0].request of "A" has to be a request', [{ request: {} }]],
    [[{ name: 'A', request: 5 }], 'item[0].request of "A" has to be text or an object', [{ request: {} }]],
    [[{ name: 'F', item: 'x' }], 'item[0].item of "F" has to be a list', [{ request: {} }]],
    ...[
      [{ url: 5 }, 'url', 'text or an object', {}],
      [{ url: { host: 5 } }, 'url.host', 'text or a list', { url: '' }],
      [{ url: { host: 'a', path: [[]] } }, 'url.path[0]', 'text or an object', { url: { host: 'a', path: [] } }],
      [{ url: { host: 'a', query: [null] } }, 'url.query[0]', 'an object', { url: { host: 'a', query: [] } }],
      [{ url: { host: 'a', variable: {} } }, 'url.variable', 'a list', { url: { host: 'a' } }],
      [{ method: [] }, 'method', 'text', {}],
      [{ header: [null] }, 'header[0]', 'text or an object', { header: [] }],
      [{ body: { raw: 5 } }, 'body.raw', 'text', { body: {} }],
      [{ body: { urlencoded: [5] } }, 'body.urlencoded[0]', 'an object', { body: { urlencoded: [] } }],
      [{ auth: [] }, 'auth', 'an object', {}],
      [
        { auth: { type: 'basic', basic: [null] } },
        'auth.basic[0]',
        'an object',
        { auth: { type: 'basic', basic: [] } },
      ],
      [{ certificate: 5 }, 'certificate', 'an object', {}],
    ].map(
      ([request, path, wanted, left]) =>
        [
          [folder('F', { name: 'A', request } as Item)],
          `item[0].item[0].request.${path} of "F/A" has to be ${wanted}`,
          [{ item: [{ request: left }] }],
        ] as const,
    ),
    ...[
      [{ event: 5 }, 'event', 'a list'],
      [{ event: [null] }, 'event[0]', 'an object'],
      [{ event: [{ script: { exec: 5 } }] }, 'event[0].script.exec', 'text or a list'],
      [{ variable: {} }, 'variable', 'a list'],
      [{ variable: [5] }, 'variable[0]', 'an object'],
      [{ auth: 'x' }, 'auth', 'an object'],
    ].map(
      ([members, path, wanted]) =>
        [
          [{ name: 'A', item: [], ...(members as object) }],
          `item[0].${path} of "A" has to be ${wanted}`,
          [{}],
        ] as const,
    ),
  ] as const)('case %#: what does not fit in %j is left out, with a warning', async ([items, message, left]) => {
    const { collection, warnings } = await read({ item: items });
    expect(collection.item).toMatchObject(left as unknown as object[]);
    expect(JSON.stringify(collection.item)).not.toMatch(/null|\b5\b/);
    expect(warnings).toEqual([`c.json does not fit the format of Postman: ${message}. What does not fit is left out.`]);
  });

  test("the collection's own members are checked as well, of many places some are named, and folders have a limit", async () => {
    const { warnings } = await read({ item: [null, null, null, null], variable: {} });
    expect(warnings).toEqual([expect.stringMatching(/: variable has to be a list, item\[0\] .*, and 2 more\./)]);
    let deep = request('A', 'http://a');
    for (let depth = 0; depth < 300; depth++) deep = folder('F', deep);
    expect(thrownBy(() => parseCollection(collectionBytes([deep]), 'c.json'))).toMatchObject({
      code: 'collection-invalid',
      message: expect.stringContaining('fewer than 100 folders'),
    });
  });

  test('what Postman leaves out or empty is all right', () => {
    const empty = { header: null, body: null, auth: null, certificate: null };
    const item = { name: 'A', event: null, auth: null, variable: null, request: { url: 'http://a', ...empty } };
    const bytes = collectionBytes([item as unknown as Item], { auth: null });
    expect(placesOf(parseCollection(bytes, 'c.json')).map(pathOf)).toEqual(['A']);
  });

  test.for([
    ['as text', 'http://a/x', 'http://a/x'],
    [
      'with nothing but raw',
      { raw: 'http://a/x/:id?y=:id', variable: [{ id: 'id', value: '7' }] },
      'http://a/x/7?y=:id',
    ],
    ['without raw', { protocol: 'https', host: ['a', 'test'], port: '8', path: ['x', ''] }, 'https://a.test:8/x/'],
    [
      'with query, hash and path variables',
      {
        raw: 'http://what-newman-does-not-read/',
        host: 'a',
        path: '/x/:id.json',
        query: [{ key: 'a=b', value: 'c&d#' }, { key: 'off', value: '1', disabled: true }, { key: 'n' }],
        hash: 'h',
        variable: [{ key: 'id', value: '{{v}}' }],
      },
      'a/x/{{v}}.json?a%3Db=c%26d%23&n#h',
    ],
    [
      'with a user',
      { protocol: 'http://', auth: { user: 'u', password: 'p' }, host: ['a'], port: 80 },
      'http://u:p@a:80',
    ],
    ['with segments as objects', { host: ['a'], path: [{ type: 'string', value: 'x' }, 'y'] }, 'a/x/y'],
  ] as const)('a URL %s', ([, url, wanted]) => {
    const item = { name: 'A', request: { url } };
    const [place] = placesOf(parseCollection(collectionBytes([item as Item]), 'c.json'));
    expect(urlOf(place?.item.request ?? {})).toBe(wanted);
  });

  test('a request that is a mere URL is a GET', () => {
    const bytes = collectionBytes([{ name: 'A', request: 'http://a' } as unknown as Item]);
    expect(parseCollection(bytes, 'c.json').item[0]?.request).toEqual({ method: 'GET', url: 'http://a' });
  });
});
