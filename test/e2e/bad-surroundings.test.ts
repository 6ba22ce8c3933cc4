import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { runHere } from '../support/in-process.ts';
import { verifyRefused } from '../support/refused.ts';
import { createHome, createStandIn, OTHER_SECRET } from '../support/stand-in.ts';

const HIDDEN = 'test-only-value-that-is-of-another-kind';

describe('the admin token', () => {
  const none = { IAT_ADMIN_TOKEN: '' };
  const inFile = { env: none, args: ['--admin-token-file', 'token'] };

  test('is nowhere: both ways are named, and there is no prompt without a terminal', async () => {
    const text = await verifyRefused(await createStandIn(), 'admin-token-missing', { env: none });
    expect(text).toMatch(/IAT_ADMIN_TOKEN.*--admin-token-file FILE/s);
  });

  test('is an expired JWT: since when', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const expired = `${part({ alg: 'none' })}.${part({ exp: Math.floor(Date.now() / 1_000) - 3_600 })}.`;
    const env = { IAT_ADMIN_TOKEN: expired };
    const text = await verifyRefused(await createStandIn(), 'admin-token-expired', { env, secrets: [expired] });
    expect(text).toMatch(/expired 60 min ago/);
  });

  test('its file is not there', async () => {
    const text = await verifyRefused(await createStandIn(), 'admin-token-missing', inFile);
    expect(text).toContain('There is no file token (--admin-token-file).');
  });

  test('its file is empty', async () => {
    const standIn = await createStandIn();
    await writeFile(join(standIn.home, 'token'), '\n');
    expect(await verifyRefused(standIn, 'admin-token-missing', inFile)).toContain('token is empty');
  });

  test('its file has a line break within', async () => {
    const standIn = await createStandIn();
    await writeFile(join(standIn.home, 'token'), `${HIDDEN}\nX-Other: ${HIDDEN}\n`);
    const text = await verifyRefused(standIn, 'bad-value', { ...inFile, secrets: [HIDDEN] });
    expect(text).toMatch(/The value from token is not a token.*on one line/s);
  });

  test('standard input is empty', async () => {
    const args = ['--admin-token-file', '-'];
    const text = await verifyRefused(await createStandIn(), 'admin-token-missing', { env: none, args, input: '' });
    expect(text).toContain('standard input is empty');
  });
});

describe('Docker', () => {
  test('is not there', async () => {
    expect(await verifyRefused(await createStandIn([]), 'docker-missing')).toMatch(/not installed.*npm run demo/s);
  });

  test('has no compose, and the old one is not there either', async () => {
    const standIn = await createStandIn();
    standIn.answer(/^docker compose version/, { status: 1, body: "docker: 'compose' is not a docker command.\n" });
    const text = await verifyRefused(standIn, 'compose-missing');
    expect(text).toMatch(/Neither "docker compose" nor "docker-compose".*docker-compose-plugin/s);
  });

  test('may not be used by this user', async () => {
    const standIn = await createStandIn();
    const body =
      'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n';
    standIn.answer(/^docker (?:version|ps)/, { status: 1, body });
    expect(await verifyRefused(standIn, 'docker-unreachable')).toMatch(/may not talk to the Docker daemon.*group/s);
  });

  test('compose quotes a value of the file that it does not accept: the value is not passed on', async () => {
    const standIn = await createStandIn();
    const body = `services.bff.environment.[0]: unexpected type: invalid interpolation format: "${OTHER_SECRET}"\n`;
    standIn.answer(/ config /, { status: 15, body });
    const text = await verifyRefused(standIn, 'compose-invalid');
    expect(text).toMatch(/accept its files \(services\.bff\.environment\).*\sdocker compose .*\sconfig -q\n/s);
  });
});

describe('the CA file', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  test('is a key: said before anything is asked, by every command that takes it', async () => {
    const standIn = await createStandIn();
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(join(standIn.home, 'ca.pem'), key);
    const args = ['--ca-file', 'ca.pem'];
    const text = await verifyRefused(standIn, 'bad-value', { args, secrets: [key.split('\n')[1] ?? ''] });
    expect(text).toMatch(/ca\.pem \(--ca-file\) holds a private key, and no certificate/);
    for (const command of ['clear', 'health', 'doctor'] as const) {
      const own = command === 'clear' ? standIn.args : standIn.args.slice(command === 'health' ? 2 : 0, 4);
      const { exitCode, all } = await runHere([...own, ...args], { command, cwd: standIn.home, env: standIn.env });
      // The doctor looks at the rest as well.
      expect([exitCode, all], all).toEqual([
        command === 'doctor' ? 1 : 2,
        expect.stringContaining('holds a private key'),
      ]);
    }
  });
});

describe('the IdP', () => {
  test('is not reachable', async () => {
    const standIn = await createStandIn();
    const args = ['--idp-url', 'http://127.0.0.1:1'];
    expect(await verifyRefused(standIn, 'idp-unreachable', { args })).toContain('127.0.0.1:1');
  });

  test('redirects: the admin token is not sent there', async () => {
    const standIn = await createStandIn();
    const login = await createStandIn();
    const location = `${login.args[1]}/login`;
    standIn.answer(/^POST /, { status: 307, headers: { location } });
    const text = await verifyRefused(standIn, 'idp-redirect', { mints: 1 });
    expect(text).toContain(new URL(location).host);
    expect(login.calls).toEqual([]);
  });
});

describe('the report folder', () => {
  test('cannot be written: said once, before anything changes', async () => {
    const standIn = await createStandIn([]);
    await writeFile(join(standIn.home, 'file'), '');
    const text = await verifyRefused(standIn, 'file-not-writable', { args: ['--reports', 'file'] });
    expect(text.match(/cannot be written to file/g)).toHaveLength(1);
    expect(text).toContain('--reports DIR');
  });
});

describe('the command line', () => {
  test.for([
    [['--tiemout', '5'], {}, 'usage', /'--tiemout'.*Did you mean --timeout\?/s],
    [['surplus'], {}, 'usage', /--help/],
    [['--timeout', 'soon'], {}, 'bad-value', /"soon".*--timeout/s],
    [[], { IAT_TIMEOUT: 'soon' }, 'bad-value', /"soon".*IAT_TIMEOUT/s],
    [['--env-var', 'x'], {}, 'bad-value', /KEY=VALUE/],
    [['--admin-token', HIDDEN], {}, 'usage', /never a flag.*IAT_ADMIN_TOKEN/s],
  ] as const)('%j %j: %s', async ([args, env, code, words]) => {
    const text = await verifyRefused(await createStandIn([]), code, { args, env, secrets: [HIDDEN] });
    expect(text).toMatch(words);
  });

  test('a bad value in .env is said to be there', async () => {
    const standIn = await createStandIn([]);
    await writeFile(join(standIn.home, '.env'), 'IAT_TIMEOUT=soon\n');
    expect(await verifyRefused(standIn, 'bad-value')).toMatch(/"soon".*IAT_TIMEOUT in\s+\.env/s);
  });

  test('--help and --version print and do nothing', async () => {
    const cwd = await createHome();
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    const [help, number] = await Promise.all([runCommand(['--help'], { cwd }), runCommand(['--version'], { cwd })]);
    expect(help).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringMatching(/--compose-file <file>/) });
    expect(number).toMatchObject({ exitCode: 0, stderr: '', stdout: `${version}\n` });
  });
});
