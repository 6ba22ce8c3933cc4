import { describe, expect, test } from 'vitest';
import { aimAt, applyMintOptions, authorize } from '../../scripts/postman/adapt.ts';
import { findRequest, type Item, parseCollection } from '../../scripts/postman/collection.ts';
import { targetOf, verifyResolved } from '../../scripts/postman/variables.ts';
import { collectionBytes, folder, request, thrownBy } from '../support/builders.ts';

const TOKEN = 'test-only-admin-token';

function placeOf(item: Item, more: object = {}) {
  const collection = parseCollection(collectionBytes([folder('F', item)], more), 'c.json');
  return findRequest(collection, item.name ?? '', 'c.json');
}

describe('aimAt', () => {
  test.for([
    ['{{idp_url}}/api/x?y=1', 'https://new.test', 'https://new.test/api/x?y=1'],
    ['{{baseUrl}}/x', 'https://new.test/', 'https://new.test/x'],
    ['https://idp.old.test/api/x', 'http://127.0.0.1:8002', 'http://127.0.0.1:8002/api/x'],
    ['https://idp.old.test:8443/api/x?y=1', 'https://new.test/base', 'https://new.test/base/api/x?y=1'],
    ['{{protocol}}://{{host}}:{{port}}/api', 'https://new.test', 'https://new.test/api'],
    ['{{host}}:8000/api', 'https://new.test', 'https://new.test/api'],
    ['localhost:8000/api', 'https://new.test', 'https://new.test/api'],
  ] as const)('%s aimed at %s goes to %s', ([url, base, wanted]) => {
    const place = placeOf(request('R', url));
    expect(targetOf(place, aimAt(place, base))).toBe(wanted);
  });
});

describe('authorize', () => {
  test("uses the collection's own variable, in auth, inherited auth and header", () => {
    const inAuth = placeOf({
      name: 'R',
      request: { url: 'http://a', auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{access_token}}' }] } },
    });
    expect(authorize(inAuth, TOKEN)).toEqual([{ name: 'access_token', value: TOKEN, isSecret: true }]);

    const inherited = placeOf(request('R', 'http://a'), { auth: { type: 'bearer', bearer: { token: '{{ t }}' } } });
    expect(authorize(inherited, TOKEN)).toEqual([{ name: 't', value: TOKEN, isSecret: true }]);

    const inHeader = placeOf({
      name: 'R',
      request: { url: 'http://a', header: [{ key: 'authorization', value: 'Bearer {{h}}' }] },
    });
    expect(authorize(inHeader, TOKEN)).toEqual([{ name: 'h', value: TOKEN, isSecret: true }]);
  });

  test('replaces a token that somebody pasted into the collection, and adds auth where there is none', () => {
    for (const header of [undefined, [{ key: 'Authorization', value: 'Bearer test-only-pasted-token' }]]) {
      const place = placeOf({ name: 'R', request: { url: 'http://a', ...(header && { header }) } });
      const values = authorize(place, TOKEN);
      expect(place.item.request).toMatchObject({ auth: { bearer: [{ key: 'token', value: '{{admin_token}}' }] } });
      expect(JSON.stringify(place.item.request)).not.toContain('pasted');
      verifyResolved([place], values, 'c.json');
    }
  });
});

describe('applyMintOptions', () => {
  const withBody = (raw: string) => placeOf({ name: 'R', request: { url: 'http://a', body: { mode: 'raw', raw } } });
  const options = { label: null, expiresIn: null, maxUsages: null };

  test("through the collection's variables, fit for a JSON text", () => {
    const place = withBody('{"label": "{{iat_label}}", "expires_in": {{iat_expires_in}}}');
    expect(applyMintOptions(place, { ...options, label: 'a "quoted" one', expiresIn: 60 })).toEqual([
      { name: 'iat_label', value: 'a \\"quoted\\" one', isSecret: false },
      { name: 'iat_expires_in', value: '60', isSecret: false },
    ]);
  });

  test('in a literal body, by the name that the IdP has for it', () => {
    const place = withBody('{\n  "label": "old",\n  "expiration": 3600,\n  "count": 1\n}');
    expect(applyMintOptions(place, { label: 'new $& one', expiresIn: 60, maxUsages: 3 })).toEqual([]);
    expect(place.item.request).toMatchObject({
      body: { raw: '{\n  "label": "new $& one",\n  "expiration": 60,\n  "count": 3\n}' },
    });
  });

  test('an option that has no place is an error, not silence', () => {
    expect(thrownBy(() => applyMintOptions(withBody('{}'), { ...options, maxUsages: 2 }))).toMatchObject({
      code: 'bad-value',
      message: expect.stringContaining('--max-usages'),
    });
  });
});

describe('verifyResolved', () => {
  test.for([
    ['URL', request('R', '{{nowhere}}/x')],
    ['body', { name: 'R', request: { url: 'http://a', body: { mode: 'raw', raw: '{{nowhere}}' } } }],
    ['header', { name: 'R', request: { url: 'http://a', header: [{ key: 'X', value: '{{nowhere}}' }] } }],
    ['auth', { name: 'R', request: { url: 'http://a', auth: { type: 'basic', basic: [{ value: '{{nowhere}}' }] } } }],
  ] as [string, Item][])('names a variable without a value in the %s', ([, item]) => {
    expect(thrownBy(() => verifyResolved([placeOf(item)], [], 'c.json'))).toMatchObject({
      code: 'variable-unresolved',
      message: expect.stringContaining('{{nowhere}}'),
    });
  });

  test('a value that needs another one, a dynamic one, and one that a script sets', () => {
    const item = request('R', '{{a}}/{{$guid}}/{{later}}', {
      event: [{ listen: 'prerequest', script: { exec: ["pm.environment.set('later', 1)"] } }],
    });
    const values = (name: string) => [{ name, value: 'x', isSecret: false }];
    const place = placeOf(item, { variable: [{ key: 'a', value: '{{b}}' }] });
    verifyResolved([place], values('b'), 'c.json');
    expect(thrownBy(() => verifyResolved([place], values('c'), 'c.json'))).toMatchObject({
      message: expect.stringContaining('{{b}}'),
    });
  });

  test('a disabled variable counts as none', () => {
    const place = placeOf(request('R', '{{a}}'), { variable: [{ key: 'a', value: 'http://x', disabled: true }] });
    expect(thrownBy(() => verifyResolved([place], [], 'c.json'))).toMatchObject({ code: 'variable-unresolved' });
  });
});
