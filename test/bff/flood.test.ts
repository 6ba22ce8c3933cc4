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

const DECISIVE = 'ERROR dcr IAT expired (401)';

/** Sends so many bytes, with one line in the middle that decides. What the reader keeps of them, in bytes, and the CPU time. */
function flood(lines: readonly string[], bytes: number) {
  const reader = new LogReader();
  const before = heap();
  const started = process.cpuUsage();
  let sent = 0;
  let isDecided = false;
  for (let count = 0; sent < bytes; count++) {
    // Every line is a string of its own, as lines from a stream are.
    const text = `${lines[count % lines.length]} #${count}`;
    sent += text.length;
    reader.push(line(text));
    if (!isDecided && sent >= bytes / 2) {
      reader.push(line(DECISIVE));
      isDecided = true;
    }
  }
  const { user, system } = process.cpuUsage(started);
  return { reader, kept: heap() - before, cpuMs: (user + system) / 1_000 };
}

describe('a flood', () => {
  it.each([
    ['plain lines', NOISE],
    ['lines that are full of errors of no interest', ERRORS],
  ])('of %s keeps memory flat and loses no line that decides', (_what, lines) => {
    const bytes = 1_000_000;
    // What is compiled and cached on the way belongs to no flood; the longest one is where that ends.
    flood(lines, 4 * bytes);
    const once = flood(lines, bytes);
    const four = flood(lines, 4 * bytes);
    expect((four.kept - once.kept) / (3 * bytes)).toBeLessThan(0.1);
    expect(four.reader.reading()).toMatchObject({ decided: 'bad', diagnosis: { code: 'iat-invalid' } });
    const texts = four.reader.excerpt().map(({ text }) => text);
    expect(texts).toContain(DECISIVE);
    expect(texts.length).toBeLessThan(100);
    expect(four.reader.count).toBeGreaterThan(10_000);
  });

  it('of one line without an end is cut: it costs less than as many bytes in many lines', () => {
    const bytes = 10_000_000;
    const many = flood(NOISE, bytes);
    const reader = new LogReader();
    const text = `head ${'x'.repeat(bytes)} IAT expired (401) dcr`;
    const started = process.cpuUsage();
    reader.push(line(text));
    const { user, system } = process.cpuUsage(started);
    expect(reader.diagnosis().code).toBe('iat-invalid');
    expect((user + system) / 1_000 / many.cpuMs).toBeLessThan(1);
  });
});

function line(text: string): LogLine {
  return { at: null, stream: 'stdout', text };
}

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
