import { expect, test } from 'vitest';
import { HARD_BLANK, wrap } from '../../scripts/core/wrap.ts';

test('what is longer than a line stays whole, to be copied', () => {
  expect(wrap('see /a/path/that/is/long and go on', 12, '  ')).toEqual([
    'see',
    '  /a/path/that/is/long',
    '  and go on',
  ]);
});

test('a hard blank is a blank at which no line ends', () => {
  expect(wrap(`one two${HARD_BLANK}three`, 8)).toEqual(['one', 'two three']);
});
