import { describe, expect, test } from 'vitest';
import { parseCollection, pathOf, placesOf, requestsIn } from '../../scripts/postman/collection.ts';
import { findFolder, findRequest, Names, selectItems } from '../../scripts/postman/selection.ts';
import { collectionBytes, folder, request, thrownBy } from '../support/builders.ts';

const collection = parseCollection(
  collectionBytes([
    { ...folder('A', request('Login', 'http://a', { id: 'login-a' }), request('Users', 'http://a')), id: 'folder-a' },
    folder('B', folder('A', request('Deep', 'http://b')), request('Login', 'http://b')),
    request('Login', 'http://c'),
    request('GET /users/:id', 'http://c'),
    folder('Twice', request('Same', 'http://d', { id: 's-1' }), request('Same', 'http://d', { id: 's-2' })),
    folder('Empty', folder('Also empty')),
    request('-x', 'http://e'),
    request('login-a', 'http://f', { id: 'other' }),
    request('', 'http://g', { id: 'unnamed' }),
  ]),
  'c.json',
);
const select = (names: readonly string[], folders: readonly string[] = []) =>
  selectItems({ collection, file: 'c.json' }, names, folders);
const idsOf = (names: readonly string[], folders: readonly string[] = []) =>
  select(names, folders).places.map((place) => `${pathOf(place)}#${place.item.id?.replace(/^item-.*/, '') ?? ''}`);

describe('selectItems by NAME', () => {
  test('without one it is the whole collection', () => {
    expect(select([])).toMatchObject({ isWhole: true, warnings: [] });
    expect(select([]).places).toHaveLength(collection.item.length);
  });

  test.for([
    ['Users', 'A/Users#'],
    ['A/Users', 'A/Users#'],
    ['Login', 'Login#'],
    ['/Login', 'Login#'],
    ['./Login', 'Login#'],
    ['A/Login', 'A/Login#login-a'],
    ['A', 'A#folder-a'],
    ['/A', 'A#folder-a'],
    ['B/A', 'B/A#'],
    ['A/Deep', 'B/A/Deep#'],
    ['folder-a', 'A#folder-a'],
    ['s-2', 'Twice/Same#s-2'],
    ['GET /users/:id', 'GET /users/:id#'],
    ['/GET /users/:id', 'GET /users/:id#'],
    ['login-a', 'login-a#other'],
    ['unnamed', '#unnamed'],
    ['/-x', '-x#'],
  ] as const)('%s names %s', ([name, wanted]) => {
    expect(idsOf([name])).toEqual([wanted]);
  });

  test("several run in the collection's order, each once, and none again that is in another one", () => {
    expect(idsOf(['/Login', 'Users', 'A/Users'])).toEqual(['A/Users#', 'Login#']);
    expect(idsOf(['A/Users', '/A'])).toEqual(['A#folder-a']);
  });

  test('two of a name: spellings are listed that do work', () => {
    expect(thrownBy(() => select(['Same']))).toMatchObject({
      code: 'request-ambiguous',
      hint: { text: 'Say which one: "s-1" or "s-2".' },
    });
  });

  test('each spelling names its item, and only that', () => {
    const index = new Names(placesOf(collection));
    for (const place of index.places) {
      const spelling = index.spellingOf(place).slice(1, -1);
      expect(select([spelling]).places, spelling).toEqual([place]);
      expect(spelling).not.toMatch(/^-/);
    }
  });

  test('a near miss is suggested', () => {
    expect(thrownBy(() => select(['Usrs']))).toMatchObject({
      code: 'request-not-found',
      hint: { text: expect.stringMatching(/"Users".*--list/) },
    });
  });

  test('an empty folder runs nothing, and that is said', () => {
    expect(select(['Empty'])).toMatchObject({
      places: [{ item: { name: 'Empty' } }],
      warnings: ['The folder "Empty" holds no request, so nothing of it runs.'],
    });
  });

  test('a collection without a request, too', () => {
    const empty = parseCollection(collectionBytes([folder('F')]), 'c.json');
    expect(selectItems({ collection: empty, file: 'c.json' }, [], []).warnings).toHaveLength(1);
  });
});

describe('selectItems by --folder, as in Newman', () => {
  const nested = parseCollection(
    collectionBytes([folder('F', request('Login', 'http://a')), request('Login', 'http://b', { id: 'root' })]),
    'c.json',
  );

  test('of one the items on top come first, of several those that come first in the collection', () => {
    const pathsOf = (folders: string[]) =>
      selectItems({ collection: nested, file: 'c.json' }, [], folders).places.map(pathOf);
    expect(pathsOf(['Login'])).toEqual(['Login']);
    expect(pathsOf(['Login', 'root'])).toEqual(['F/Login', 'Login']);
  });

  test('the first one runs, and a warning names the others', () => {
    const { places, warnings } = select([], ['Same']);
    expect(places.map(({ item }) => item.id)).toEqual(['s-1']);
    expect(warnings).toEqual(['--folder "Same" takes the first of 2, "s-1"; the others: "s-2".']);
  });

  test.for([
    ['folder-a', 'A#folder-a'],
    ['B/Login', 'B/Login#'],
    ['/Login', 'Login#'],
  ] as const)('%s names %s', ([name, wanted]) => {
    expect(idsOf([], [name])).toEqual([wanted]);
  });

  test('with NAMES both run', () => {
    expect(idsOf(['Users'], ['Deep'])).toEqual(['A/Users#', 'B/A/Deep#']);
  });

  test('one that is not there ends the run', () => {
    expect(thrownBy(() => select([], ['Nowhere']))).toMatchObject({ code: 'request-not-found' });
  });
});

describe('one request and one folder', () => {
  test('an item of the other kind does not count', () => {
    expect(thrownBy(() => findRequest(collection, 'Empty', 'c.json'))).toMatchObject({ code: 'request-not-found' });
    expect(thrownBy(() => findFolder(collection, 'Users', 'c.json'))).toMatchObject({ code: 'folder-not-found' });
  });

  test('an empty folder is refused: Newman would call it a success', () => {
    expect(thrownBy(() => findFolder(collection, 'Empty', 'c.json'))).toMatchObject({ code: 'folder-empty' });
  });

  test('the requests of a folder, nested ones included', () => {
    expect(requestsIn(findFolder(collection, 'B', 'c.json'), collection).map(pathOf)).toEqual(['B/A/Deep', 'B/Login']);
  });
});
