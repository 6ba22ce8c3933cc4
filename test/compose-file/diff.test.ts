import { expect, test } from 'vitest';
import { renderDiff } from '../../scripts/compose-file/diff.ts';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { bytes, text } from './files.ts';

const OPTIONS = { names: ['DCR_IAT', 'DCR_ENABLED'], secretName: 'DCR_IAT', handle: 'IAT sha256:1a2b3c4d' };

test('shows the named variables, never a value of the token, old or new, and no line around', () => {
  const before = 'environment:\n  DB_PASSWORD: test-only-password\n  DCR_IAT: old\n  DCR_ENABLED: "false"\n';
  const after = 'environment:\n  DB_PASSWORD: test-only-password\n  DCR_IAT: "new"\n  DCR_ENABLED: "true"\n';
  expect(renderDiff('c.yml', before, after, OPTIONS)).toBe(
    [
      '--- c.yml',
      '+++ c.yml',
      '@@ -3,2 +3,2 @@',
      '-  DCR_IAT: ‹value before›',
      '-  DCR_ENABLED: "false"',
      '+  DCR_IAT: ‹IAT sha256:1a2b3c4d›',
      '+  DCR_ENABLED: "true"',
    ].join('\n'),
  );
});

test('list items, quoted keys and CRLF', () => {
  const diff = renderDiff('c.yml', '  - "DCR_IAT=old"\r\n', "  - 'DCR_IAT=new'\r\n", OPTIONS);
  expect(diff).toContain('-  - "DCR_IAT=‹value before›');
  expect(diff).not.toMatch(/old|new/);
});

test.for([
  [
    '""   # <paste_token_here>',
    '"new"   # <paste_token_here>',
    '""   # <paste_token_here>',
    '‹NEW›   # <paste_token_here>',
  ],
  ['# paste here', 'new # paste here', '# paste here', '‹NEW› # paste here'],
  ["'old' # short-lived", "'' # short-lived", '‹value before› # short-lived', "'' # short-lived"],
  ['old#er', 'new', '‹value before›', '‹NEW›'],
  ['old#er and # older', 'new', '‹value before›', '‹NEW›'],
  ['"old" # was test-only-iat-4eG7zC1m', '"new" # was test-only-iat-4eG7zC1m', '‹value before› # …', '‹NEW› # …'],
] as const)('what is remarked behind it is shown, old and new alike: %s', ([old, young, before, after]) => {
  const lines = [`  DCR_IAT: ${old}\n`, `  DCR_IAT: ${young}\n`] as const;
  const diff = renderDiff('c.yml', ...lines, { ...OPTIONS, handle: 'NEW' });
  expect(diff.split('\n').slice(3)).toEqual([`-  DCR_IAT: ${before}`, `+  DCR_IAT: ${after}`]);
});

test('items behind a wide dash, as the editor writes them beside others of that kind', () => {
  const before = 'services:\n  app:\n    environment:\n      -   A=test-only\n';
  const after = setEnvironment(bytes(before), 'app', { DCR_IAT: 'new', DCR_ENABLED: 'true' }).bytes;
  expect(renderDiff('c.yml', before, text(after), OPTIONS).split('\n').slice(3)).toEqual([
    '+      -   DCR_IAT=‹IAT sha256:1a2b3c4d›',
    '+      -   DCR_ENABLED=true',
  ]);
});

test('a line that holds more than the named variables is not shown', () => {
  const diff = renderDiff('c.yml', 'e: {A: test-only, DCR_IAT: old}\n', 'e: {A: test-only, DCR_IAT: new}\n', OPTIONS);
  expect(diff).not.toMatch(/test-only|old|new/);
  expect(diff).toContain('+ (a line with other values)');
});

test('nothing changed: nothing to show', () => {
  expect(renderDiff('c.yml', 'a\n', 'a\n', OPTIONS)).toBe('');
});
