import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { isPassed, statusOf } from '../../scripts/core/exchange.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { folder, request } from '../support/builders.ts';
import { runOf } from '../support/collection-run.ts';
import { sendJson, serve } from '../support/server.ts';

/** What was learned from each place, in order. */
let learned: string[] = [];
const collections = createCollections((secret) => learned.push(`${secret.label}: ${secret.reveal()}`));

beforeEach(() => {
  learned = [];
});

const script = (...exec: string[]) => ({ event: [{ listen: 'test', script: { exec } }] });

test('an error of Newman itself is one of the request that it came after', async () => {
  const url = await serve((_, response) => sendJson(response, 200, {}));
  // Nothing can be written below a file.
  const report = `${fileURLToPath(import.meta.url)}/report.json`;
  const newman = { reporters: [{ name: 'json', options: { export: report } }] };
  const { exchanges } = await collections.run(runOf([request('R', url)], 'R', { newman, isBounded: false }));
  const error = { kind: 'script', message: expect.stringContaining('EEXIST') };
  expect(exchanges).toMatchObject([{ name: 'R', response: { status: 200 }, error }]);
});

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
        "pm.collectionVariables.set('ofCollection', 'a'); pm.globals.set('ofAll', 'b'); pm.variables.set('own', 'c');",
        "pm.globals.set('twice', 'wide'); pm.variables.set('twice', 'near'); pm.environment.set('n', '3'); pm.variables.set('number', 1);",
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
    expect(outcome.variables).toEqual({ found: 'value', ofCollection: 'a', ofAll: 'b', own: 'c', twice: 'near' });
  });

  test('a script that throws outside a test is an error, not a pass', async () => {
    const url = await serve((_, response) => sendJson(response, 200, {}));
    const { exchanges } = await collections.run(runOf([request('R', url, script('throw new Error("boom");'))], 'R'));
    expect(exchanges[0]).toMatchObject({ response: { status: 200 }, error: { kind: 'script', message: 'boom' } });
  });
});

describe('a request that its script skips', () => {
  const skip = { event: [{ listen: 'prerequest', script: { exec: ['pm.execution.skipRequest();'] } }] };

  test('was skipped, and is no failure', async () => {
    const url = await serve((_, response) => sendJson(response, 200, {}));
    const { exchanges } = await collections.run(runOf([folder('F', request('A', url, skip), request('B', url))], 'F'));
    expect(exchanges).toMatchObject([{ name: 'A', isSkipped: true, response: null, error: null }, { name: 'B' }]);
    expect(exchanges.map(statusOf)).toEqual(['skipped', 'passed']);
  });

  test('but one whose script breaks first is a failure', async () => {
    const url = await serve((_, response) => sendJson(response, 200, {}));
    const broken = { event: [{ listen: 'prerequest', script: { exec: ['null.x; pm.execution.skipRequest();'] } }] };
    const { exchanges } = await collections.run(runOf([request('A', url, broken)], 'A'));
    expect(exchanges).toMatchObject([{ error: { kind: 'script' } }]);
    expect(exchanges.map(statusOf)).toEqual(['failed']);
  });
});

test.for([
  ['a byte order mark', Buffer.from('\ufeff{"a":"ü"}'), 'application/json'],
  ['UTF-16', Buffer.from('\ufeff{"a":"ü"}', 'utf16le'), 'application/json'],
  ['Latin-1', Buffer.from('{"a":"ü"}', 'latin1'), 'application/json; charset=iso-8859-1'],
] as const)('a body with %s is read', async ([, bytes, type]) => {
  const url = await serve((_, response) => void response.writeHead(200, { 'content-type': type }).end(bytes));
  const { exchanges, lastBody } = await collections.run(runOf([request('R', url)], 'R', { origins: [url] }));
  expect([lastBody, exchanges[0]?.response?.body?.text]).toEqual(['{"a":"ü"}', '{"a":"ü"}']);
});

test('a redirect is followed as Newman does, but not where hosts are limited', async () => {
  const seen: string[] = [];
  const other = await serve(({ url }, response) => {
    seen.push(url ?? '');
    sendJson(response, 200, {});
  });
  const url = await serve((_, response) => void response.writeHead(307, { location: `${other}/next` }).end());
  const { exchanges } = await collections.run(runOf([request('R', url)], 'R'));
  expect(exchanges[0]?.response?.status).toBe(200);
  const limited = await collections.run(runOf([request('R', url)], 'R', { origins: [url] }));
  expect(limited.exchanges[0]?.response?.status).toBe(307);
  expect(seen).toEqual(['/next']);
});

