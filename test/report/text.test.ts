import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExpectation } from '../../scripts/report/expectation.ts';
import { cut, formatBytes, formatNumber } from '../../scripts/report/text.ts';
import { isJson, layOutJson, maskMembers } from '../../scripts/secrets/json-text.ts';

describe('sizes', () => {
  it('writes whole numbers as English does', () => {
    const samples = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    fc.assert(fc.property(samples, (count) => formatNumber(count) === count.toLocaleString('en')));
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1234, '1.2 kB'],
    [20_000, '20 kB'],
    [1_000_000, '1.0 MB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('cuts beside a surrogate pair, not through it', () => {
    expect(cut('ab😀cd', 3)).toBe('ab… (6 B in all)');
    expect(cut('abc', 3)).toBe('abc');
  });
});

describe('JSON as text', () => {
  it('lays out as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(layOutJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it('keeps the digits of large numbers, repeated names and escapes', () => {
    expect(layOutJson('{"a":12345678901234567890,"a":1.0,"b":"\\u0041"}')).toBe(
      '{\n  "a": 12345678901234567890,\n  "a": 1.0,\n  "b": "\\u0041"\n}',
    );
  });

  it('lays out what was cut in the middle', () => {
    expect(layOutJson('{"a":[1,{"b":"c')).toBe('{\n  "a": [\n    1,\n    {\n      "b": "c');
  });

  it('stays small for ten thousand brackets', () => {
    expect(layOutJson('['.repeat(10_000)).length).toBeLessThan(900_000);
  });

  it('changes nothing where no name is secret', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(
          maskMembers(
            text,
            () => false,
            () => 'never',
          ),
        ).toBe(text);
      }),
    );
  });

  it('leaves no secret value, wherever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = JSON.stringify({ before: value, secret: { deep: [value, 'test-only-0001'] }, after: value });
        const masked = maskMembers(
          text,
          (name) => name === 'secret',
          () => 'X',
        );
        expect(masked).not.toContain('test-only-0001');
        expect(JSON.parse(masked)).toMatchObject({
          before: JSON.parse(JSON.stringify(value)),
          after: JSON.parse(JSON.stringify(value)),
        });
      }),
    );
  });

  it('knows JSON by its type or because it parses', () => {
    expect(isJson('nonsense', 'application/problem+json')).toBe(true);
    expect(isJson(' [1]', '')).toBe(true);
    expect(isJson('[INFO] a log', '')).toBe(false);
    expect(isJson('<html>', 'text/html')).toBe(false);
  });
});

describe('expected and actual', () => {
  it.each([
    ['expected response to have status code 200 but got 503', 'status code 200', '503'],
    ["AssertionError: expected 'a' to equal 'b'", "'b'", "'a'"],
    ['expected { a: 1 } to deeply equal { a: 2 }', '{ a: 2 }', '{ a: 1 }'],
    ["status: expected 'down' to be one of [ 'up' ]", "to be one of [ 'up' ]", "'down'"],
    ["members: expected [ 'a' ] to include 'token'", "to include 'token'", "[ 'a' ]"],
    ['expected 5 to be below 3', 'to be below 3', '5'],
    ["expected response to have header with key 'x'", "to have header with key 'x'", 'response'],
  ])('%s', (message, expected, actual) => {
    expect(readExpectation(message)).toEqual({ expected, actual });
  });

  it('does not guess', () => {
    expect(readExpectation('Unexpected token < in JSON at position 0')).toBeNull();
    expect(readExpectation('')).toBeNull();
  });
});
