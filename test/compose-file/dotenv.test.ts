import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDotenv, readDotenv, setDotenv, unsetDotenv } from '../../scripts/compose-file/dotenv.ts';
import { bytes, refusal, text } from './files.ts';
import { values } from './generated.ts';

const set = (before: string, assignments: Record<string, string> = { DCR_IAT: 'test-only-token' }) =>
  text(setDotenv(bytes(before), assignments).bytes);
const unset = (before: string, names = ['DCR_IAT']) => text(unsetDotenv(bytes(before), names).bytes);
const read = (file: string, shell = {}) => Object.fromEntries(readDotenv(bytes(file), '.env', shell));

describe('a variable that was not there is added at the end, and taking it out gives the same bytes', () => {
  test.each([
    ['empty file', '', "DCR_IAT='test-only-token'\n"],
    ['after a line', 'A=1\n', "A=1\nDCR_IAT='test-only-token'\n"],
    ['no line break at the end', 'A=1', "A=1\nDCR_IAT='test-only-token'"],
    ['CRLF', 'A=1\r\n', "A=1\r\nDCR_IAT='test-only-token'\r\n"],
    ['CRLF, no line break at the end', 'A=1\r\nB=2', "A=1\r\nB=2\r\nDCR_IAT='test-only-token'"],
    ['byte order mark', '\ufeffA=1\n', "\ufeffA=1\nDCR_IAT='test-only-token'\n"],
    ['a comment at the end', 'A=1\n# DCR_IAT=x', "A=1\n# DCR_IAT=x\nDCR_IAT='test-only-token'"],
    [
      'text over several lines that looks like it',
      "A='x\nDCR_IAT=y\n'\n",
      "A='x\nDCR_IAT=y\n'\nDCR_IAT='test-only-token'\n",
    ],
    ['a name that only starts like it', 'DCR_IAT_2=x\n', "DCR_IAT_2=x\nDCR_IAT='test-only-token'\n"],
  ])('%s', (_, before, after) => {
    expect(set(before)).toBe(after);
    expect(unset(after)).toBe(before);
    expect(setDotenv(bytes(after), { DCR_IAT: 'test-only-token' })).toEqual({ bytes: bytes(after), changes: [] });
  });

  test('a file that does not exist', () => {
    expect(text(setDotenv(null, { A: '1', B: '2' }).bytes)).toBe("A='1'\nB='2'\n");
    expect(unsetDotenv(null, ['A'])).toEqual({ bytes: bytes(''), changes: [] });
  });
});

describe('a variable that is there gets the value in its place', () => {
  test.each([
    ['plain', 'DCR_IAT=old # c\n', "DCR_IAT='test-only-token' # c\n"],
    ['blanks', '  DCR_IAT = old  \n', "  DCR_IAT = 'test-only-token'  \n"],
    ['export', 'export DCR_IAT="old"\n', "export DCR_IAT='test-only-token'\n"],
    ['single quotes, comment', "DCR_IAT='old' # c\nA=1\n", "DCR_IAT='test-only-token' # c\nA=1\n"],
    ['text over several lines', 'DCR_IAT="x\ny\\"z"\nA=1\n', "DCR_IAT='test-only-token'\nA=1\n"],
    ['empty', 'DCR_IAT=\nA=1\n', "DCR_IAT='test-only-token'\nA=1\n"],
    ['empty, at the end', 'DCR_IAT=', "DCR_IAT='test-only-token'"],
    ['name alone', 'DCR_IAT\nA=1\n', "DCR_IAT='test-only-token'\nA=1\n"],
    ['colon, which v1 does not know', 'DCR_IAT: old\n', "DCR_IAT='test-only-token'\n"],
    ['twice: the last one counts', 'DCR_IAT=1\nexport DCR_IAT=2\n', "DCR_IAT=1\nexport DCR_IAT='test-only-token'\n"],
    ['CRLF', 'DCR_IAT=old\r\nA=1\r\n', "DCR_IAT='test-only-token'\r\nA=1\r\n"],
  ])('%s', (_, before, after) => expect(set(before)).toBe(after));

  test.each(['DCR_IAT=test-only-token', 'DCR_IAT="test-only-token"', "export DCR_IAT='test-only-token' # c"])(
    'what has the value already is left alone: %s',
    (line) => expect(setDotenv(bytes(line), { DCR_IAT: 'test-only-token' }).changes).toEqual([]),
  );

  test('several are one edit, each with its line in the new file', () => {
    const edit = setDotenv(bytes('A="1\n2"\nB=3\nC\n'), { NEW: 'n', C: 'c', A: 'a', B: '3' });
    expect(text(edit.bytes)).toBe("A='a'\nB=3\nC='c'\nNEW='n'\n");
    expect(edit.changes).toEqual([
      { name: 'NEW', line: 4 },
      { name: 'C', line: 3 },
      { name: 'A', line: 1 },
    ]);
  });
});

