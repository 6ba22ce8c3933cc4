import { describe, expect, test } from 'vitest';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { app, bytes, set, TOKEN, text } from './files.ts';

describe('values', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a$b', '"a$$b"', '"DCR_IAT=a$$b"'],
    ['$$', '"$$$$"', '"DCR_IAT=$$$$"'],
    ['${X:-y}', '"$${X:-y}"', '"DCR_IAT=$${X:-y}"'],
    ['say "hi"', '"say \\"hi\\""', '"DCR_IAT=say \\"hi\\""'],
    ['a\\n/b', '"a\\\\n/b"', '"DCR_IAT=a\\\\n/b"'],
    ['a: b # c', '"a: b # c"', '"DCR_IAT=a: b # c"'],
    ['0123456789', '"0123456789"', 'DCR_IAT=0123456789'],
    ['true', '"true"', 'DCR_IAT=true'],
    ['', '""', 'DCR_IAT='],
    [' x ', '" x "', '"DCR_IAT= x "'],
    ['é☃𝄞', '"é☃𝄞"', '"DCR_IAT=é☃𝄞"'],
    ['a\u2028b\ufeffc', '"a\\u2028b\\ufeffc"', '"DCR_IAT=a\\u2028b\\ufeffc"'],
    ['eyJhbGciOiJub25lIn0.e30.', '"eyJhbGciOiJub25lIn0.e30."', 'DCR_IAT=eyJhbGciOiJub25lIn0.e30.'],
  ];
  test.each(cases)('%s', (value, inMap, inList) => {
    expect(set(app('    environment:\n      A: b\n'), { DCR_IAT: value })).toContain(`\n      DCR_IAT: ${inMap}\n`);
    expect(set(app('    environment:\n      - A=b\n'), { DCR_IAT: value })).toContain(`\n      - ${inList}\n`);
  });

  test('a very long value stays on its line', () => {
    const value = 'x'.repeat(200_000);
    expect(set(app(''), { DCR_IAT: value })).toContain(`\n      DCR_IAT: "${value}"\n`);
  });

  test.each(['a\nb', 'a\tb', 'a\u0085b', '\x7f', '\0', '\ud800'])('control characters are refused: %j', (value) => {
    expect(() => set(app(''), { DCR_IAT: value })).toThrow(expect.objectContaining({ code: 'bad-value' }));
  });

  test.each(['', 'A=B', 'A B', 'A$', '1A', 'x-token', 'A\n'])(
    'names that compose would not read are refused: %j',
    (name) => {
      expect(() => set(app(''), { [name]: 'x' })).toThrow(expect.objectContaining({ code: 'bad-value' }));
    },
  );

  test('a name that is a YAML word is quoted', () => {
    expect(set(app(''), { ON: 'x' })).toContain('      "ON": "x"\n');
  });
});

describe('what already has the value is left alone', () => {
  test.each([
    'DCR_IAT: test-only-token',
    "DCR_IAT: 'test-only-token'",
    '"DCR_IAT": "test-only-token" # c',
    'DCR_IAT: |-\n        test-only-token',
    '? DCR_IAT\n      : test-only-token',
    '- DCR_IAT=test-only-token',
    '- "DCR_IAT=test-only-token"',
    '- DCR_IAT=old\n      - DCR_IAT=test-only-token',
  ])('%s', (entry) => {
    const before = bytes(app(`    environment:\n      ${entry}\n`));
    expect(setEnvironment(before, 'app', { DCR_IAT: TOKEN })).toEqual({ bytes: before, changes: [] });
  });

  test('a shared value, too', () => {
    const before = bytes(`x-e: &e {DCR_IAT: test-only-token}\n${app('    environment: *e\n')}`);
    expect(setEnvironment(before, 'app', { DCR_IAT: TOKEN }).changes).toEqual([]);
  });

  test.each(['true', '8080', 'abc def', 'a#b'])('%s without quotes', (value) => {
    const before = bytes(app(`    environment:\n      A: ${value}\n`));
    expect(setEnvironment(before, 'app', { A: value }).changes).toEqual([]);
  });

  test.each(['0123456789', '1e5', '0x1F', '2024-01-01', '12:30:45', 'yes', '1_000', '.5', 'True'])(
    '%s without quotes reaches the container as something else',
    (value) => {
      const before = bytes(app(`    environment:\n      A: ${value}\n`));
      expect(text(setEnvironment(before, 'app', { A: value }).bytes)).toContain(`A: "${value}"`);
    },
  );
});
