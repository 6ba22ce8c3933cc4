import type { CompactText } from './compact-text.ts';
import { digit } from './escapes.ts';

/** Bytes. A shorter list holds no secret. */
const SHORTEST_LIST = 8;

/**
 * Bytes in hexadecimal: `494154`, `<Buffer 49 41 54>`, `49:41:54`, `0x49, 0x41`. Digits can be paired in two ways, and the
 * text does not say in which.
 *
 * @param relevant characters of secrets, by code
 * @param skipped digits before the first pair: 0 or 1
 */
export function readHexBytes(input: CompactText, out: CompactText, relevant: Uint8Array, skipped: 0 | 1): void {
  const { codes, from, to, length } = input;
  for (let at = 0; at < length; at++) {
    if (HEX_LIST[codes[at] as number] !== DIGIT) continue;
    const start = at;
    let digits = 0;
    for (let kind = DIGIT; kind !== 0; kind = at < length ? (HEX_LIST[codes[at] as number] as number) : 0) {
      if (kind === DIGIT) digits++;
      at++;
    }
    if (digits < SHORTEST_LIST * 2 || !mayBeText(input, start, at, skipped, relevant)) continue;
    out.pushBarrier();
    let skip: number = skipped;
    let high = -1;
    for (let i = start; i < at; i++) {
      const value = digitIn(input, i);
      if (value > 15) continue;
      if (skip > 0) skip--;
      else if (high < 0) high = i;
      else {
        out.pushByte(digitIn(input, high) * 16 + value, from[high] as number, to[i] as number);
        high = -1;
      }
    }
    out.finish();
  }
}

/** Whether enough bytes in a row may be text. Most lists are something else: identifiers, digests, timestamps. */
function mayBeText(input: CompactText, start: number, end: number, skipped: number, relevant: Uint8Array): boolean {
  let run = 0;
  let isHigh = skipped === 0;
  for (let at = start; at < end && run < SHORTEST_LIST; at++) {
    const value = digitIn(input, at);
    if (value > 15) continue;
    // The high half of ASCII's printing characters and line ends; anything goes where a secret has other characters.
    if (isHigh) run = (value < 8 && value !== 1) || (value > 7 && relevant[NOT_ASCII] === 1) ? run + 1 : 0;
    isHigh = !isHigh;
  }
  return run === SHORTEST_LIST;
}

/** The value of the hexadecimal digit; 99 for any other character, and for the zero of `0x`. */
function digitIn({ codes, length }: CompactText, at: number): number {
  const value = digit(codes[at] as number);
  return value === 0 && at + 1 < length && ((codes[at + 1] as number) | 0x20) === 0x78 ? 99 : value;
}

/**
 * Bytes as decimal numbers: `73,65,84`, `[ 73, 65, 84 ]`, one on each line, `{"0":73,"1":65}`.
 *
 * @param relevant characters of secrets, by code
 * @param broken a gap may be inside of a number, as where a table cell was full; otherwise a gap ends the number
 */
export function readDecimalBytes(input: CompactText, out: CompactText, relevant: Uint8Array, broken: boolean): void {
  let at = 0;
  while (at < input.length) {
    if (!isDecimal(input.codes[at] as number)) at++;
    else at = readRun(input, at, broken, relevant, out);
  }
}

/** Appends the list that begins at `start` to `out` and returns where it ends. */
function readRun(input: CompactText, start: number, broken: boolean, relevant: Uint8Array, out: CompactText): number {
  const { codes, from, to, length } = input;
  out.pushBarrier();
  const kept = out.length;
  let at = start;
  while (at < length) {
    const first = at;
    let value = 0;
    while (at < length && isDecimal(codes[at] as number) && (at === first || broken || from[at] === to[at - 1])) {
      value = Math.min(value * 10 + (codes[at] as number) - 0x30, 1_000_000);
      at++;
    }
    // A number before a quote is an index of the list, where it was printed as an object.
    if (at === length || codes[at] !== QUOTE) {
      if (value > 255 || at - first > 3) break;
      out.pushByte(value, from[first] as number, to[at - 1] as number);
    }
    const last = at;
    while (at < length && isGlue(codes[at] as number)) at++;
    if (at === length || !isDecimal(codes[at] as number)) break;
    if (at === last && from[at] === to[at - 1]) break;
  }
  out.finish();
  if (!hasText(out, kept, relevant)) out.length = kept;
  return at;
}

/** The same for what was appended since `start`. */
function hasText(out: CompactText, start: number, relevant: Uint8Array): boolean {
  let run = 0;
  for (let at = start; at < out.length && run < SHORTEST_LIST; at++) {
    const code = out.codes[at] as number;
    run = (code > 0x20 && code < 0x7f) || relevant[code] === 1 ? run + 1 : 0;
  }
  return run === SHORTEST_LIST;
}

/** In `relevant`: some secret has a character beyond ASCII. */
export const NOT_ASCII = 0x80;

const QUOTE = 0x22;
const DIGIT = 1;
const GLUE = 2;

const HEX_LIST = new Uint8Array(0x10000);
for (const letter of '0123456789abcdefABCDEF') HEX_LIST[letter.charCodeAt(0)] = DIGIT;
for (const letter of ':-,.;xX\\') HEX_LIST[letter.charCodeAt(0)] = GLUE;

function isDecimal(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** `,` `;` `:` `"` */
function isGlue(code: number): boolean {
  return code === 0x2c || code === 0x3b || code === 0x3a || code === QUOTE;
}
