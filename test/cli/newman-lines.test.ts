import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { runHere } from '../support/in-process.ts';
import { sendJson, serve } from '../support/server.ts';

/*
 * Command lines as people write them behind `newman`, each run to its end behind `npm run collection --`. `{x}` stands for the
 * folder in which the files lie.
 */
let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'newman-lines-'));
  const check = (...exec: string[]) => ({ event: [{ listen: 'test', script: { exec } }] });
  const passes = check("pm.test('ok', () => pm.response.to.have.status(200));");
  const fails = check("pm.test('not ok', () => pm.response.to.have.status(201));");
  const orders = folder(
    'Orders',
    request('List', '{{base}}/orders?who={{who}}', passes),
    request('Get', '{{base}}/o', passes),
  );
  const auth = folder('Auth', request('Log in', '{{base}}/login', passes));
  const files = {
    'c.json': collectionBytes([auth, orders], { variable: [{ key: 'who', value: 'nobody' }] }),
    'my api.postman_collection.json': collectionBytes([auth]),
    'bad.json': collectionBytes([request('First', '{{base}}/a', fails), request('Second', '{{base}}/b', passes)]),
    'redirect.json': collectionBytes([request('Moved', '{{base}}/moved', passes)]),
    'env.json': JSON.stringify({ name: 'Staging', values: [{ key: 'who', value: 'staging', enabled: true }] }),
    'globals.json': JSON.stringify({ values: [{ key: 'who', value: 'global', enabled: true }] }),
    'data.csv': 'who\nann\nbob\n',
    'data.json': JSON.stringify([{ who: 'ann' }, { who: 'bob' }, { who: 'eve' }]),
    'jar.json': JSON.stringify({ version: 'tough-cookie@4.0.0', storeType: 'MemoryCookieStore', cookies: [] }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
});

afterAll(() => rm(dir, { recursive: true }));

async function run(line: string, more: { readonly env?: Record<string, string> } = {}) {
  const asked: string[] = [];
  const base = await serve((incoming, response) => {
    asked.push(incoming.url ?? '');
    if (incoming.url === '/moved') return void response.writeHead(302, { location: '/orders' }).end();
    sendJson(response, 200, {});
  });
  // As a shell takes a line apart.
  const words = [...line.replaceAll('{x}', dir).matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+(?:"[^"]*")?)/g)].map(
    ([, double, single, bare]) => double ?? single ?? (bare ?? '').replaceAll('"', ''),
  );
  const variables = ['--env-var', `base=${base}`, '--reports', join(dir, 'reports')];
  const ended = await runHere([...words, ...variables], { command: 'collection', cwd: dir, ...more });
  return { ...ended, asked };
}

describe('runs the whole collection', () => {
  test.for([
    'c.json',
    './c.json',
    '{x}/c.json',
    'run c.json',
    'newman run c.json',
    'c.json --reporters cli',
    'c.json -r cli',
    'c.json -e env.json',
    'c.json --environment env.json',
    'c.json --environment=env.json',
    '-e env.json c.json',
    'c.json -g globals.json',
    'c.json --globals=globals.json -e env.json',
    'c.json --env-var who=me',
    'c.json --env-var "who=a b"',
    'c.json --env-var=who=x=y',
    'c.json --env-var a=1 --env-var b=2 --global-var c=3',
    'c.json --delay-request 1',
    'c.json --timeout-request 10000 --timeout-script 5000',
    'c.json --timeout 60000',
    'c.json --timeout 60s',
    'c.json --timeout 60000ms',
    'c.json --bail',
    'c.json --bail failure',
    'c.json --bail=folder',
    'c.json -k',
    'c.json --insecure -x',
    'c.json -kx',
    'c.json --suppress-exit-code',
    'c.json --color off --disable-unicode',
    'c.json --color on',
    'c.json --verbose',
    'c.json --silent',
    'c.json --working-dir . --no-insecure-file-read',
    'c.json --cookie-jar jar.json',
    'c.json --ignore-redirects',
    'c.json -n 1',
    'c.json --folder Auth --folder Orders',
    'c.json -r cli,json --reporter-json-export out/whole.json',
    'c.json -r "cli, junit" --reporter-junit-export=out/junit.xml',
    'c.json -r htmlextra --reporter-htmlextra-export ./out/report.html --reporter-htmlextra-title "Orders"',
    'c.json --reporters=htmlextra,cli --reporter-htmlextra-darkTheme',
    'c.json -r json,junit,html',
    'c.json --export-environment out/environment.json',
    'c.json --export-globals out/globals.json --export-collection out/collection.json',
    'c.json --export-cookie-jar out/jar.json',
  ])('%s', async (line) => {
    const { exitCode, asked, all } = await run(line);
    expect(
      asked.map((url) => url.split('?')[0]),
      all,
    ).toEqual(['/login', '/orders', '/o']);
    expect(exitCode).toBe(0);
  });
});

