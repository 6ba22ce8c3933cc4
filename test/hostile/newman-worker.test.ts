import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { CollectionRun } from '../../scripts/core/ports.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { type Attack, attacks, CANARY } from '../support/attacks.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { runOf } from '../support/collection-run.ts';
import { documentOf, type Running, startCommand } from '../support/command.ts';
import { sendJson, serve } from '../support/server.ts';

/*
 * What a collection, a server or a proxy does to Newman. Each row is a folder of two requests: the first one is attacked,
 * the second one shows whether the run goes on.
 */
interface Ran {
  readonly shown: string;
  readonly exchanges: readonly Exchange[];
  /** Why the run was rejected; null: it was not. */
  readonly rejected: unknown;
  readonly lastBody: string | null;
  /** Paths that the server was asked for. */
  readonly asked: readonly string[];
}

type Handler = Parameters<typeof serve>[0];

const masker = new Masker();
masker.add(new Secret(CANARY.admin, 'admin token'));
const collections = createCollections((secret) => masker.add(secret, 'found'), {
  IAT_ADMIN_TOKEN: CANARY.admin,
  NODE_OPTIONS: '--report-on-signal',
});
beforeAll(() => {
  process.env['TEST_ONLY_SECRET'] = CANARY.admin;
});
afterAll(() => {
  delete process.env['TEST_ONLY_SECRET'];
  collections.close();
});

/** In a script: leaves the context that Postman's sandbox runs it in, for Node itself. */
const ESCAPE =
  "let host; try { setTimeout(() => {}, Symbol()) } catch (error) { host = error.constructor.constructor('return process')() }";

async function run(script: string, more: Partial<CollectionRun> & { readonly handle?: Handler } = {}): Promise<Ran> {
  const { handle = (_, response) => sendJson(response, 200, {}), ...options } = more;
  const asked: string[] = [];
  const url = await serve((incoming, response) => {
    asked.push(incoming.url ?? '');
    if (incoming.url === '/first') handle(incoming, response);
    else sendJson(response, 200, {});
  });
  const first = request('First', `${url}/first`, {
    event: [{ listen: 'test', script: { exec: ["console.log('begun');", `const url = '${url}';`, script] } }],
  });
  let cut: readonly Exchange[] = [];
  const ended = await collections
    .run(
      runOf([folder('F', first, request('Second', `${url}/second`))], 'F', {
        isBounded: false,
        onCut: (exchanges) => {
          cut = exchanges;
        },
        ...options,
      }),
    )
    .then((outcome) => ({ ...outcome, rejected: null }))
    .catch((error: unknown) => ({ exchanges: cut, rejected: error, lastBody: null }));
  const { exchanges, rejected, lastBody } = ended;
  return { shown: masker.mask(JSON.stringify([exchanges, String(rejected)])), exchanges, rejected, lastBody, asked };
}

/** Ends the run a while after the first answer; a busy machine gets more time until the script has begun. */
async function runWithLimit(script: string): Promise<Ran> {
  for (let ms = 250; ; ms *= 3) {
    const limit = new AbortController();
    const ran = await run(script, {
      signal: limit.signal,
      handle(_, response) {
        sendJson(response, 200, {});
        setTimeout(() => limit.abort(new AppError('timeout', 'The run took longer than 1 s.')), ms);
      },
    });
    if (hasBegun(ran) || ms > 20_000) return ran;
  }
}

/** A run with limited hosts: the mint, whose origin is the server's. */
async function mint(script: string, handle?: Handler): Promise<Ran> {
  const origin = await serve(handle ?? ((_, response) => sendJson(response, 201, { token: CANARY.token })));
  const item = request('Mint', `${origin}/mint`, {
    event: [{ listen: 'test', script: { exec: ["console.log('begun');", script] } }],
  });
  const outcome = await collections.run(runOf([item], 'Mint', { origins: [origin] }));
  return {
    ...outcome,
    rejected: null,
    asked: [],
    shown: masker.mask(JSON.stringify(outcome.exchanges)),
  };
}

