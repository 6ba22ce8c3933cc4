import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

function summarize(log: string, exitCode: number) {
  const { stdout, status } = spawnSync(process.execPath, ['.ci/summary.mjs', `${exitCode}`], {
    cwd: root,
    input: log,
    encoding: 'utf8',
  });
  return { lines: stdout.trimEnd().split('\n'), status };
}

const ended = (tests: string, more = '') =>
  ` ✓ test/a.test.ts (5 tests)\n\n Test Files  2 passed (2)\n      Tests  ${tests}\n${more}   Duration  3.20s\n\n`;

test.each([
  ['all passed', ended('5 passed (5)'), 0, '5 passed, 0 failed', 0],
  ['some skipped', ended('5 passed | 2 skipped | 1 todo (8)'), 0, '5 passed, 0 failed, 3 skipped', 0],
  ['colours', ended('\u001b[32m5 passed\u001b[39m\u001b[90m (5)\u001b[39m'), 0, '5 passed, 0 failed', 0],
  ['the last of two', `${ended('9 passed (9)')}${ended('5 passed (5)')}`, 0, '5 passed, 0 failed', 0],
  ['some failed', ended('2 failed | 5 passed (7)'), 1, '5 passed, 2 failed', 1],
  ['a file that does not load', ended('5 passed (5)'), 1, '5 passed, 1 failed', 1],
  ['an error between tests', ended('5 passed (5)', '     Errors  1 error\n'), 1, '5 passed, 1 failed', 1],
  ['all skipped', ended('5 skipped (5)'), 0, '0 passed, 1 failed, 5 skipped', 1],
  ['no tests', ended('no tests'), 1, '0 passed, 1 failed', 1],
  ['numbers that do not add up', ended('5 passed (7)'), 0, '0 passed, 1 failed', 1],
  ['a format fault before the tests', 'The format is wrong.\n', 1, '0 passed, 1 failed', 1],
  ['nothing at all', '', 0, '0 passed, 1 failed', 1],
])('the last line of a CI run counts: %s', (_, log, exitCode, line, status) => {
  const result = summarize(log, exitCode);
  expect(result.lines.at(-1)).toBe(line);
  expect(result.status).toBe(status);
});

test("on failure the runner's own summary is repeated, after what npm said", () => {
  const { lines } = summarize(`${ended('2 failed | 5 passed (7)')}npm error code 1\n`, 1);
  expect(lines.slice(0, -1)).toEqual([
    ' Test Files  2 passed (2)',
    '      Tests  2 failed | 5 passed (7)',
    '   Duration  3.20s',
  ]);
});

const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('CI requires whatever a test can be told to require', () => {
  const required = readdirSync(new URL('test', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('ci.test.ts'))
    .flatMap((path) => [...read(`test/${path}`).matchAll(/\bIAT_REQUIRE_[A-Z]+/g)].map(([name]) => name));
  expect(required).toContain('IAT_REQUIRE_DOCKER');
  for (const name of required) expect(read('.ci/run')).toContain(`${name}=1 `);
});

test("CI runs the README's own test command", () => {
  const command = /^TEST_COMMAND='([^']+)'$/m.exec(read('.ci/run'))?.[1];
  const quickStart = /^## Quick start$([\s\S]*?)^## /m.exec(read('README.md'))?.[1] ?? '';
  const commands = quickStart.split('\n').filter((line) => line.startsWith('npm ci && '));
  expect(commands, 'command lines under "## Quick start" in README.md').toContain(command);
});

test('CI runs on every Node that package.json names: the oldest in whole, the unit tests on the others', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  const [, ...others] = [...engines.node.matchAll(/(\d+)\.\d+\.\d+/g)].map(([, major]) => major);
  expect(others.length).toBeGreaterThan(0);
  expect(/^OTHER_NODES='([\d ]+)'$/m.exec(read('.ci/run'))?.[1]?.split(' ')).toEqual(others);
});
