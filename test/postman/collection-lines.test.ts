import { describe, expect, test } from 'vitest';
import { readCollectionLines } from '../../scripts/postman/collection-lines.ts';

/** One thing a line, so that a line says what was found. */
const TEXT = `{
  "info": { "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    "name": "Shop" },
  "event": [{ "listen": "test", "script": { "exec": [
    "pm.test('everywhere', f);" ] } }],
  "item": [
    { "id": "f", "name": "Orders",
      "event": [{ "listen": "test", "script": { "exec": [
        "pm.test('in the folder', f);",
        "pm.test('both', f);" ] } }],
      "item": [
        { "id": "a",
          "name": "List",
          "event": [{ "listen": "prerequest", "script": { "exec": ["// says 'nothing'"] } },
            { "listen": "test", "script": { "exec": [
              "pm.test(\\"both\\", f);",
              "pm.test(\`it is 5%\`, f); // its own" ] } }],
          "request": { "url": "http://a.test", "body": { "raw": "'in a body'" } },
          "response": [{ "name": "Example" }] },
        { "name": "No id",
          "event": [{ "listen": "test", "script": { "exec": "pm.test('as one text', f)" } }],
          "request": "http://b.test" } ] } ]
}`;

const encode = (text: string) => new TextEncoder().encode(text);

/** The text of the line that was found. */
function found(id: string, check: string | null, text = TEXT, bytes = encode(text)): string | null {
  const line =
    readCollectionLines(bytes, 'c.json', new Set(check === null ? [] : [check]))?.lineOf({ id, check }) ?? null;
  return line === null ? null : (text.split(/\r?\n/)[line - 1] ?? '').trim();
}

describe('the line of', () => {
  test.each([
    ['a request', 'a', null, '"name": "List",'],
    ['a check', 'a', 'it is 5%', '"pm.test(`it is 5%`, f); // its own" ] } }],'],
    ['a check that the folder has, too', 'a', 'both', '"pm.test(\\"both\\", f);",'],
    ['a check of the folder', 'a', 'in the folder', '"pm.test(\'in the folder\', f);",'],
    ['a check of the collection', 'a', 'everywhere', '"pm.test(\'everywhere\', f);" ] } }],'],
    ['a check whose name is made in the script', 'a', 'nowhere', '"name": "List",'],
    ['a check whose name stands elsewhere', 'a', 'in a body', '"name": "List",'],
    [
      'a script in one text',
      'item-1',
      'as one text',
      `"event": [{ "listen": "test", "script": { "exec": "pm.test('as one text', f)" } }],`,
    ],
    ['a request without an id', 'item-1', null, '{ "name": "No id",'],
    ['a request that is not there', 'z', 'both', null],
  ])('%s', (_, id, check, line) => {
    expect(found(id, check)).toBe(line);
  });

  test('a check is the same in other encodings and line ends, and as the API of Postman wraps it', () => {
    const windows = TEXT.replaceAll('\n', '\r\n');
    expect(found('a', 'both', windows)).toContain('both');
    expect(found('a', 'both', TEXT, new Uint8Array([0xef, 0xbb, 0xbf, ...encode(TEXT)]))).toContain('both');
    expect(found('a', 'both', TEXT, new Uint8Array(Buffer.from(`\ufeff${TEXT}`, 'utf16le')))).toContain('both');
    expect(found('a', 'both', `{"collection":\n${TEXT}}`)).toBe('"pm.test(\\"both\\", f);",');
  });

  test.each([
    ['the old format', '{"id":"c","name":"Old","requests":[{"id":"a","name":"A","url":"http://a.test"}]}'],
    ['parts that do not fit', TEXT.replace('"response": [', '"event": 5, "response": [')],
    ['something else', '{}'],
    ['no JSON', '{'],
  ])('nothing is known in a file with %s', (_, text) => {
    expect(readCollectionLines(encode(text), 'c.json', new Set())).toBeNull();
  });
});
