import { Buffer } from 'node:buffer';
import { withoutSeparators } from '../../scripts/secrets/masking/compact-text.ts';

/** Characters of a secret in a row that count as the secret: assertion libraries cut what they print. */
export const PIECE = 12;

/**
 * A secret in every form that the masker promises to find, by the name of the form; `raw` is the first. Made without the
 * masker's decoders, so that a test can hold each against the other.
 */
export function plantedForms(value: string): ReadonlyMap<string, string> {
  const bytes = [...Buffer.from(value)];
  const units = Array.from({ length: value.length }, (_, at) => value.charCodeAt(at));
  const points = Array.from(value, (character) => character.codePointAt(0) ?? 0);
  const hexOf = (number: number, width: number) => number.toString(16).padStart(width, '0');
  const hex = bytes.map((byte) => hexOf(byte, 2));
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value);
  const cut = Math.ceil(value.length / 2);
  const html = value.replace(/[&<>"'=`/]/g, (character) => `&#x${hexOf(character.charCodeAt(0), 1).toUpperCase()};`);
  const named = value.replace(/[&<>"']/g, (character) => NAMED[character] ?? character);
  const base64 = (before: string, text = value) => Buffer.from(`${before}${text}${before}`).toString('base64');
  const url64 = (before: string) => Buffer.from(`${before}${value}`).toString('base64url');
  const between = (separator: string) => Array.from(value).join(separator);

  return new Map([
    ['raw', value],
    ['URL', url],
    ['URL, lower case', url.replace(/%../g, (one) => one.toLowerCase())],
    ['URL, plus for space', url.replaceAll('%20', '+')],
    ['URL, every byte', hex.map((byte) => `%${byte}`).join('')],
    ['URL twice', encodeURIComponent(url)],
    ['JSON', json],
    ['JSON with \\/', json.replaceAll('/', '\\/')],
    ['JSON in JSON', JSON.stringify(json).slice(1, -1)],
    ['JSON in JSON in JSON', JSON.stringify(JSON.stringify(json).slice(1, -1)).slice(1, -1)],
    ['\\u', units.map((unit) => `\\u${hexOf(unit, 4)}`).join('')],
    ['\\u, upper case', units.map((unit) => `\\u${hexOf(unit, 4).toUpperCase()}`).join('')],
    ['\\u in JSON', units.map((unit) => `\\\\u${hexOf(unit, 4)}`).join('')],
    ['\\u{}', points.map((point) => `\\u{${hexOf(point, 1)}}`).join('')],
    ['\\x', points.map((point) => (point > 0xff ? `\\u{${hexOf(point, 1)}}` : `\\x${hexOf(point, 2)}`)).join('')],
    ['HTML', html],
    ['HTML in JSON', JSON.stringify(html).slice(1, -1)],
    ['JSON in HTML', json.replace(/[&<>"']/g, (character) => NAMED[character] ?? character)],
    ['XML, named', named],
    ['XML twice', named.replaceAll('&', '&amp;')],
    ['decimal references', points.map((point) => `&#${point};`).join('')],
    ['hexadecimal references', points.map((point) => `&#x${hexOf(point, 1)};`).join('')],
    [
      'references with zeros',
      points
        .map((point) => `&#000${point};&#x`)
        .join('')
        .replaceAll('&#x', ''),
    ],
    ['CDATA', value.replaceAll(']]>', ']]]]><![CDATA[>')],
    ['base64', base64('')],
    ['base64, offset 1', base64('a')],
    ['base64, offset 2', base64('ab')],
    ['base64, Basic', Buffer.from(`someone:${value}`).toString('base64')],
    ['base64, of JSON', Buffer.from(JSON.stringify({ a: value })).toString('base64')],
    ['base64, of URL', base64('a', url)],
    ['base64, of lines', base64('').replace(/.{19}/g, '$&\r\n')],
    ['base64 in URL', encodeURIComponent(base64('ab'))],
    ['base64url', url64('')],
    ['base64url, offset 1', url64('a')],
    ['base64url, offset 2', url64('ab')],
    ['hex', hex.join('')],
    ['hex, upper case', hex.join('').toUpperCase()],
    ['hex with colons', hex.join(':')],
    ['hex with dashes', hex.join('-').toUpperCase()],
    ['hex with 0x', hex.map((byte) => `0x${byte}`).join(', ')],
    ['hex in \\x', hex.map((byte) => `\\x${byte}`).join('')],
    ['Buffer', `<Buffer ${hex.join(' ')}>`],
    [
      'Buffer of JSON',
      `<Buffer ${[...Buffer.from(json)].map((byte) => hexOf(byte, 2)).join(' ')} 7d ... 12 more bytes>`,
    ],
    ['bytes', bytes.join(',')],
    ['bytes with blanks', `[ ${bytes.join(', ')} ]`],
    ['bytes on lines', JSON.stringify([...bytes], null, 4)],
    ['bytes on lines in JSON', JSON.stringify(JSON.stringify(bytes, null, 2))],
    ['bytes as an object', JSON.stringify(Object.fromEntries(bytes.entries()))],
    ['bytes of JSON', JSON.stringify({ type: 'Buffer', data: [...Buffer.from(JSON.stringify({ a: value }))] })],
    ['bytes in a table', bytes.join(',').replace(/.{7}/g, '$& │\n│ ')],
    ['two lines', `${value.slice(0, cut)}\n${value.slice(cut)}`],
    ['two lines in JSON', `${value.slice(0, cut)}\\n    ${value.slice(cut)}`],
    ['every character on a line', between('\r\n')],
    ['cells', between(' │\n│ ')],
    ['cells of pipes', between(' |\n| ')],
    ['cells of HTML', `<td>${value.slice(0, cut)}</td>\n<td class="b">${value.slice(cut)}</td>`],
    ['coloured', between('\u001b[31m\u001b[1;4m')],
    [
      'escaped in cells',
      between('\n').replace(/[^\n]/gu, (one) => encodeURIComponent(one).replace(/..(?=.)/g, '$& │\n│ ')),
    ],
    ['$ doubled', value.replaceAll('$', '$$$$')],
    ['quoted for a shell', `'${value.replaceAll("'", "'\\''")}'`],
    ['quoted with backslashes', value.replace(/[^\w]/g, '\\$&')],
    ['quotes doubled', value.replaceAll("'", "''").replaceAll('"', '""')],
    ['cut', `${pieceOf(Array.from(value))}…`],
    ['base64 of base64', Buffer.from(base64('')).toString('base64')],
    ['base64 of base64, inside of more', Buffer.from(`"b": "${base64('ab')}"`).toString('base64')],
    ['base64 of hex', Buffer.from(hex.join('')).toString('base64')],
    ['base64 of UTF-16', Buffer.from(value, 'utf16le').toString('base64')],
    ['base64 of UTF-16, Basic', Buffer.from(`someone:${value}`, 'utf16le').toString('base64')],
    ['base32', base32Of(bytes)],
    ['base32, lower case', base32Of([0x61, 0x62, ...bytes]).toLowerCase()],
    ['reversed', Array.from(value).reverse().join('')],
    ['quoted-printable', hex.map((byte) => `=${byte.toUpperCase()}`).join('')],
    ['invisible characters', between('\u3164\ufe0f\u180e\u034f')],
    ['invisible characters of plane 14', between('\u{e0020}\u{e01ef}')],
    ['ESC ( B', between('\u001b(B')],
    ['OSC', between('\u001b]0;title\u0007\u001b]8;;http://a.test\u001b\\')],
    ['C1', between('\u009b1m')],
    ...(/["'`\\]/.test(value) || withoutSeparators(value) !== value ? [] : piecesOf(value)),
    ...(/^[0-9a-f-]+$/i.test(value) ? hexadecimalsOf(value) : []),
    [
      'rest of it',
      `…${Array.from(pieceOf(Array.from(value).reverse()))
        .reverse()
        .join('')}`,
    ],
  ]);
}

/** A text that is written in pieces, each in quotes: console.log of its characters, sums of strings. */
function piecesOf(value: string): [string, string][] {
  const characters = Array.from(value);
  const seven = value.match(/.{1,7}/gsu) ?? [];
  const quoted = (pieces: readonly string[]) => pieces.map((piece) => JSON.stringify(piece));
  return [
    ['list of characters', JSON.stringify(characters)],
    ['list of characters on lines', JSON.stringify(characters, null, 2)],
    ['object of characters', JSON.stringify({ ...characters })],
    [
      'object of characters, printed',
      `{ ${characters.map((one, at) => `'${at}': ${JSON.stringify(one)}`).join(', ')} }`,
    ],
    ['sum of strings', quoted(seven).join(' + ')],
    ['strings side by side', quoted(seven).join('\n  ')],
  ];
}

/** Hexadecimal digits, a UUID among them, in the other spellings of the same number. */
function hexadecimalsOf(value: string): [string, string][] {
  return [
    ['upper case', value.toUpperCase()],
    ['lower case', value.toLowerCase()],
    ['without hyphens', value.replaceAll('-', '')],
    ['without hyphens, upper case', value.replaceAll('-', '').toUpperCase()],
  ];
}

/** RFC 4648 section 6. */
function base32Of(bytes: readonly number[]): string {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = bits.match(/.{1,5}/g) ?? [];
  return digits
    .map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(Number.parseInt(digit.padEnd(5, '0'), 2)))
    .join('');
}

/** The first characters, as many as are enough to find a secret by. */
function pieceOf(characters: readonly string[]): string {
  let piece = '';
  for (const character of characters) if (withoutSeparators(piece).length < PIECE) piece += character;
  return piece;
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