describe('runs a part, several times, or to another end', () => {
  test.for([
    ['"my api.postman_collection.json"', 1, 0],
    ['c.json --folder Orders', 2, 0],
    ['c.json --folder "Log in"', 1, 0],
    ['c.json --folder Orders/Get', 1, 0],
    ['c.json Orders', 2, 0],
    ['c.json Auth "Orders/List"', 2, 0],
    ['--collection c.json Orders', 2, 0],
    ['c.json -n 2', 6, 0],
    ['c.json --iteration-count=3 --parallel 2', 9, 0],
    ['c.json -d data.csv', 6, 0],
    ['c.json --iteration-data data.json -n 2', 6, 0],
    ['c.json -d data.csv --folder Auth -r cli', 2, 0],
    ['c.json --parallel 2', 3, 0],
    ['bad.json', 2, 1],
    ['bad.json --bail', 1, 1],
    ['bad.json -r cli,junit --reporter-junit-export out/bad.xml', 2, 1],
    ['redirect.json', 2, 0],
    ['redirect.json --ignore-redirects', 1, 1],
  ] as const)('%s', async ([line, requests, exitCode]) => {
    const ended = await run(line);
    expect(ended.asked, ended.all).toHaveLength(requests);
    expect(ended.exitCode).toBe(exitCode);
  });

  test.for([
    ['nowhere.json', 'There is no collection'],
    ['c.json --folder Odrers', 'Did you mean "Orders"'],
    ['c.json --iteration-count 0', '--iteration-count'],
    ['c.json -r teamcity', 'npm install newman-reporter-teamcity'],
    ['c.json --postman-api-key PMAK', 'not downloaded'],
    ['https://example.com/c.json?apikey=PMAK', 'download it first'],
    ['c.json --enviroment env.json', 'Did you mean --environment'],
    ['c.json --parallel 2 --export-environment out/e.json', 'Leave one of the two out'],
  ])('%s: nothing is sent, and it says why', async ([line = '', words = '']) => {
    const { exitCode, asked, all } = await run(line);
    expect(asked).toEqual([]);
    expect(exitCode).toBe(2);
    expect(all.replace(/\s+/g, ' ')).toContain(words);
    expect(all).not.toContain('PMAK');
  });
});

describe('what comes of it', () => {
  test.for([
    ['c.json -e env.json', 'staging'],
    ['c.json -e env.json --env-var who=me', 'me'],
    ['c.json', 'nobody'],
    ['c.json -g globals.json --global-var who=given -e env.json', 'staging'],
  ])('%s: the value that counts', async ([line = '', who]) => {
    expect((await run(line)).asked[1]).toBe(`/orders?who=${who}`);
  });

  test('each iteration has its row', async () => {
    const { asked } = await run('c.json -d data.json --folder List');
    expect(asked).toEqual(['/orders?who=ann', '/orders?who=bob', '/orders?who=eve']);
  });

  test('reports at the named places, and in a folder', async () => {
    await run(
      'c.json -r json,junit,htmlextra --reporter-json-export a/n.json --reporter-junit-export a/ --reporter-htmlextra-export a/n.html',
    );
    expect((await readdir(join(dir, 'a'))).sort()).toEqual(['n.html', 'n.json', 'newman-run-report.xml']);
    expect(JSON.parse(await readFile(join(dir, 'a/n.json'), 'utf8'))).toMatchObject({
      run: { stats: { requests: { total: 3, failed: 0 } } },
    });
  });

  test('an export is for its owner only', async () => {
    await run('c.json -e env.json --export-environment exported/');
    const file = join(dir, 'exported', 'newman-environment.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      name: 'Staging',
      _postman_variable_scope: 'environment',
    });
  });

  test('nothing on standard output with --silent', async () => {
    expect((await run('bad.json --silent')).stdout).toBe('');
  });

  test('.newmanrc counts below the command line', async () => {
    await writeFile(
      join(dir, '.newmanrc'),
      '{ "run": { "folder": ["Orders"], "envVar": [{"key": "who", "value": "rc"}], "timeout": 60000 } }',
    );
    try {
      expect((await run('c.json --global-var a=b')).asked).toHaveLength(2);
      expect((await run('c.json --folder Auth')).asked).toEqual(['/login']);
    } finally {
      await rm(join(dir, '.newmanrc'));
    }
  });

  test('a bare number of more than an hour is milliseconds, and it says so', async () => {
    const { all, run: result } = await run('c.json --timeout 60000');
    expect(all).toContain('--timeout 60000 counts as milliseconds');
    expect(result.verdict).toBe('passed');
  });
});
