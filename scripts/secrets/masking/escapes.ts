import { BARRIER, type CompactText } from './compact-text.ts';

/** One way in which texts are escaped. */
export interface Escapes {
  readonly name: string;
  /** Characters that may begin an escape. */
  readonly marks: string;
  /** Appends what the escape at `at` means (nothing: a gap) to `out` and returns how many characters it has; 0: it is none. */
  readonly unit: (input: CompactText, at: number, out: CompactText, isPair: IsPair) => number;
}

/** Whether two characters follow each other in some secret. */
type IsPair = (first: number, second: number) => boolean;

/** JSON, JavaScript, C, Python, YAML: `\u0041`, `\u{41}`, `\x41`, `\101`, `\"`. */
export const BACKSLASHES: Escapes = { name: 'backslash escapes', marks: '\\', unit: backslash };

/** Percent-encoding (RFC 3986 section 2.1), and `%u0041` of JavaScript's old `escape()`. */
export const PERCENTS: Escapes = { name: 'URL encoding', marks: '%', unit: percent };

/** application/x-www-form-urlencoded: percent-encoding, and a plus is a space. */
export const FORM: Escapes = {
  name: 'form encoding',
  marks: '%+',
  unit: (input, at, out) => (input.codes[at] === 0x2b ? 1 : percent(input, at, out)),
};

/** HTML and XML character references: `&amp;`, `&#65;`, `&#x41;`, with leading zeros. */
export const REFERENCES: Escapes = { name: 'HTML or XML escapes', marks: '&', unit: reference };

/** Tags between the characters: highlighted, broken by `<wbr>`, or in several cells. */
export const TAGS: Escapes = { name: 'markup', marks: '<', unit: tag };

/** Quotes doubled, closed and opened again, backslashes before anything, `$$`: shell, CSV, SQL, compose. */
export const QUOTING: Escapes = {
  name: 'quoting',
  marks: '\'"`\\$',
  unit: (input, at) => (input.codes[at] !== 0x24 || (at + 1 < input.length && input.codes[at + 1] === 0x24) ? 1 : 0),
};

/** Quoted-printable (RFC 2045 section 6.7): `=41`, and lines that an equals sign continues. */
export const PRINTABLES: Escapes = {
  name: 'quoted-printable',
  marks: '=',
  unit(input, at, out) {
    const byte = number(input, at + 1, 2, 16);
    if (byte >= 0) {
      out.pushByte(byte, input.from[at] ?? 0, input.to[at + 2] ?? 0);
      return 3;
    }
    return !input.fromBytes && at + 1 < input.length && input.from[at + 1] !== input.to[at] ? 1 : 0;
  },
};

/** Pieces in quotes, one after the other: `"a", "b"`, `"ab" + "cd"`, `{"0": "a", "1": "b"}`. */
export const PIECES: Escapes = { name: 'pieces in quotes', marks: '\'"`', unit: betweenPieces };

