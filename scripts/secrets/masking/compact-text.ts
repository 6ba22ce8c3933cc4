/**
 * The characters of a text without its separators (white space, line ends, table borders, colour codes), each with its place
 * in the source. A secret that was wrapped or put into a table is whole again here. Decoders turn one of these into another.
 *
 * A plain structure of arrays: megabytes pass through here, and an object for each character would cost seconds.
 */
export class CompactText {
  codes = new Uint16Array(256);
  /** Where in the source each character begins and ends. */
  from = new Int32Array(256);
  to = new Int32Array(256);
  length = 0;
  /** The characters were decoded from a list of bytes, so blanks between them mean nothing. */
  fromBytes = false;
  /** Which further encodings may begin in what was decoded here, as bits of the steps in decodings.ts. */
  uncovered = 0;
  readonly #utf8 = new Int32Array(12);
  #pending = 0;

  clear(): void {
    this.length = 0;
    this.#pending = 0;
    this.fromBytes = false;
    this.uncovered = 0;
  }

  /** Appends a character of another compact text, or its barrier. */
  copy(other: CompactText, at: number): void {
    this.finish();
    const code = other.codes[at] as number;
    if (code === BARRIER) this.pushBarrier();
    else this.#append(code, other.from[at] as number, other.to[at] as number);
  }

  /** Appends a character, unless it is a separator. */
  push(code: number, from: number, to: number): void {
    this.finish();
    if (SEPARATOR[code] === 0) this.#append(code, from, to);
  }

  pushCodePoint(point: number, from: number, to: number): void {
    if (isInvisible(point)) this.finish();
    else if (point <= 0xffff) this.push(point, from, to);
    else if (point > 0x10ffff) this.push(0xfffd, from, to);
    else {
      this.push(0xd800 + ((point - 0x10000) >> 10), from, to);
      this.push(0xdc00 + ((point - 0x10000) & 0x3ff), from, to);
    }
  }

  /** Appends a byte of UTF-8; bytes that are no UTF-8 are taken for Latin-1. */
  pushByte(byte: number, from: number, to: number): void {
    const isContinuation = (byte & 0xc0) === 0x80;
    if (!isContinuation) this.finish();
    if (byte < 0xc2 && this.#pending === 0) {
      this.push(byte, from, to);
      return;
    }
    this.#utf8.set([byte, from, to], this.#pending * 3);
    this.#pending += 1;
    const [lead = 0, start = from] = this.#utf8;
    const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (this.#pending < size) return;
    let point = lead & (0xff >> (size + 1));
    for (let i = 1; i < size; i++) point = (point << 6) | ((this.#utf8[i * 3] ?? 0) & 0x3f);
    this.#pending = 0;
    this.pushCodePoint(point, start, to);
  }

  /** Ends what came before: no secret reaches across. */
  pushBarrier(): void {
    this.finish();
    if (this.length > 0 && this.codes[this.length - 1] !== BARRIER) this.#append(BARRIER, 0, 0);
  }

  /** Ends the last character, if bytes of it are missing. */
  finish(): void {
    if (this.#pending === 0) return;
    const count = this.#pending;
    this.#pending = 0;
    for (let i = 0; i < count; i++) {
      this.push(this.#utf8[i * 3] ?? 0, this.#utf8[i * 3 + 1] ?? 0, this.#utf8[i * 3 + 2] ?? 0);
    }
  }

  /** The characters from `start` to `end` as text. */
  slice(start: number, end: number): string {
    let text = '';
    for (let at = start; at < end; at += 4096) {
      text += String.fromCharCode(...this.codes.subarray(at, Math.min(end, at + 4096)));
    }
    return text;
  }

  /**
   * Reads `text` from `start` to `end`.
   *
   * @param withoutStrings control strings (ECMA-48, 5.6) count as separators with all that is in them
   */
  read(text: string, start: number, end: number, withoutStrings = false): void {
    this.clear();
    if (this.codes.length < end - start + 16) this.#grow(end - start + 16);
    let gap = 0;
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at);
      if (SEPARATOR[code] === 0 && !(code >= 0xd800 && code <= 0xdbff && isInvisible(text.codePointAt(at) ?? 0))) {
        if (gap > MAX_GAP) this.pushBarrier();
        if (this.length + 2 > this.codes.length) this.#grow(this.codes.length * 2);
        gap = 0;
        this.codes[this.length] = code;
        this.from[this.length] = at;
        this.to[this.length] = at + 1;
        this.length += 1;
      } else if (code === ESCAPE || (code >= 0x80 && code <= 0x9f)) {
        const after = endOfControl(text, at, end, withoutStrings);
        gap += after - at;
        at = after - 1;
      } else {
        const size = code >= 0xd800 && code <= 0xdbff ? 2 : 1;
        gap += size;
        at += size - 1;
      }
    }
  }

  #append(code: number, from: number, to: number): void {
    if (this.length === this.codes.length) this.#grow(this.length * 2);
    this.codes[this.length] = code;
    this.from[this.length] = from;
    this.to[this.length] = to;
    this.length += 1;
  }

  #grow(size: number): void {
    const { codes, from, to } = this;
    this.codes = new Uint16Array(size);
    this.from = new Int32Array(size);
    this.to = new Int32Array(size);
    this.codes.set(codes);
    this.from.set(from);
    this.to.set(to);
  }
}

/** Marks where no secret reaches across. NUL is a separator, so no character has this code. */
export const BARRIER = 0;

/** Separators in a row that a broken secret may have in it: the padding of a table cell, a border, the padding of the next. */
export const MAX_GAP = 512;

/** The text without its separators, as a string. */
export function withoutSeparators(text: string): string {
  let kept = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point > 0xffff ? !isInvisible(point) : SEPARATOR[point] === 0) kept += character;
  }
  return kept;
}

