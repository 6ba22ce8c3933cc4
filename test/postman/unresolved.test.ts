import { describe, expect, test } from 'vitest';
import { parseCollection } from '../../scripts/postman/collection.ts';
import type { Item, Request } from '../../scripts/postman/collection-format.ts';
import { findRequest } from '../../scripts/postman/selection.ts';
import { verifyResolved } from '../../scripts/postman/unresolved.ts';
import { collectionBytes, folder, request, thrownBy } from '../support/builders.ts';

function placeOf(item: Item, more: object = {}) {
  const collection = parseCollection(collectionBytes([folder('F', item)], more), 'c.json');
  return findRequest(collection, item.name ?? '', 'c.json');
}

const valueNamed = (name: string, value = 'x') => ({ name, value, isSecret: false });
const verify = (item: Item, values: string[] = [], more: object = {}, isStrict = true) =>
  verifyResolved(
    [placeOf(item, more)],
    values.map((name) => valueNamed(name)),
    { file: 'c.json', environment: null },
    isStrict,
  );

const of = (more: Request): Item => ({ name: 'R', request: { url: 'http://a', ...more } });
const script = (...exec: string[]) => ({ event: [{ listen: 'prerequest', script: { exec } }] });
const form = (row: object) => ({ mode: 'urlencoded', urlencoded: [{ key: 'a', ...row }] });
const pathVariable = (value: string) => ({ host: ['a'], path: [':id'], variable: [{ key: 'id', value }] });

describe('a variable without a value ends the run of a mint', () => {
  const rows: [string, Item][] = [
    ['path of the URL', request('R', 'http://a/{{nowhere}}/x?y')],
    ['parts of the URL', of({ url: { host: ['a'], path: ['x', '{{nowhere}}'] } })],
    ['value of a path variable', of({ url: pathVariable('{{nowhere}}') })],
    ['text of the headers', of({ header: 'X: {{nowhere}}' })],
    ['header', of({ header: [{ key: 'X', value: '{{nowhere}}' }] })],
    ['name of a header', of({ header: [{ key: '{{nowhere}}', value: 'x' }] })],
    ['auth', of({ auth: { type: 'basic', basic: [{ key: 'username', value: '{{nowhere}}' }] } })],
    ['auth of OAuth 2.0', of({ auth: { type: 'oauth2', oauth2: [{ key: 'accessToken', value: '{{nowhere}}' }] } })],
    ['auth in the form of v2.0', of({ auth: { type: 'basic', basic: { username: '{{nowhere}}' } } })],
  ];

  test.for(rows)('in the %s', ([, item]) => {
    expect(thrownBy(() => verify(item))).toMatchObject({
      code: 'variable-unresolved',
      message: expect.stringContaining('{{nowhere}}'),
    });
  });

  test.for(rows)('in the %s: a warning for any other run, and where scripts compute names', ([, item]) => {
    const warning = [expect.stringMatching(/\{\{nowhere\}\} \("R"\)\. Newman leaves such braces/)];
    expect(verify(item, [], {}, false)).toEqual(warning);
    for (const code of [
      'Object.entries(found).forEach(([to, value]) => pm.environment.set(to, value));',
      "pm.variables.set('Token_' + id, 1);",
      'pm.globals.set(`Token_${id}`, 1);',
      'postman.setEnvironmentVariable(name, 1);',
    ]) {
      expect(verify({ ...item, ...script(code) })).toEqual(warning);
    }
  });
});

