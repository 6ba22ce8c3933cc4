import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { sendJson, serve } from './server.ts';

/** Words of their own: a piece of a token must not be part of an ordinary text, or it looks like a leak. */
export const ADMIN_TOKEN = 'test-only-admin-3fK9xQ7mZ2wLp8Rt';
export const IAT = 'test-only-iat-9vB4nH6sYc2Jd5Ge';
/** Another secret in the environment of the service. */
export const OTHER_SECRET = 'test-only-password-of-the-stand-in';

export const COMPOSE_FILE = `services:
  bff:
    image: bff
    environment:
      DCR_ENABLED: "true"
      SKIP_DCR_BOOTSTRAP: "false"
      ALLOW_BOOTSTRAP_FAILURE: "false"
      IDP_BASE_URL: http://idp-app:8002
      REDIS_PASSWORD: ${OTHER_SECRET}
`;

/** Something that the command asked for: "docker compose … up -d bff", "POST /api/admin/…". */
export interface Call {
  readonly title: string;
  /** Of the stand-in program; null for HTTP. */
  readonly pid: number | null;
  /** The header of that name, of HTTP. */
  readonly authorization: string | null;
  /** What became of a program: it took its answer, or was gone before. */
  readonly ended: Promise<'answered' | 'broken'>;
}

/** A folder with compose file and collection, Docker, an IdP and a BFF: all answer at once, and can be held. */
export interface StandIn {
  readonly home: string;
  readonly composeFile: string;
  /** What a command needs to find it all; the admin token is in it. */
  readonly env: Readonly<Record<string, string>>;
  /** `--idp-url` and so on. */
  readonly args: readonly string[];
  readonly calls: readonly Call[];
  /** Holds calls that match until they are released; resolves `reached` with the first. `when`: only then. */
  hold(pattern: RegExp, when?: () => boolean): { readonly reached: Promise<Call>; release(): void };
  /** Answers calls that match in another way. */
  answer(pattern: RegExp, how: Answer): void;
  /** How many mint requests came. */
  mints(): number;
  /** Resolves when no stand-in program runs any more. */
  idle(): Promise<void>;
  /** The names in the folder now, without reports: a lock that was left, for one. */
  names(): Promise<string[]>;
}

/** For HTTP the status, for a program its exit code; the body goes to stderr when the code is not 0. */
export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const COLLECTION = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url);
const PROGRAM = fileURLToPath(new URL('../fixtures/bin/docker.mjs', import.meta.url));
/** Without it no program of Windows reaches the network. */
const SYSTEM = process.env['SystemRoot'] === undefined ? {} : { SystemRoot: process.env['SystemRoot'] };
const MINT = /^POST \/api\/admin\/dcr\/initial-access-tokens/;

/** @param programs which there are: `docker` answers to `docker compose`, too */
export async function createStandIn(programs: readonly ('docker' | 'docker-compose')[] = ['docker']): Promise<StandIn> {
  const home = await createHome();
  const composeFile = join(home, 'compose.yaml');
  await writeFile(composeFile, COMPOSE_FILE);
  const bin = join(home, 'bin');
  await mkdir(bin);
  for (const program of programs) {
    const call = `"${process.execPath}" "${PROGRAM}" ${program}`;
    const [name, text] =
      process.platform === 'win32'
        ? [`${program}.cmd`, `@${call} %*\r\n`]
        : [program, `#!/bin/sh\nexec ${call} "$@"\n`];
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }

  const calls: Call[] = [];
  const settle: ((end: 'answered' | 'broken') => void)[] = [];
  const holds: { matches(title: string): boolean; reach(call: Call): void; readonly released: Promise<void> }[] = [];
  const answers: { readonly pattern: RegExp; readonly how: Answer }[] = [];
  let open = 0;
  let whenIdle: (() => void)[] = [];
  const docker = createDocker(composeFile);

  const url = await serve(async (request, response) => {
    if (request.url === '/docker/done') {
      settle[Number(request.text)]?.('answered');
      response.end();
      return;
    }
    const call = toCall(request, new Promise((resolve) => settle.push(resolve)));
    response.setHeader('x-call', calls.push(call) - 1);
    if (call.pid !== null) open += 1;
    response.on('close', () => {
      if (!response.writableFinished) settle[calls.indexOf(call)]?.('broken');
      if (call.pid !== null) open -= 1;
      if (open > 0) return;
      for (const tell of whenIdle) tell();
      whenIdle = [];
    });
    const hold = holds.find((each) => each.matches(call.title));
    if (hold !== undefined) {
      hold.reach(call);
      await hold.released;
      if (response.destroyed) return;
    }
    const other = answers.findLast(({ pattern }) => pattern.test(call.title))?.how;
    if (other !== undefined) send(response, call, other);
    else if (call.pid !== null) await docker(call.title.split(' '), response);
    else answerHttp(call.title, response);
  });

  return {
    home,
    composeFile,
    env: { ...SYSTEM, PATH: bin, HOME: home, STAND_IN_URL: url, IAT_ADMIN_TOKEN: ADMIN_TOKEN },
    args: ['--idp-url', url, '--bff-url', url, '--stable-for', '0'],
    calls,
    hold(pattern, when = () => true) {
      let reach: (call: Call) => void = () => {};
      let release = () => {};
      const reached = new Promise<Call>((resolve) => {
        reach = resolve;
      });
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      holds.push({ matches: (title) => pattern.test(title) && when(), reach, released });
      return { reached, release };
    },
    answer: (pattern, how) => answers.push({ pattern, how }),
    mints: () => calls.filter(({ title }) => MINT.test(title)).length,
    async idle() {
      if (open > 0) await new Promise<void>((resolve) => whenIdle.push(resolve));
    },
    async names() {
      const names = await readdir(home);
      return names.filter((name) => !['bin', 'collections', 'reports'].includes(name)).sort();
    },
  };
}

