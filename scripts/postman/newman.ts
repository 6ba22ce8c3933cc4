import { createRequire } from 'node:module';
import { AppError } from '../core/errors.ts';
import type { Assertion, ConsoleLine, Exchange, ExchangeError, HttpRequest, HttpResponse } from '../core/exchange.ts';
import type { CollectionOutcome, CollectionRun, Collections } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { secretsInAuth } from '../secrets/declared.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { isSecretName } from '../secrets/places.ts';
import { decodeBody, headerIn } from './body-text.ts';
import { authParametersOf } from './declarations.ts';
import { beginEagerTimers } from './eager-timers.ts';
import type { NewmanRun, NewmanSummary } from './newman-types.ts';
import {
  cutText,
  foldersOf,
  headersOf,
  messageOf,
  toNetworkError,
  toRequest,
  toResponse,
  toText,
} from './to-exchange.ts';
import { wouldLeakTo } from './would-leak.ts';

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
 */
export function createCollections(register: (secret: Secret) => void): Collections {
  const found = new FoundSecrets(register);
  let loading: Promise<NewmanModule> | null = null;
  const load = () => {
    loading ??= import('newman') as unknown as Promise<NewmanModule>;
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
      const module = await load();
      options.signal.throwIfAborted();
      return runOnce(module.default ?? module, options, found);
    },
  };
}

interface NewmanModule {
  readonly default?: NewmanModule;
  run(options: object, callback: (error: unknown, summary: NewmanSummary | undefined) => void): NewmanRun;
}

/** An exchange that is not finished. */
interface Pending extends Pick<Exchange, 'name' | 'folders' | 'startedAt'> {
  request: HttpRequest | null;
  response: HttpResponse | null;
  readonly assertions: Assertion[];
  readonly console: ConsoleLine[];
  error: ExchangeError | null;
}

async function runOnce(newman: NewmanModule, options: CollectionRun, found: FoundSecrets): Promise<CollectionOutcome> {
  const records = new Map<string, Pending>();
  let lastBody: string | null = null;
  const { guarded } = options;
  const mostRequests = guarded === null ? options.requests * TURNS : options.requests;

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

    const run = newman.run(newmanOptions(options), (error, result) => {
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
        name: cutText(item.name),
        folders: foldersOf(item),
        startedAt: new Date(),
        request: null,
        response: null,
        assertions: [],
        console: [],
        error: records.size < mostRequests ? null : tooOften(mostRequests),
      });
    });
    run.on('beforeRequest', (_, { request }) => {
      const reason = guarded === null ? null : wouldLeakTo(messageOf(request), guarded);
      if (reason === null) return;
      // Newman cannot hold a request back, so this one is emptied and goes nowhere.
      request.update({ method: 'GET', url: '' });
      settle(() => reject(reason));
    });
    run.on('request', (error, { cursor, request, response }) => {
      const record = records.get(cursor.ref);
      const text = response?.stream ? decodeBody(response.stream, headerIn(headersOf(response), 'content-type')) : '';
      found.addFrom(messageOf(request));
      if (request.auth)
        for (const { value, label } of secretsInAuth(authParametersOf(request.auth.toJSON()))) found.add(value, label);
      if (response) found.addFrom({ headers: headersOf(response), body: text });
      // What a script sends by itself (pm.sendRequest) is not the answer to the request that it belongs to.
      if (record === undefined || cursor.scriptId !== undefined) return;
      record.request = toRequest(request);
      if (error) record.error = toNetworkError(error);
      if (!response) return;
      record.response = toResponse(response, text);
      lastBody = text;
    });
    run.on('assertion', (error, { cursor, assertion, skipped }) => {
      records.get(cursor.ref)?.assertions.push({
        name: cutText(assertion),
        status: skipped ? 'skipped' : error ? 'failed' : 'passed',
        message: error && !skipped ? cutText(error.message) : null,
      });
    });
    run.on('exception', (_, { cursor, error }) => {
      const record = records.get(cursor.ref);
      if (record) record.error ??= { kind: 'script', code: cutText(error?.name), message: cutText(error?.message) };
    });
    run.on('console', (_, { cursor, level, messages }) => {
      records.get(cursor.ref)?.console.push({ level, text: cutText(messages.map(toText).join(' ')) });
    });
  });

  const variables = summary === null ? {} : changedVariables(summary, options);
  const isMarked = new Set(options.variables.filter(({ value }) => value instanceof Secret).map(({ name }) => name));
  for (const [name, value] of Object.entries({ ...summary?.globals?.toObject?.(), ...variables })) {
    if (isMarked.has(name) || isSecretName(name)) found.add(String(value), name);
  }
  return {
    exchanges: [...records.values()].map((record) => toExchange(record, summary === null)),
    variables,
    lastBody,
  };
}

/** Every option that a user's own .newmanrc could set for a library run as well is set here, so that it cannot. */
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
    ignoreRedirects: true,
    insecure: options.tls.insecure,
    insecureFileRead: false,
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

function newmanFailed(error: unknown): AppError {
  return new AppError('newman-failed', 'Newman could not run the collection.', {
    hint: 'Does the collection run in Postman? Export it again as v2.1; --verbose shows what Newman said.',
    cause: error,
  });
}

function toExchange(record: Pending, timedOut: boolean): Exchange {
  const unanswered = record.response === null && record.error === null;
  // The run has gone on without a request and without a reason: `pm.execution.skipRequest()`.
  const isSkipped = unanswered && !timedOut && record.request === null;
  return {
    ...record,
    request: record.request ?? { method: '', url: '', headers: [], body: null },
    ...(isSkipped ? { isSkipped } : {}),
    error:
      unanswered && !isSkipped
        ? {
            kind: 'network',
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
