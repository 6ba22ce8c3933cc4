import { describe, expect, test } from 'vitest';
import {
  findFolder,
  findItem,
  findRequest,
  parseCollection,
  pathOf,
  placesOf,
  requestsIn,
} from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { urlOf } from '../../scripts/postman/url.ts';
import { collectionBytes, folder, request, thrownBy } from '../support/builders.ts';

const encode = (text: string) => new TextEncoder().encode(text);

describe('parseCollection', () => {
  test('gives every item an id of its own, whatever ids the export has', () => {
    const collection = parseCollection(
      collectionBytes([
        folder('F', request('A', 'http://a', { id: 'same' }), request('B', 'http://b', { id: 'same' })),
      ]),
      'c.json',
    );
    const ids = placesOf(collection).map(({ item }) => item.id);
    expect(new Set(ids).size).toBe(3);
  });

  test.for([
    ['nothing', encode(''), 'collection-invalid'],
    ['UTF-16, as PowerShell writes it', Buffer.from('\ufeff{}', 'utf16le'), 'collection-invalid'],
    ['Latin-1', new Uint8Array([0x7b, 0xe9, 0x7d]), 'collection-invalid'],
    ['other JSON', encode('{"a": 1}'), 'collection-invalid'],
    ['a v1 export', encode('{"id": "x", "name": "old", "requests": []}'), 'collection-invalid'],
    ['a list', encode('[]'), 'collection-invalid'],
    [
      'v3 by its schema',
      encode('{"info": {"schema": "https://schema.postman.com/collection/v3.0.0/"}, "item": []}'),
      'collection-v3',
    ],
    ['a v3 YAML file', encode('$kind: collection\nname: EmpowerNow\n'), 'collection-v3'],
  ] as const)('refuses %s', ([, bytes, code]) => {
    expect(thrownBy(() => parseCollection(bytes, 'c.json'))).toMatchObject({
      code,
      hint: { text: expect.any(String) },
    });
  });

  test('says where JSON is broken, and quotes nothing of it', () => {
    const error = thrownBy(() => parseCollection(encode('{\n  "a": 1,\n  "token": TESTONLYSECRET\n}'), 'c.json'));
    expect(error).toMatchObject({ code: 'collection-invalid', where: { file: 'c.json', line: 3, column: 12 } });
    expect(JSON.stringify(error) + String(error)).not.toContain('TESTONLY');
  });

  test.for([
    [[null], 'item[0] has to be a folder or a request'],
    [[{ name: 'A' }], 'item[0].request of "A" has to be a request'],
    [[{ name: 'A', request: null }], 'item[0].request of "A" has to be a request'],
    [[{ name: 'A', request: 5 }], 'item[0].request of "A" has to be text or an object'],
    [[{ name: 'F', item: {} }], 'item[0].item of "F" has to be a list'],
    [[{ name: 5, request: 'http://a' }], 'item[0].name of "" has to be text'],
    [[{ name: 'F', item: [request('B', 'http://b'), []] }], 'item[0].item[1] of "F" has to be a folder or a request'],
    ...[
      [{ url: 5 }, 'url', 'text or an object'],
      [{ url: { host: 5 } }, 'url.host', 'text or a list'],
      [{ url: { path: [5] } }, 'url.path[0]', 'text or an object'],
      [{ url: { query: [null] } }, 'url.query[0]', 'an object'],
      [{ url: { variable: {} } }, 'url.variable', 'a list'],
      [{ method: [] }, 'method', 'text'],
      [{ header: {} }, 'header', 'text or a list'],
      [{ header: [null] }, 'header[0]', 'text or an object'],
      [{ body: 'x' }, 'body', 'an object'],
      [{ body: { raw: {} } }, 'body.raw', 'text'],
      [{ body: { urlencoded: [5] } }, 'body.urlencoded[0]', 'an object'],
      [{ auth: [] }, 'auth', 'an object'],
      [{ auth: { type: 'basic', basic: [null] } }, 'auth.basic[0]', 'an object'],
      [{ certificate: 5 }, 'certificate', 'an object'],
    ].map(
      ([members, path, wanted]) =>
        [
          [folder('F', { name: 'A', request: members } as Item)],
          `item[0].item[0].request.${path} of "F/A" has to be ${wanted}`,
        ] as const,
    ),
    ...[
      [{ event: {} }, 'event', 'a list'],
      [{ event: [null] }, 'event[0]', 'an object'],
      [{ event: [{ script: { exec: 5 } }] }, 'event[0].script.exec', 'text or a list'],
      [{ variable: {} }, 'variable', 'a list'],
      [{ variable: [5] }, 'variable[0]', 'an object'],
      [{ auth: 'x' }, 'auth', 'an object'],
    ].map(
      ([members, path, wanted]) =>
        [[{ name: 'A', item: [], ...(members as object) }], `item[0].${path} of "A" has to be ${wanted}`] as const,
    ),
  ] as const)('case %#: %j', ([items, message]) => {
    expect(thrownBy(() => parseCollection(collectionBytes(items as unknown as Item[]), 'c.json'))).toMatchObject({
      code: 'collection-invalid',
      message: `c.json is not a valid Postman collection: ${message}.`,
      where: { file: 'c.json' },
    });
  });

  test("the collection's own members are checked as well, and folders have a limit", () => {
    const own = collectionBytes([], { variable: {} as never });
    expect(thrownBy(() => parseCollection(own, 'c.json'))).toMatchObject({
      message: expect.stringContaining(': variable has to be a list.'),
    });
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

  test('reads an export with a byte order mark', () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), collectionBytes([request('A', 'http://a')])]);
    expect(parseCollection(bytes, 'c.json').item).toHaveLength(1);
  });
});