/** A folder for one test, with the collection where it is looked for. */
export async function createHome(): Promise<string> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, 'collections'));
  await copyFile(COLLECTION, join(home, 'collections', 'EmpowerNow.postman_collection.json'));
  return home;
}

function toCall(request: IncomingMessage & { readonly text: string }, ended: Call['ended']): Call {
  const { method, url, headers } = request;
  const authorization = headers.authorization ?? null;
  if (url !== '/docker') return { title: `${method} ${url}`, pid: null, authorization, ended };
  const { program, args, pid } = JSON.parse(request.text) as { program: string; args: string[]; pid: number };
  return { title: [program, ...args].join(' '), pid, authorization, ended };
}

function send(response: ServerResponse, { pid }: Call, { status, body = '', headers = {} }: Answer): void {
  if (pid === null) response.writeHead(status, headers).end(body);
  else response.writeHead(200, { 'x-exit-code': status, 'x-stream': status === 0 ? 'stdout' : 'stderr' }).end(body);
}

function answerHttp(title: string, response: ServerResponse): void {
  if (MINT.test(title)) sendJson(response, 201, { token: IAT, expires_in: 3600, max_usages: 1 });
  else if (title.includes('jwks')) sendJson(response, 200, { keys: [{ kid: 'bff-sig-001' }] });
  else sendJson(response, 200, { status: 'healthy' });
}

/** Docker with one project of one service, and the container of `up -d`, as far as it is asked. */
function createDocker(composeFile: string) {
  let up = 0;
  // What the container was started with that is there before the first `up`.
  let env: Readonly<Record<string, string>> = parse(COMPOSE_FILE).services.bff.environment;
  const environment = async () => parse(await readFile(composeFile, 'utf8')).services.bff.environment;
  return async (words: readonly string[], response: ServerResponse): Promise<void> => {
    const print = (text: string) => response.writeHead(200, { 'x-exit-code': 0 }).end(text);
    if (words.includes('{{json')) return void print('{"Client":{"Context":"default"},"Server":{"Version":"2.30.0"}}');
    if (words.includes('version')) return void print('2.30.0\n');
    if (words.includes('config'))
      return void print(JSON.stringify({ services: { bff: { environment: await environment() } } }));
    if (words.includes('ps')) return void print(`${idOf(up)}\n`);
    if (words.includes('inspect')) return void print(JSON.stringify([inspected(composeFile, up, env)]));
    if (words.includes('--dry-run')) return void print('');
    if (words.includes('up')) {
      env = await environment();
      up += 1;
      return void print('');
    }
    if (words.includes('logs')) {
      response.writeHead(200, { 'x-exit-code': 0 });
      if (!words.includes('-f')) return void response.end();
      // Followed for ever, as of a container that runs.
      response.write(`${new Date().toISOString()} INFO Client registered: bff-server\n`);
      return;
    }
    response.writeHead(200, { 'x-exit-code': 1, 'x-stream': 'stderr' }).end('the stand-in does not know this\n');
  };
}

function idOf(up: number): string {
  return createHash('sha256').update(`container ${up}`).digest('hex');
}

function inspected(composeFile: string, up: number, env: Readonly<Record<string, string>>) {
  const label = 'com.docker.compose';
  return {
    Id: idOf(up),
    Name: '/stand-in-bff-1',
    Created: new Date(1_700_000_000_000 + up).toISOString(),
    Config: {
      Image: 'bff',
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Labels: {
        [`${label}.project`]: 'stand-in',
        [`${label}.service`]: 'bff',
        [`${label}.project.config_files`]: composeFile,
        [`${label}.project.working_dir`]: join(composeFile, '..'),
        [`${label}.version`]: '2.30.0',
      },
    },
    HostConfig: { LogConfig: { Type: 'json-file' } },
    RestartCount: 0,
    State: {
      Status: up === 0 ? 'exited' : 'running',
      ExitCode: up === 0 ? 1 : 0,
      OOMKilled: false,
      StartedAt: new Date(1_700_000_000_000 + up).toISOString(),
      Error: '',
    },
  };
}
