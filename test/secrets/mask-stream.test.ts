import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Masker } from '../../scripts/secrets/masker.ts';
import type { MaskStreamOptions } from '../../scripts/secrets/masking/mask-stream.ts';
import { plantedForms } from '../support/planted-forms.ts';
import { B64TOKEN, maskerOf, OUTSIDE, TOKEN } from './samples.ts';

const LABEL = '‹IAT sha256:1a2b3c4d›';

function streamed(masker: Masker, chunks: readonly string[], options: MaskStreamOptions = {}): string {
  const stream = masker.stream(options);
  return chunks.map((chunk) => stream.write(chunk)).join('') + stream.end();
}

describe('text in pieces', () => {
  it('comes out as if it had come at once, wherever it is cut', () => {
    fc.assert(
      fc.property(
        B64TOKEN,
        OUTSIDE,
        OUTSIDE,
        fc.nat(),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (value, before, after, pick, sizes) => {
          const masker = maskerOf(value);
          const forms = [...plantedForms(value)];
          const [form, text] = forms[pick % forms.length] ?? ['', ''];
          const whole = `${before}[${text}]\n${after}`.repeat(2);
          const chunks: string[] = [];
          for (let at = 0, turn = 0; at < whole.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            chunks.push(whole.slice(at, at + size));
            at += size;
          }
          expect(streamed(masker, chunks), form).toBe(masker.mask(whole));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('comes out as if it had come at once, one character at a time, in every form', () => {
    const masker = maskerOf(TOKEN);
    for (const [form, text] of plantedForms(TOKEN)) {
      const whole = `(${text})\n${text} and\n`;
      expect(streamed(masker, [...whole]), form).toBe(masker.mask(whole));
    }
  });

  it('holds back no more than what may become a secret', () => {
    const stream = maskerOf(TOKEN).stream();
    expect(stream.write('Connecting (1)')).toBe('Connecting (1)');
    expect(stream.write(`with ${TOKEN.slice(0, 5)}`)).toBe('with ');
    expect(stream.write('ing (2)')).toBe(`${TOKEN.slice(0, 5)}ing (2)`);
    expect(stream.write('test')).toBe('');
    expect(stream.end()).toBe('test');
  });

  it('gives whole lines to people who watch, whatever they end in', () => {
    const stream = maskerOf(TOKEN).stream({ lines: true });
    for (const line of ['waiting for the token\n', 'still waiting 100%\n', 'C:\\\n', '<b &amp\n', '12, 13\n']) {
      expect(stream.write(line)).toBe(line);
    }
  });

  it('holds a line that ends in much of a secret, and masks the rest on the next', () => {
    const stream = maskerOf(TOKEN).stream({ lines: true });
    expect(stream.write(`a ${TOKEN.slice(0, 10)}\n`)).toBe('a ');
    expect(stream.write(`  ${TOKEN.slice(10)} b\n`)).toBe(`${LABEL} b\n`);
  });

  it('shows a line that ends in a mask, and goes on with it on the next', () => {
    const stream = maskerOf(TOKEN).stream({ lines: true });
    expect(stream.write(`a ${TOKEN}\n`)).toBe(`a ${LABEL}\n`);
    expect(stream.write(`b ${TOKEN.slice(0, 20)}\n`)).toBe(`b ${LABEL}\n`);
    expect(stream.write(`${TOKEN.slice(20)} c\n`)).toBe(' c\n');
  });

  it('shows at most 7 characters of a secret where a line ends inside of it', () => {
    const stream = maskerOf(TOKEN).stream({ lines: true });
    expect(stream.write(`a ${TOKEN.slice(0, 7)}\n`)).toBe(`a ${TOKEN.slice(0, 7)}\n`);
    expect(stream.write(`${TOKEN.slice(7)} b\n`)).toBe(`${LABEL} b\n`);
    expect(stream.end()).toBe('');
  });

  it('needs no more memory for a secret without end', () => {
    const turning = 'abcdefghij'.repeat(4);
    const stream = maskerOf(turning).stream();
    let out = '';
    for (let turn = 0; turn < 40; turn++) out += stream.write('abcdefghij'.repeat(6_000));
    const before = out;
    out += stream.end();
    expect(before).toBe(LABEL);
    expect(out).toBe(LABEL);
  });
});
