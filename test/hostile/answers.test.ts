import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished } from 'vitest';
import type { Sandbox } from '../../scripts/cli/wiring.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { type Certificate, createCertificate } from '../../scripts/sandbox/certificate.ts';
import { type Attack, type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeStack } from '../support/fake-stack.ts';
import { runHere } from '../support/in-process.ts';
import { readAllFiles } from '../support/leaks.ts';
import { serve } from '../support/server.ts';

const { admin: ADMIN, token: TOKEN } = CANARY;
const HANDLE = new Secret(TOKEN, 'token').handle;
const GOOD = `{"token":"${TOKEN}","note":"ä"}`;

interface Ended extends Attempted {
  /** The requests that came, as `POST /mint`, each with the admin token. */
  readonly asked: readonly string[];
  readonly code: string | null;
  /** The handle of the token that was written; null: none was. */
  readonly handle: string | null;
}

interface Setting {
  readonly body?: string | Uint8Array;
  /** null: no type is named. */
  readonly type?: string | null;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly tz?: string;
  /** Changes of the mint request. */
  readonly item?: (mint: Item) => Item;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** The IdP speaks https with it. */
  readonly certificate?: Certificate;
  readonly command?: 'iat' | 'health';
  /** null: the collection's own. */
  readonly bffUrl?: null;
}

const MINT: Item = {
  name: 'DCR IAT',
  request: {
    method: 'POST',
    url: '{{idp_url}}/mint',
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{admin_token}}' }] },
    header: [{ key: 'Content-Type', value: 'application/json' }],
    body: { mode: 'raw', raw: '{"label": "test", "expires_in": 3600}' },
  },
};

