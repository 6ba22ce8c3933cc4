import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { RunName } from '../../scripts/cli/commands.ts';
import type { Sandbox } from '../../scripts/cli/wiring.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { type Attack, type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeStack } from '../support/fake-stack.ts';
import { runHere } from '../support/in-process.ts';
import { readAllFiles } from '../support/leaks.ts';
import { serve } from '../support/server.ts';

const { admin: ADMIN, token: TOKEN } = CANARY;

/** One answer of a server. */
interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Ended extends Attempted {
  /** What the server sent. */
  readonly sent: string;
  readonly code: string | null;
  readonly exitCode: number | undefined;
}

/** What a script of the collection does with the answer: everything by which it could be shown. */
const TELL = `
const text = pm.response.text();
console.log(text, 'and', text.split('"'));
pm.test('read ' + text, () => pm.expect(text).to.equal(''));
pm.test('parsed', () => { JSON.parse(text); pm.expect(JSON.parse(text)).to.eql({}); });
pm.test('headers', () => pm.expect(JSON.stringify(pm.response.headers)).to.equal(''));
pm.environment.set('seen', text);
throw new Error('at ' + text);`;

async function makeHome(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(home, name), content);
  return home;
}

/** Runs a command in a folder; all of its output and reports count as shown. */
async function run(
  command: RunName,
  args: readonly string[],
  options: { readonly home: string; readonly env?: Record<string, string>; readonly sandbox?: Sandbox },
): Promise<Omit<Ended, 'sent'>> {
  const { home, ...more } = options;
  const ended = await runHere(['--verbose', ...args], { command, cwd: home, ...more });
  const reports = await readAllFiles(join(home, 'reports')).catch(() => ({}));
  const texts = Object.values<string>(reports).map((text) => Buffer.from(text, 'latin1').toString());
  const shown = [ended.all, ...texts].join('\n');
  return { shown, exitCode: ended.exitCode, code: ended.run.error?.code ?? null };
}

/** An IdP and what there is of a stack, without processes. */
function sandboxOf(url: string, home: string, current: string): Sandbox {
  const stack = new FakeStack(new FakeClock(), { DCR_IAT: current }, () => {});
  stack.place = join(home, 'environment');
  return {
    stack: { forRun: () => stack },
    adminToken: new Secret(ADMIN, 'admin token'),
    idpUrl: url,
    bffUrl: url,
  } as unknown as Sandbox;
}

/** The main job up to its mint, with an IdP that answers like this, in turn; the last answer is repeated. */
async function mint(replies: readonly Reply[], args: readonly string[] = [], current = ''): Promise<Ended> {
  let sent = '';
  let turn = 0;
  const url = await serve((_, response) => {
    const { status = 201, type = 'application/json', headers = {}, body } = replies[turn] as Reply;
    turn = Math.min(turn + 1, replies.length - 1);
    sent += `${type}${JSON.stringify(headers)}${body}`;
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);
  });
  const bytes = collectionBytes([
    folder(
      'IdP',
      request('DCR IAT', '{{idp_url}}/mint', {
        request: {
          method: 'POST',
          url: '{{idp_url}}/mint',
          auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{admin_token}}' }] },
        },
        event: [{ listen: 'test', script: { exec: TELL.split('\n') } }],
      }),
    ),
    folder('BFF Health', request('Up', '{{bff_url}}/health')),
  ]);
  const home = await makeHome({ 'c.json': bytes });
  const ended = await run('iat', ['--collection', 'c.json', '--no-restart', ...args], {
    home,
    sandbox: sandboxOf(url, home, current),
  });
  return { ...ended, sent };
}

/** The IdP answers with a live token that is not understood, or with a refusal that quotes one. */
function answered(
  name: string,
  reply: string | Reply | readonly Reply[],
  code: string | null,
  also: { readonly args?: readonly string[]; readonly shows?: RegExp } = {},
): Attack<Ended> {
  const replies = typeof reply === 'string' ? [{ body: reply }] : [reply].flat();
  return {
    name,
    attempt: () => mint(replies, also.args),
    happened: ({ sent }) => expect(sent).toMatch(new RegExp(`${TOKEN}|${TOKEN.slice(5)}|${TOKEN.toLowerCase()}`)),
    outcome(ended) {
      expect(ended.code, ended.shown.slice(0, 2_000)).toBe(code);
      if (also.shows !== undefined) expect(ended.shown).toMatch(also.shows);
      // Pieces that are too short to be told from other text in general.
      expect(ended.shown).not.toContain(TOKEN.slice(11, 20));
    },
  };
}

