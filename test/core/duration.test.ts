import { expect, test } from 'vitest';
import { formatDuration } from '../../scripts/core/duration.ts';

test.each([
  [0, '0 ms'],
  [-3, '0 ms'],
  [312.4, '312 ms'],
  [999.6, '1.0 s'],
  [4_200, '4.2 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [125_000, '2 min 05 s'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