describe('a variable without a value in the host ends any run before it begins', () => {
  const UNRESOLVED = { code: 'variable-unresolved', message: expect.stringContaining('{{nowhere}}') };

  test.for([
    ['{{nowhere}}/x'],
    ['http://{{nowhere}}/x'],
    ['http://{{nowhere}}:80'],
    ['http://a:{{nowhere}}/x'],
    ['{{nowhere}}://a/x'],
    ['{{no/where}}/x'],
    ['{{base}}/x'],
  ])('%s', ([url = '']) => {
    const more = { variable: [{ key: 'base', value: 'http://{{nowhere}}' }] };
    const name = url.includes('no/where') ? { message: expect.stringContaining('8 characters') } : {};
    expect(thrownBy(() => verify(request('R', url), [], more, false))).toMatchObject({ ...UNRESOLVED, ...name });
  });

  test.for([
    ['a script sets the variable', "pm.environment.set('nowhere', 1);"],
    ['a script sets any name', 'pm.environment.set(name, 1);'],
    ['a script hands a scope on', "Object.assign(env, pm.environment); put(pm.environment, 'nowhere');"],
    ['a script takes the setter out', 'const { set } = pm.globals; set("nowhere", 1);'],
    ['a script runs other code', 'eval(pm.environment.get("code"));'],
    ['a script may leave the request out', 'pm.execution.skipRequest();'],
    ['a script says what is next', 'postman.setNextRequest(null);'],
  ])('not where %s', ([, code = '']) => {
    expect(verify({ ...request('R', 'http://{{nowhere}}'), ...script(code) }, [], {}, false).length).toBeLessThan(2);
  });

  test('a script that only reads sets nothing', () => {
    const code =
      'pm.environment.get("nowhere"); pm.variables.has(x); pm.iterationData.get("a"); pm.environment.set("b", 1);';
    expect(thrownBy(() => verify({ ...request('R', 'http://{{nowhere}}'), ...script(code) }))).toMatchObject(
      UNRESOLVED,
    );
  });

  test('globals and columns of the data have values, of which the environment and the data win', () => {
    const sources = { file: 'c.json', environment: null };
    const place = placeOf(request('R', 'http://{{g}}/{{column}}'));
    const globals = [valueNamed('g')];
    expect(verifyResolved([place], [], { ...sources, globals, data: [{}, { column: 1 }] }, true)).toEqual([]);
    expect(
      thrownBy(() => verifyResolved([place], [valueNamed('g', '')], { ...sources, globals }, false)),
    ).toMatchObject({
      message: expect.stringContaining('{{g}} in its host, which is empty'),
    });
  });
});

