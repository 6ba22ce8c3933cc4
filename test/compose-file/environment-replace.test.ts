import { describe, expect, test } from 'vitest';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { app, bytes, set, source, TOKEN, text, unset } from './files.ts';

describe('an entry that is there gets the value in its place', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['plain', '      DCR_IAT: old # c\n', '      DCR_IAT: "test-only-token" # c\n'],
    ['double quotes', '      DCR_IAT:   "old"\n', '      DCR_IAT:   "test-only-token"\n'],
    ['single quotes', "      'DCR_IAT' : 'old'\n", '      \'DCR_IAT\' : "test-only-token"\n'],
    ['empty text', '      DCR_IAT: ""\n', '      DCR_IAT: "test-only-token"\n'],
    ['nothing', '      DCR_IAT:\n', '      DCR_IAT: "test-only-token"\n'],
    ['nothing but a comment', '      DCR_IAT: # c\n      B: c\n', '      DCR_IAT: "test-only-token" # c\n      B: c\n'],
    ['~', '      DCR_IAT: ~ # c\n', '      DCR_IAT: "test-only-token" # c\n'],
    ['null', '      DCR_IAT: null\n', '      DCR_IAT: "test-only-token"\n'],
    [
      'literal block',
      '      DCR_IAT: |\n        old\n\n        text\n      B: c\n',
      '      DCR_IAT: "test-only-token"\n      B: c\n',
    ],
    [
      'kept block with a comment',
      '      DCR_IAT: |2+ # c\n        old\n\n      B: c\n',
      '      DCR_IAT: "test-only-token" # c\n\n      B: c\n',
    ],
    [
      'plain text on the next lines',
      '      DCR_IAT:\n        old\n        text\n',
      '      DCR_IAT:\n        "test-only-token"\n',
    ],
    [
      'quoted text over several lines',
      '      DCR_IAT: "old\n        text" # c\n',
      '      DCR_IAT: "test-only-token" # c\n',
    ],
    ['question mark', '      ? DCR_IAT\n      : old\n', '      ? DCR_IAT\n      : "test-only-token"\n'],
    [
      'question mark without value',
      '      ? DCR_IAT\n      ? B\n',
      '      ? DCR_IAT\n      : "test-only-token"\n      ? B\n',
    ],
    ['anchor that nothing uses', '      DCR_IAT: &t old\n', '      DCR_IAT: &t "test-only-token"\n'],
    ['tag !!str', '      DCR_IAT: !!str 1\n', '      DCR_IAT: !!str "test-only-token"\n'],
    ['tag !!str without text', '      DCR_IAT: !!str\n', '      DCR_IAT: !!str "test-only-token"\n'],
    ['doubled dollars', '      DCR_IAT: a$$b$$$$\n', '      DCR_IAT: "test-only-token"\n'],
    ['list item', '      - DCR_IAT=old # c\n', '      - DCR_IAT=test-only-token # c\n'],
    ['quoted list item', '      - "DCR_IAT=old"\n', '      - DCR_IAT=test-only-token\n'],
    ['list item whose quotes are part of its value', '      - DCR_IAT="old"\n', '      - DCR_IAT=test-only-token\n'],
    ['name alone in a list', '      - DCR_IAT # c\n', '      - DCR_IAT=test-only-token # c\n'],
    ['empty list item', '      - DCR_IAT=\n', '      - DCR_IAT=test-only-token\n'],
    [
      'block scalar in a list',
      '      - >-\n        DCR_IAT=old\n      - B=c\n',
      '      - DCR_IAT=test-only-token\n      - B=c\n',
    ],
    [
      'twice in a list: the last one counts',
      '      - DCR_IAT=1\n      - DCR_IAT=2\n',
      '      - DCR_IAT=1\n      - DCR_IAT=test-only-token\n',
    ],
    [
      'twice in a list, the last one without value',
      '      - DCR_IAT=1\n      - DCR_IAT\n',
      '      - DCR_IAT=1\n      - DCR_IAT=test-only-token\n',
    ],
  ];
  test.each(cases)('%s', (_, before, after) => {
    expect(set(app(`    environment:\n${before}`))).toBe(app(`    environment:\n${after}`));
  });

  const flow: readonly (readonly [string, string, string])[] = [
    ['flow map', '{A: b, DCR_IAT: old}', '{A: b, DCR_IAT: "test-only-token"}'],
    ['flow map, name alone', '{A, DCR_IAT, B}', '{A, DCR_IAT: "test-only-token", B}'],
    ['flow map, colon alone', '{DCR_IAT: , B: c}', '{DCR_IAT: "test-only-token" , B: c}'],
    ['JSON', '{"A":"b","DCR_IAT":"old"}', '{"A":"b","DCR_IAT":"test-only-token"}'],
    ['JSON null', '{"DCR_IAT": null}', '{"DCR_IAT": "test-only-token"}'],
    ['flow list', '[A=b, DCR_IAT=old]', '[A=b, "DCR_IAT=test-only-token"]'],
    ['flow list, name alone', '[DCR_IAT]', '["DCR_IAT=test-only-token"]'],
  ];
  test.each(flow)('%s', (_, before, after) => {
    expect(set(app(`    environment: ${before}\n`))).toBe(app(`    environment: ${after}\n`));
  });

  test('an alias as the value: the anchor stays', () => {
    const file = (value: string) => `x-t: &t old\n${app(`    environment:\n      DCR_IAT: ${value} # c\n`)}`;
    expect(set(file('*t'))).toBe(file('"test-only-token"'));
  });

  test('an alias as the name', () => {
    const file = (value: string) => `x-k: &k DCR_IAT\n${app(`    environment:\n      *k : ${value}\n`)}`;
    expect(set(file('old'))).toBe(file('"test-only-token"'));
  });

  test('a value of its own over a merged one, without text', () => {
    const file = (line: string) =>
      `x-e: &e {DCR_IAT: shared}\n${app(`    environment:\n      DCR_IAT:${line}\n      <<: *e\n`)}`;
    expect(set(file(''))).toBe(file(' "test-only-token"'));
  });
});

