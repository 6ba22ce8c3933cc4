import { describe, expect, test } from 'vitest';
import { findAuthorization } from '../../scripts/postman/authorization.ts';
import { parseCollection, requestsIn } from '../../scripts/postman/collection.ts';
import type { Collection, Item, Request } from '../../scripts/postman/collection-format.ts';
import { findLogin, findRequest } from '../../scripts/postman/selection.ts';
import { collectionBytes, folder } from '../support/builders.ts';

const VALUES = { user: 'u', key: 'test-only-key-0001', empty: '', nested: '{{key}}' };
const rows = (values: Record<string, string>) => Object.entries(values).map(([key, value]) => ({ key, value }));
const auth = (type: string, values: Record<string, string>) => ({ type, [type]: rows(values) });
const header = (key: string, value: string, more: object = {}) => ({ header: [{ key, value, ...more }] });
const script = (listen: string, code: string) => ({ event: [{ listen, script: { exec: code } }] });

/** What is found for a request, with a login "L" where it has scripts. */
function found(
  request: Request,
  { item = {}, login, more = {} }: { item?: Item; login?: string; more?: Partial<Collection> },
) {
  const items = [
    folder('F', { name: 'R', request, ...item }),
    { name: 'L', request: {}, ...script('test', login ?? '') },
  ];
  const collection = parseCollection(collectionBytes(items, more), 'c.json');
  const logins = login === undefined ? [] : requestsIn(findLogin(collection, 'L', 'c.json'), collection);
  const values = Object.entries(VALUES).map(([name, value]) => ({ name, value, isSecret: false }));
  return findAuthorization(findRequest(collection, 'R', 'c.json'), { values, envVars: ['user'], logins });
}

const SECRET = VALUES.key;