const ESCAPE = 0x1b;

/**
 * 1: the character may be between two characters of a secret that was wrapped or put into a table: blanks, borders, controls, and
 * what is not seen at all (Unicode's Default_Ignorable_Code_Point).
 */
const SEPARATOR = separators([
  [0x00, 0x20],
  [0x7c, 0x7c],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x2500, 0x257f],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfff8],
]);

function separators(ranges: readonly (readonly [number, number])[]): Uint8Array {
  const table = new Uint8Array(0x10000);
  for (const [first, last] of ranges) table.fill(1, first, last + 1);
  return table;
}

/** The same beyond the first plane: format controls of shorthand and music, tags, variation selectors. */
function isInvisible(point: number): boolean {
  return (
    (point >= 0xe0000 && point <= 0xe0fff) ||
    (point >= 0x1bca0 && point <= 0x1bca3) ||
    (point >= 0x1d173 && point <= 0x1d17a)
  );
}

/** Characters of a control sequence or string; what is longer ends nowhere. */
const LONGEST_SEQUENCE = 64;
const LONGEST_STRING = 400;

/** The end of the control sequence or escape (ECMA-48, 5.3 to 5.6) that begins at `at`; `at + 1` where none begins. */
function endOfControl(text: string, at: number, end: number, withoutStrings: boolean): number {
  const isEscape = text.charCodeAt(at) === ESCAPE;
  // ESC and a character of `@` to `_` mean the same as one character of U+0080 to U+009F.
  const kind = isEscape ? text.charCodeAt(at + 1) : text.charCodeAt(at) - 0x40;
  const after = at + (isEscape ? 2 : 1);
  if (kind === 0x5b) {
    for (let i = after; i < end && i < after + LONGEST_SEQUENCE; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x40 && code <= 0x7e) return i + 1;
      if (code < 0x20) break;
    }
    return at + 1;
  }
  if ([0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(kind)) {
    for (let i = after; withoutStrings && i < end && i < after + LONGEST_STRING; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x07 || code === 0x9c) return i + 1;
      if (code === ESCAPE && text.charCodeAt(i + 1) === 0x5c) return i + 2;
    }
    return at + 1;
  }
  if (!isEscape) return at + 1;
  // `ESC ( B`, `ESC # 8`, `ESC 7`: intermediate characters, and a final one.
  let last = at + 1;
  while (last < at + 4 && text.charCodeAt(last) >= 0x20 && text.charCodeAt(last) <= 0x2f) last++;
  return last > at + 1 && text.charCodeAt(last) >= 0x30 && text.charCodeAt(last) <= 0x7e ? last + 1 : at + 1;
}
