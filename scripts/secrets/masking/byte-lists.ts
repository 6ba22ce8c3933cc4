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
export function readHexBytes(input: CompactText, out: CompactText, relevant: Uint8Array, skipped: 0 | 1): boolean {
  out.clear();
  out.fromBytes = true;
  out.uncovered = -1;
  const { codes, length } = input;
  let at = 0;
  while (at < length) {
    if ((HEX_LIST[codes[at] ?? 0] ?? 0) !== DIGIT) {
      at++;
      continue;
    }
    const start = at;
    let digits = 0;
    for (let kind = DIGIT; kind !== 0; kind = at < length ? (HEX_LIST[codes[at] ?? 0] ?? 0) : 0) {
      if (kind === DIGIT) digits++;
      at++;
    }
    if (digits >= SHORTEST_LIST * 2 && mayBeText(input, start, at, skipped, relevant))
      pushPairs(input, start, at, skipped, out);
  }
  return out.length > 0;
}

/** Whether enough bytes in a row may be text. Most lists are something else: identifiers, digests, timestamps. */
function mayBeText(input: CompactText, start: number, end: number, skipped: number, relevant: Uint8Array): boolean {
  let run = 0;
  let isHigh = skipped === 0;
  for (let at = start; at < end && run < SHORTEST_LIST; at++) {
    const value = digit(input.codes[at] as number);
    if (value > 15 || isPrefix(input, at)) continue;
    // The high half of ASCII's printing characters and line ends; anything goes where a secret has other characters.
    if (isHigh) run = (value < 8 && value !== 1) || (value > 7 && relevant[NOT_ASCII] === 1) ? run + 1 : 0;
    isHigh = !isHigh;
  }
  return run === SHORTEST_LIST;
}

function pushPairs(input: CompactText, start: number, end: number, skipped: number, out: CompactText): void {
  out.pushBarrier();
  let first = -1;
  let skip = skipped;
  for (let at = start; at < end; at++) {
    const value = digit(input.codes[at] ?? 0);
    if (value > 15 || isPrefix(input, at)) continue;
    if (skip > 0) skip--;
    else if (first < 0) first = at;
    else {
      out.pushByte(digit(input.codes[first] ?? 0) * 16 + value, input.from[first] ?? 0, input.to[at] ?? 0);
      first = -1;
    }
  }
  out.finish();
}

/** The zero of `0x`. */
function isPrefix(input: CompactText, at: number): boolean {
  return input.codes[at] === 0x30 && at + 1 < input.length && ((input.codes[at + 1] ?? 0) | 0x20) === 0x78;
}

/**
 * Bytes as decimal numbers: `73,65,84`, `[ 73, 65, 84 ]`, one on each line, `{"0":73,"1":65}`.
 *
 * @param relevant characters of secrets, by code
 * @param broken a gap may be inside of a number, as where a table cell was full; otherwise a gap ends the number
 */
export function readDecimalBytes(input: CompactText, out: CompactText, relevant: Uint8Array, broken: boolean): boolean {
  out.clear();
  out.fromBytes = true;
  out.uncovered = -1;
  const { codes, length } = input;
  let at = 0;
  while (at < length) {
    const code = codes[at] ?? 0;
    if (code < 0x30 || code > 0x39) at++;
    else at = readRun(input, at, broken, relevant, out);
  }
  return out.length > 0;
}

/** Appends the list that begins at `start` to `out` and returns where it ends. */
function readRun(input: CompactText, start: number, broken: boolean, relevant: Uint8Array, out: CompactText): number {
  const { codes, from, to, length } = input;
  out.pushBarrier();
  const kept = out.length;
  let count = 0;
  let at = start;
  while (at < length) {
    const first = at;
    let value = 0;
    while (at < length && isDecimal(codes[at] ?? 0) && (at === first || broken || from[at] === to[at - 1])) {
      value = Math.min(value * 10 + (codes[at] ?? 0) - 0x30, 1_000_000);
      at++;
    }
    // An index of the list, where it was printed as an object.
    const isKey = at < length && codes[at] === QUOTE;
    if (!isKey && (value > 255 || at - first > 3)) break;
    if (!isKey) {
      out.pushByte(value, from[first] ?? 0, to[at - 1] ?? 0);
      count++;
    }
    const last = at;
    while (at < length && isGlue(codes[at] ?? 0)) at++;
    if (at === length || !isDecimal(codes[at] ?? 0)) break;
    if (at === last && from[at] === to[at - 1]) break;
  }
  out.finish();
  if (count < SHORTEST_LIST || !hasText(out, kept, relevant)) out.length = kept;
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
