import { readFileSync } from 'node:fs';
import { AppError } from '../../scripts/core/errors.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { Collections } from '../../scripts/core/ports.ts';
import type { Run, StepName } from '../../scripts/core/result.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Context, Job, Tools } from '../../scripts/runbook/job.ts';
import { type Outcome, Recorder } from '../../scripts/runbook/recorder.ts';
import { FakeClock } from './fake-clock.ts';
import { type Answer, FakeStack } from './fake-stack.ts';

export const ADMIN_TOKEN = 'test-only-admin-token-of-the-fake';
export const IAT = 'test-only-initial-access-token-of-the-fake';

const FILE = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url);
const COLLECTION = readFileSync(FILE);

const JOB: Job = {
  service: 'bff',
  variable: 'DCR_IAT',
  collection: FILE.pathname,
  environment: null,
  envVars: [],
  request: 'DCR IAT',
  healthFolder: 'BFF Health',
  idpUrl: 'https://idp.test',
  bffUrl: 'https://bff.test',
  label: null,
  expiresIn: null,
  maxUsages: null,
  tokenPath: null,
  tokenHeader: null,
  tokenVariable: null,
  login: null,
  resolve: null,
  caFile: null,
  insecure: false,
  allowHttp: false,
  allowHosts: [],
  workingDir: null,
  typedFrom: '/folder',
  composeFiles: null,
  reports: '/folder/reports',
  timeoutRequestMs: null,
  healthTimeoutMs: 120_000,
  stableForMs: 10_000,
  dryRun: false,
  restart: true,
  clear: false,
  force: false,
};

/** How long a request takes. */
const REQUEST_MS = 20;

export interface FakeRun {
  readonly context: Context;
  /** What was minted, asked and said, in order. */
  readonly events: string[];
  interrupt(reason?: Error): void;
  /** The run as its reports get it. */
  finish(outcome: Outcome, planned?: readonly StepName[]): Run;
}

/** A run of the steps without the outside: the fake stack and clock, and an IdP that mints at once. */
export function createFakeRun(
  clock: FakeClock,
  stack: FakeStack,
  options: {
    readonly job?: Partial<Job>;
    readonly tools?: Partial<Tools>;
    /** What the IdP answers to each mint; default: a token. */
    readonly mint?: () => Answer;
    /** Hears the variables that are no secret of each mint. */
    readonly onMint?: (variables: Readonly<Record<string, string>>) => void;
    /** What the BFF publishes as its JWKS. */
    readonly keys?: readonly string[];
  } = {},
): FakeRun {
  const events: string[] = [];
  const ending = new AbortController();
  const answerOf = (url: string): Answer => {
    const current = stack.at(url) ?? stack.current;
    if (current?.answer === null || current === null || current.state.status !== 'running') return null;
    if (!url.endsWith('/jwks.json')) return current.answer;
    const keys = (options.keys ?? [current.env['BFF_KID'] ?? 'bff-sig-001']).map((kid) => ({ ...current.jwk, kid }));
    return { status: 200, body: JSON.stringify({ keys }) };
  };
  const collections: Collections = {
    engine: 'Fake 1.0.0',
    preload() {},
    close() {},
    async run({ origins, collection, items, variables, signal }) {
      const exchanges: Exchange[] = [];
      if (origins !== null) {
        events.push('mint');
        const plain = variables.filter(({ value }) => typeof value === 'string');
        options.onMint?.(Object.fromEntries(plain.map(({ name, value }) => [name, value as string])));
        await clock.sleep(REQUEST_MS, signal);
        const mint = options.mint ?? (() => ({ status: 201, body: JSON.stringify({ token: IAT, expires_in: 3600 }) }));
        exchanges.push(toExchange(clock, 'DCR IAT', 'https://idp.test/', mint()));
      } else {
        const givenFor = (name: string) => variables.findLast((each) => each.name === name)?.value;
        for (const { name, folders, url: typed } of requestsOf(collection as Item, items ?? [])) {
          const url = typed.replace(/\{\{(\w+)\}\}/g, (whole, name) => `${givenFor(name) ?? whole}`);
          await clock.sleep(REQUEST_MS, signal);
          exchanges.push({ ...toExchange(clock, name, url, answerOf(url)), folders });
        }
      }
      return { exchanges, variables: {}, lastBody: exchanges.at(-1)?.response?.body?.text ?? null };
    },
  };
  const tools: Tools = {
    clock,
    collections,
    files: {
      read: async (path) => (path === FILE.pathname ? COLLECTION : null),
      async verifyWritable() {},
      replace: () => Promise.reject(new Error('No step writes a file itself.')),
      takeTurn: async () => ({ release: async () => {} }),
      isTracked: async () => false,
    },
    turnFile: async () => '/fake/turn',
    async findStack() {
      return stack;
    },
    adminTokenFrom: 'variable',
    adminToken: async () => new Secret(ADMIN_TOKEN, 'admin token'),
    confirm: null,
    reach: async () => ({ kind: 'answered', status: 200 }),
    async *logFile() {},
    learn() {},
    priorValue: async () => null,
    stackDetails: () => null,
    closeStack: async () => {},
    verifyCaFile: async () => [],
    hasReporter: () => false,
    writePrivate: async (path) => path,
    async verifyReports() {},
    ...options.tools,
  };
  const recorder = new Recorder(clock, (event) => {
    if (event.type === 'warning') events.push(`warning: ${event.text}`);
  });
  return {
    context: { job: { ...JOB, ...options.job }, tools, recorder, signal: ending.signal },
    events,
    interrupt: (reason = new AppError('interrupted', 'Interrupted.')) => ending.abort(reason),
    finish: (outcome, planned = []) =>
      recorder.finish(outcome, { command: 'iat', version: '0.0.0', planned, signalExitCode: 130 }),
  };
}