attacks('an answer to the mint that is not understood', [
  answered('an unknown member', `{"initialToken":"${TOKEN}","expires_in":300}`, 'token-missing', {
    shows: /&quot;initialToken&quot;|"initialToken"/,
  }),
  answered('another unknown member', `{"registrationToken":"${TOKEN}"}`, 'token-missing'),
  answered('no name that tells', `{"v":"${TOKEN}"}`, 'token-missing'),
  answered('deep below', `{"a":[{"b":{"c":["${TOKEN}"]}}]}`, 'token-missing'),
  answered('two candidates', `{"token":"test-only-another-token-1","value":"${TOKEN}"}`, 'token-ambiguous'),
  answered('the same name twice', `{"value":"${TOKEN}","token":"x","value":"y"}`, 'token-ambiguous'),
  answered('a line break at its end', `{"iat":"${TOKEN}\\n"}`, 'token-malformed'),
  answered('a blank before it', `{"bootstrap":" ${TOKEN}"}`, 'token-malformed', {
    args: ['--token-path', '/bootstrap'],
  }),
  answered('expired by its clock', `{"value":"${TOKEN}","expires_at":"2020-01-01T00:00:00Z"}`, 'token-expired'),
  answered('a member name', `{"${TOKEN}":{}}`, 'token-missing'),
  answered('a member name below a plain one', `{"tokens":{"${TOKEN}":true}}`, 'token-missing'),
  answered('text/plain', { body: `It is ${TOKEN}`, type: 'text/plain' }, 'idp-not-json'),
  answered('HTML', { body: `<title>${TOKEN}</title>`, type: 'text/html' }, 'idp-not-json'),
  answered('a form', { body: `a=b&v=${TOKEN}`, type: 'application/x-www-form-urlencoded' }, 'token-missing'),
  answered('a JSON string', JSON.stringify(`It is ${TOKEN}`), 'idp-not-json'),
  answered('a list', `["${TOKEN}"]`, 'token-missing'),
  answered('cut in the middle', `{"v":"${TOKEN}`, 'idp-not-json'),
  answered('JSON in JSON', JSON.stringify({ v: JSON.stringify({ w: TOKEN }) }), 'token-missing'),
  answered('a header', { body: '{}', headers: { 'x-registration': TOKEN } }, 'token-missing'),
  answered('the place of what was made', { body: '{}', headers: { location: `/tokens/${TOKEN}` } }, 'token-missing'),
  answered('the media type', { body: '{}', type: `text/${TOKEN}` }, 'token-missing'),
  answered('a name of a header', { body: `{"v":"${TOKEN}"}`, headers: { [TOKEN]: '1' } }, 'token-missing'),
  answered(
    'the host of a redirect',
    { status: 302, body: '', headers: { location: `https://${TOKEN}.test/` } },
    'idp-redirect',
  ),
  answered(
    'a refusal that quotes it',
    { status: 409, body: `{"error":"conflict","error_description":"there is ${TOKEN}"}` },
    'idp-conflict',
  ),
  answered(
    'a refusal that quotes pieces of it',
    {
      status: 400,
      body: `{"error":"x","error_description":"${TOKEN.slice(0, 24)} ${TOKEN.slice(24)}","v":"${TOKEN}"}`,
    },
    'idp-bad-request',
  ),
  answered(
    'a challenge that quotes it',
    { status: 401, body: '', headers: { 'www-authenticate': `Bearer error="x", error_description="${TOKEN}"` } },
    'idp-unauthorized',
  ),
  answered(
    'a refusal, then success',
    [{ status: 503, body: `{"v":"${TOKEN}"}` }, { body: '{"token":"test-only-another-token-1"}' }],
    null,
  ),
  answered(
    'a scope that holds it',
    { status: 403, body: `{"error":"insufficient_scope","scope":"${TOKEN}"}` },
    'idp-forbidden',
  ),
  {
    ...answered(
      'an ordinary refusal',
      {
        status: 400,
        body: `{"error":"invalid_scope","error_description":"Scope dcr:admin is missing.","v":"${TOKEN}"}`,
      },
      'idp-bad-request',
      {
        shows: /Scope dcr:admin is missing\./,
      },
    ),
  },
]);

attacks('secrets are known before anything is printed', [
  ...(['health', 'doctor', 'collection', 'clear'] as const).map(
    (command): Attack<Attempted> => ({
      name: `${command}: the admin token of .env where another setting belongs`,
      attempt: async () => {
        const home = await makeHome({ '.env': `IAT_ADMIN_TOKEN=${ADMIN}\n` });
        return run(command, [...(command === 'collection' ? ['X'] : []), '--timeout', ADMIN], { home });
      },
      happened: ({ shown }) => expect(shown).toMatch(/is not/),
      outcome: ({ shown }) => expect(shown).toContain('‹admin token›'),
    }),
  ),
  {
    name: 'the admin token of a file as the name of a collection',
    attempt: async () => {
      const home = await makeHome({ 'token.txt': `${ADMIN}\n` });
      return run('iat', ['--admin-token-file', 'token.txt', '--collection', `${ADMIN}.json`], { home });
    },
    happened: ({ shown }) => expect(shown).toMatch(/There is no collection/),
    outcome: ({ shown }) => expect(shown).toContain('‹admin token›'),
  },
]);