// Each Node that .ci/run takes has warnings of its own.
test('what Newman does brings no warning of Node into the run', async () => {
  let left = 11;
  const url = await serve((_, response) => {
    left -= 1;
    if (left > 0) return void response.writeHead(307, { location: '/' }).end();
    sendJson(response, 200, {});
  });
  const body = { mode: 'formdata', formdata: [{ key: 'a', value: 'b' }] };
  const item = { name: 'R', request: { method: 'POST', url, body } };
  const { exchanges } = await createCollections(() => {}).run(runOf([item], 'R'));
  expect(exchanges).toMatchObject([{ response: { status: 200 }, console: [], error: null }]);
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
    expect(exchanges[0]).toMatchObject({ response: null, error: { kind: 'network', code: 'ETIMEDOUT' } });
  });

  test('an abort ends the run at once, with its reason', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort(new Error('enough')));
    await expect(collections.run(runOf([request('R', url)], 'R', { signal: controller.signal }))).rejects.toThrow(
      'enough',
    );
  });
});

test('a run that is aborted before it starts sends nothing', async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked += 1;
    sendJson(response, 200, {});
  });
  const controller = new AbortController();
  const aborted = collections.run(runOf([request('R', url)], 'R', { signal: controller.signal }));
  setImmediate(() => controller.abort(new Error('too late')));
  await expect(aborted).rejects.toThrow('too late');
  // With the same engine: whatever the first run still had to do is done by now.
  await collections.run(runOf([request('R', url)], 'R'));
  expect(asked).toBe(1);
});

describe('what the scripts do besides', () => {
  test('pm.sendRequest does not take the place of the answer, and its secrets are learned', async () => {
    const url = await serve((incoming, response) =>
      incoming.url === '/login'
        ? sendJson(response, 200, { access_token: 'test-only-0001-of-the-login' })
        : sendJson(response, 200, { own: true }),
    );
    const ask = `pm.sendRequest('${url}/login', (error, answer) => pm.environment.set('dcr_iat', 'test-only-0002-of-the-script'));`;
    const outcome = await collections.run(runOf([request('R', `${url}/own`, script(ask))], 'R'));
    expect(outcome.exchanges).toMatchObject([{ request: { url: `${url}/own` }, response: { status: 200 } }]);
    expect(outcome.exchanges[0]?.response?.body?.text).toBe('{"own":true}');
    expect(learned).toEqual(['access_token: test-only-0001-of-the-login', 'dcr_iat: test-only-0002-of-the-script']);
  });

  test('a circle of setNextRequest ends, and says so', async () => {
    let count = 0;
    const url = await serve((_, response) => sendJson(response, 200, { count: ++count }));
    const item = request('R', url, script("pm.execution.setNextRequest('R');"));
    const { exchanges } = await collections.run(runOf([item], 'R', { requestTimeoutMs: 60_000 }));
    expect(count).toBe(100);
    expect(exchanges.at(-1)).toMatchObject({
      error: { kind: 'script', message: expect.stringMatching(/not sent.*100/) },
    });
  });
});

describe('a run with limited hosts', () => {
  test('ends where a script asks for another, and names it with the way to allow it', async () => {
    const url = await serve((_, response) => sendJson(response, 201, {}));
    const item = request('R', url, script("pm.sendRequest('https://evil.test/x', () => {});"));
    const run = (origins: string[]) => collections.run(runOf([item], 'R', { origins }));
    await expect(run([url])).rejects.toMatchObject({
      code: 'host-refused',
      message: 'The collection was about to connect to evil.test:443; nothing was sent there.',
      hint: { text: expect.stringMatching(new RegExp(`Only ${new URL(url).host} .* --allow-host evil.test:443$`)) },
    });
    await expect(run([url, 'https://evil.test'])).resolves.toMatchObject({
      exchanges: [{ response: { status: 201 } }],
    });
  });

  test('runs its request once, whatever is said to be next', async () => {
    let count = 0;
    const url = await serve((_, response) => sendJson(response, 201, { count: ++count }));
    const item = request('R', url, script("pm.execution.setNextRequest('R');"));
    const ended = await collections.run(runOf([item], 'R', { origins: [url] }));
    expect(count).toBe(1);
    expect(ended).toMatchObject({
      lastBody: '{"count":1}',
      exchanges: [{ error: null }, { error: { kind: 'script' } }],
    });
  });
});