test('taking out removes every line of the name, and no other', () => {
  const before = '# c\nexport DCR_IAT=1 # x\nA=2\r\nDCR_IAT="a\nb"\n  DCR_IAT\nB=3';
  expect(unset(before)).toBe('# c\nA=2\r\nB=3');
  expect(unsetDotenv(bytes(before), ['DCR_IAT', 'C']).changes.map(({ line }) => line)).toEqual([2, 4, 6]);
});

describe('values in a spelling that both composes read alike', () => {
  test.each([
    ['a$b', "'a$b'"],
    ['a #b "c"', `'a #b "c"'`],
    ['', "''"],
    ["it's", `"it's"`],
    [`it's "so"`, `"it's \\"so\\""`],
    ["it's $5", `'it\\'s $5'`],
    ['a\\b', "'a\\b'"],
    ['a\\\\b', '"a\\\\\\\\b"'],
  ])('%s', (value, written) => expect(set('', { A: value })).toBe(`A=${written}\n`));

  test.each(['ends in \\', '${A}', 'a$b\\', "a\\'$b"])('there is none for %s', (value) => {
    expect(refusal(() => set('', { A: value })).code).toBe('bad-value');
  });

  test('what is written is read', () => {
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!value.includes('$') && !value.endsWith('\\'));
        expect(read(set('A=1\n', { B: value }))).toEqual({ A: '1', B: value });
      }),
    );
  });
});

describe('reading', () => {
  test('as compose v2 does', () => {
    expect(
      read(
        'A=1 # c\nexport B = "x # y" # z\nC=\'$A\'\nD="${A}2\\n$B"\nE=$A${F:-d}${A:+p}$$\nG\nA=3\nH: h\n# I=1\nJ=# j\nK=a#b\nL="\\$A"\n',
      ),
    ).toEqual({ A: '3', B: 'x # y', C: '$A', D: '12\nx # y', E: '1dp$', H: 'h', J: '# j', K: 'a#b', L: '$A' });
  });

  test('the shell beats the file in what is replaced', () => {
    expect(read('A=1\nB=$A\n', { A: 'shell' })).toEqual({ A: '1', B: 'shell' });
  });

  test('no file', () => expect(readDotenv(null)).toEqual(new Map()));

  test('lines that compose rejects are skipped', () => {
    expect(read('A=1\nhello world\nB=2\nC="open\n')).toEqual({ A: '1', B: '2' });
  });
});

describe('what is refused', () => {
  test.each([
    ['dotenv-syntax', 'A=1\nhello test-only-secret\n', 2, 1],
    ['dotenv-syntax', "A='test-only-secret\n", 1, 3],
    ['dotenv-syntax', 'A="x" test-only-secret\n', 1, 6],
    ['dotenv-syntax', "'A'=test-only-secret\n", 1, 1],
    ['line-break', 'A=1\rB=2\n', 1, 4],
    ['control-character', 'A=test-only-secret\x07\n', 1, 19],
  ])('%s: %j', (code, file, line, column) => {
    const error = refusal(() => set(file));
    expect(error).toMatchObject({ code, where: { file: '.env', line, column } });
    expect(JSON.stringify([error.message, error.hint?.text, error.where])).not.toContain('test-only-secret');
  });

  test('UTF-16, as PowerShell writes it', () => {
    const file = new Uint8Array(Buffer.from('\ufeffA=1\r\n', 'utf16le'));
    expect(refusal(() => setDotenv(file, { A: '2' })).code).toBe('encoding');
  });

  test.each([{ 'A B': 'x' }, { A: 'x\ny' }])('%j', (assignments) => {
    expect(refusal(() => set('', assignments as Record<string, string>)).code).toBe('bad-value');
  });
});

test('a quote that is not closed is told at once, however long the line is', () => {
  const file = `A=b\nTOKEN="${'x'.repeat(10_000)}\n`;
  const started = performance.now();
  expect(parseDotenv(file).problem).toMatchObject({ what: 'a quote is opened and not closed' });
  expect(performance.now() - started).toBeLessThan(1_000);
});
