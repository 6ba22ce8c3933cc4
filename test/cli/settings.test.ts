import { describe, expect, test } from 'vitest';
import { COMMANDS, type CommandName } from '../../scripts/cli/commands.ts';
import { parseArguments } from '../../scripts/cli/parse.ts';
import { resolveSettings, type SettingSources } from '../../scripts/cli/settings.ts';
import { type Hint, hintText } from '../../scripts/core/errors.ts';
import { thrownBy } from '../support/builders.ts';

function resolve(args: string[], sources: Partial<SettingSources> = {}, command: CommandName = 'iat') {
  const parsed = parseArguments(command, args, '1.2.3', 80);
  if (parsed.kind === 'print') throw new Error('printed');
  return resolveSettings(command, parsed.arguments, {
    env: {},
    dotenv: new Map(),
    cwd: '/project',
    typedFrom: '/typed',
    nodeOptions: [],
    ...sources,
  });
}

describe('where a setting comes from', () => {
  test('a flag beats the variable, the variable beats .env, .env beats the default', () => {
    const dotenv = new Map([['IAT_SERVICE', 'from-dotenv']]);
    const env = { IAT_SERVICE: 'from-env' };
    expect(resolve(['--service', 'from-flag'], { env, dotenv }).service).toBe('from-flag');
    expect(resolve([], { env, dotenv }).service).toBe('from-env');
    expect(resolve([], { env: { IAT_SERVICE: '' }, dotenv }).service).toBe('from-dotenv');
    expect(resolve([]).service).toBe('bff');
  });

  test('what is typed for compose cannot be typed for a cluster; its variables may be there', () => {
    for (const args of [['-f', 'compose.yml'], ['--service', 'bff'], ['--no-deps']])
      expect(thrownBy(() => resolve([...args, '--kubernetes', 'bff']))).toMatchObject({ code: 'bad-value' });
    const env = { COMPOSE_FILE: 'compose.yml', IAT_SERVICE: 'bff' };
    expect(resolve(['--kubernetes', 'deployment/bff'], { env }).kubernetes).toBe('deployment/bff');
  });

  test('a typed path starts where npm was called, any other in the working directory', () => {
    const settings = resolve(['-e', 'env.json'], { env: { IAT_COLLECTION: 'c.json' } });
    expect(settings).toMatchObject({
      environment: '/typed/env.json',
      collection: '/project/c.json',
      reports: '/project/reports',
    });
  });

  test('logins: each --login, else IAT_LOGIN by its lines, or else by its commas', () => {
    expect(resolve(['--login', 'A, B', '--login', 'C']).login).toEqual(['A, B', 'C']);
    expect(resolve([], { env: { IAT_LOGIN: 'IdP/A,B' } }).login).toEqual(['IdP/A', 'B']);
    expect(resolve([], { env: { IAT_LOGIN: 'A, B\nC\n' } }).login).toEqual(['A, B', 'C', '']);
    expect(resolve([]).login).toBeNull();
  });

  test('compose files: each -f, else COMPOSE_FILE with its separator', () => {
    expect(resolve(['-f', 'a.yml', '--compose-file', '/b.yml']).composeFiles).toEqual(['/typed/a.yml', '/b.yml']);
    expect(resolve([], { env: { COMPOSE_FILE: 'a.yml:b.yml', COMPOSE_PATH_SEPARATOR: ':' } }).composeFiles).toEqual([
      '/project/a.yml',
      '/project/b.yml',
    ]);
    expect(
      resolve([], { env: { COMPOSE_FILE: 'a.yml|b.yml', COMPOSE_PATH_SEPARATOR: '|' } }).composeFiles,
    ).toHaveLength(2);
    expect(resolve([]).composeFiles).toBeNull();
  });

  test('times are milliseconds, zero is a value, switches read the environment', () => {
    expect(
      resolve(['--stable-for', '0', '--timeout', '1.5'], { env: { IAT_INSECURE: 'true', IAT_ALLOW_HTTP: '0' } }),
    ).toMatchObject({
      stableForMs: 0,
      timeoutMs: 1_500,
      healthTimeoutMs: 120_000,
      insecure: true,
      allowHttp: false,
      restart: true,
    });
    expect(resolve(['--no-restart']).restart).toBe(false);
  });
});

