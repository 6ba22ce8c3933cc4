import { describe, expect, test } from 'vitest';
import { maskerOf } from './samples.ts';

const LINE = '2024-05-01T12:00:00.123Z INFO bff.startup connecting to "redis" at redis:6379, attempt 3 took 12 ms\n';

const secrets = (count: number) =>
  Array.from({ length: count }, (_, at) => `test-only-${at}-${'x'.repeat(at % 20)}-secret`);

/** CPU time of this process, in milliseconds: the least of three, because the machine may be busy. */
function cpuOf(secretCount: number, lines: number): number {
  const masker = maskerOf(...secrets(secretCount));
  const text = LINE.repeat(lines);
  masker.mask(LINE);
  const times = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage().user;
    expect(masker.mask(text)).toBe(text);
    return (process.cpuUsage().user - start) / 1000;
  });
  return Math.min(...times);
}

describe('the time that masking takes', () => {
  test('grows with the length of the text', () => {
    cpuOf(20, 10_000);
    expect(cpuOf(20, 80_000)).toBeLessThan(cpuOf(20, 10_000) * 8 * 2.5);
  });

  test('does not grow with the number of secrets', () => {
    expect(cpuOf(400, 20_000)).toBeLessThan(cpuOf(4, 20_000) * 2.5);
  });
});