/** `collection` with one request, to a server that answers like this. */
async function ask(reply: Reply, item: object = {}, values: readonly object[] = []): Promise<Ended> {
  let sent = '';
  const url = await serve((received, response) => {
    sent += `${JSON.stringify(received.headers)}${received.url}${received.text}${JSON.stringify(reply)}`;
    const { status = 200, type = 'application/json', headers = {}, body } = reply;
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);
  });
  const test = {
    listen: 'test',
    script: { exec: ['const v = pm.environment.get("v"); console.log("seen", v, [...(v || "")]);'] },
  };
  const bytes = collectionBytes([request('A', url, { event: [test], request: { method: 'POST', url, ...item } })]);
  const environment = JSON.stringify({ name: 'E', values });
  const home = await makeHome({ 'c.json': bytes, 'e.json': environment });
  const ended = await run('collection', ['--collection', 'c.json', '-e', 'e.json', 'A'], { home });
  return { ...ended, sent };
}

function asked(name: string, reply: Reply, item: object = {}, values: readonly object[] = []): Attack<Ended> {
  return {
    name,
    attempt: () => ask(reply, item, values),
    happened: ({ sent }) =>
      expect(sent).toMatch(new RegExp(`${TOKEN}|${Buffer.from(TOKEN, 'utf16le').toString('base64').slice(0, 20)}`)),
    outcome: ({ shown, exitCode }) => {
      expect(exitCode, shown.slice(0, 2_000)).toBe(0);
      expect(shown).toMatch(/‹[^…]/);
    },
  };
}

const fine = { body: '{}' };
const echo = { body: JSON.stringify({ echo: TOKEN }) };
const variable = [{ key: 'v', value: TOKEN, enabled: true }];

attacks('what is sent or answered under other names', [
  ...[
    'Private-Token',
    'X-Admin-Token',
    'DPoP',
    'Ocp-Apim-Subscription-Key',
    'X-Authorization',
    'X-Forwarded-Access-Token',
  ].map((name) => asked(`the header ${name}`, { ...fine, headers: { [name]: TOKEN } })),
  ...['adminPassword', 'secretAccessKey', 'apiToken', 'registration_token', 'otp'].map((name) =>
    asked(`the member ${name}, and its value elsewhere`, { body: JSON.stringify({ [name]: TOKEN, echo: TOKEN }) }),
  ),
  asked('a private key', { body: JSON.stringify({ kty: 'oct', k: TOKEN }) }),
  asked('a private key that says so at its end', { body: `{"d":"${TOKEN}","kty":"RSA"}` }),
  asked(
    'a variable in an authorization of its own scheme',
    echo,
    { header: [{ key: 'Authorization', value: 'Own {{v}}' }] },
    variable,
  ),
  asked(
    'a variable in a member of the body',
    echo,
    { body: { mode: 'raw', raw: '{"my_password": "{{v}}"}' } },
    variable,
  ),
  asked(
    'a variable in a field of a form',
    echo,
    { body: { mode: 'formdata', formdata: [{ key: 'pin', value: '{{v}}' }] } },
    variable,
  ),
  asked(
    'a variable in GraphQL',
    echo,
    { body: { mode: 'graphql', graphql: { query: 'q', variables: '{"password":"{{v}}"}' } } },
    variable,
  ),
  asked('a cookie', { ...echo, headers: { 'set-cookie': `a=${TOKEN}` } }),
  {
    ...asked(
      'a short value that is marked as secret',
      { body: `{"a":"${TOKEN}","token":"${TOKEN}","pin":"x4711y","say":"the 4711!"}` },
      {},
      [{ key: 'short', value: '4711', type: 'secret', enabled: true }],
    ),
    outcome: ({ shown }) => {
      expect(shown).toContain('‹short›');
      expect(shown).not.toMatch(/\b4711\b/);
    },
  },
]);

attacks(
  'words where a token belongs',
  ['bootstrap', 'The IdP does not accept', '<paste_token_here>', 'changeme'].map(
    (word): Attack<Ended> => ({
      name: `DCR_IAT: ${word}`,
      attempt: () => mint([{ body: `{"token":"${TOKEN}"}` }], [], word),
      happened: ({ sent }) => expect(sent).toContain(TOKEN),
      outcome(ended) {
        expect(ended.code, ended.shown.slice(0, 2_000)).toBeNull();
        expect(ended.shown).not.toContain('‹DCR_IAT›');
      },
    }),
  ),
);
