import { describe, expect, test } from 'vitest';
import { setDotenv } from '../../scripts/compose-file/dotenv.ts';
import { emptyEnvironment, setEnvironment } from '../../scripts/compose-file/environment.ts';
import { app, bytes, refusal, set, text } from './files.ts';

const empty = (before: string) => text(emptyEnvironment(bytes(before), 'app', ['DCR_IAT']).bytes);

describe('a variable without a value gets one, and loses it again', () => {
  test.for<readonly [string, string]>([
    ['nothing', '    environment:\n      DCR_IAT:\n      B: c\n'],
    ['nothing but a comment', '    environment:\n      DCR_IAT: # paste it here\n'],
    ['name alone in a list', '    environment:\n      - A=b\n      - DCR_IAT # c\n'],
    ['null in braces', '    environment: {"DCR_IAT": null, B: c}\n'],
    ['name alone in brackets', '    environment: ["DCR_IAT", "B=c"]\n'],
    ['anchor that nobody uses', '    environment:\n      DCR_IAT: &t null\n'],
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
