import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultsOf, SavedLog } from '../../scripts/bff/saved-log.ts';

const FOLDER = new URL('../fixtures/pod-logs/', import.meta.url);

/** `<well>-of-<pods>.<diagnosis>.<how it was saved>.log` */
const FILES = readdirSync(FOLDER);

function read(lines: readonly string[], service = 'bff'): SavedLog {
  const log = new SavedLog({ service });
  for (const text of lines) log.push({ at: null, stream: 'stdout', text });
  return log;
}

const linesOf = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8').trimEnd().split('\n');

/** As the names of the fixtures say it. */
function inShort(log: SavedLog): string {
  const judged = log.judged();
  const well = judged.filter(({ isWell }) => isWell);
  const code = faultsOf(judged)[0]?.code ?? judged[0].reader.diagnosis().code;
  return `${well.length}-of-${judged.length}.${code}`;
}

describe('logs that were saved from a cluster', () => {
  it.each(FILES)('%s', (name) => {
    const log = read(linesOf(name));
    expect(name.startsWith(`${inShort(log)}.`), inShort(log)).toBe(true);
    expect(log.count).toBe(linesOf(name).length);
  });

  it.each(FILES)('%s, in the colours of a terminal and with carriage returns', (name) => {
    const coloured = linesOf(name).map((line) => `\u001b[36m${line.replace(/[ \]]/, '$&\u001b[0m')}\r`);
    // JSON has no colours.
    if (!name.includes('json')) expect(name.startsWith(`${inShort(read(coloured))}.`)).toBe(true);
  });

  it('is large enough to mean something', () => {
    expect(FILES.filter((name) => /kubectl/.test(name)).length).toBeGreaterThanOrEqual(4);
    expect(FILES.filter((name) => /stern|set/.test(name)).length).toBeGreaterThanOrEqual(4);
    expect(FILES.length).toBeGreaterThan(18);
  });

  it('a fault says in how many pods it is, and in which', () => {
    const [first, second] = faultsOf(read(linesOf('0-of-3.iat-invalid.two-faults.log')).judged());
    expect(first?.cause).toMatch(/ \(2 of 3 pods: bff-7d9c5b8f6d-m4m4m, bff-7d9c5b8f6d-x2x4z\)$/);
    expect(second?.code).toBe('invalid-scope');
    expect(second?.cause).toMatch(/ \(1 of 3 pods: bff-7d9c5b8f6d-k8k8k\)$/);
    const [only] = faultsOf(read(linesOf('0-of-1.iat-invalid.kubectl-prefix.log')).judged());
    expect(only?.cause).not.toContain('pods');
  });

  it('of many pods three are named, and no more are read than there is room for', () => {
    const pods = Array.from({ length: 130 }, (_, index) => `bff-7d9c5b8f6d-${String(index).padStart(5, 'b')}`);
    const log = read(pods.map((pod) => `[pod/${pod}/bff] ERROR dcr: registration failed: 401 invalid_token`));
    expect([log.judged().length, log.unread.size, log.count]).toEqual([100, 30, 130]);
    expect(faultsOf(log.judged())[0]?.cause).toMatch(
      / \(100 of 100 pods: bff-7d9c5b8f6d-bbbb0, bff-7d9c5b8f6d-bbbb1, bff-7d9c5b8f6d-bbbb2 and 97 more\)$/,
    );
  });

  it('lines that begin like a pod make no pod of an ordinary log', () => {
    const lines = [
      'bff-1 is ready',
      'bff-0 started 3 workers',
      'web-2 web-3 up',
      'ERROR dcr: registration failed: 401 invalid_token',
    ];
    expect(inShort(read(lines))).toBe('0-of-1.iat-invalid');
  });

  it('is quick about hostile lines', () => {
    const cpuOf = (units: readonly string[]) => {
      const started = process.cpuUsage();
      for (const unit of units) read(Array.from({ length: 2_000 }, () => unit.repeat(500 / unit.length)));
      const { user, system } = process.cpuUsage(started);
      return (user + system) / units.length;
    };
    const plain = cpuOf(['INFO some line of a log ', 'text ']);
    const hostile = [
      'a-',
      'bff-',
      'bff-0 ',
      '[pod/',
      '{"podName":',
      'a1',
      '2026-03-02T08:14:11Z ',
      '2026-03-02T08:14:11Z bff-0 ',
    ];
    expect(cpuOf(hostile) / plain).toBeLessThan(40);
  });
});
