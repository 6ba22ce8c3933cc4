import { expect, test } from 'vitest';
import { decodeBody } from '../../scripts/postman/body-text.ts';

const TEXT = '{"name": "Zürich €"}';
const utf8 = Buffer.from(TEXT);
const utf16le = Buffer.from(TEXT, 'utf16le');
const utf16be = Buffer.from(utf16le).swap16();
const mark = (bytes: Buffer, ...first: number[]) => Buffer.concat([Buffer.from(first), bytes]);

test.for([
  ['UTF-8', utf8, 'application/json'],
  ['UTF-8 without a type', utf8, ''],
  ['UTF-8 with a mark', mark(utf8, 0xef, 0xbb, 0xbf), 'application/json'],
  ['UTF-8 with a mark and another charset', mark(utf8, 0xef, 0xbb, 0xbf), 'text/plain; charset=iso-8859-1'],
  ['UTF-16 LE with a mark', mark(utf16le, 0xff, 0xfe), 'application/json'],
  ['UTF-16 BE with a mark', mark(utf16be, 0xfe, 0xff), 'application/json; charset=utf-8'],
  ['UTF-16 LE by its charset', utf16le, 'application/json; charset=utf-16le'],
  ['UTF-16 BE by its charset', utf16be, 'application/json;charset="UTF-16BE"'],
  ['UTF-16 LE by nothing', utf16le, 'application/json'],
  ['UTF-16 BE by nothing', utf16be, 'application/json; charset=utf-8'],
  ['a charset that nobody knows', utf8, 'application/json; charset=klingon'],
] as const)('%s', ([, bytes, type]) => {
  expect(decodeBody(bytes, type)).toBe(TEXT);
});

test('Latin-1', () => {
  const bytes = Uint8Array.from([0x5a, 0xfc]);
  expect(decodeBody(bytes, 'text/plain; Charset = ISO-8859-1')).toBe('Zü');
  expect(decodeBody(bytes, 'text/plain')).toBe('Z\ufffd');
});

test.for([
  ['nothing', [], ''],
  ['half a character', [0x61, 0xe2, 0x82], 'a\ufffd'],
  ['a mark alone', [0xef, 0xbb, 0xbf], ''],
  ['an odd byte of UTF-16', [0xff, 0xfe, 0x61, 0x00, 0x62], 'a\ufffd'],
] as const)('%s', ([, bytes, text]) => {
  expect(decodeBody(Uint8Array.from(bytes), 'application/json')).toBe(text);
});
