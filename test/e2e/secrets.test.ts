import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ErrorCode, exitCodeOf } from '../../scripts/core/errors.ts';
import { documentOf } from '../support/command.ts';
import { runHere } from '../support/in-process.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';
import { createStandIn, IAT, OTHER_SECRET, type StandIn } from '../support/stand-in.ts';

/** Characters that mean something to shells, compose, URLs, JSON and HTML. */
const AWKWARD = `q"uo'te$HOME$$%41\\n{b}<i>&amp;4711`;
/** All kinds of characters that a Bearer token can have (RFC 6750 §2.1): no other reaches the IdP. */
const BEARER = 'q7-uo.te_HOME~41/n+b4711Xy==';
const LONG = Array.from({ length: 1_000 }, (_, at) => `${at}Kj${at * 7}z`)
  .join('')
  .slice(0, 10_000);

interface Case {
  /** How the run ends; null: well. Then it has been where the secret is. */
  readonly code: ErrorCode | null;
  readonly args?: (secret: string) => readonly string[];
  readonly env?: (secret: string) => Record<string, string>;
  readonly prepare?: (standIn: StandIn, secret: string) => Promise<void> | void;
}

const asAdmin: NonNullable<Case['env']> = (secret) => ({ IAT_ADMIN_TOKEN: secret });
const writeIn =
  (name: string, text: (secret: string) => string): NonNullable<Case['prepare']> =>
  async ({ home }, secret) =>
    writeFile(join(home, name), text(secret));
const fails =
  (pattern: RegExp, text: (secret: string) => string): NonNullable<Case['prepare']> =>
  ({ answer }, secret) =>
    answer(pattern, { status: 1, body: text(secret) });
const refuses =
  (
    status: number,
    how: (secret: string) => { body: string; headers?: Record<string, string> },
  ): NonNullable<Case['prepare']> =>
  ({ answer }, secret) =>
    answer(/^POST /, { status, headers: { 'content-type': 'application/json' }, ...how(secret) });

/** The places where people and programs put secrets, and what then goes wrong. */
const CASES: Record<string, Case> = {
  'the IdP echoes the admin token': {
    code: 'idp-unauthorized',
    env: asAdmin,
    prepare: refuses(401, (s) => ({
      body: JSON.stringify({ error: 'invalid_token', error_description: `no such token: ${s}` }),
    })),
  },
  'the IdP answers with a page that holds it': {
    code: 'idp-not-json',
    env: asAdmin,
    prepare: refuses(200, (s) => ({
      body: `<title>${s}</title>`,
      headers: { 'content-type': `text/html; ${encodeURIComponent(s)}` },
    })),
  },
  'the IdP redirects with it': {
    code: 'idp-redirect',
    env: asAdmin,
    prepare: refuses(302, (s) => ({
      body: '',
      headers: { location: `https://login.test/${encodeURIComponent(s)}?token=${encodeURIComponent(s)}` },
    })),
  },
  'the IdP sends another token': {
    code: 'token-malformed',
    env: asAdmin,
    prepare: refuses(201, (s) => ({ body: JSON.stringify({ [`name of ${s}`]: 1, access_token: s }) })),
  },
  'compose quotes it': {
    code: 'compose-invalid',
    env: asAdmin,
    prepare: fails(/ config /, (s) => `invalid interpolation format for services.bff.environment.X=\${${s}\n`),
  },
  'docker quotes it': {
    code: 'restart-failed',
    env: asAdmin,
    prepare: fails(/ up -d/, (s) => `Error response from daemon: invalid env "X=${s}"\n`),
  },
  'a file is named after it': {
    code: 'collection-missing',
    env: asAdmin,
    args: (s) => ['--collection', `${encodeURIComponent(s).slice(0, 200)}.json`],
  },
  'it is in a folder of the reports': {
    code: null,
    env: asAdmin,
    args: (s) => ['--reports', join('reports', encodeURIComponent(s).slice(0, 200))],
  },
  'it is given where another setting belongs': {
    code: 'bad-value',
    env: (s) => ({ IAT_ADMIN_TOKEN: s, IAT_TIMEOUT: s }),
  },
  'its quote in .env is not closed': {
    code: 'admin-token-missing',
    env: () => ({ IAT_ADMIN_TOKEN: '' }),
    prepare: writeIn('.env', (s) => `A=b\nIAT_ADMIN_TOKEN="${s.replaceAll('"', '')}\n`),
  },
  'another secret of the service is quoted by docker': {
    code: 'restart-failed',
    prepare: fails(/ up -d/, () => `invalid env "REDIS_PASSWORD=${OTHER_SECRET}" or ${OTHER_SECRET}\n`),
  },
  'a proxy has a password': {
    code: 'idp-unreachable',
    // Where no proxy is needed, none is used: this machine is one of those.
    args: () => ['--idp-url', 'http://idp.test', '--allow-http'],
    env: (s) => ({
      HTTP_PROXY: `http://someone:${encodeURIComponent(s).slice(0, 200)}@127.0.0.1:1`,
      http_proxy: `http://someone:${encodeURIComponent(s).slice(0, 200)}@127.0.0.1:1`,
    }),
  },
  'a Postman variable named like a secret': {
    code: null,
    args: (s) => ['--env-var', `client_secret=${s}`, '--env-var', `iat_label={{client_secret}}`],
  },
  'the collection is broken JSON': {
    code: 'collection-invalid',
    args: () => ['--collection', 'own.json'],
    prepare: writeIn('own.json', (s) => `{"info": {}, "auth": {"bearer": "${s}" ${s}`),
  },
  'the environment is broken JSON': {
    code: 'environment-invalid',
    args: () => ['-e', 'own.json'],
    prepare: writeIn('own.json', (s) => `{"values": [{"value": ${s}}]}`),
  },
  'the environment is no environment': {
    code: 'environment-invalid',
    args: () => ['-e', 'own.json'],
    prepare: writeIn('own.json', (s) => JSON.stringify({ [s]: s })),
  },
};

test.for(Object.entries(CASES))(
  '%s: it is not shown',
  async ([name, { code, args = () => [], env = () => ({}), prepare }]) => {
    for (const secret of [env === asAdmin ? BEARER : AWKWARD, ...(name.startsWith('the IdP echoes') ? [LONG] : [])]) {
      const standIn = await createStandIn();
      const { home } = standIn;
      await prepare?.(standIn, secret);
      const before = await readAllFiles(home);
      const { stdout, stderr } = await runHere([...standIn.args, '--verbose', '--json', ...args(secret)], {
        cwd: home,
        env: { ...standIn.env, ...env(secret) },
      });
      const after = Object.entries(await readAllFiles(home)).filter(([path]) => before[path] === undefined);
      const compose = (await readFile(standIn.composeFile, 'utf8')).replaceAll(IAT, '').replaceAll(OTHER_SECRET, '');
      const isWritten = (await readFile(standIn.composeFile, 'utf8')).includes(IAT);
      const texts = { stdout, stderr, compose, ...Object.fromEntries(after) };
      expect(documentOf({ stdout, stderr }), stderr).toMatchObject({ exitCode: code === null ? 0 : exitCodeOf(code) });
      expect(documentOf({ stdout, stderr }).error?.code ?? null, stderr).toBe(code);
      // Before a token is minted, the test's own name for it is only the words of the route.
      for (const each of [secret, OTHER_SECRET, ...(isWritten ? [IAT] : [])])
        expect(findLeaks(each, texts), stderr).toEqual([]);
      await standIn.idle();
    }
  },
);
