import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodeOf } from '../scripts/core/errors.ts';
import { renderOptionsTable } from './support/options-table.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

test("the options' table is what the options are", () => {
  const options = readFileSync(new URL('../scripts/cli/options.md', import.meta.url), 'utf8');
  expect(options).toContain(renderOptionsTable());
  expect(readme).toContain('(scripts/cli/options.md)');
});

test('it can be read in one go: at most 1,800 words', () => {
  expect(readme.split(/\s+/).length).toBeLessThanOrEqual(1_800);
});

test('each direct dependency has its reason', () => {
  const section = readme.slice(readme.indexOf('Dependencies, and why each'));
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(names.filter((name) => !name.startsWith('@types/') && !section.includes(name))).toEqual([]);
});

test('each script that the README names is one, and the other way round', () => {
  const named = new Set([...readme.matchAll(/npm (?:run )?(?:--silent )?([a-z][a-z:-]*)/g)].map((match) => match[1]));
  // npm's own.
  for (const own of ['ci', 'install', 'pack']) named.delete(own);
  for (const name of named) expect(manifest.scripts, name).toHaveProperty([name ?? '']);
});

test('the exit codes of errors are those of the table', () => {
  expect(exitCodeOf('bff-unhealthy')).toBe(1);
  expect(exitCodeOf('usage')).toBe(2);
  expect(exitCodeOf('idp-unreachable')).toBe(3);
});