describe('several variables are one edit', () => {
  test('each is named with its line in the new file', () => {
    const before = source`
      services:
        app:
          environment:
            DCR_ENABLED: "false"
            TEXT: |
              of two
              lines
            DCR_IAT:
            SAME: x
          image: x
    `;
    const values = { NEW: '1', DCR_ENABLED: 'true', DCR_IAT: TOKEN, TEXT: 'short', SAME: 'x', NEWER: '2' };
    const edit = setEnvironment(bytes(before), 'app', values);
    expect(text(edit.bytes)).toBe(source`
      services:
        app:
          environment:
            DCR_ENABLED: "true"
            TEXT: "short"
            DCR_IAT: "test-only-token"
            SAME: x
            NEW: "1"
            NEWER: "2"
          image: x
    `);
    expect(edit.changes).toEqual([
      { name: 'NEW', line: 8 },
      { name: 'DCR_ENABLED', line: 4 },
      { name: 'DCR_IAT', line: 6 },
      { name: 'TEXT', line: 5 },
      { name: 'NEWER', line: 9 },
    ]);
  });

  test.each([
    '',
    '    environment: {}\n',
    '    environment: [A=b]\n',
    '    environment:\n',
    '    environment:\n      - A=b\n',
  ])('all at once, and all out again: %j', (environment) => {
    const values = { DCR_IAT: TOKEN, IAT: 'b', environment: 'c' };
    const edit = setEnvironment(bytes(app(environment)), 'app', values);
    const lines = text(edit.bytes).split('\n');
    for (const { name, line } of edit.changes) expect(lines[line - 1]).toMatch(new RegExp(`\\b${name}"?[:=]`));
    expect(unset(text(edit.bytes), Object.keys(values))).toBe(app(environment));
  });
});