function hasBegun({ exchanges }: Ran): boolean {
  return exchanges[0]?.console.some(({ text }) => text === 'begun') ?? false;
}

const began = (ran: Ran) => expect(hasBegun(ran)).toBe(true);
const answered = ({ asked }: Ran) => expect(asked).toContain('/first');

/** The first request has this error, and the second one ran all the same. */
const goesOn = (error: object | null) => (ran: Ran) =>
  expect(ran).toMatchObject({ rejected: null, exchanges: [{ error }, { name: 'Second', error: null }] });

/** The run is over with the first request, which has this error. */
const breaksOff = (message: string | RegExp) => (ran: Ran) => {
  const expected = typeof message === 'string' ? message : expect.stringMatching(message);
  expect(ran).toMatchObject({ rejected: null, exchanges: [{ error: { message: expected } }] });
  expect(ran.exchanges).toHaveLength(1);
};

/** The limit ended the run, which keeps what it had. */
const isEnded = (ran: Ran) => {
  expect(ran.rejected).toMatchObject({ code: 'timeout' });
  expect(ran.exchanges).toMatchObject([
    {
      response: { status: 200 },
      error: { message: 'the run was ended here: The run took longer than 1 s.' },
    },
  ]);
};

/** Writes for as long as somebody reads. */
function flood(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write(MB));
  };
  response.on('drain', more);
  more();
}

/** `npm run collection` as a process of its own, interrupted when the script has its answer. */
async function interrupted(script: string): Promise<Ran> {
  const { path, remove } = await makeTemporaryFolder();
  onTestFinished(remove);
  let running: Running | null = null;
  const asked: string[] = [];
  const url = await serve((incoming, response) => {
    asked.push(incoming.url ?? '');
    response.on('finish', () => running?.kill('SIGINT'));
    sendJson(response, 200, {});
  });
  const item = request('First', `${url}/first`, { event: [{ listen: 'test', script: { exec: [script] } }] });
  await writeFile(join(path, 'c.json'), collectionBytes([item]));
  const options = { command: 'collection', cwd: path, env: { PATH: process.env['PATH'] ?? '' } } as const;
  running = startCommand(['--collection', 'c.json', 'First', '--json'], options);
  const ended = await running.ended;
  const result = documentOf(ended);
  return {
    shown: ended.all + (await readFile(result.reports.html ?? '', 'utf8')),
    exchanges: [],
    rejected: { code: result.error?.code, exitCode: ended.exitCode },
    lastBody: null,
    asked,
  };
}

async function throughProxy(status: number): Promise<Ran> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
  });
  const engine = createCollections(() => {}, { HTTPS_PROXY: await listen(proxy) });
  onTestFinished(() => engine.close());
  const outcome = await engine.run(runOf([request('R', 'https://example.test/')], 'R'));
  return { ...outcome, rejected: null, asked, shown: JSON.stringify(outcome) };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const script = (
  name: string,
  code: string,
  outcome: (ran: Ran) => void,
  happened: (ran: Ran) => void = began,
): Attack<Ran> => ({ name, attempt: () => run(code), happened, outcome });

const endless = (name: string, code: string): Attack<Ran> => ({
  name,
  attempt: () => runWithLimit(code),
  happened: began,
  outcome: isEnded,
});

const answer = (name: string, handle: Handler, error: object, more: Partial<CollectionRun> = {}): Attack<Ran> => ({
  name,
  attempt: () => run('', { handle, ...more }),
  happened: answered,
  outcome: goesOn(error),
});

attacks('a script without an end is ended by the limit, with what it had', [
  endless('a loop', 'while (true) {}'),
  endless('endless microtasks', 'void (async () => { for (;;) await 0; })();'),
  endless('a pattern that backtracks for ever', "new RegExp('^(a+)+$').test('a'.repeat(60) + 'b');"),
  endless('an interval that is never cleared', 'setInterval(() => {}, 1);'),
  endless('a timer that starts itself again', 'const again = () => setTimeout(again, 0); again();'),
  endless('a loop outside of the sandbox', `${ESCAPE}; host.nextTick(() => { for (;;); });`),
]);

