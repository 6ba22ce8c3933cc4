import { describe, expect, test } from 'vitest';
import { parseCollection } from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { selectItems } from '../../scripts/postman/selection.ts';
import { renderList, treeOf } from '../../scripts/postman/tree.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';

const read = (items: Item[]) => parseCollection(collectionBytes(items), 'c.json');

describe('treeOf', () => {
  const collection = read([
    {
      ...folder('F', request('A', '{{base}}/a', { id: 'a' }), request('B', 'http://b', { id: 'b' })),
      id: 'f',
      description: 'folder',
    },
    { id: 'c', name: 'C', request: { method: 'POST', url: 'http://c', description: { content: '*request*' } } },
  ]);

  test('has all of a collection', () => {
    expect(treeOf(collection, null)).toEqual([
      {
        ...{ id: 'f', name: 'F', description: 'folder' },
        items: [
          { id: 'a', name: 'A', description: '', items: null, method: 'GET', url: '{{base}}/a' },
          { id: 'b', name: 'B', description: '', items: null, method: 'GET', url: 'http://b' },
        ],
      },
      { id: 'c', name: 'C', description: '*request*', items: null, method: 'POST', url: 'http://c' },
    ]);
  });

  test('has what runs, with the folders around it', () => {
    const { places } = selectItems({ collection, file: 'c.json' }, ['B'], []);
    expect(treeOf(collection, places)).toMatchObject([{ id: 'f', items: [{ id: 'b' }] }]);
    const folders = selectItems({ collection, file: 'c.json' }, ['F'], []).places;
    expect(treeOf(collection, folders)).toMatchObject([{ id: 'f', items: [{ id: 'a' }, { id: 'b' }] }]);
  });
});

describe('renderList', () => {
  test('shows folders with their counts, and a spelling where a name is not unique', () => {
    const collection = read([
      folder('Users', request('Login', 'http://a'), { name: 'New', request: { method: 'POST', url: 'http://a' } }),
      folder('Admin', folder('Users', request('Login', 'http://b'))),
      request('Same', 'http://c', { id: 's-1' }),
      request('Same', 'http://c', { id: 's-2' }),
      folder('Empty'),
    ]);
    expect(renderList(collection)).toEqual([
      'Test (5 requests)',
      'Users/ (2 requests)',
      '  GET Login  "Users/Login"',
      '  POST New',
      'Admin/ (1 request)',
      '  Users/ (1 request)  "Admin/Users"',
      '    GET Login  "Admin/Users/Login"',
      'GET Same  "s-1"',
      'GET Same  "s-2"',
      'Empty/ (0 requests)',
      '',
      'Where a name is not unique, the text in quotes is what to give instead.',
    ]);
  });

  test('fits 80 columns, shows what is hidden, and cuts no spelling', () => {
    const long = 'x'.repeat(100);
    const collection = read([
      folder(long, request(`${long}\u001b[2J`, 'http://a'), request('L', 'http://a')),
      folder('F', request('L', 'http://b')),
    ]);
    const lines = renderList(collection);
    expect(lines.filter((line) => line.length > 80)).toEqual([`      "${long}/L"`]);
    expect(lines.join('')).not.toContain('\u001b');
  });
});
