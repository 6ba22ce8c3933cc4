import { expect, test } from 'vitest';
import { findLeaks } from './leaks.ts';

const SECRET = 'test-only/secret+0001==';

test.each([
  ['raw', SECRET],
  ['URL-encoded', encodeURIComponent(SECRET)],
  ['hex', Buffer.from(SECRET).toString('hex')],
  ['base64 at offset 0', Buffer.from(SECRET).toString('base64')],
  ['base64 at offset 1', Buffer.from(`:${SECRET}:`).toString('base64')],
  ['base64 at offset 2', Buffer.from(`id${SECRET}`).toString('base64')],
])('a leak is found: %s', (form, text) => {
  expect(findLeaks(SECRET, { stdout: `before ${text} after`, stderr: 'nothing' })).toEqual([`stdout: ${form}`]);
});

test('no leak, none found', () => {
  expect(findLeaks(SECRET, { stdout: 'test-only/secret+0002==' })).toEqual([]);
});