describe('finding items', () => {
  const collection = parseCollection(
    collectionBytes([
      folder('IdP Admin', request('DCR IAT', 'http://a'), request('Only here', 'http://a')),
      folder('Old', folder('IdP Admin', request('DCR IAT', 'http://b'))),
      folder('Empty', folder('Also empty')),
      request('Top', 'http://c'),
    ]),
    'c.json',
  );

  test('a unique name, and a path where the name is not unique', () => {
    expect(pathOf(findRequest(collection, 'Only here', 'c.json'))).toBe('IdP Admin/Only here');
    expect(pathOf(findRequest(collection, 'Old/IdP Admin/DCR IAT', 'c.json'))).toBe('Old/IdP Admin/DCR IAT');
    expect(pathOf(findRequest(collection, 'Top', 'c.json'))).toBe('Top');
  });

  test('two of a name: both paths are listed', () => {
    expect(thrownBy(() => findRequest(collection, 'DCR IAT', 'c.json'))).toMatchObject({
      code: 'request-ambiguous',
      hint: { text: expect.stringMatching(/"IdP Admin\/DCR IAT".*"Old\/IdP Admin\/DCR IAT"/) },
    });
  });

  test('a near miss is suggested, and a folder is not a request', () => {
    expect(thrownBy(() => findRequest(collection, 'only hre', 'c.json'))).toMatchObject({
      code: 'request-not-found',
      hint: { text: expect.stringContaining('"Only here"') },
    });
    expect(thrownBy(() => findRequest(collection, 'Empty', 'c.json'))).toMatchObject({ code: 'request-not-found' });
    expect(thrownBy(() => findFolder(collection, 'Top', 'c.json'))).toMatchObject({ code: 'folder-not-found' });
  });

  test('an empty folder is refused: Newman would call it a success', () => {
    expect(thrownBy(() => findFolder(collection, 'Empty', 'c.json'))).toMatchObject({ code: 'folder-empty' });
    expect(thrownBy(() => findItem(collection, 'Also empty', 'c.json'))).toMatchObject({ code: 'folder-empty' });
  });

  test('the requests of a folder, nested ones included', () => {
    const all = requestsIn(findItem(collection, 'Old', 'c.json'), collection);
    expect(all.map(pathOf)).toEqual(['Old/IdP Admin/DCR IAT']);
  });
});
