import { describe, expect, test } from 'vitest';
import { aimAt, applyMintOptions, authorize } from '../../scripts/postman/adapt.ts';
import { parseCollection } from '../../scripts/postman/collection.ts';
import type { Item, Request } from '../../scripts/postman/collection-format.ts';
import { findRequest } from '../../scripts/postman/selection.ts';
import { urlOf } from '../../scripts/postman/url.ts';
import { authOf, fillIn, textOf } from '../../scripts/postman/variables.ts';
import { collectionBytes, folder, thrownBy } from '../support/builders.ts';

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
    ['https://idp.old.test/$&/x', 'https://new.test/$&', 'https://new.test/$&/$&/x'],
    ['{{protocol}}://{{host}}:{{port}}/api', 'https://new.test', 'https://new.test/api'],
    ['{{host}}:8000/api', 'https://new.test', 'https://new.test/api'],
    ['localhost:8000/api', 'https://new.test', 'https://new.test/api'],
    [{ host: ['idp', 'old', 'test'], path: ['api', 'x'] }, 'https://new.test/base', 'https://new.test/base/api/x'],
    [{ host: ['{{idp_url}}'], path: ['api', 'x'] }, 'https://new.test/base', 'https://new.test/base/api/x'],
  ] as const)('%j aimed at %s goes to %s', ([url, base, wanted]) => {
    const before: Request = Object.freeze({ method: 'POST', url });
    const { request, values } = aimAt(before, base);
    expect(fillIn(urlOf(request), new Map(values.map(({ name, value }) => [name, textOf(value)])))).toBe(wanted);
    expect(request.method).toBe('POST');
  });
});

describe('aimAt a URL in its parts', () => {
  test.for([
    ['https://new.test/base/', 'https', undefined, ['base', 'api', ':realm']],
    ['http://[::1]:8002', 'http', '8002', ['api', ':realm']],
  ] as const)('%s: path variables and query stay as they are', ([base, protocol, port, path]) => {
    const kept = {
      query: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2', disabled: true },
      ],
      hash: 'h',
    };
    const own = { variable: [{ key: 'realm', value: '{{realm}}' }], ...kept };
    const where = { raw: 'x', protocol: 'https', auth: { user: 'u' }, host: ['idp', 'old', 'test'], port: '8443' };
    const { request } = aimAt({ url: { ...where, path: ['api', ':realm'], ...own } }, base);
    const host = [new URL(base).hostname];
    expect(request.url).toEqual({ protocol, host, ...(port && { port }), path, ...own });
    expect(aimAt({ url: { ...where, path: '/api/:realm', ...own } }, base).request).toEqual(request);
  });
});

describe('authorize', () => {
  const authorized = (request: Request, more: object = {}) => {
    const place = placeOf({ name: 'R', request }, more);
    return authorize(place.item.request ?? {}, authOf(place)?.auth ?? null);
  };

  test.for([
    ['its auth', { url: 'http://a', auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{t}}' }] } }, {}],
    ['an inherited auth', { url: 'http://a' }, { auth: { type: 'bearer', bearer: { token: '{{t}}' } } }],
    ['a header', { url: 'http://a', header: [{ key: 'authorization', value: 'Bearer {{t}}' }] }, {}],
  ] as const)("uses the collection's own variable in %s", ([, request, more]) => {
    expect(authorized(request, more)).toEqual({ request, tokenVariable: 't' });
  });

  test('takes blanks for a part of the name, as Newman does', () => {
    const bearer = [{ key: 'token', value: '{{ t }}' }];
    expect(authorized({ url: 'http://a', auth: { type: 'bearer', bearer } })).toMatchObject({ tokenVariable: ' t ' });
    expect(aimAt({ url: '{{ idp }}/x' }, 'https://new.test').values).toMatchObject([{ name: ' idp ' }]);
  });

  test('replaces a token that somebody pasted into the collection, and adds auth where there is none', () => {
    for (const header of [undefined, [{ key: 'Authorization', value: 'Bearer test-only-pasted-token' }]]) {
      const { request, tokenVariable } = authorized({ url: 'http://a', ...(header && { header }) });
      expect(request).toMatchObject({ auth: { bearer: [{ key: 'token', value: `{{${tokenVariable}}}` }] } });
      expect(JSON.stringify(request)).not.toContain('pasted');
    }
  });
});

describe('applyMintOptions', () => {
  const withBody = (raw: string): Request => ({ url: 'http://a', body: { mode: 'raw', raw } });
  const options = { label: null, expiresIn: null, maxUsages: null };

  test("through the collection's variables, fit for a JSON text", () => {
    const request = withBody('{"label": "{{iat_label}}", "expires_in": {{iat_expires_in}}}');
    expect(applyMintOptions(request, { ...options, label: 'a "quoted" one', expiresIn: 60 }, 'R')).toEqual({
      request,
      values: [
        { name: 'iat_label', value: 'a \\"quoted\\" one', isSecret: false },
        { name: 'iat_expires_in', value: '60', isSecret: false },
      ],
    });
  });

  test('in a literal body, by the name that the IdP has for it', () => {
    const request = withBody('{\n  "label": "old",\n  "expiration": 3600,\n  "count": 1\n}');
    expect(applyMintOptions(request, { label: 'new $& one', expiresIn: 60, maxUsages: 3 }, 'R')).toEqual({
      request: withBody('{\n  "label": "new $& one",\n  "expiration": 60,\n  "count": 3\n}'),
      values: [],
    });
    expect(request.body?.raw).toContain('"old"');
  });

  test('an option that has no place is an error, not silence', () => {
    expect(thrownBy(() => applyMintOptions(withBody('{}'), { ...options, maxUsages: 2 }, 'R'))).toMatchObject({
      code: 'bad-value',
      message: expect.stringContaining('--max-usages'),
    });
  });
});
