import { expect, test } from 'vitest';
import { OF_REQUESTS } from './fixtures.ts';
import { sideBySide } from './side-by-side.ts';

const { compareHere, compareCommands } = sideBySide(OF_REQUESTS);

test.each(Object.keys(OF_REQUESTS))('the same as in Newman: %s', async (id) => {
  expect(await compareHere(id)).toBe(null);
});

test.each(['body-formdata', 'url-odd'])('the same as commands: %s', async (id) => {
  expect(await compareCommands(id)).toBe(null);
});