describe('an error names the value and where it came from', () => {
  test.for([
    [['--timeout', 'soon'], {}, /"soon".*--timeout/],
    [[], { IAT_TIMEOUT: '-1' }, /"-1".*IAT_TIMEOUT/],
    [['--expires-in', '0'], {}, /"0".*--expires-in/],
    [['--max-usages', '1.5'], {}, /"1\.5".*--max-usages/],
    [['--write', 'somewhere'], {}, /"somewhere".*--write/],
    [['--idp-url', 'idp.test'], {}, /"idp\.test".*--idp-url/],
    [['--idp-url', 'https://idp.test/?tenant=a'], {}, /"https:\/\/idp\.test\/\?tenant=a" is not .*--idp-url/],
    [[], { IAT_BFF_URL: 'http://bff.test/#top' }, /"http:\/\/bff\.test\/#top" is not .*IAT_BFF_URL/],
    [['--bff-url', 'http://user@bff.test'], {}, /"http:\/\/\*\*\*@bff\.test" is not .*--bff-url/],
    [['--token-path', 'token'], {}, /"token".*--token-path/],
    [['--variable', 'DCR-IAT'], {}, /"DCR-IAT".*--variable/],
    [['--service', 'b ff'], {}, /"b ff".*--service/],
    [[], { IAT_INSECURE: 'maybe' }, /"maybe".*IAT_INSECURE/],
  ] as [string[], Record<string, string>, RegExp][])('%j %j', ([args, env, message]) => {
    expect(thrownBy(() => resolve(args, { env }))).toMatchObject({
      code: 'bad-value',
      message: expect.stringMatching(message),
    });
  });

  test('a variable of Postman without a value may be a secret, and is not repeated', () => {
    const error = thrownBy(() => resolve(['--env-var', 'a=b', '--env-var', 'test-only-secret']));
    expect(error).toMatchObject({ code: 'bad-value', message: expect.stringMatching(/KEY=VALUE.*--env-var/) });
    expect(String(error)).not.toContain('test-only');
  });

  test('clear takes the options of iat as they were: those that mean nothing to it have no effect, and its help is short', () => {
    const args = [
      '--idp-url',
      'https://idp.test',
      '--admin-token-file',
      'token.txt',
      '--service',
      'gateway',
      '--allow-http',
    ];
    const parsed = parseArguments('clear', args, '1.2.3', 80);
    expect(parsed).toMatchObject({ kind: 'run', arguments: { values: { service: 'gateway' } } });
    expect(parseArguments('clear', ['--help'], '1.2.3', 80)).toMatchObject({
      text: expect.not.stringContaining('--idp-url'),
    });
  });

  test('a password in a URL is not repeated', () => {
    const error = thrownBy(() => resolve(['--idp-url', 'https://user:test-only-password@idp.test']));
    expect(error).toMatchObject({ code: 'bad-value' });
    expect(String(error)).not.toContain('test-only-password');
  });

  test.for([
    [['--tiemout', '5'], /Unknown option '--tiemout'/, /--timeout/],
    [['surplus'], /arguments.*[^.]\.$/, /--help/],
    [['--admin-token', 'test-only-admin-token'], /never a flag/, /IAT_ADMIN_TOKEN/],
    [['--service'], /argument missing/, /--help/],
  ] as [string[], RegExp, RegExp][])('%j', ([args, message, hint]) => {
    const error = thrownBy(() => resolve(args));
    expect(error).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
      hint: expect.toSatisfy((given: Hint) => hint.test(hintText(given))),
    });
    expect(String(error)).not.toContain('test-only');
  });
});

describe('help', () => {
  test.for(Object.keys(COMMANDS) as CommandName[])('%s fits into 80 columns', (command) => {
    const help = parseArguments(command, ['--help'], '1.2.3', 80);
    if (help.kind !== 'print') throw new Error('not printed');
    expect(help.text).toContain(COMMANDS[command].split(' ', 3).join(' '));
    expect(Math.max(...help.text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('the version', () => {
    expect(parseArguments('iat', ['--version'], '1.2.3', 80)).toEqual({ kind: 'print', text: '1.2.3\n' });
  });
});
