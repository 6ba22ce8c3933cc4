import { describe, expect, test } from 'vitest';
import { isPassed } from '../../scripts/core/exchange.ts';
import type { CollectionRun } from '../../scripts/core/ports.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { findItem, type Item, parseCollection, requestsIn } from '../../scripts/postman/collection.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { sendJson, serve } from '../support/server.ts';

const collections = createCollections();

function runOf(items: Item[], name: string, more: Partial<CollectionRun> = {}): CollectionRun {
  const collection = parseCollection(collectionBytes(items), 'c.json');
  const place = findItem(collection, name, 'c.json');
  return {
    collection: collection as CollectionRun['collection'],
    items: [place.item.id ?? ''],
    requests: requestsIn(place, collection).length,
    variables: [],
    tls: { caFile: null, insecure: false },
    requestTimeoutMs: 5_000,
    signal: new AbortController().signal,
    ...more,
  };
}

const script = (...exec: string[]) => ({ event: [{ listen: 'test', script: { exec } }] });

describe('an exchange', () => {
  test('has what was sent, what came, and what the scripts said', async () => {
    const url = await serve((incoming, response) => sendJson(response, 201, { got: incoming.text }));
    const item: Item = {
      name: 'R',
      request: {
        method: 'POST',
        url: '{{base}}/x?y=1',
        auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{t}}' }] },
        header: [{ key: 'Content-Type', value: 'application/json' }],
        body: { mode: 'raw', raw: '{"a": {{n}}}' },
      },
      ...script(
        "pm.test('good', () => pm.response.to.have.status(201));",
        "pm.test('bad', () => pm.expect(1).to.equal(2));",
        "pm.test.skip('later', () => {});",
        "console.warn('seen', {a: 1});",
        "pm.environment.set('found', 'value');",
      ),
    };
    const outcome = await collections.run(
      runOf([folder('Outer', folder('Inner', item))], 'R', {
        variables: [
          { name: 'base', value: url },
          { name: 'n', value: '3' },
          { name: 't', value: new Secret('test-only-admin-token', 'admin token') },
        ],
      }),
    );
    const [exchange] = outcome.exchanges;
    expect(exchange).toMatchObject({
      name: 'R',
      folders: ['Outer', 'Inner'],
      request: { method: 'POST', url: `${url}/x?y=1`, body: { text: '{"a": 3}', type: 'application/json' } },
      response: { status: 201, reason: 'Created', body: { text: '{"got":"{\\"a\\": 3}"}', type: 'application/json' } },
      assertions: [
        { name: 'good', status: 'passed', message: null },
        { name: 'bad', status: 'failed', message: expect.stringContaining('expected 1 to equal 2') },
        { name: 'later', status: 'skipped', message: null },
      ],
      console: [{ level: 'warn', text: 'seen {"a":1}' }],
      error: null,
    });
    expect(exchange?.request.headers).toContainEqual({ name: 'Authorization', value: 'Bearer test-only-admin-token' });
    expect(exchange && isPassed(exchange)).toBe(false);
    expect(outcome.variables).toEqual({ found: 'value' });
    expect(outcome.lastBody).toBe('{"got":"{\\"a\\": 3}"}');
  });

  test('a script that throws outside a test is an error, not a pass', async () => {
    const url = await serve((_, response) => sendJson(response, 200, {}));
    const { exchanges } = await collections.run(runOf([request('R', url, script('throw new Error("boom");'))], 'R'));
    expect(exchanges[0]).toMatchObject({ response: { status: 200 }, error: { kind: 'script', message: 'boom' } });
  });
});

test('a redirect is not followed, so nothing is sent on', async () => {
  let followed = 0;
  const other = await serve((_, response) => {
    followed += 1;
    sendJson(response, 200, {});
  });
  const url = await serve((_, response) => void response.writeHead(307, { location: other }).end());
  const { exchanges } = await collections.run(runOf([request('R', url)], 'R'));
  expect(exchanges[0]?.response?.status).toBe(307);
  expect(followed).toBe(0);
});

test('of two requests with one name the one that was found runs', async () => {
  const seen: string[] = [];
  const url = await serve((incoming, response) => {
    seen.push(incoming.url ?? '');
    sendJson(response, 200, {});
  });
  const items = [folder('A', request('Same', `${url}/a`)), folder('B', request('Same', `${url}/b`))];
  await collections.run(runOf(items, 'B/Same'));
  expect(seen).toEqual(['/b']);
});

describe('no answer', () => {
  test('refused: the code is kept', async () => {
    const { exchanges } = await collections.run(runOf([request('R', 'http://127.0.0.1:1/')], 'R'));
    expect(exchanges[0]).toMatchObject({ response: null, error: { kind: 'network', code: 'ECONNREFUSED' } });
  });

  test('silence ends with the request limit', async () => {
    const url = await serve(() => {});
    const { exchanges } = await collections.run(runOf([request('R', url)], 'R', { requestTimeoutMs: 200 }));
    expect(exchanges[0]).toMatchObject({ response: null, error: { kind: 'network', code: 'ESOCKETTIMEDOUT' } });
  });

  test('an abort ends the run at once, with its reason', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort(new Error('enough')));
    await expect(collections.run(runOf([request('R', url)], 'R', { signal: controller.signal }))).rejects.toThrow(
      'enough',
    );
  });
});
