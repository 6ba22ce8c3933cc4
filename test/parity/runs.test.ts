import { expect, test } from 'vitest';
import { DIFFERING } from './fixtures/differing.ts';
import { OF_RUNS } from './fixtures.ts';
import { sideBySide } from './side-by-side.ts';

const differing = Object.entries(DIFFERING).map(([id, { fixture }]) => [id, fixture] as const);
const { compareHere, compareCommands } = sideBySide({ ...OF_RUNS, ...Object.fromEntries(differing) });

test.each(Object.keys(OF_RUNS))('the same as in Newman: %s', async (id) => {
  expect(await compareHere(id)).toBe(null);
});

test.each(['data-csv', 'script-throws'])('the same as commands: %s', async (id) => {
  expect(await compareCommands(id)).toBe(null);
});

test.each(Object.entries(DIFFERING))('not the same, on purpose: %s', async (id, { difference }) => {
  expect(await compareHere(id)).toMatch(difference);
});