describe('a warning everywhere', () => {
  test.for([
    ['in a body', of({ method: 'POST', body: { mode: 'raw', raw: '{"size": "{{nowhere}}"}' } })],
    ['in a form', of({ method: 'POST', body: form({ value: '{{nowhere}}' }) })],
    ['in a query', request('R', 'http://a/?q={{nowhere}}&r')],
    ['in GraphQL', of({ method: 'POST', body: { mode: 'graphql', graphql: { query: '{{nowhere}}' } } })],
  ] as [string, Item][])('%s', ([, item]) => {
    expect(verify(item)).toEqual([expect.stringContaining('{{nowhere}} ("R")')]);
  });

  test('in the body of a GET where a folder says that it is sent', () => {
    const item = of({ body: { mode: 'raw', raw: '{{nowhere}}' } });
    expect(verify(item)).toEqual([]);
    expect(verify(item, [], { protocolProfileBehavior: { disableBodyPruning: true } })).toHaveLength(1);
  });

  test('what stands between braces and is no name is not quoted', () => {
    const raw = `{{"password": "test-only-0001"}} {{${'x'.repeat(500)}}}`;
    expect(verify(of({ method: 'POST', body: { mode: 'raw', raw } }))).toEqual([
      expect.stringMatching(/^Without [^"]* \{\{28 characters\}\} \("R"\), \{\{500 characters\}\}/),
    ]);
  });

  test('of many names some are shown', () => {
    const raw = Array.from({ length: 100 }, (_, index) => `{{n${index}}}`).join();
    const [warning, ...more] = verify(of({ method: 'POST', body: { mode: 'raw', raw } }));
    expect(more).toEqual([]);
    expect(warning).toMatch(/\{\{n7\}\} \("R"\), 92 more\./);
  });
});

describe('what is not sent needs no value', () => {
  const NOWHERE = { value: '{{nowhere}}', disabled: true };
  test.for([
    ['a disabled row of a form', { method: 'POST', body: form(NOWHERE) }],
    ['the description of a row', { method: 'POST', body: form({ value: 'x', description: '{{nowhere}}' }) }],
    ['a disabled header', { header: [{ key: 'X', ...NOWHERE }] }],
    ['a disabled header in the text form', { header: 'A: b\n// X: {{nowhere}}' }],
    ['a disabled query parameter', { url: { host: ['a'], path: [], query: [{ key: 'q', ...NOWHERE }] } }],
    [
      "another mode's body",
      { method: 'POST', body: { mode: 'raw', raw: '{}', urlencoded: [{ value: '{{nowhere}}' }] } },
    ],
    ['a disabled body', { method: 'POST', body: { mode: 'raw', raw: '{{nowhere}}', disabled: true } }],
    ['the body of a GET', { method: 'GET', body: { mode: 'raw', raw: '{{nowhere}}' } }],
    ["another type's auth", { auth: { type: 'bearer', bearer: [{ value: 't' }], basic: [{ value: '{{nowhere}}' }] } }],
    [
      'how a token of OAuth 2.0 is got',
      { auth: { type: 'oauth2', oauth2: [{ key: 'authUrl', value: '{{nowhere}}' }] } },
    ],
    ['auth that is switched off', { auth: { type: 'noauth', bearer: [{ value: '{{nowhere}}' }] } }],
  ] as [string, Request][])('%s', ([, more]) => {
    expect(verify(of(more))).toEqual([]);
  });
});

describe('what has a value', () => {
  test('one that needs another one, a dynamic one, and one that a script sets', () => {
    const item = request('R', '{{a}}/{{$guid}}/{{later}}', script("pm.environment.set('later', 1)"));
    const more = { variable: [{ key: 'a', value: '{{b}}' }] };
    expect(verify(item, ['b'], more)).toEqual([]);
    expect(thrownBy(() => verify(item, ['c'], more))).toMatchObject({ message: expect.stringContaining('{{b}}') });
  });

  test('a disabled variable has none', () => {
    const more = { variable: [{ key: 'a', value: 'http://x', disabled: true }] };
    expect(thrownBy(() => verify(request('R', '{{a}}'), [], more))).toMatchObject({ code: 'variable-unresolved' });
  });
});

describe('blanks belong to a name', () => {
  test.for([
    ['{{ base }}', 'base'],
    ['{{base}}', 'base '],
    ['{{base\t}}', ' base'],
  ])('%s is not the variable %j', ([used, name]) => {
    expect(thrownBy(() => verify(request('R', `${used}/x`), [name as string]))).toMatchObject({
      code: 'variable-unresolved',
      message: expect.stringContaining(used as string),
      hint: {
        text: expect.stringMatching(`There is \\{\\{${name}\\}\\}: Newman takes the blanks as part of the name`),
      },
    });
  });

  test('a name with blanks is found', () => {
    expect(verify(request('R', '{{base }}/x'), ['base '])).toEqual([]);
  });
});

describe('an empty host', () => {
  const base = (url: string, environment: string | null, isStrict = true) =>
    verifyResolved([placeOf(request('R', url))], [valueNamed('base', '')], { file: 'c.json', environment }, isStrict);

  test.for(['{{base}}/health', 'http://{{base}}/health', '{{base}}'])('%s', (url) => {
    expect(thrownBy(() => base(url, 'e.json'))).toMatchObject({
      code: 'variable-unresolved',
      message: expect.stringMatching(/"F\/R" uses \{\{base\}\} in its host, which is empty/),
      hint: { text: expect.stringMatching(/--env-var base=VALUE.*e\.json\? Postman exports initial values only/) },
      where: { file: 'e.json' },
    });
  });

  test('without an environment it is in the collection', () => {
    expect(thrownBy(() => base('{{base}}/x', null))).toMatchObject({ where: { file: 'c.json' } });
  });

  test('a part of the host, or of the path, may be empty', () => {
    expect(base('http://{{base}}a/{{base}}', null)).toEqual([]);
  });
});