describe('what lets a request in by the collection alone', () => {
  test.for<[string, Request, Parameters<typeof found>[1], string | null, boolean, string[]]>([
    [
      'a variable of the environment',
      { auth: auth('bearer', { token: '{{key}}' }) },
      {},
      'from the environment (key)',
      false,
      [SECRET],
    ],
    [
      'a variable of --env-var',
      { auth: auth('bearer', { token: '{{user}}' }) },
      {},
      'from --env-var (user)',
      false,
      ['u'],
    ],
    [
      'a variable of the collection',
      { auth: auth('bearer', { token: '{{c}}' }) },
      { more: { variable: [{ key: 'c', value: 'x' }] } },
      'from the collection (c)',
      false,
      ['x'],
    ],
    [
      'a variable in a variable',
      { auth: auth('bearer', { token: '{{nested}}' }) },
      {},
      'from the environment (nested)',
      false,
      [SECRET],
    ],
    [
      'a token that was pasted',
      { auth: auth('bearer', { token: SECRET }) },
      {},
      'from the collection',
      false,
      [SECRET],
    ],
    ['an empty variable', { auth: auth('bearer', { token: '{{empty}}' }) }, {}, null, false, []],
    ['a header', header('authorization', 'Bearer {{key}}'), {}, 'from the environment (key)', false, [SECRET]],
    [
      'a header as text',
      { header: 'A: b\nAuthorization: Bearer {{key}}' },
      {},
      'from the environment (key)',
      false,
      [SECRET],
    ],
    [
      'a header of another scheme',
      header('Authorization', 'SSWS {{key}}'),
      {},
      'from the environment (key)',
      true,
      [SECRET],
    ],
    ['a header that is disabled', header('Authorization', 'Bearer {{key}}', { disabled: true }), {}, null, false, []],
    [
      'a header, and noauth',
      { ...header('X-Api-Key', '{{key}}'), auth: { type: 'noauth' } },
      {},
      'from the collection, X-Api-Key in its header',
      false,
      [SECRET],
    ],
    [
      'Basic',
      { auth: auth('basic', { username: '{{user}}', password: '{{key}}' }) },
      {},
      'from the collection, basic',
      true,
      [SECRET],
    ],
    [
      'Basic without a value',
      { auth: auth('basic', { username: '{{user}}', password: '{{nowhere}}' }) },
      {},
      'from the collection, basic',
      false,
      ['{{nowhere}}'],
    ],
    ['an empty Basic', { auth: auth('basic', { username: '', password: '' }) }, {}, null, false, []],
    [
      'Digest',
      { auth: auth('digest', { username: '{{user}}', password: '{{key}}', algorithm: 'MD5' }) },
      {},
      'from the collection, digest',
      true,
      [SECRET],
    ],
    [
      'AWS',
      { auth: auth('awsv4', { accessKey: 'a', secretKey: '{{key}}' }) },
      {},
      'from the collection, awsv4',
      true,
      ['a', SECRET],
    ],
    [
      'OAuth 1.0',
      { auth: auth('oauth1', { consumerKey: 'a', consumerSecret: '{{key}}' }) },
      {},
      'from the collection, oauth1',
      true,
      [SECRET],
    ],
    [
      'OAuth 2.0',
      { auth: auth('oauth2', { accessToken: '{{key}}', clientSecret: '{{nowhere}}' }) },
      {},
      'from the collection, oauth2',
      true,
      [SECRET],
    ],
    [
      'OAuth 2.0 without a token',
      { auth: auth('oauth2', { accessTokenUrl: '{{user}}', clientSecret: '{{key}}' }) },
      {},
      null,
      false,
      [],
    ],
    [
      'what is around it',
      {},
      { more: { auth: auth('apikey', { key: 'X', value: '{{key}}' }) } },
      'from the collection, apikey',
      true,
      [SECRET],
    ],
    [
      'a JSON body',
      { body: { mode: 'raw', raw: '{"password": "{{key}}", "n": 1}' } },
      {},
      'from the collection, password in its body',
      true,
      [SECRET],
    ],
    [
      'a body that is not sent',
      { body: { mode: 'raw', raw: '{}', urlencoded: rows({ password: '{{key}}' }) } },
      {},
      null,
      false,
      [],
    ],
    [
      'a script that sets the variable',
      { auth: auth('bearer', { token: '{{t}}' }) },
      { item: script('prerequest', "pm.environment.set('t', 1);") },
      'from a pre-request script of the collection',
      false,
      [],
    ],
    [
      'a script that only asks, for a variable',
      { auth: auth('bearer', { token: '{{t}}' }) },
      { more: script('prerequest', "pm.sendRequest('http://a');") },
      null,
      false,
      [],
    ],
    ['a login that sets nothing', { auth: auth('bearer', { token: '{{t}}' }) }, { login: '' }, null, false, []],
    [
      'a script after it',
      { auth: auth('bearer', { token: '{{t}}' }) },
      { item: script('test', "pm.environment.set('t', 1);") },
      null,
      false,
      [],
    ],
    [
      'a script that asks',
      {},
      { more: script('prerequest', "pm.sendRequest('http://a');") },
      'from a pre-request script of the collection',
      false,
      [],
    ],
    ['a script that would ask', {}, { more: script('prerequest', "// pm.sendRequest('http://a');") }, null, false, []],
    [
      'a script that adds a header',
      {},
      { item: script('prerequest', "pm.request.headers.add({ key: 'Authorization' });") },
      'from a pre-request script of the collection',
      false,
      [],
    ],
    [
      'a login that sets it',
      { auth: auth('bearer', { token: '{{key}}' }) },
      { login: "pm.globals.set('key', 1);" },
      'from the login "L"',
      true,
      [],
    ],
    [
      'a login that may set it',
      { auth: auth('bearer', { token: '{{t}}' }) },
      { login: 'pm.environment.set(name, value);' },
      'from the login "L"',
      false,
      [],
    ],
    [
      'a login that sets the token of OAuth 2.0',
      { auth: auth('oauth2', { accessToken: '{{t}}' }) },
      { login: "pm.environment.set('t', 1);" },
      'from the login "L"',
      true,
      [],
    ],
    ['a login by cookie', {}, { login: '' }, 'from the login "L"', false, []],
    ['nothing', {}, {}, null, false, []],
  ])('%s', ([, request, more, from, isWhole, secrets]) => {
    expect(found(request, more)).toEqual(from === null ? null : { from, isWhole, secrets });
  });
});