interface Item {
  readonly id?: string;
  readonly name?: string;
  readonly request?: { readonly url?: string | { readonly raw?: string } };
  readonly item?: readonly Item[];
}

/** The requests in the items with these ids. */
function requestsOf(
  { item: children = [] }: Item,
  ids: readonly string[],
  folders: readonly string[] = [],
  isChosen = false,
): Request[] {
  return children.flatMap((child) => {
    const { id = '', name = '', request } = child;
    const isIn = isChosen || ids.includes(id);
    if (request === undefined) return requestsOf(child, ids, [...folders, name], isIn);
    const { url = '' } = request;
    return isIn ? [{ name, folders, url: typeof url === 'string' ? url : (url.raw ?? '') }] : [];
  });
}

interface Request {
  readonly name: string;
  readonly folders: readonly string[];
  readonly url: string;
}

function toExchange(clock: FakeClock, name: string, url: string, answer: Answer): Exchange {
  const common = {
    name,
    folders: [],
    startedAt: clock.date(),
    request: { method: 'GET', url, headers: [], body: null },
    console: [],
  };
  if (answer === null) {
    const error = { kind: 'network', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' } as const;
    return { ...common, response: null, assertions: [], error };
  }
  const { status, body = '', fails = status >= 300 } = answer;
  const isGood = !fails;
  return {
    ...common,
    response: {
      status,
      reason: '',
      headers: [],
      body: { text: body, bytes: body.length, type: /^\s*</.test(body) ? 'text/html' : 'application/json' },
      timeMs: REQUEST_MS,
    },
    assertions: [{ name: 'status is 200', status: isGood ? 'passed' : 'failed', message: isGood ? null : `${status}` }],
    error: null,
  };
}

/** Files where others have the turn before: each is told once. */
export function waitingFiles(
  owners: readonly string[],
  end: Error | null = null,
  release: () => unknown = () => {},
): Tools['files'] {
  const { files } = createFakeRun(new FakeClock(), new FakeStack(new FakeClock(), {}, () => {})).context.tools;
  return {
    ...files,
    async takeTurn(_, onWait) {
      for (const owner of owners) onWait(owner);
      if (end !== null) throw end;
      return { release: async () => void release() };
    },
  };
}
