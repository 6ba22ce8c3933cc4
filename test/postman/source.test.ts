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

  test.for([[{}], [[]], [null], [{ values: {} }], [{ values: [null] }]])('%j is no environment', async ([document]) => {
    const files = { 'c.json': collection, 'e.json': encode(document) };
    await expect(read(files, 'e.json')).rejects.toMatchObject({ code: 'environment-invalid' });
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
