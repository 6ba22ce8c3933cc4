import { describe, expect, test } from 'vitest';
import { setDotenv } from '../../scripts/compose-file/dotenv.ts';
import { emptyEnvironment, setEnvironment, unsetEnvironment } from '../../scripts/compose-file/environment.ts';
import { app, bytes, refusal, set, text, unset } from './files.ts';

describe('taking out what people wrote leaves a file that compose accepts', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'one of several',
      '    environment:\n      A: b # a\n      DCR_IAT: x # c\n      B: c\n',
      '    environment:\n      A: b # a\n      B: c\n',
    ],
    ['the only one: the key goes, too', '    environment: # c\n      DCR_IAT: x\n', ''],
    [
      'the only one beside comments',
      '    environment:\n      # the token\n      DCR_IAT: x\n      # end\n',
      '      # the token\n      # end\n',
    ],
    ['the only item', '    environment:\n    - DCR_IAT\n', ''],
    [
      'all items of the name',
      '    environment:\n      - DCR_IAT=1\n      - A=b\n      - DCR_IAT\n',
      '    environment:\n      - A=b\n',
    ],
    [
      'a literal block',
      '    environment:\n      DCR_IAT: |\n        x\n\n        y\n      B: c\n',
      '    environment:\n      B: c\n',
    ],
    [
      'text over several lines',
      '    environment:\n      DCR_IAT: "x\n        y"\n      B: c\n',
      '    environment:\n      B: c\n',
    ],
    ['question mark', '    environment:\n      ? DCR_IAT\n      : x\n      B: c\n', '    environment:\n      B: c\n'],
    ['a reference', '    environment:\n      DCR_IAT: ${DCR_IAT}\n      B: c\n', '    environment:\n      B: c\n'],
    ['the only one of an anchored map', '    environment: &e # c\n      DCR_IAT: x\n', '    environment: &e {} # c\n'],
    [
      'the only one of an anchored list',
      '    environment:\n      &e\n      - DCR_IAT=x\n',
      '    environment:\n      &e []\n',
    ],
    ['flow: the first', '    environment: { DCR_IAT: x, A: b }\n', '    environment: { A: b }\n'],
    ['flow: the last', '    environment: { A: b, DCR_IAT: x }\n', '    environment: { A: b }\n'],
    ['flow: in the middle', '    environment: [A=b, DCR_IAT=x, B=c]\n', '    environment: [A=b, B=c]\n'],
    ['flow: the only one', '    environment: {DCR_IAT: x}\n', '    environment: {}\n'],
    ['flow: the only one, with a comma', '    environment: [DCR_IAT=x,]\n', '    environment: []\n'],
    ['flow: without value', '    environment: {A, DCR_IAT}\n', '    environment: {A}\n'],
    [
      'flow: several lines, the first',
      '    environment: {\n      DCR_IAT: x, # c\n      A: b\n    }\n',
      '    environment: {\n      A: b\n    }\n',
    ],
    [
      'flow: several lines, the last',
      '    environment: {\n      "A": "b",\n      "DCR_IAT": "x"\n    }\n',
      '    environment: {\n      "A": "b"\n    }\n',
    ],
    [
      'flow: several lines, the last, behind a comment',
      '    environment: {\n      A: b, # c\n      DCR_IAT: x\n    }\n',
      '    environment: {\n      A: b # c\n    }\n',
    ],
    ['flow: the last two', '    environment: {A: b, DCR_IAT: x, DCR_X: y}\n', '    environment: {A: b}\n'],
    [
      'beside a merge',
      '    environment:\n      <<: {A: b}\n      DCR_IAT: x\n',
      '    environment:\n      <<: {A: b}\n',
    ],
    ['flow: all of them', '    environment: {DCR_IAT: x, DCR_X: y}\n', '    environment: {}\n'],
    [
      'flow: not side by side',
      '    environment: [DCR_IAT=x, A=b, DCR_X=y, B=c, DCR_IAT=z]\n',
      '    environment: [A=b, B=c]\n',
    ],
  ];
  test.each(cases)('%s', (_, before, after) => {
    expect(unset(app(before), ['DCR_IAT', 'DCR_X'])).toBe(app(after));
  });

  test('a service that has nothing else, as in an override file', () => {
    const override = 'services:\n  app:\n    environment:\n      DCR_IAT: x\n';
    expect(unset(override)).toBe('services:\n  app:\n    environment: {}\n');
  });

  test('the last line of a file without a line break at its end', () => {
    expect(unset('services:\n  app:\n    environment:\n      A: b\n      DCR_IAT: x')).toBe(
      'services:\n  app:\n    environment:\n      A: b',
    );
    expect(unset('services:\r\n  app:\r\n    image: x\r\n    environment:\r\n      DCR_IAT: x')).toBe(
      'services:\r\n  app:\r\n    image: x',
    );
  });

  test('a block scalar that becomes the last entry keeps its line break', () => {
    const kept = 'services:\n  app:\n    environment:\n      A: |\n        b\n';
    expect(unset(`${kept}      DCR_IAT: x`)).toBe(kept);
  });

  test.each([
    ['not there', app('    environment:\n      A: b\n')],
    ['no environment', app('')],
    ['shared: it is not the own entry', `x-e: &e {DCR_IAT: x}\n${app('    environment: *e\n')}`],
    ['merged', `x-e: &e {DCR_IAT: x}\n${app('    environment: {<<: *e}\n')}`],
  ])('nothing to do: %s', (_, file) => {
    const before = bytes(file);
    expect(unsetEnvironment(before, 'app', ['DCR_IAT'])).toEqual({ bytes: before, changes: [] });
  });

  test('each change is named with the line that it had', () => {
    const file = app('    environment:\n      - DCR_IAT=1\n      - A=b\n      - DCR_IAT=2\n');
    expect(unsetEnvironment(bytes(file), 'app', ['DCR_IAT', 'B']).changes).toEqual([
      { name: 'DCR_IAT', line: 5 },
      { name: 'DCR_IAT', line: 7 },
    ]);
  });
});

