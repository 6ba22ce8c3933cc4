import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { maskBody, maskEnvironmentLines, maskHeader, maskText } from '../../scripts/secrets/by-place.ts';
import { FoundSecrets } from '../../scripts/secrets/found.ts';

describe('a line of 200 kB takes no longer than its length', () => {
  /** Processor time in milliseconds, the least of three. How it is split between user and system is a guess of the kernel. */
  const cost = (mask: (text: string) => unknown, text: string) =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const start = process.cpuUsage();
        mask(text);
        const { user, system } = process.cpuUsage(start);
        return (user + system) / 1_000;
      }),
    );

  const masks: Record<string, (text: string) => unknown> = {
    text: maskText,
    lines: maskEnvironmentLines,
    JSON: (text) => maskBody(`{"a":"${text}"`, 'application/json'),
    cookie: (text) => maskHeader('Cookie', text),
    header: (text) => maskHeader('Authorization', text),
  };
  const units = [
    'a.',
    'a.a@',
    '-eyJ',
    'eyJaaaaaaaaaaa.',
    '://a:',
    'a=',
    '"a":"',
    '?a=‹',
    'token=‹',
    "TOKEN='",
    ' ',
    ' -',
    'a;',
    'Bearer ',
    '$a',
    '/.a',
    '{"kty":',
  ];

  it.each(Object.keys(masks).flatMap((name) => units.map((unit) => [name, unit] as const)))('%s: %j', (name, unit) => {
    const mask = masks[name] as (text: string) => unknown;
    const text = (size: number) => unit.repeat(Math.ceil(size / unit.length));
    mask(text(10_000));
    // Twice as much where time is linear, four times where it is square; what takes no time cannot be compared.
    expect(cost(mask, text(200_000))).toBeLessThan(cost(mask, text(50_000)) * 9 + 20);
  });
});

it('a body of small values takes no memory for each of them', () => {
  const body = `["token",${'0,'.repeat(8_000_000)}"x"]`;
  const before = process.memoryUsage().heapUsed;
  new FoundSecrets(() => {}).addFrom({ headers: [], body });
  expect(maskBody(body, 'application/json')).toHaveLength(body.length);
  // A list of the values alone would take more.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
});