/** What `QUOTING` makes of a text: quotes and backslashes dropped, `$` once. */
export function withoutQuoting(text: string): string {
  return text.replace(/['"`\\]/g, '').replace(/\$+/g, '$');
}

/** Control characters that have a letter; they become gaps. */
const CONTROLS = new Set([...'nrtbfvae0'].map((letter) => letter.charCodeAt(0)));

function backslash(input: CompactText, at: number, out: CompactText): number {
  if (at + 1 >= input.length) return 0;
  const next = input.codes[at + 1] ?? 0;
  const from = input.from[at] ?? 0;
  const letter = String.fromCharCode(next);
  if (letter === 'u' && input.codes[at + 2] === 0x7b) {
    let end = at + 3;
    while (end < at + 12 && input.codes[end] !== 0x7d) end++;
    const point = end > at + 3 ? number(input, at + 3, end - at - 3, 16) : -1;
    if (point >= 0 && input.codes[end] === 0x7d) {
      out.pushCodePoint(point, from, input.to[end] ?? 0);
      return end - at + 1;
    }
  }
  const digits = letter === 'u' ? 4 : letter === 'x' ? 2 : letter === 'U' ? 8 : 0;
  const point = digits > 0 ? number(input, at + 2, digits, 16) : number(input, at + 1, 3, 8);
  if (point >= 0) {
    const size = digits > 0 ? digits + 2 : 4;
    out.pushCodePoint(point, from, input.to[at + size - 1] ?? 0);
    return size;
  }
  // A line that continues, or the shell's `\ `.
  if (!input.fromBytes && input.from[at + 1] !== input.to[at]) return 1;
  if (CONTROLS.has(next)) return 2;
  // Before a letter no language needs a backslash: it is more likely the end of the text before.
  out.push(next, isWord(next) ? (input.from[at + 1] ?? 0) : from, input.to[at + 1] ?? 0);
  return 2;
}

function percent(input: CompactText, at: number, out: CompactText): number {
  const from = input.from[at] ?? 0;
  const byte = number(input, at + 1, 2, 16);
  if (byte >= 0) {
    out.pushByte(byte, from, input.to[at + 2] ?? 0);
    return 3;
  }
  const unit = input.codes[at + 1] === 0x75 ? number(input, at + 2, 4, 16) : -1;
  if (unit < 0) return 0;
  out.push(unit, from, input.to[at + 5] ?? 0);
  return 6;
}

function reference(input: CompactText, at: number, out: CompactText): number {
  const from = input.from[at] ?? 0;
  const numeric = input.codes[at + 1] === 0x23;
  const radix = numeric && ((input.codes[at + 2] ?? 0) | 0x20) === 0x78 ? 16 : 10;
  const start = at + (numeric ? (radix === 16 ? 3 : 2) : 1);
  let end = start;
  while (
    end < input.length &&
    end < start + 20 &&
    (numeric ? digit(input.codes[end] ?? 0) < radix : isWord(input.codes[end] ?? 0))
  ) {
    end++;
  }
  if (end === start) return 0;
  const closed = end < input.length && input.codes[end] === 0x3b;
  const point = numeric ? number(input, start, end - start, radix) : (ENTITIES.get(input.slice(start, end)) ?? -1);
  if (point < 0 || (!numeric && !closed)) return 0;
  const size = end - at + (closed ? 1 : 0);
  out.pushCodePoint(point, from, input.to[at + size - 1] ?? 0);
  return size;
}

/** Characters between two pieces. */
const LONGEST_GLUE = 16;

function betweenPieces(input: CompactText, at: number, _: CompactText, isPair: IsPair): number {
  const { codes, length } = input;
  const limit = Math.min(length, at + LONGEST_GLUE);
  let end = at + 1;
  while (end < limit && GLUE.has(codes[end] as number)) end++;
  // The number of the piece, in quotes or without, and its colon.
  const isQuoted = end < limit && isQuote(codes[end] as number);
  const first = isQuoted ? end + 1 : end;
  let colon = first;
  while (colon < limit && digit(codes[colon] as number) < 10) colon++;
  const isNumber = colon > first && colon + 2 < length && (!isQuoted || isQuote(codes[colon++] as number));
  if (isNumber && codes[colon] === 0x3a) end = colon + 1;
  if (end >= limit || !isQuote(codes[end] as number)) return 0;
  const size = end + 1 - at;
  return isPair(codes[at - 1] ?? 0, codes[at + size] ?? 0) ? size : 0;
}

/** `,` `+` `.` `&` `\` */
const GLUE = new Set([0x2c, 0x2b, 0x2e, 0x26, 0x5c]);

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60;
}

const LONGEST_TAG = 300;

function tag(input: CompactText, at: number, out: CompactText): number {
  const next = input.codes[at + 1] ?? 0;
  if (next === 0x21 && input.slice(at, Math.min(at + 9, input.length)) === '<![CDATA[') {
    // A CDATA section cannot hold `]]>`, so writers end the section inside of it and begin another.
    if (out.length >= 3 && out.slice(out.length - 3, out.length) === ']]>') out.length -= 3;
    return 9;
  }
  if (!isWord(next) && next !== 0x2f && next !== 0x21 && next !== 0x3f) return 0;
  for (let end = at + 1; end < input.length && end < at + LONGEST_TAG; end++) {
    if (input.codes[end] === 0x3e) return end - at + 1;
    if (input.codes[end] === 0x3c || input.codes[end] === BARRIER) return 0;
  }
  return 0;
}

/** The number that `count` digits from `at` on make; -1: not all of them are digits. */
function number(input: CompactText, at: number, count: number, radix: number): number {
  if (at + count > input.length) return -1;
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const next = digit(input.codes[i] ?? 0);
    if (next >= radix) return -1;
    value = value * radix + next;
  }
  return value;
}

/** The value of a hexadecimal digit; 99 for any other character. */
export function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return code < 0x80 && letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 99;
}

function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a && code < 0x80);
}

/** Code points of HTML's named character references that mean ASCII (HTML Living Standard, 13.5), each behind its name. */
const ASCII_ENTITIES =
  'Tab 9 NewLine 10 excl 33 quot 34 QUOT 34 num 35 dollar 36 percnt 37 amp 38 AMP 38 apos 39 lpar 40 rpar 41 ' +
  'ast 42 midast 42 plus 43 comma 44 period 46 sol 47 colon 58 semi 59 lt 60 LT 60 equals 61 gt 62 GT 62 quest 63 ' +
  'commat 64 lsqb 91 lbrack 91 bsol 92 rsqb 93 rbrack 93 Hat 94 lowbar 95 UnderBar 95 grave 96 DiacriticalGrave 96 ' +
  'lcub 123 lbrace 123 verbar 124 vert 124 VerticalLine 124 rcub 125 rbrace 125';

/** Names of the characters from U+00A0 to U+00FF, in order. */
const LATIN_1_ENTITIES =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml';

const ENTITIES: ReadonlyMap<string, number> = new Map([
  ...[...ASCII_ENTITIES.matchAll(/\b(\w+) (\d+)/g)].map(([, name, code]): [string, number] => [
    name ?? '',
    Number(code),
  ]),
  ...LATIN_1_ENTITIES.split(' ').map((name, index): [string, number] => [name, 0xa0 + index]),
]);
