import { createRequire } from 'node:module';
import { AppError } from '../core/errors.ts';
import type { Assertion, ConsoleLine, Exchange, ExchangeError, HttpRequest, HttpResponse } from '../core/exchange.ts';
import type { CollectionOutcome, CollectionRun, Collections } from '../core/ports.ts';
import { describeProxy, type ProxyVariables, proxyOf } from '../core/proxy.ts';
import { Secret } from '../core/secret.ts';
import { secretsInAuth } from '../secrets/declared.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { isSecretVariable } from '../secrets/places.ts';
import { createFileResolver } from './body-files.ts';
import { authParametersOf } from './declarations.ts';
import { beginEagerTimers } from './eager-timers.ts';
import { guardEgress } from './egress.ts';
import type { NewmanSummary } from './newman-types.ts';
import { loadNewman, type Newman, startNewman } from './runner.ts';
import {
  foldersOf,
  headersOf,
  messageOf,
  toFileError,
  toNetworkError,
  toRequest,
  toResponse,
  toText,
} from './to-exchange.ts';

/** How often each request may run, on average, where scripts say which one is next (`setNextRequest`). */
const TURNS = 100;

/** A script that runs longer than this is broken. */
const SCRIPT_TIMEOUT_MS = 5_000;

/** Time for Newman's own work, on top of what its requests may take. */
const OVERHEAD_MS = 10_000;

/**
 * The team's collection through Newman 6. Nothing else of the project sees one of Newman's objects.
 *
 * @param register gets each secret that a request or an answer holds, before anything of them is handed on
 * @param proxies the variables of the person's environment that name proxies
 */
export function createCollections(register: (secret: Secret) => void, proxies: ProxyVariables = {}): Collections {
  const found = new FoundSecrets(register);
  let loading: Promise<Newman> | null = null;
  const load = () => {
    if (loading === null) guardEgress({ origins: null, proxies }, () => {});
    loading ??= loadNewman();
    return loading;
  };
  return {
    get engine() {
      const { version } = createRequire(import.meta.url)('newman/package.json') as { version: string };
      return `Newman ${version}`;
    },
    preload() {
      // A failure to load is reported by the run that needs it.
      load().catch(() => {});
    },
    async run(options) {
      options.signal.throwIfAborted();
      const newman = await load();
      options.signal.throwIfAborted();
      return runOnce(newman, options, found, proxies);
    },
  };
}

/** An exchange that is not finished. */
interface Pending extends Pick<Exchange, 'name' | 'folders' | 'startedAt'> {
  request: HttpRequest | null;
  response: HttpResponse | null;
  readonly assertions: Assertion[];
  readonly console: ConsoleLine[];
  error: ExchangeError | null;
  via?: string;
}

async function runOnce(
  newman: Newman,
  options: CollectionRun,
  found: FoundSecrets,
  proxies: ProxyVariables,
): Promise<CollectionOutcome> {
  const records = new Map<string, Pending>();
  let lastBody: string | null = null;
  const { origins, local } = options;
  const mostRequests = origins === null ? options.requests * TURNS : options.requests;
  verifyProxies(proxies);

  const summary = await new Promise<NewmanSummary | null>((resolve, reject) => {
    let stop = () => {};
    const limitMs = options.requestTimeoutMs * Math.max(1, options.requests) + OVERHEAD_MS;
    // Newman's own limits are not enough: `timeoutRequest` starts again with each piece of a body that trickles in, and the
    // callback of a run may never come.
    const watchdog = setTimeout(() => settle(() => resolve(null)), limitMs);
    let isSettled = false;
    const onAbort = () => settle(() => reject(options.signal.reason));
    const endEagerTimers = beginEagerTimers();
    const settle = (finish: () => void) => {
      isSettled = true;
      clearTimeout(watchdog);
      endEagerTimers();
      options.signal.removeEventListener('abort', onAbort);
      stop();
      finish();
    };
    options.signal.addEventListener('abort', onAbort, { once: true });

    guardEgress({ origins, proxies }, ({ address }) => {
      if (origins !== null) settle(() => reject(hostRefused(address, origins)));
    });
    const additions = { files: createFileResolver(local, options.tls.caFile), proxies, readsRc: local !== null };
    const run = startNewman(newman, newmanOptions(options), additions, (error, result) => {
      guardEgress({ origins: null, proxies }, () => {});
      // As a library Newman reports assertion failures through its events only; an error here means it did not run.
      if (error && records.size === 0) settle(() => reject(newmanFailed(error)));
      else settle(() => resolve(result ?? null));
    });
    run.on('start', (_, { run: started }) => {
      stop = () => started.abort();
      if (isSettled) stop();
    });
    run.on('beforeItem', (_, { cursor, item }) => {
      if (records.size >= mostRequests) stop();
      records.set(cursor.ref, {
        name: item.name,
        folders: foldersOf(item),
        startedAt: new Date(),
        request: null,
        response: null,
        assertions: [],
        console: [],
        error: records.size < mostRequests ? null : tooOften(mostRequests),
      });
    });
    run.on('request', (error, { cursor, request, response }) => {
      const record = records.get(cursor.ref);
      const text = response?.stream?.toString('utf8') ?? '';
      found.addFrom(messageOf(request));
      if (request.auth)
        for (const { value, label } of secretsInAuth(authParametersOf(request.auth.toJSON()))) found.add(value, label);
      if (response) found.addFrom({ headers: headersOf(response), body: text });
      // What a script sends by itself (pm.sendRequest) is not the answer to the request that it belongs to.
      if (record === undefined || cursor.scriptId !== undefined) return;
      record.request = toRequest(request);
      const proxy = URL.canParse(record.request.url) ? proxyOf(new URL(record.request.url), proxies) : null;
      if (proxy !== null) record.via = describeProxy(proxy);
      if (error) record.error = toNetworkError(error);
      if (!response) return;
      record.response = toResponse(response, text);
      lastBody = text;
    });
    run.on('assertion', (error, { cursor, assertion, skipped }) => {
      records.get(cursor.ref)?.assertions.push({
        name: String(assertion),
        status: skipped ? 'skipped' : error ? 'failed' : 'passed',
        message: error && !skipped ? String(error.message ?? '') : null,
      });
    });
    run.on('exception', (_, { cursor, error }) => {
      const record = records.get(cursor.ref);
      if (record) record.error ??= { kind: 'script', code: error?.name ?? '', message: String(error?.message ?? '') };
    });
    run.on('console', (_, { cursor, level, messages }) => {
      const record = records.get(cursor.ref);
      const text = messages.map(toText).join(' ');
      record?.console.push({ level, text });
      if (record && level === 'warn') record.error ??= toFileError(text);
    });
  });

  const variables = summary === null ? {} : changedVariables(summary, options);
  const isMarked = new Set(options.variables.filter(({ value }) => value instanceof Secret).map(({ name }) => name));
  for (const [name, value] of Object.entries({ ...summary?.globals?.toObject?.(), ...variables })) {
    if (isMarked.has(name) || isSecretVariable(name)) found.add(String(value), name);
  }
  return {
    exchanges: [...records.values()].map((record) => toExchange(record, summary === null)),
    variables,
    lastBody,
  };
}

