import { BARRIER, type Ink } from './compact-text.ts';
import { ENTITIES } from './entities.ts';

/** One way in which texts are escaped. */
export interface Escapes {
  readonly name: string;
  /** Characters that may begin an escape. */
  readonly marks: string;
  /** Pushes what the escape at `at` stands for (nothing: a gap) and returns how many characters it has; 0: it is none. */
  readonly unit: (ink: Ink, at: number, out: Ink) => number;
}

/** JSON, JavaScript, C, Python, YAML: `\u0041`, `\u{41}`, `\x41`, `\101`, `\"`. */
export const BACKSLASHES: Escapes = { name: 'backslash escapes', marks: '\\', unit: backslash };

/** RFC 3986 section 2.1, and `%u0041` of the old `escape()`. */
export const PERCENTS: Escapes = { name: 'URL encoding', marks: '%', unit: percent };

/** application/x-www-form-urlencoded: as above, and a plus is a space. */
export const FORM: Escapes = { name: 'form encoding', marks: '%+', unit: form };

/** HTML and XML character references: `&amp;`, `&#65;`, `&#x41;`, with leading zeros. */
export const REFERENCES: Escapes = { name: 'HTML or XML escapes', marks: '&', unit: reference };

/** Tags between the characters: highlighted, broken by `<wbr>`, or in several cells. */
export const TAGS: Escapes = { name: 'markup', marks: '<', unit: tag };

/** Quotes doubled, closed and opened again, backslashes before anything, `$$`: shell, CSV, SQL, compose. */
export const QUOTING: Escapes = { name: 'quoting', marks: '\'"`\\$', unit: quoting };

/** What `QUOTING` makes of a text: quotes and backslashes dropped, `$` once. */
export function withoutQuoting(text: string): string {
  return text.replace(/['"`\\]/g, '').replace(/\$+/g, '$');
}

/** Control characters that have a letter; they become gaps. */
const CONTROLS = new Set([...'nrtbfvae0'].map((letter) => letter.charCodeAt(0)));

function backslash(ink: Ink, at: number, out: Ink): number {
  if (at + 1 >= ink.length) return 0;
  const next = ink.codes[at + 1] ?? 0;
  const from = ink.from[at] ?? 0;
  const letter = String.fromCharCode(next);
  if (letter === 'u' && ink.codes[at + 2] === 0x7b) {
    let end = at + 3;
    while (end < at + 12 && ink.codes[end] !== 0x7d) end++;
    const point = end > at + 3 ? number(ink, at + 3, end - at - 3, 16) : -1;
    if (point >= 0 && ink.codes[end] === 0x7d) {
      out.pushCodePoint(point, from, ink.to[end] ?? 0);
      return end - at + 1;
    }
  }
  const digits = letter === 'u' ? 4 : letter === 'x' ? 2 : letter === 'U' ? 8 : 0;
  const point = digits > 0 ? number(ink, at + 2, digits, 16) : number(ink, at + 1, 3, 8);
  if (point >= 0) {
    const size = digits > 0 ? digits + 2 : 4;
    out.pushCodePoint(point, from, ink.to[at + size - 1] ?? 0);
    return size;
  }
  // A line that goes on, or the shell's `\ `.
  if (!ink.fromBytes && ink.from[at + 1] !== ink.to[at]) return 1;
  if (CONTROLS.has(next)) return 2;
  // Before a letter no language needs a backslash: it is more likely the end of the text before.
  out.push(next, isWord(next) ? (ink.from[at + 1] ?? 0) : from, ink.to[at + 1] ?? 0);
  return 2;
}

function percent(ink: Ink, at: number, out: Ink): number {
  const from = ink.from[at] ?? 0;
  const byte = number(ink, at + 1, 2, 16);
  if (byte >= 0) {
    out.pushByte(byte, from, ink.to[at + 2] ?? 0);
    return 3;
  }
  const unit = ink.codes[at + 1] === 0x75 ? number(ink, at + 2, 4, 16) : -1;
  if (unit < 0) return 0;
  out.push(unit, from, ink.to[at + 5] ?? 0);
  return 6;
}

function form(ink: Ink, at: number, out: Ink): number {
  return ink.codes[at] === 0x2b ? 1 : percent(ink, at, out);
}

function reference(ink: Ink, at: number, out: Ink): number {
  const from = ink.from[at] ?? 0;
  const numeric = ink.codes[at + 1] === 0x23;
  const radix = numeric && ((ink.codes[at + 2] ?? 0) | 0x20) === 0x78 ? 16 : 10;
  const start = at + (numeric ? (radix === 16 ? 3 : 2) : 1);
  let end = start;
  while (
    end < ink.length &&
    end < start + 20 &&
    (numeric ? digit(ink.codes[end] ?? 0) < radix : isWord(ink.codes[end] ?? 0))
  ) {
    end++;
  }
  if (end === start) return 0;
  const closed = end < ink.length && ink.codes[end] === 0x3b;
  const point = numeric ? number(ink, start, end - start, radix) : (ENTITIES.get(ink.slice(start, end)) ?? -1);
  if (point < 0 || (!numeric && !closed)) return 0;
  const size = end - at + (closed ? 1 : 0);
  out.pushCodePoint(point, from, ink.to[at + size - 1] ?? 0);
  return size;
}

const LONGEST_TAG = 300;

function tag(ink: Ink, at: number, out: Ink): number {
  const next = ink.codes[at + 1] ?? 0;
  if (next === 0x21 && ink.slice(at, Math.min(at + 9, ink.length)) === '<![CDATA[') {
    // `]]>` cannot stand in a CDATA section, so writers end the section inside of it and begin another.
    if (out.length >= 3 && out.slice(out.length - 3, out.length) === ']]>') out.length -= 3;
    return 9;
  }
  if (!isWord(next) && next !== 0x2f && next !== 0x21 && next !== 0x3f) return 0;
  for (let end = at + 1; end < ink.length && end < at + LONGEST_TAG; end++) {
    if (ink.codes[end] === 0x3e) return end - at + 1;
    if (ink.codes[end] === 0x3c || ink.codes[end] === BARRIER) return 0;
  }
  return 0;
}

function quoting(ink: Ink, at: number): number {
  if (ink.codes[at] !== 0x24) return 1;
  return at + 1 < ink.length && ink.codes[at + 1] === 0x24 ? 1 : 0;
}

/** The number that `count` digits from `at` on make; -1: they are not all digits. */
function number(ink: Ink, at: number, count: number, radix: number): number {
  if (at + count > ink.length) return -1;
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const next = digit(ink.codes[i] ?? 0);
    if (next >= radix) return -1;
    value = value * radix + next;
  }
  return value;
}

/** The value of a hexadecimal digit; 99: it is none. */
export function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return code < 0x80 && letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 99;
}

function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a && code < 0x80);
}
