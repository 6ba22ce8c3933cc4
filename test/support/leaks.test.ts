import { expect, test } from 'vitest';
import { findLeaks } from './leaks.ts';
import { plantedForms } from './planted-forms.ts';

const SECRET = 'test-only/secret+0001==';
const AWKWARD = `a "test-only" secret's <value> & more: 50% $off \\ {é€🙂} [x]`;

test.each([SECRET, AWKWARD])('every form of a secret is found: %s', (secret) => {
  for (const [form, text] of plantedForms(secret)) {
    expect(findLeaks(secret, { stdout: `before ${text} after`, stderr: 'nothing' }), form).toEqual([
      expect.stringMatching(/^stdout: /),
    ]);
  }
});

test('a leak is named by its text and its form', () => {
  const hex = Buffer.from(SECRET).toString('hex');
  expect(findLeaks(SECRET, { stdout: `before ${SECRET} after`, stderr: hex })).toEqual(['stdout: raw', 'stderr: hex']);
});

test('twelve characters of a secret are a leak, also over a line end; eleven are none', () => {
  expect(findLeaks(SECRET, { stdout: 'so only/\nsecret+ is' })).toEqual(['stdout: a piece, after "so"']);
  expect(findLeaks(SECRET, { stdout: 'so only/secret is' })).toEqual([]);
});

test('another secret is no leak', () => {
  expect(findLeaks(SECRET, { stdout: 'tests-only/Secret+0002==' })).toEqual([]);
});
