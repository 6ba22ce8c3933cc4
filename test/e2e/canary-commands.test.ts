import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandName } from '../../scripts/cli/commands.ts';
import type { ErrorCode } from '../../scripts/core/errors.ts';
import { documentOf, startCommand } from '../support/command.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';
import { ADMIN_TOKEN, createStandIn, IAT, OTHER_SECRET, type StandIn } from '../support/stand-in.ts';

/** Secrets of different kinds, each of its own words, so that a piece of one is no piece of another. */
const SECRETS = {
  'admin token': ADMIN_TOKEN,
  IAT,
  'password in the compose file': OTHER_SECRET,
  'type: secret': 'kept-by-postman/7Qx+Vb2"mark$9%zz==',
  'basic password': 'folder-login-pa55!Phrase&<x>',
  'api key': 'collection-api-key-3f9aK2mZ7w',
  cookie: 'cookie-of-a-session-51Tyu8Nn',
  'access token in an answer': 'answered-access-9Gh2Lk4Rt6',
  'set by a script': 'scripted-session-token-0Pz5Vc',
};

/** Every way out that a script has, for one secret, in some of the forms in which it may take them. */
const LEAK_EVERYWHERE = `
const leak = (s) => {
  const bytes = Array.from(s, (c) => c.charCodeAt(0));
  const forms = [s, encodeURIComponent(s), btoa('x' + s), JSON.stringify(JSON.stringify(s)), bytes.join(','),
    bytes.map((b) => b.toString(16).padStart(2, '0')).join(''), s.replace(/(.{9})/g, '$1\\n'), s.slice(0, 14) + '…'];
  forms.forEach((form) => {
    console.log('log', form); console.warn({ form }); console.error(new Error(form)); console.info([form]);
    pm.test('name ' + form, () => {});
    pm.test('failed', () => pm.expect(form).to.equal('x'));
    pm.test('thrown', () => { throw new TypeError(form); });
    pm.test.skip('skipped ' + form, () => {});
  });
  pm.variables.set('copied', s); pm.environment.set('environment ' + s.slice(0, 12), s); pm.globals.set('copied', s);
  pm.collectionVariables.set('copied', s);
  pm.visualizer.set('<b>{{s}}</b>' + s, { s });
  pm.sendRequest({ url: pm.variables.replaceIn('{{bff_url}}/sent?q=' + encodeURIComponent(s)), header: { 'X-Out': s } }, () => {});
  pm.execution.setNextRequest(s);
};
const secrets = ['admin_token', 'kept', 'scripted_token'].map((name) => pm.variables.get(name)).filter(Boolean);
secrets.push('${SECRETS['basic password']}', '${SECRETS['api key']}');
const answer = pm.response ? pm.response.text() : '';
const found = answer.match(/"(?:token|access_token)": *"([^"]+)"/);
if (found) secrets.push(found[1]);
`;
const BEFORE = `${LEAK_EVERYWHERE}
secrets.forEach((s) => {
  pm.request.headers.add({ key: 'X-Leak', value: s });
  pm.request.url.query.add({ key: 'leak', value: s });
});
secrets.forEach(leak);
pm.environment.set('scripted_token', '${SECRETS['set by a script']}');`;
const AFTER = `${LEAK_EVERYWHERE} secrets.forEach(leak); throw new Error('at the end ' + secrets.join(' '));`;

const script = (listen: string, exec: string) => ({ listen, script: { exec: exec.split('\n') } });
const EVENTS = [script('prerequest', BEFORE), script('test', AFTER)];

/** Every command, with what makes it do its work; `null`: it brings a sandbox of its own (demo.test.ts), or runs no collection. */
const ARGUMENTS = {
  iat: ['--health-timeout', '1'],
  doctor: [],
  health: [],
  clear: [],
  collection: ['IdP Admin', 'BFF Health'],
  demo: null,
  init: null,
  reports: null,
} as const satisfies Record<CommandName, readonly string[] | null>;
type Name = keyof typeof ARGUMENTS;

const USES_DOCKER: readonly Name[] = ['iat', 'doctor', 'clear'];

/** How each of them ends: with a collection like that nothing passes. */
const ENDS: Partial<Record<Name, ErrorCode>> = {
  iat: 'bff-unhealthy',
  clear: 'bff-unhealthy',
  doctor: 'fault-found',
  health: 'bff-unhealthy',
  collection: 'assertion-failed',
};