const empty = (before: string) => text(emptyEnvironment(bytes(before), 'app', ['DCR_IAT']).bytes);

describe('a variable without a value gets one, and loses it again', () => {
  test.for<readonly [string, string]>([
    ['nothing', '    environment:\n      DCR_IAT:\n      B: c\n'],
    ['nothing but a comment', '    environment:\n      DCR_IAT: # paste it here\n'],
    ['name alone in a list', '    environment:\n      - A=b\n      - DCR_IAT # c\n'],
    ['null in braces', '    environment: {"DCR_IAT": null, B: c}\n'],
    ['name alone in brackets', '    environment: ["DCR_IAT", "B=c"]\n'],
    ['anchor that nothing uses', '    environment:\n      DCR_IAT: &t null\n'],
    ['last, without a line break', '    environment:\n      DCR_IAT:'],
  ])('%s', ([, lines]) => {
    const before = lines.endsWith('\n') ? app(lines) : `services:\n  app:\n    image: x\n${lines}`;
    expect(set(before)).not.toBe(before);
    expect(empty(set(before))).toBe(before);
  });

  test.for([
    ['quoted', '      DCR_IAT: "old" # c\n', '      DCR_IAT: # c\n'],
    ['literal block', '      DCR_IAT: |\n        old\n      B: c\n', '      DCR_IAT: null\n      B: c\n'],
    ['on the next line', '      DCR_IAT:\n        old\n', '      DCR_IAT:\n        null\n'],
    ['no such variable', '      B: c\n', '      B: c\n'],
    ['without a value already', '      DCR_IAT: ~\n', '      DCR_IAT: ~\n'],
  ])('%s', ([, before, after]) =>
    expect(empty(app(`    environment:\n${before}`))).toBe(app(`    environment:\n${after}`)),
  );

  test('one that others share is refused', () => {
    const shared =
      'x-env: &e\n  DCR_IAT: old\nservices:\n  app:\n    environment: &f\n      DCR_IAT: old\n  b:\n    environment: *f\n';
    expect(refusal(() => empty(shared)).code).toBe('shared');
  });
});

test('an empty text comes back, in a map, a list and a .env file', () => {
  for (const line of ['      DCR_IAT: "" # c\n', '      - DCR_IAT=\n']) {
    const before = app(`    environment:\n${line}`);
    expect(text(setEnvironment(bytes(set(before)), 'app', { DCR_IAT: '' }).bytes)).toBe(before);
  }
  for (const before of ['A=1\nDCR_IAT=\n', 'DCR_IAT=', "DCR_IAT='' # c\n"]) {
    const filled = setDotenv(bytes(before), { DCR_IAT: 'test-only-token' }).bytes;
    expect(text(setDotenv(filled, { DCR_IAT: '' }).bytes)).toBe(before);
    expect(setDotenv(bytes(before), { DCR_IAT: '' }).changes).toEqual([]);
  }
});