attacks('Ctrl-C ends the process, with its report', [
  {
    name: 'a loop of microtasks',
    attempt: () => interrupted('void (async () => { for (;;) await 0; })();'),
    happened: answered,
    outcome: ({ rejected, shown }) => {
      expect(rejected).toEqual({ code: 'interrupted', exitCode: 130 });
      expect(shown).toContain('the run was ended here: Interrupted.');
    },
  },
]);

attacks('what breaks in a script is the error of its request', [
  script('a rejection', "(async () => { throw new Error('nobody waits') })();", goesOn({ message: 'nobody waits' })),
  script('a rejection with no error', 'Promise.reject(7);', goesOn({ kind: 'script', message: '7' })),
  script(
    'a rejection with a secret',
    `Promise.reject(new Error('${CANARY.admin}'));`,
    goesOn({ message: CANARY.admin }),
  ),
  script('a throw in a timer', "setTimeout(() => { throw new Error('late') }, 5);", goesOn({ message: 'late' })),
  script('import()', "import('node:fs').then(() => {});", goesOn({ message: expect.stringMatching(/import/i) })),
  script('texts that are no texts', 'throw { name: { toString: 1 }, message: null };', goesOn({ kind: 'script' })),
]);

attacks('leaving the sandbox ends the worker, and nothing else', [
  script('process.exit', `${ESCAPE}; host.exit(7);`, breaksOff('a script ended Newman: process.exit(7)'), began),
  script('process.abort', `${ESCAPE}; host.abort();`, goesOn({ kind: 'script' })),
  script(
    'an exception that nobody catches',
    `${ESCAPE}; host.nextTick(() => { throw new Error('from outside') });`,
    breaksOff('Newman crashed: from outside'),
  ),
  script('all memory', 'const all = []; for (;;) all.push(new Array(1e7).fill(0.5));', breaksOff(/1024 MB of memory/)),
  script(
    'reading the environment and the options of Node',
    `${ESCAPE}; console.log(JSON.stringify([host.env, host.execArgv]));`,
    ({ exchanges }) =>
      expect(exchanges[0]?.console[1]?.text).toMatch(
        /^\[\{\},\["--disable-warning=\w+"(?:,"--disable-warning=\w+")*\]\]$/,
      ),
  ),
  script(
    'printing past Newman',
    `${ESCAPE}; host.stdout.write('raw ${CANARY.admin}'); host.stderr.write('more');`,
    ({ exchanges }) =>
      expect(exchanges[0]?.console).toMatchObject([
        {},
        { text: `raw ${CANARY.admin}` },
        { level: 'error', text: 'more' },
      ]),
  ),
  script('waiting for standard input', `${ESCAPE}; host.stdin.on('end', () => {}).resume();`, goesOn(null)),
]);

attacks('what a script says is bounded', [
  script('a flood of lines', "for (let i = 0; i < 1500; i++) console.log('x'.repeat(2000));", ({ exchanges }) => {
    const lines = exchanges[0]?.console ?? [];
    expect(lines.length).toBeLessThan(1_010);
    expect(lines.at(-1)?.text).toMatch(/left out/);
  }),
  script('one line of 4 MB', "console.log('x'.repeat(4e6));", ({ exchanges }) =>
    expect(exchanges[0]?.console[1]?.text).toMatch(/^x{65536}… \(\d+ more characters\)$/),
  ),
  script('more than 10,000 tests', "for (let i = 0; i < 10100; i++) pm.test('t', () => {});", ({ exchanges }) => {
    expect(exchanges[0]?.assertions).toHaveLength(10_000);
    expect(exchanges[0]?.error?.message).toMatch(/more than 10000 tests/);
  }),
  script('a circle with a bigint', 'const a = { n: 1n }; a.a = a; console.log(a);', ({ exchanges }) =>
    expect(exchanges[0]?.console).toHaveLength(2),
  ),
]);