/** What is set here, a `.newmanrc` that counts cannot change. */
function newmanOptions(options: CollectionRun): object {
  return {
    collection: options.collection,
    environment: {
      values: options.variables.map(({ name, value }) => ({
        key: name,
        value: plain(value),
        type: value instanceof Secret ? 'secret' : 'default',
        enabled: true,
      })),
    },
    globals: {},
    folder: options.items.length === 1 ? options.items[0] : [...options.items],
    // No list: Newman merges lists, and a reporter named in .newmanrc would print secrets.
    reporters: false,
    exportEnvironment: '',
    exportGlobals: '',
    exportCollection: '',
    exportCookieJar: '',
    iterationCount: 1,
    delayRequest: 0,
    bail: false,
    color: 'off',
    // A followed redirect turns POST into GET and keeps the Authorization header for another port or scheme of the same host
    // (postman-request, lib/redirect.js).
    ignoreRedirects: options.origins !== null,
    insecure: options.tls.insecure,
    ...(options.tls.caFile === null ? {} : { sslExtraCaCerts: options.tls.caFile }),
    timeout: 0,
    timeoutRequest: options.requestTimeoutMs,
    timeoutScript: SCRIPT_TIMEOUT_MS,
  };
}

/** A variable's value as Newman gets it. */
function plain(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}

/** Why a request is not sent after a script repeated requests too often. */
function tooOften(most: number): ExchangeError {
  return {
    kind: 'script',
    code: '',
    message: `not sent: ${most} requests have already run, and setNextRequest does not stop`,
  };
}

/** Before anything is sent. Throws `bad-value`. */
function verifyProxies(proxies: ProxyVariables): void {
  for (const url of ['http://any.test', 'https://any.test']) proxyOf(new URL(url), { ...proxies, NO_PROXY: '' });
}

function hostRefused(address: string, origins: readonly string[]): AppError {
  const hosts = origins.map((origin) => new URL(origin).host).join(', ');
  return new AppError('host-refused', `The collection was about to connect to ${address}; nothing was sent there.`, {
    hint: `Only ${hosts} may be asked while the admin token is in reach. Look at the scripts of the collection (pm.sendRequest), of the request and of the folders around it. If the mint does need that host: --allow-host ${address}`,
  });
}

function newmanFailed(error: unknown): AppError {
  return new AppError('newman-failed', 'Newman could not run the collection.', {
    hint: 'Does the collection run in Postman? Export it again as v2.1; --verbose shows what Newman said.',
    cause: error,
  });
}

function toExchange(record: Pending, timedOut: boolean): Exchange {
  const unanswered = record.response === null && record.error === null;
  return {
    ...record,
    request: record.request ?? { method: '', url: '', headers: [], body: null },
    error: unanswered
      ? {
          kind: timedOut || record.request !== null ? 'network' : 'script',
          code: timedOut ? 'ETIMEDOUT' : '',
          message: timedOut ? 'no complete answer in time' : 'the request was not sent',
        }
      : record.error,
  };
}

/** What the scripts of the run set or changed, in the environment or in the collection. */
function changedVariables(summary: NewmanSummary, options: CollectionRun): Record<string, string> {
  const before = {
    collection: new Map(options.collection.variable?.map(({ key, value }) => [key ?? '', value])),
    environment: new Map<string, unknown>(options.variables.map(({ name, value }) => [name, plain(value)])),
  };
  const after = { collection: summary.collection?.variables, environment: summary.environment };
  const changed: Record<string, string> = {};
  for (const scope of ['collection', 'environment'] as const) {
    for (const [name, value] of Object.entries(after[scope]?.toObject?.() ?? {})) {
      if (typeof value === 'string' && before[scope].get(name) !== value) changed[name] = value;
    }
  }
  return changed;
}
