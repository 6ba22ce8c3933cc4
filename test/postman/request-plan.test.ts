import { describe, expect, test } from 'vitest';
import type { Exchange, ExchangeError } from '../../scripts/core/exchange.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { parseCollection, placesOf } from '../../scripts/postman/collection.ts';
import type { Collection, Item } from '../../scripts/postman/collection-format.ts';
import { planMint, withAdminToken } from '../../scripts/postman/mint-plan.ts';
import {
  describeEarlyEnd,
  originsOf,
  planHealth,
  planItems,
  type RequestPlan,
  titleOf,
  toRun,
  withKid,
} from '../../scripts/postman/request-plan.ts';
import type { Source } from '../../scripts/postman/source.ts';
import { targetOf, type Value } from '../../scripts/postman/variables.ts';
import { collectionBytes, folder, request, sourceOf as sourceOfCollection, thrownBy } from '../support/builders.ts';

const TOKEN = new Secret('test-only-admin-token', 'admin token');
const MINT = {
  request: 'DCR IAT',
  idpUrl: null,
  allowHttp: false,
  allowHosts: [],
  label: null,
  expiresIn: null,
  maxUsages: null,
};
const HEALTH = { healthFolder: 'Health', bffUrl: null };
const LIMITS = { requestTimeoutMs: 1, signal: new AbortController().signal };

function sourceOf(items: readonly Item[], values: readonly Value[] = []): Source {
  return sourceOfCollection(parseCollection(collectionBytes(items), 'c.json'), values);
}

const mintOf = (url: NonNullable<Exclude<Item['request'], string>>['url']) =>
  sourceOf([{ name: 'DCR IAT', request: { method: 'POST', ...(url === undefined ? {} : { url }) } }]);

/** Where the requests of a plan go, in the collection's order: as Newman gets them, which is as they are planned. */
function targetsOf(plan: RequestPlan): string[] {
  const { collection } = toRun(plan, { caFile: null, insecure: false }, LIMITS);
  const planned = plan.requests.map(({ item }) => item.id);
  const sent = placesOf(collection as Collection).filter(({ item }) => planned.includes(item.id));
  const targets = sent.map((place) => targetOf(place, plan.values));
  expect(plan.requests.map((place) => targetOf(place, plan.values))).toEqual(targets);
  return targets;
}

describe('a plan', () => {
  test('leaves the collection as it is, so planning twice gives the same', () => {
    const source = sourceOf([
      request('DCR IAT', 'https://idp.old.test/api/x'),
      folder('Health', request('A', '{{host}}:8000/a'), request('B', '{{host}}:8000/b')),
    ]);
    const before = JSON.stringify(source);
    const plan = () => [
      ...targetsOf(planMint(source, { ...MINT, idpUrl: 'https://gw.example/idp' })),
      ...targetsOf(planHealth(source, { ...HEALTH, bffUrl: 'https://gw.example/bff' })),
    ];
    const first = plan();
    expect(first).toEqual(['https://gw.example/idp/api/x', 'https://gw.example/bff/a', 'https://gw.example/bff/b']);
    expect(plan()).toEqual(first);
    expect(JSON.stringify(source)).toBe(before);
  });

  test('keeps the path of a URL that has no raw', () => {
    const source = mintOf({ protocol: 'https', host: ['idp', 'old', 'test'], port: '8443', path: ['api', 'x'] });
    expect(planMint(source, MINT).url.href).toBe('https://idp.old.test:8443/api/x');
    const aimed = planMint(source, { ...MINT, idpUrl: 'https://gw.example/idp' });
    expect(aimed.url.href).toBe('https://gw.example/idp/api/x');
    expect(targetsOf(aimed)).toEqual(['https://gw.example/idp/api/x']);
  });

  test('runs the items in the order of the collection, as Newman does', () => {
    const source = sourceOf([
      folder('F', request('A', 'http://a/')),
      request('B', 'http://b/'),
      request('C', 'http://c/'),
    ]);
    const plan = planItems(source, ['B', 'F']);
    expect(toRun(plan, { caFile: null, insecure: true }, LIMITS)).toMatchObject({
      items: ['item-1', 'item-3'],
      requests: 2,
      tls: { caFile: null, insecure: true },
      origins: null,
      local: null,
    });
    expect(titleOf(plan)).toBe('F (1 request), B');
    expect(originsOf(plan)).toBe('http://a, http://b');
  });
});

describe('the mint request', () => {
  test('gets the admin token later, as a secret, in the variable that it has for it', () => {
    const auth = { type: 'bearer', bearer: [{ key: 'token', value: '{{mine}}' }] };
    const source = sourceOf([{ name: 'DCR IAT', request: { method: 'POST', url: 'https://idp.test/x', auth } }]);
    const plan = planMint(source, MINT);
    expect(plan).toMatchObject({ values: [], tokenVariable: 'mine' });
    const { variables } = toRun(withAdminToken(plan, TOKEN), { caFile: null, insecure: false }, LIMITS);
    expect(variables.map(({ name, value }) => [name, value instanceof Secret && value.reveal()])).toEqual([
      ['mine', TOKEN.reveal()],
    ]);
    expect(plan.values).toEqual([]);
  });

  test.for([
    ['idp.test:8002/api', 'bad-value'],
    [undefined, 'bad-value'],
    ['http://idp.test/api', 'insecure-url'],
  ] as const)('to %j is refused: %s', ([url, code]) => {
    expect(thrownBy(() => planMint(mintOf(url), MINT))).toMatchObject({ code });
  });

  test.for(['http://127.0.0.1:1/', 'http://[::1]/', 'http://idp-app:8002/', 'http://a.localhost/'])(
    'to %s may be plain http',
    (url) => {
      expect(planMint(mintOf(url), MINT).url.href).toBe(url);
    },
  );
});