const MB = Buffer.alloc(1_048_576, 'x');
const BOMB = gzipSync(Buffer.alloc(128 * MB.length));

attacks('an answer is bounded in size and in time', [
  answer('a body without end', (_, response) => flood(response), { message: expect.stringMatching(/64 MB/) }),
  answer(
    'a body that grows when it is unpacked',
    (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB),
    { message: expect.stringMatching(/64 MB/) },
  ),
  answer(
    'a body that trickles in',
    (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
    { code: 'ETIMEDOUT', message: 'no complete answer within 0.3 s' },
    { requestTimeoutMs: 300 },
  ),
  answer(
    'headers that do not end',
    (_, response) => {
      const timer = setInterval(() => response.socket?.write('X-More: 1\r\n'), 20);
      response.socket?.write('HTTP/1.1 200 OK\r\n');
      response.on('close', () => clearInterval(timer));
    },
    { kind: 'network', code: expect.stringMatching(/TIMEDOUT/) },
    { requestTimeoutMs: 300 },
  ),
  {
    name: 'no attack: a body of 5 MB is read, but not as the answer to a mint',
    attempt: async () => {
      const large: Handler = (_, response) => void response.writeHead(200).end(Buffer.concat(Array(5).fill(MB)));
      const open = await run('', { handle: large });
      const minted = await mint('', large);
      return { ...open, exchanges: [...open.exchanges, ...minted.exchanges] };
    },
    happened: answered,
    outcome: ({ exchanges }) =>
      expect(exchanges).toMatchObject([
        { error: null, response: { body: { bytes: 5 * MB.length } } },
        {},
        { error: { message: expect.stringMatching(/4 MB/) } },
      ]),
  },
]);

attacks('a proxy that refuses is the reason of the request', [
  ...[407, 502].map(
    (status): Attack<Ran> => ({
      name: `CONNECT is answered by ${status}`,
      attempt: () => throughProxy(status),
      happened: ({ asked }) => expect(asked).toContain('example.test:443'),
      outcome: ({ exchanges, rejected }) => {
        expect(rejected).toBeNull();
        expect(exchanges).toMatchObject([
          { error: { kind: 'network', message: expect.stringContaining(`${status}`) } },
        ]);
      },
    }),
  ),
]);

attacks('nothing of a mint lives on', [
  {
    name: 'what it left outside of the sandbox',
    attempt: async () => {
      const minted = await mint(`${ESCAPE}; host.left = true; console.log('left ' + host.left);`);
      const after = await run(`${ESCAPE}; console.log('found ' + host.left);`);
      return { ...after, exchanges: [...minted.exchanges, ...after.exchanges] };
    },
    happened: ({ exchanges }) => expect(exchanges[0]?.console.at(-1)?.text).toBe('left true'),
    outcome: ({ exchanges }) => expect(exchanges[1]?.console.at(-1)?.text).toBe('found undefined'),
  },
  {
    name: 'a script that breaks after the answer does not lose the answer',
    attempt: () => mint("(async () => { throw new Error('after') })();"),
    happened: began,
    outcome: ({ exchanges, lastBody }) => {
      expect(exchanges).toMatchObject([{ response: { status: 201 }, error: { message: 'after' } }]);
      expect(lastBody).toContain(CANARY.token);
    },
  },
  {
    name: 'nor does one that ends the worker',
    attempt: () => mint(`${ESCAPE}; host.exit(0);`),
    happened: began,
    outcome: ({ exchanges, lastBody }) => {
      expect(exchanges).toMatchObject([{ response: { status: 201 }, error: { message: /process.exit/ } }]);
      expect(lastBody).toContain(CANARY.token);
    },
  },
]);
