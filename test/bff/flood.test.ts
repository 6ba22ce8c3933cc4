import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { LogReader } from '../../scripts/bff/log-reader.ts';
import type { LogLine } from '../../scripts/core/result.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const NOISE = [
  'INFO:     172.18.0.1:53412 - "GET /api/v1/items/123?page=2 HTTP/1.1" 200 OK',
  '2026-03-02 08:14:11,204 - ms_bff.proxy - INFO - forwarded id=8f2a61 upstream=crud duration_ms=12',
  '{"event":"request","method":"GET","path":"/api/v1/items","status_code":200,"duration_ms":3.1,"level":"info"}',
];
const ERRORS = [
  'INFO:     172.18.0.1:53412 - "GET /api/x HTTP/1.1" 401 Unauthorized',
  '2026-03-02 08:14:11,204 - ms_bff.proxy - ERROR - upstream answered with a failure id=8f2a61: ValueError',
  '{"event":"error","method":"GET","path":"/api/v1/items","status_code":500,"duration_ms":3.1,"level":"error"}',
];

describe('a flood', () => {
  it.each<[string, readonly string[], number, number]>([
    ['plain lines', NOISE, 200_000_000, 20],
    ['lines that are full of errors of no interest', ERRORS, 20_000_000, 2],
  ])('of %s keeps memory flat and loses nothing that decides', (what, lines, bytes, leastMBs) => {
    const reader = new LogReader();
    const before = heap();
    const started = performance.now();
    let sent = 0;
    for (let count = 0; sent < bytes; count++) {
      // Every line is a string of its own, as lines from a stream are.
      const text = `${lines[count % lines.length]} #${count}`;
      sent += text.length;
      reader.push(line(text));
      if (sent - text.length < bytes / 2 && sent >= bytes / 2) reader.push(line('ERROR dcr IAT expired (401)'));
    }
    const perSecond = sent / 1e6 / ((performance.now() - started) / 1000);
    // Loose limits: other suites run beside this one.
    console.log(`${what}: ${perSecond.toFixed(0)} MB/s, heap ${((heap() - before) / 1e6).toFixed(1)} MB more`);
    expect(reader.reading()).toMatchObject({ decided: 'bad', diagnosis: { code: 'iat-invalid' } });
    expect(reader.excerpt().some(({ text }) => text === 'ERROR dcr IAT expired (401)')).toBe(true);
    expect(heap() - before).toBeLessThan(10_000_000);
    expect(perSecond).toBeGreaterThan(leastMBs);
  });

  it('of one line without an end is cut', () => {
    const reader = new LogReader();
    const started = performance.now();
    for (let count = 0; count < 20; count++) reader.push(line(`head ${'x'.repeat(10_000_000)} IAT expired (401) dcr`));
    expect(reader.diagnosis().code).toBe('iat-invalid');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

function line(text: string): LogLine {
  return { at: null, stream: 'stdout', text };
}

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
