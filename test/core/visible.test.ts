import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeJson, toPlain, toVisible } from '../../scripts/core/visible.ts';
import { HOSTILE } from '../report/extreme-runs.ts';

describe('toVisible', () => {
  it('shows what would hide or reorder', () => {
    expect(toVisible(HOSTILE.rtl)).toBe('safe[U+202E]gpj.exe [U+2066]isolated[U+2069] [U+200F]mark');
    expect(toVisible(HOSTILE.surrogates)).toBe('high � low � end');
    expect(toVisible('\u0000\u001b\u007f\u0085\ufffe')).toBe('[U+0000][U+001B][U+007F][U+0085]�');
    expect(toVisible('a\tb\r\nc')).toBe('a\tb\nc');
  });

  it('leaves ordinary text of every script alone', () => {
    for (const text of [HOSTILE.emoji, HOSTILE.hebrew, HOSTILE.script, 'Grüße\n日本語'])
      expect(toVisible(text)).toBe(text);
  });

  it('gives text that XML 1.0 allows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0xd800, max: 0xdfff }), (text, half) => {
        const visible = toVisible(`${text}${String.fromCharCode(half)} `);
        expect(visible).toMatch(/^[\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
      }),
    );
  });
});

describe('toPlain', () => {
  it.each([
    ['a\nb\r\nc\td', 'a[U+000A]b[U+000A]c d'],
    ['in\u200bvi\u00adsi\u3164ble\u{e0041}', 'in[U+200B]vi[U+00AD]si[U+3164]ble[U+E0041]'],
    ['x\ufe0f and a ✔\ufe0f', 'x[U+FE0F] and a ✔\ufe0f'],
    ['::error file=a.ts::broken', ': :error file=a.ts::broken'],
    ['  ::set-output name=x::y', '  : :set-output name=x::y'],
    ['a word, then :::add-mask::x', 'a word, then : : :add-mask::x'],
    ['behind a hard blank\u00a0::error::', 'behind a hard blank\u00a0: :error::'],
    ['text ##[error]broken', 'text # #[error]broken'],
    ['##vso[task.setvariable variable=x]y', '# #vso[task.setvariable variable=x]y'],
    ["###teamcity[buildProblem description='x']", "## #teamcity[buildProblem description='x']"],
    ['section_start:1560896352:mine', 'section_start: 1560896352:mine'],
    ['a::b::c, http://[::1]:80 and ## heading', 'a::b::c, http://[::1]:80 and ## heading'],
  ])('%j is %s', (text, plain) => {
    expect(toPlain(text)).toBe(plain);
  });

  const piece = fc.constantFrom(
    ':',
    '#',
    '[',
    ' ',
    '\n',
    '\r',
    '\u00a0',
    '\u200d',
    '\ufe0f',
    '👩',
    'vso',
    '\u001b',
    'section_end:1',
  );

  it('twice changes nothing, and neither does breaking a line in front of any word make a command', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const plain = toPlain(pieces.join(''));
        expect(toPlain(plain)).toBe(plain);
        for (const rest of plain.split(/(?<=\s)/)) expect(rest).not.toMatch(/^\s*::|##\w*\[|section_end:\d/);
      }),
    );
  });

  it('takes time that grows with the length only', () => {
    for (const part of [':', '##', '##a', ' :', '\u0000', '👩\u200d', 'section_', '\r\n', '\ud800']) {
      const cpuOf = (length: number) => {
        const text = part.repeat(length / part.length);
        const start = process.cpuUsage();
        for (let count = 0; count < 4; count++) toPlain(text);
        const { user, system } = process.cpuUsage(start);
        return user + system + 5_000;
      };
      cpuOf(20_000);
      expect(cpuOf(400_000) / cpuOf(20_000), JSON.stringify(part)).toBeLessThan(80);
    }
  });
});

describe('escapeJson', () => {
  it('changes how a document is written, not what it says, and leaves nothing to change for a terminal', () => {
    const text = fc.array(
      fc.oneof(fc.constantFrom(':', '##', '[', ' ', '\u009b', '\u202e', 'section_start:1'), fc.string()),
    );
    fc.assert(
      fc.property(text, (pieces) => {
        const value = { text: pieces.join(''), list: pieces };
        const lines = escapeJson(JSON.stringify(value, null, 2)).split('\n');
        expect(JSON.parse(lines.join('\n'))).toEqual(value);
        expect(lines.map(toPlain)).toEqual(lines);
      }),
    );
  });
});