/** The main job without a restart, or the health check, against an IdP and BFF that answer like this. */
async function run(setting: Setting): Promise<Ended> {
  const { body = GOOD, type = 'application/json', status = 201, item = (mint) => mint, files = {} } = setting;
  const home = await mkdtemp(join(tmpdir(), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const asked: string[] = [];
  const url = await serverOf(setting.certificate, (line, authorization) => {
    if (authorization === `Bearer ${ADMIN}` || setting.command === 'health') asked.push(line);
    return { status, headers: { ...(type === null ? {} : { 'content-type': type }), ...setting.headers }, body };
  });
  const health = request('Up', '{{bff_url}}/health', setting.command === 'health' ? item({}) : {});
  const mint = setting.command === 'health' ? MINT : item(MINT);
  const collection = collectionBytes([folder('IdP', mint), folder('BFF Health', health)]);
  for (const [name, content] of Object.entries({ 'c.json': collection, ...files })) {
    await writeFile(join(home, name), content);
  }
  const stack = new FakeStack(new FakeClock(), { DCR_IAT: '' }, () => {});
  stack.place = join(home, 'environment');
  const sandbox = {
    stack: { forRun: () => stack },
    adminToken: new Secret(ADMIN, 'admin token'),
    idpUrl: url,
    bffUrl: setting.bffUrl === null ? null : url,
  } as unknown as Sandbox;
  const { command = 'iat', args = [], tz } = setting;
  const zone = process.env['TZ'];
  if (tz !== undefined) process.env['TZ'] = tz;
  try {
    const own = command === 'iat' ? ['--no-restart'] : [];
    const all = ['--verbose', '--collection', 'c.json', ...own, ...args];
    const ended = await runHere(all, { command, cwd: home, sandbox });
    const reports = await readAllFiles(join(home, 'reports')).catch(() => ({}));
    const shown = [ended.all, ...Object.values(reports)].join('\n');
    return { shown, asked, code: ended.run.error?.code ?? null, handle: ended.run.token?.handle ?? null };
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
}

type Reply = { readonly status: number; readonly headers: Record<string, string>; readonly body: string | Uint8Array };

async function serverOf(
  certificate: Certificate | undefined,
  answer: (line: string, authorization: string | undefined) => Reply,
): Promise<string> {
  if (certificate === undefined) {
    return serve((incoming, response) => {
      const { status, headers, body } = answer(`${incoming.method} ${incoming.url}`, incoming.headers.authorization);
      response.writeHead(status, headers).end(body);
    });
  }
  const server = createServer(certificate, (incoming, response) => {
    const { status, headers, body } = answer(`${incoming.method} ${incoming.url}`, incoming.headers.authorization);
    incoming.resume().on('end', () => response.writeHead(status, headers).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The words of a text, whatever wrapped them and however it is escaped. */
const words = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replace(/\s+/g, ' ');

/** The IdP answers so, and its token is written. */
function taken(name: string, setting: Setting, shows?: RegExp): Attack<Ended> {
  return {
    name,
    attempt: () => run(setting),
    happened: ({ asked }) => expect(asked).toEqual(['POST /mint']),
    outcome(ended) {
      expect([ended.code, ended.handle], ended.shown.slice(0, 600)).toEqual([null, HANDLE]);
      if (shows !== undefined) expect(words(ended.shown)).toMatch(shows);
    },
  };
}

/** It ends with a code and these words, and with nothing written. */
function refused(name: string, setting: Setting, code: string, shows: RegExp, asked = ['POST /mint']): Attack<Ended> {
  return {
    name,
    attempt: () => run(setting),
    happened: (ended) => expect(ended.asked, ended.shown.slice(0, 600)).toEqual(asked),
    outcome(ended) {
      expect([ended.code, ended.handle], ended.shown.slice(0, 600)).toEqual([code, null]);
      expect(words(ended.shown)).toMatch(shows);
    },
  };
}

/** A script that takes the token out of XML. */
const taking = (then: string) => (mint: Item) => ({
  ...mint,
  event: [{ listen: 'test', script: { exec: [`const found = /<iat>([^<]*)</.exec(pm.response.text())[1]; ${then}`] } }],
});
const XML = { body: `<t><iat>${TOKEN}</iat></t>`, type: 'application/xml' };

attacks('a token in another place', [
  taken('a text', { body: TOKEN, type: 'text/plain' }),
  taken('202', { status: 202 }),
  taken('a header of an answer without a body', {
    ...{ status: 204, body: '', type: null, headers: { 'X-IAT': TOKEN } },
    args: ['--token-header', 'x-iat'],
  }),
  ...['environment', 'collectionVariables', 'globals', 'variables'].map((scope) =>
    taken(`pm.${scope}, from XML`, { ...XML, item: taking(`pm.${scope}.set('DCR_IAT', found);`) }),
  ),
  taken('a variable with a name of its own', {
    ...{ ...XML, item: taking("pm.variables.set('mine', found); console.log(found);") },
    args: ['--token-variable', 'mine'],
  }),
  refused(
    'a header that nobody named',
    { status: 201, body: '', type: null, headers: { 'X-IAT': TOKEN } },
    'idp-not-json',
    /is empty.*"X-IAT": --token-header NAME/,
  ),
  refused(
    'what a script decoded, printed and stored where nobody looks',
    {
      body: `<t><iat>${Buffer.from(TOKEN).toString('hex')}</iat></t>`,
      type: 'application/xml',
      item: taking(
        "const token = Buffer.from(found, 'hex').toString(); console.log(token); pm.globals.set('mine', token);",
      ),
    },
    'idp-not-json',
    /"mine": --token-variable NAME/,
  ),
  refused(
    'a script and the answer that differ',
    {
      item: (mint) => taking("pm.globals.set('iat', pm.response.json().token + 'x');")(mint),
      body: `{"token":"${TOKEN}","a":"<iat><"}`,
    },
    'token-ambiguous',
    /the variable iat, \/token/,
  ),
]);

const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const expiring = (value: string) => `{"token":"${TOKEN}",${value}}`;
const naive = (ms: number) => new Date(Date.now() + ms).toISOString().replace(/Z$/, '123');
const HOUR = 3_600_000;

attacks('an answer to the mint in an odd form', [
  taken('UTF-8 with a byte order mark', { body: `\ufeff${GOOD}` }),
  taken('UTF-16', { body: utf16(GOOD) }),
  taken('UTF-16 by its charset alone', { body: utf16(GOOD).subarray(2), type: 'application/json; charset=UTF-16LE' }),
  taken('Latin-1', { body: Buffer.from(GOOD, 'latin1'), type: 'application/json; charset=iso-8859-1' }),
  taken('JSON as text', { type: 'text/plain' }, /is JSON, though it is sent as text\/plain/),
  taken('JSON as text/json', { type: 'text/json;charset=utf-8' }, /though it is sent as text\/json/),
  taken('JSON without a type', { type: null }, /though it is sent as no named type/),
  taken('a list', { body: `[${GOOD}]`, args: ['--token-path', '/0/token'] }),
  refused('JSON as a page', { type: 'text/html', body: '{"a":1}' }, 'idp-not-json', /7 characters of text\/html/),
  refused('nothing', { body: '' }, 'idp-not-json', /answer is empty \(application\/json\)/),
  refused('brackets a hundred thousand deep', { body: '['.repeat(100_000) }, 'idp-not-json', /was cut off/),
  refused(
    'a pointer into the prototype',
    { body: '{"a":1}', args: ['--token-path', '/constructor/name'] },
    'token-missing',
    /no text at \/constructor\/name/,
  ),
]);

attacks('an expiry that misleads', [
  taken(
    'UTC without a zone, read in India',
    { body: expiring(`"expires_at":"${naive(HOUR)}"`), tz: 'Asia/Kolkata' },
    /expires in (?:5[5-9]|60) min/,
  ),
  taken(
    'UTC without a zone, read in New York',
    { body: expiring(`"expires_at":"${naive(HOUR)}"`), tz: 'America/New_York' },
    /expires in (?:5[5-9]|60) min/,
  ),
  taken(
    'local time of another zone',
    { body: expiring(`"expires_at":"${naive(-4 * HOUR)}"`) },
    /expired 24\d min ago.*clocks or time zones/,
  ),
  taken('text for a number', { body: expiring('"expires_in":"3600"') }, /expires in (?:5[5-9]|60) min/),
  taken(
    'text for milliseconds',
    { body: expiring(`"expires_at":"${Date.now() + HOUR}"`) },
    /expires in (?:5[5-9]|60) min/,
  ),
  taken('a number that is none', { body: expiring('"expires_in":NaN') }, /no known expiry.*expires_in holds no time/),
  taken('less than nothing', { body: expiring('"expires_in":-5') }, /no known expiry.*expires_in holds no time/),
  taken('longer than the universe', { body: expiring('"expires_in":1e300') }, /no known expiry.*does not expire/),
  refused(
    'years ago',
    { body: expiring('"expires_at":"2020-01-01 00:00:00"') },
    'token-expired',
    /has already expired/,
  ),
]);

const withRequest = (change: object) => (mint: Item) => ({ ...mint, request: { ...mint.request, ...change } });
const environment = (...values: object[]) => JSON.stringify({ values });
const skip = { event: [{ listen: 'prerequest', script: { exec: ['pm.execution.skipRequest();'] } }] };

attacks('a collection and an environment that mislead', [
  refused(
    'the mint is skipped',
    { item: (mint) => ({ ...mint, ...skip }) },
    'script-failed',
    /skips the mint request/,
    [],
  ),
  refused(
    'all of the health folder is skipped',
    { command: 'health', item: () => skip },
    'bff-unhealthy',
    /Nothing was checked: scripts skipped "Up"/,
    [],
  ),
  refused(
    'a host that is not set',
    { item: withRequest({ url: 'https://{{nowhere}}/mint', header: [{ key: 'X', value: '{{nowhere}}' }] }) },
    'variable-unresolved',
    /\{\{nowhere\}\}, which has no value/,
    [],
  ),
  refused(
    'a name with blanks',
    { item: withRequest({ header: [{ key: 'X', value: '{{ tenant }}' }] }), args: ['--env-var', 'tenant=a'] },
    'variable-unresolved',
    /\{\{ tenant \}\}.*Newman takes the blanks as part of the name/,
    [],
  ),
  refused(
    'an environment that was exported without its current values',
    {
      command: 'health',
      item: () => ({ request: { method: 'GET', url: 'http://{{base}}/health' } }),
      files: { 'e.json': environment({ key: 'base', value: '' }) },
      args: ['-e', 'e.json'],
      bffUrl: null,
    },
    'variable-unresolved',
    /\{\{base\}\} in its host, which is empty.*Postman exports initial values only/,
    [],
  ),
  taken(
    'braces in a body that are meant',
    { item: withRequest({ body: { mode: 'raw', raw: '{"label": "{{mine}}", "expires_in": 3600}' } }) },
    /Without a value, unless a script sets one: \{\{mine\}\}/,
  ),
]);

const made = await createCertificate('127.0.0.1');
const other = await createCertificate('127.0.0.1');
const der = new X509Certificate(made.cert).raw;
const key = createPrivateKey(made.key).export({ type: 'pkcs8', format: 'der' }).toString('base64');
const tls = (ca: string | Uint8Array): Setting => ({ certificate: made, files: { ca }, args: ['--ca-file', 'ca'] });

/** A file that is no certificate: nothing is sent, and nothing of the file is shown. */
function noCertificate(name: string, ca: string | Uint8Array, shows: RegExp): Attack<Ended> {
  const row = refused(name, tls(ca), 'bad-value', shows, []);
  return {
    ...row,
    outcome(ended) {
      row.outcome(ended);
      expect(ended.shown).not.toContain(key.slice(40, 80));
    },
  };
}

attacks('a CA file', [
  taken('in PEM', tls(made.cert)),
  taken('in DER', tls(der)),
  taken('in UTF-16', tls(utf16(made.cert))),
  taken('on one line', tls(made.cert.replaceAll('\n', ''))),
  noCertificate('that is the private key', made.key, /holds a private key, and no certificate/),
  noCertificate(
    'that is the private key in DER',
    Buffer.from(key, 'base64'),
    /holds a private key, and no certificate/,
  ),
  noCertificate('that is empty', '', /is empty/),
  noCertificate('that is a page', '<html></html>', /holds no certificate/),
  refused(
    'of somebody else',
    tls(other.cert),
    'idp-tls',
    /None of the certificates in .*ca \(--ca-file\) signed it/,
    [],
  ),
]);
