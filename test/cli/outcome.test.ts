import { describe, expect, test } from 'vitest';
import { renderFailure } from '../../scripts/cli/outcome.ts';
import { type Layout, shortenPaths, signsOf } from '../../scripts/cli/terminal-text.ts';
import type { Failure } from '../../scripts/core/result.ts';

const layout: Layout = {
  columns: 40,
  signs: signsOf({ hasUnicode: true }),
  quiet: false,
  redact: (text) => text.replaceAll('/project/', ''),
};

function failure(more: Partial<Failure>): Failure {
  return { code: 'yaml-syntax', message: 'That is wrong.', hint: null, where: null, ...more };
}

/** Its lines as they are given to the output. */
function shown(what: Failure): string[] {
  return renderFailure(what, layout).map((each) => (typeof each === 'string' ? each : each.text));
}

describe('where it is wrong', () => {
  const at = (excerpt: string, column: number) =>
    shown(failure({ where: { file: '/project/a.yml', line: 7, column, excerpt } }));

  test('the caret is under the column', () => {
    expect(at('  bff: ***', 8)).toEqual(['That is wrong.', '  at a.yml:7:8', '  7 |   bff: ***', '             ^']);
  });

  test('with tabs before it, too, which are printed as blanks', () => {
    expect(at('\tbff: ***', 7)).toEqual(['That is wrong.', '  at a.yml:7:7', '  7 |  bff: ***', '            ^']);
  });

  test.for([1, 20, 99, 150, 200])('of a long line, column %i: the part around it fits', (column) => {
    const text = Array.from({ length: 200 }, (_, index) => (index === column - 1 ? 'X' : '-')).join('');
    const [, , line = '', caret = ''] = at(text, column);
    expect(line.length).toBeLessThanOrEqual(40);
    expect(line[caret.indexOf('^')]).toBe('X');
  });
});

test('lines are broken after paths have got their final length', () => {
  const message = 'The file /project/compose.yaml cannot be read';
  expect(shown(failure({ message, hint: { text: message } }))).toEqual([
    'The file compose.yaml cannot be read',
    '  The file compose.yaml cannot be read',
  ]);
});

test('a command at the end of a hint stays whole, to be copied', () => {
  const hint = { text: 'To try the restart again:', command: 'docker compose -f compose.yaml up -d bff' };
  expect(shown(failure({ hint })).slice(1)).toEqual([
    '  To try the restart again:',
    '  docker compose -f compose.yaml up -d bff',
  ]);
  expect(shown(failure({ hint: { text: 'See:', command: 'npm run doctor' } })).slice(1)).toEqual([
    '  See: npm run doctor',
  ]);
});

describe('paths below the working directory', () => {
  test.for([
    ['in /app/compose.yaml:3', '/app', 'in compose.yaml:3'],
    ['/app/a and "/app/b"', '/app', 'a and "b"'],
    ['in /srv/app/compose.yaml', '/app', 'in /srv/app/compose.yaml'],
    ['at https://idp.test/app/health', '/app', 'at https://idp.test/app/health'],
    ['at https://idp.test/ and /etc/x', '/', 'at https://idp.test/ and /etc/x'],
    ['in C:\\app\\compose.yaml', 'C:\\app', 'in compose.yaml'],
  ] as [string, string, string][])('%s from %s', ([text, folder, shown]) => {
    expect(shortenPaths(text, folder)).toBe(shown);
  });
});