describe('where the mint may go', () => {
  test.for([
    [['login.test'], false, ['https://login.test']],
    [['login.test:8443'], true, ['https://login.test:8443', 'http://login.test:8443']],
    [['login:8002'], false, ['https://login:8002', 'http://login:8002']],
    [[], true, []],
  ] as const)('with %j allowed, plain http %s', ([allowHosts, allowHttp, more]) => {
    const plan = planMint(mintOf('https://idp.test/x'), { ...MINT, allowHosts, allowHttp });
    expect(plan.origins).toEqual(['https://idp.test', ...more]);
  });

  test('settings of the collection that would change it are left out in what runs, and named', () => {
    const protocolProfileBehavior = { followRedirects: true, disableBodyPruning: true };
    const plan = planMint(
      sourceOf([
        {
          ...folder('F', { name: 'DCR IAT', request: { url: 'https://idp.test/x', proxy: { host: 'evil.test' } } }),
          protocolProfileBehavior,
        },
        { ...request('Other', 'https://a.test'), protocolProfileBehavior: { strictSSL: false } },
      ]),
      MINT,
    );
    expect(plan.leftOut).toEqual(['followRedirects', 'proxy']);
    expect(JSON.stringify(plan.collection)).not.toMatch(/followRedirects|evil|strictSSL/);
    expect(JSON.stringify(plan.collection)).toContain('disableBodyPruning');
  });
});

describe('the health folder', () => {
  test('has to stay with the BFF that was named', () => {
    const source = sourceOf([folder('Health', request('A', '{{bff_url}}.evil.test/a'))]);
    expect(thrownBy(() => planHealth(source, { ...HEALTH, bffUrl: 'http://bff' }))).toMatchObject({
      code: 'insecure-url',
      message: '"Health/A" goes to bff.evil.test, and not to bff of --bff-url.',
    });
  });

  test('is aimed only where it asks the BFF', () => {
    const source = sourceOf([folder('Health', request('A', 'http://bff:8000/a'), request('B', 'https://idp.test/b'))]);
    const plan = planHealth(source, { ...HEALTH, bffUrl: 'https://gw.example/bff/' });
    expect(targetsOf(plan)).toEqual(['https://gw.example/bff/a', 'https://idp.test/b']);
  });

  test('is not needed where nothing is restarted', () => {
    const source = sourceOf([folder('Other', request('A', '{{nowhere}}/a'))]);
    expect(planHealth(source, { ...HEALTH, restart: false })).toMatchObject({ places: [], requests: [], warnings: [] });
    expect(thrownBy(() => planHealth(source, HEALTH))).toMatchObject({ code: 'folder-not-found' });
  });

  test("gets the service's key id later, unless the user gave one", () => {
    const value = (text: string) => ({ name: 'bff_kid', value: text, isSecret: false });
    const items = [folder('Health', request('A', 'http://a/'))];
    expect(withKid(planHealth(sourceOf(items), HEALTH), 'k').values).toEqual([value('k')]);
    expect(withKid(planHealth(sourceOf(items), HEALTH), null).values).toEqual([]);
    expect(withKid(planHealth(sourceOf(items, [value('own')]), HEALTH), 'k').values).toEqual([value('own')]);
  });
});

describe('a run that a script ends', () => {
  const source = sourceOf([
    folder('F', request('A', 'http://a/'), folder('G', request('A', 'http://a/')), request('C', 'http://a/')),
  ]);
  const plan = planItems(source, ['F']);
  const ran = (path: string, error: ExchangeError | null = null): Exchange => {
    const [name = '', ...folders] = path.split('/').reverse();
    return {
      name,
      folders: folders.reverse(),
      startedAt: new Date(0),
      request: { method: 'GET', url: '', headers: [], body: null },
      response: null,
      assertions: [],
      console: [],
      error,
    };
  };

  test.for([
    [['F/A', 'F/G/A', 'F/C'], null],
    [['F/A', 'F/A', 'F/G/A', 'F/C'], null],
    [['F/A'], '1 of 3 requests ran; a script ended the run after "A"'],
    [['F/A', 'F/A', 'F/A'], '1 of 3 requests ran; a script ended the run after "A"'],
    [['F/A', 'F/C'], '2 of 3 requests ran; a script left out "A"'],
    [[], null],
  ] as const)('%j: %s', ([paths, wanted]) => {
    expect(
      describeEarlyEnd(
        plan,
        paths.map((path) => ran(path)),
      ),
    ).toBe(wanted);
  });

  test('a request that broke ended the run itself', () => {
    const broken = ran('F/A', { kind: 'network', code: 'ETIMEDOUT', message: 'no complete answer in time' });
    expect(describeEarlyEnd(plan, [broken])).toBeNull();
  });
});
