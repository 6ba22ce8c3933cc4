import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { readIterationData } from '../../scripts/postman/iteration-data.ts';

type Loaded = (error: Error | null, result: { readonly iterationData: unknown }) => void;
/** Newman's own reading of its options (lib/run/options.js). */
const newmanOptions = createRequire(import.meta.url)('newman/lib/run/options.js') as (
  options: object,
  done: Loaded,
) => void;

const read = (text: string | Uint8Array) =>
  readIterationData(typeof text === 'string' ? new TextEncoder().encode(text) : text, 'd.csv');

describe('readIterationData', () => {
  test.for([
    'a,b\n1,2\n3,4\n',
    'a,b\r\n1,2\r\n',
    'a;b\n1;2',
    '\ufeffa,b\n1,2',
    ' a , b \n 1 , 2 ',
    'a,b\n"1",2',
    'a,b\n"x,y","z"',
    'a,b\n"line 1\nline 2",2\nnext,3',
    'a,b\n"say ""hi""",2',
    'a,b\nsay "hi",2',
    'a,b\n1\n1,2,3',
    'a,b\n\n1,2\n\n',
    'a,b\n,\n" x ",""',
    'n\n1\n01\n-1\n+1\n1.5\n.5\n1e3\n0\n0x10\n1_000\nInfinity\n-\n 7 \n1.0\n9007199254740993',
    'b\ntrue\nfalse\nnull\nundefined',
    'd\n2024-01-01\n12:00',
    'a,a\n1,2',
    'a,\n1,2',
    'a,b',
    'a,b\n',
    '',
    'name\nZoë\n日本\n😀',
    '[{"a": 1, "b": null, "c": {"d": [true]}}, {"a": "2"}]',
    '\ufeff  [{"a": 1}]\n',
    '[]',
    '5',
    'null',
    '"text"',
  ])('case %#: %j as Newman reads it', async (text) => {
    // A path would be read from a file, which is another matter.
    const newmans = await import('node:fs/promises').then(async ({ mkdtemp, writeFile, rm }) => {
      const folder = await mkdtemp(`${(await import('node:os')).tmpdir()}/data-`);
      await writeFile(`${folder}/d.csv`, text);
      const loaded = await new Promise<unknown>((resolve, reject) => {
        newmanOptions({ collection: { item: [] }, iterationData: `${folder}/d.csv` }, (error, result) =>
          error ? reject(error) : resolve(result.iterationData),
        );
      });
      await rm(folder, { recursive: true });
      return loaded;
    });
    // The engine takes what is no list for no data.
    expect(await read(text)).toEqual(Array.isArray(newmans) ? newmans : []);
  });

  test('what is no row is an empty one, and an object alone no data, as in the engine', async () => {
    expect(await read('[5, null, {"a": 1}, [2]]')).toEqual([{}, {}, { a: 1 }, { 0: 2 }]);
    expect(await read('{"a": 1}')).toEqual([]);
  });

  test('UTF-16', async () => {
    expect(await read(Buffer.from('\ufeffa\nZoë', 'utf16le'))).toEqual([{ a: 'Zoë' }]);
  });

  test.for([
    ['a,b\n1,2\n"TESTONLYSECRET,3\n', 'd.csv is not valid CSV: a quote is opened and not closed.', 3],
    ['a,b\n1,2\n"TESTONLYSECRET"x,3\n', 'd.csv is not valid CSV: text follows a closing quote.', 3],
    ['[\n  {"a": TESTONLYSECRET}\n]', 'd.csv is not valid JSON.', 2],
  ] as const)('case %#: what is wrong is said by its line and without quoting', async ([text, message, line]) => {
    const error: unknown = await read(text).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad-value', message, where: { file: 'd.csv', line } });
    expect(JSON.stringify(error) + String(error)).not.toContain('TESTONLY');
  });
});
