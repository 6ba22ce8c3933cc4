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
