import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { toAppError } from '../../scripts/core/errors.ts';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { CollectionRun } from '../../scripts/core/ports.ts';
import type { ProxyVariables } from '../../scripts/core/proxy.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { refusalOf } from '../../scripts/idp/refusals.ts';
import { parseCollection } from '../../scripts/postman/collection.ts';
import type { Collection, Item } from '../../scripts/postman/collection-format.ts';
import { planMint, toMintRun, withAdminToken } from '../../scripts/postman/mint-plan.ts';
import { type NewmanWorker, startNewmanWorker } from '../../scripts/postman/newman-worker.ts';
import { RecordedRun } from '../../scripts/postman/recorded-run.ts';
import { CANARY } from './attacks.ts';
import { collectionBytes, sourceOf } from './builders.ts';
import { sendJson, serve } from './server.ts';

/** Where an attack takes place: an IdP, and a server of somebody else. */
export interface Scene {
  readonly idp: string;
  readonly other: string;
  /** An empty folder. */
  readonly folder: string;
}

export interface Mint {
  /** Of the request that mints. */
  readonly request?: object;
  readonly item?: Item;
  /** Requests that log in before it. */
  readonly logins?: readonly Item[];
  readonly collection?: Partial<Collection>;
  readonly options?: Partial<Parameters<typeof planMint>[1]>;
  /** Of the person. */
  readonly env?: Readonly<Record<string, string>>;
  /** How the IdP answers; default: with a token. */
  readonly answer?: { readonly status: number; readonly location: string };
}

export interface Minted {
  readonly shown: string;
  /** What each has got, a request a line: method, URL, Authorization, body. */
  readonly atIdp: readonly string[];
  readonly atOther: readonly string[];
  /** `host-refused`, or that of the IdP's answer; null: a token was minted. */
  readonly code: string | null;
  readonly message: string;
  /** The collection's settings that are not used. */
  readonly leftOut: readonly string[];
}

let worker: NewmanWorker;
/** Where the worker's `.newmanrc` may lie. */
let home = '';

/** One worker for all rows of a file: what a run leaves behind in it does not help the next one either. */
export function useWorker(): { home(): string } {
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'iat-test-'));
    worker = startNewmanWorker({ HOME: home });
  });
  afterAll(async () => {
    await worker.end();
    await rm(home, { recursive: true });
  });
  return { home: () => home };
}

/** Runs to the end even where the product would have ended the worker: nothing may go out then either. */
export function runInWorker(
  run: CollectionRun,
  proxies: ProxyVariables,
): Promise<{ exchanges: Exchange[]; refused: string[] }> {
  const { signal: _, variables, ...rest } = run;
  const order = {
    ...rest,
    resolve: [],
    variables: variables.map(({ name, value }) =>
      value instanceof Secret ? { name, value: value.reveal(), isSecret: true } : { name, value, isSecret: false },
    ),
    newman: { globals: [], clientCertificates: [] },
    proxies,
    largestAnswer: 1_000_000,
  };
  const record = new RecordedRun();
  const refused: string[] = [];
  return new Promise((resolve, reject) => {
    worker.start(order, {
      report(report) {
        if (report.kind === 'refused') refused.push(report.address);
        else if (report.kind === 'failed') reject(new Error(report.message));
        else if (report.kind === 'end') resolve({ exchanges: record.exchanges(), refused });
        else record.add(report);
      },
      printed() {},
      died: (death) => reject(new Error(JSON.stringify(death))),
    });
  });
}

export async function scene(answer: Mint['answer']) {
  const atIdp: string[] = [];
  const atOther: string[] = [];
  const line = ({ method, url, headers, text }: Parameters<Parameters<typeof serve>[0]>[0]) =>
    `${method} ${url} ${headers.authorization ?? ''} ${headers.cookie ?? ''} ${text}`;
  const other = await serve((request, response) => {
    atOther.push(line(request));
    sendJson(response, 201, { token: 'from-somebody-else-0123456789' });
  });
  const idp = await serve((request, response) => {
    atIdp.push(line(request));
    if (answer === undefined) return sendJson(response, 201, { token: CANARY.token });
    response.writeHead(answer.status, { location: answer.location.replace('OTHER', other) }).end();
  });
  const folder = await mkdtemp(join(tmpdir(), 'iat-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { idp, other, folder, atIdp, atOther };
}

/** The mint of a collection, up to its answer. */
export async function mint(how: Mint | ((scene: Scene) => Mint), answer?: Mint['answer']): Promise<Minted> {
  const { atIdp, atOther, ...where } = await scene(answer);
  const {
    request: changed,
    item,
    logins = [],
    collection,
    options,
    env = {},
  } = typeof how === 'function' ? how(where) : how;
  const bearer = [{ key: 'token', value: '{{admin_token}}' }];
  const own: Item = {
    name: 'DCR IAT',
    request: { method: 'POST', url: `${where.idp}/mint`, auth: { type: 'bearer', bearer }, ...changed },
    ...item,
  };
  const read = parseCollection(collectionBytes([own, ...logins], collection), 'c.json');
  let leftOut: readonly string[] = [];
  const end = (error: unknown) => {
    const { code, message, hint } = toAppError(error);
    return { atIdp, atOther, leftOut, code, message, shown: `${message} ${hint?.text} ${hint?.command}` };
  };
  try {
    const plan = planMint(sourceOf(read), {
      ...{ request: 'DCR IAT', idpUrl: null, allowHttp: false, allowHosts: [] },
      ...{ label: null, expiresIn: null, maxUsages: null, adminTokenFrom: 'variable' as const },
      login: logins.map(({ name = '' }) => name),
      ...options,
    });
    ({ leftOut } = plan);
    const run = toMintRun(
      withAdminToken(plan, new Secret(CANARY.admin, 'admin token')),
      { caFile: null, insecure: false },
      { requestTimeoutMs: 5_000, signal: new AbortController().signal },
    );
    const { exchanges, refused } = await runInWorker(run, env);
    if (refused.length > 0)
      return { atIdp, atOther, leftOut, code: 'host-refused', message: refused.join(), shown: '' };
    const exchange = exchanges.find(({ id }) => id === plan.mint.item.id);
    const refusal =
      exchange === undefined ? null : refusalOf(exchange, plan.url, new Date(), { limitMs: 5_000, caFile: null });
    if (refusal !== null) return end(refusal);
    return { atIdp, atOther, leftOut, code: null, message: '', shown: '' };
  } catch (error) {
    return end(error);
  }
}

/** A script of a request. */
export const script = (listen: 'prerequest' | 'test', exec: string) => ({
  event: [{ listen, script: { exec: [exec] } }],
});
