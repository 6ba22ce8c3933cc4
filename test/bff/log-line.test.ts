import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, LONGEST_LINE, withoutTimestamp } from '../../scripts/bff/log-line.ts';

const ESC = '\u001b';

describe('cleanLine', () => {
  it.each([
    ['colours', `${ESC}[31mERROR${ESC}[0m: no`, 'ERROR: no'],
    ['8-bit colours', `${ESC}[38;5;196mred${ESC}[m`, 'red'],
    ['a window title', `${ESC}]0;title\u0007text`, 'text'],
    ['a link', `${ESC}]8;;https://example.test${ESC}\\here${ESC}]8;;${ESC}\\`, 'here'],
    ['backspaces', 'typo\b\b\b\bfixed', 'fixed'],
    ['a carriage return at the end', 'text\r', 'text'],
    ['carriage returns inside', '10%\r20%', '10% 20%'],
    ['a tab', 'a\tb', 'a b'],
    ['zeroes and other controls', 'a\u0000b\u0007c\u007f', 'abc'],
    ['text that changes direction', 'abc\u202edef', 'abcdef'],
    ['a byte order mark', '\ufefftext', 'text'],
    ['a broken sequence at the end', `text${ESC}[`, 'text'],
    ['the prefix of compose v2', 'bff-1  | text', 'text'],
    ['the prefix of compose v1', `${ESC}[36mbff_1          |${ESC}[0m text`, 'text'],
    ['an erased line', `${ESC}[2Kbff-1  | text`, 'text'],
    ["a container's name", 'empowernow-bff-1  | text', 'text'],
    ['a name without a number', 'bff  | text', 'text'],
    ['the prefix of a swarm', 'app_bff.1.k2j3h4@node-7    | text', 'text'],
    ['the prefix of kubectl', '[pod/bff-7d9c/bff] text', 'text'],
    ['the prefix of kubectl, with timestamps', '[pod/bff-7d9c/bff] 2026-03-02T08:14:11.2045182Z   text', '  text'],
    ['the prefix of stern', 'bff-7d9c5b8f6d-x2x4z bff text', 'text'],
    ['the prefix of stern, of a name without digits', 'bff-jcxjwcttdp-hbbjq bff text', 'text'],
    ['words with hyphens', 'start-without-agent text', 'start-without-agent text'],
    ['the prefix of stern, of a StatefulSet', 'bff-0 bff   text', '  text'],
    ['the prefix of stern, of a DaemonSet', 'gateway-x2x4z gateway text', 'text'],
    ['a pod alone, as k9s shows it', 'bff-7d9c5b8f6d-x2x4z 2026-03-02 08:14:11 text', '2026-03-02 08:14:11 text'],
    ['a pod behind the time', '2026-03-02T08:14:11.2045182Z  bff-7d9c5b8f6d-x2x4z bff text', 'text'],
    ['words that are like a pod', 'bff-1 is ready', 'bff-1 is ready'],
    ['an empty line with a prefix', 'bff-1  |', ''],
    ['a table of the log itself', '2026-03-02 08:14:11 | INFO | text', '2026-03-02 08:14:11 | INFO | text'],
    ['a level before a bar', 'ERROR    | text', 'ERROR    | text'],
    ['indentation', 'bff-1  |   File "a.py", line 1', '  File "a.py", line 1'],
    ['half a character', 'caf\ufffd', 'caf\ufffd'],
  ])('%s', (_what, raw, text) => {
    expect(cleanLine(raw).text).toBe(text);
  });

  it("takes the daemon's timestamp off, and reads it", () => {
    const line = cleanLine('2026-03-02T08:14:11.204518291Z   indented');
    expect(line).toEqual({ at: new Date('2026-03-02T08:14:11.204Z'), source: null, text: '  indented' });
  });

  it("leaves the log's own timestamp where it is", () => {
    const line = cleanLine('2026-03-02 08:14:11,204 - ms_bff - INFO - text');
    expect(line).toEqual({ at: null, source: null, text: '2026-03-02 08:14:11,204 - ms_bff - INFO - text' });
  });

  it('says which container the line is of', () => {
    expect(cleanLine('idp-1  | text').source).toBe('idp-1');
    expect(cleanLine('text').source).toBeNull();
  });

  it('keeps both ends of a line that is too long', () => {
    const { text } = cleanLine(`head ${'x'.repeat(1_000_000)} tail`);
    expect(text.length).toBeLessThanOrEqual(LONGEST_LINE);
    expect(text).toMatch(/^head x+ … x+ tail$/);
  });

  it('changes nothing the second time, and never leaves a control character', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        ESC,
        `${ESC}[`,
        `${ESC}]`,
        '\b',
        '\r',
        '\u009b',
        'bff-1  | ',
        '2026-03-02T08:14:11.204518291Z ',
        '##',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(cleanLine(pieces.join('')).text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
      { numRuns: 200 },
    );
  });

  it('is quick about hostile lines', () => {
    const cpuOf = (units: readonly string[]) => {
      const started = process.cpuUsage();
      for (const unit of units) cleanLine(unit.repeat(20_000_000 / unit.length));
      const { user, system } = process.cpuUsage(started);
      return (user + system) / units.length;
    };
    const plain = cpuOf(['x', 'text ']);
    expect(cpuOf(['\b', `${ESC}[`, `${ESC}]`, 'a\b', 'a-', 'a_1', ' ']) / plain).toBeLessThan(20);
  });
});

describe('withoutTimestamp', () => {
  it.each([
    ['2026-03-02 08:14:11,204 - ms_bff - INFO - text', 'ms_bff - INFO - text'],
    ['2026-03-02T08:14:11.204Z ERROR text', 'ERROR text'],
    ['[2026-03-02 08:14:11 +0000] [7] [ERROR] text', '[7] [ERROR] text'],
    ['[08:14:11] ERROR text', 'ERROR text'],
    ['2026-03-02 08:14:11.204 | ERROR | text', 'ERROR | text'],
    ['02 text', '02 text'],
    ['  indented', '  indented'],
  ])('%s', (line, statement) => {
    expect(withoutTimestamp(line)).toBe(statement);
  });
});