async function writeLeakingCollection({ home, env }: StandIn): Promise<void> {
  const file = join(home, 'collections', 'EmpowerNow.postman_collection.json');
  const collection = JSON.parse(await readFile(file, 'utf8'));
  const [admin, health] = collection.item;
  admin.item[0].event = EVENTS;
  health.event = EVENTS;
  health.auth = {
    type: 'basic',
    basic: [
      { key: 'username', value: 'qa' },
      { key: 'password', value: SECRETS['basic password'] },
    ],
  };
  collection.auth = {
    type: 'apikey',
    apikey: [
      { key: 'key', value: 'X-Own' },
      { key: 'value', value: SECRETS['api key'] },
    ],
  };
  for (const item of health.item) delete item.event;
  await writeFile(file, JSON.stringify(collection));
  const values = [
    { key: 'kept', value: SECRETS['type: secret'], type: 'secret', enabled: true },
    { key: 'idp_url', value: env['STAND_IN_URL'], type: 'default', enabled: true },
    { key: 'bff_url', value: env['STAND_IN_URL'], type: 'default', enabled: true },
    // For commands that do not put it there themselves.
    { key: 'admin_token', value: ADMIN_TOKEN, type: 'secret', enabled: true },
  ];
  await writeFile(join(home, 'environment.json'), JSON.stringify({ name: 'Test', values }));
}

/** What the kernel shows of every process below `pid`, looked at again and again until `stop`. */
function sampleProcesses(pid: number): {
  look(): void;
  stop(): { readonly argv: string; readonly environments: string; readonly count: number };
} {
  const argv = new Map<string, string>();
  const environments = new Map<string, string>();
  const read = (path: string) => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return '';
    }
  };
  const look = () => {
    const parents = new Map(
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => [name, /^PPid:\s+(\d+)/m.exec(read(`/proc/${name}/status`))?.[1]]),
    );
    for (const name of parents.keys()) {
      let above = name;
      while (above !== String(pid) && parents.get(above)) above = parents.get(above) ?? '';
      if (above !== String(pid)) continue;
      const words = read(`/proc/${name}/cmdline`);
      argv.set(name, `${argv.get(name) ?? ''}\n${words}`);
      // Its own environment is as the user gave it, and so is that of a copy of it which has not become a program yet.
      if (words !== read(`/proc/${pid}/cmdline`))
        environments.set(name, `${environments.get(name) ?? ''}\n${read(`/proc/${name}/environ`)}`);
    }
  };
  const timer = setInterval(look, 50);
  return {
    look,
    stop() {
      clearInterval(timer);
      return {
        argv: [...argv.values()].join('\n'),
        environments: [...environments.values()].join('\n'),
        count: environments.size,
      };
    },
  };
}

describe.skipIf(!existsSync('/proc/self/environ'))('a collection that leaks in every way shows nothing', () => {
  const names = (Object.keys(ARGUMENTS) as Name[]).filter((name) => ARGUMENTS[name] !== null);
  test.for(names)('%s', async (command) => {
    const standIn = await createStandIn();
    const { home } = standIn;
    await writeLeakingCollection(standIn);
    const tmp = join(home, 'tmp');
    await mkdir(tmp);
    const body = JSON.stringify({ status: 'healthy', access_token: SECRETS['access token in an answer'], keys: [] });
    const headers = { 'content-type': 'application/json', 'set-cookie': `sid=${SECRETS.cookie}; Path=/` };
    standIn.answer(/^GET /, { status: 200, body, headers });
    const before = await readAllFiles(home);
    // Of the children at least this one is looked at.
    const docker = standIn.hold(/^docker /);
    const [urls, bffUrl] = [standIn.args.slice(0, 4), standIn.args.slice(2, 4)];
    const given = { iat: standIn.args, doctor: urls, health: bffUrl }[command as 'iat'] ?? [];
    const running = startCommand(
      [...given, '-e', 'environment.json', '--verbose', '--json', ...(ARGUMENTS[command] ?? [])],
      {
        command,
        cwd: home,
        env: { ...standIn.env, TMPDIR: tmp },
      },
    );
    const sampled = sampleProcesses(running.pid);
    void docker.reached.then(() => {
      sampled.look();
      docker.release();
    });
    const ended = await running.ended;
    const { stdout, stderr } = ended;
    const { argv, environments, count } = sampled.stop();
    const after = await readAllFiles(home);
    // It came to its end, and not to that of its time.
    expect(documentOf(ended).error?.code, stderr).toBe(ENDS[command]);
    expect(Object.keys(after).some((path) => path.endsWith('index.html'))).toBe(true);
    expect(count > 0 || !USES_DOCKER.includes(command), 'a child was looked at').toBe(true);
    // What was there before is the user's; of the compose file it is all but the one line.
    const compose = (after[standIn.composeFile] ?? '')
      .split('\n')
      .filter((line) => !/DCR_IAT|REDIS_PASSWORD/.test(line));
    const written = Object.fromEntries(Object.entries(after).filter(([path]) => before[path] === undefined));
    const texts = { stdout, stderr, argv, environments, compose: compose.join('\n'), ...written };
    const traces = Object.entries(SECRETS).flatMap(([name, secret]) =>
      findLeaks(secret, texts).map((trace) => `${name}: ${trace}`),
    );
    expect(traces).toEqual([]);
    await standIn.idle();
  });
});
