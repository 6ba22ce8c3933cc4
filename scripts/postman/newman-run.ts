import type { ExchangeError } from '../core/exchange.ts';
import type { CollectionOutcome } from '../core/ports.ts';
import { describeProxy, proxyOf } from '../core/proxy.ts';
import type { RunCounts } from '../core/result.ts';
import { secretsInAuth } from '../secrets/declared.ts';
import { FoundSecrets } from '../secrets/found.ts';
import { isSecretName } from '../secrets/places.ts';
import { createFileResolver } from './body-files.ts';
import { decodeBody, headerIn } from './body-text.ts';
import { authParametersOf } from './declarations.ts';
import { guardEgress } from './egress.ts';
import { LoginWatch } from './login-watch.ts';
import type { Order, OrderedVariable, Report } from './newman-messages.ts';
import type { Newman, NewmanRun, NewmanSummary } from './newman-types.ts';
import { startNewman } from './runner.ts';
import { ScriptOutput } from './script-output.ts';
import { ScriptVariables } from './script-variables.ts';
import {
  cutText,
  foldersOf,
  headersOf,
  messageOf,
  toFileError,
  toNetworkError,
  toRequest,
  toResponse,
  toText,
} from './to-exchange.ts';
import { targetIn } from './url.ts';

/** How often each request of a bounded run may run, on average: some ask until an answer is there (`setNextRequest`). */
const BOUNDED_TURNS = 100;

/** A script of a bounded run that runs longer than this is broken. */
const SCRIPT_TIMEOUT_MS = 5_000;

/** One that logs in may wait a while before it asks again. */
const LOGIN_SCRIPT_TIMEOUT_MS = 60_000;

/** A run that goes on in this worker. */
export interface OpenRun {
  /** What went wrong outside of Newman's events: a promise that nobody waits for was rejected. */
  fail(reason: unknown): void;
  /** What was written past Newman to this worker's standard output or standard error. */
  print(text: string, level: 'log' | 'error'): void;
}

/**
 * One run of Newman in its worker, told as plain data while it goes on.
 *
 * @param isOverdue whether an answer was broken off because it took too long; asked once for each
 */
export function runNewman(
  newman: Newman,
  order: Order,
  report: (report: Report) => void,
  isOverdue: () => boolean,
): OpenRun {
  const { origins, local, proxies, resolve } = order;
  const turns = origins !== null ? 1 : order.isBounded ? BOUNDED_TURNS : Number.POSITIVE_INFINITY;
  const mostRequests = order.requests * turns;
  const found = new FoundSecrets((secret) => report({ kind: 'secret', value: secret.reveal(), label: secret.label }));
  const output = new ScriptOutput(report);
  const set = new ScriptVariables();
  let stop = () => {};
  let items = 0;
  /** Whether a variable of that name is a secret. */
  const areSecret = new Map(order.variables.filter(({ isSecret }) => isSecret).map(({ name }) => [name, true]));

  const logins = order.login === undefined ? null : new LoginWatch(order.login);
  const guard = (allowed: readonly string[] | null) =>
    guardEgress({ origins: allowed, proxies, resolve }, ({ address }) => {
      // Elsewhere only a path of this machine is refused, and its request says so.
      if (allowed !== null) report({ kind: 'refused', address, origins: allowed });
    });
  guard(origins);
  const additions = {
    fileResolver: createFileResolver(local, certificateFilesOf(order)),
    largestAnswer: order.largestAnswer,
    proxies,
    firstIteration: order.newman.range?.first ?? 0,
  };
  const run = startNewman(newman, toNewmanOptions(order), additions, (error, summary) => {
    // As a library Newman reports assertion failures through its events only; an error here means that it did not run, or broke.
    if (error && items === 0) return report({ kind: 'failed', message: messageIn(error) });
    if (error) output.exception(output.current, error);
    const variables = summary === undefined ? {} : set.changed(summary);
    learnSet(Object.entries({ ...summary?.globals?.toObject?.(), ...variables }));
    report({
      kind: 'end',
      variables,
      ...(summary === undefined ? {} : { counts: countsOf(summary), exports: exportsOf(run, order) }),
    });
  });
  run.on('start', (_, { run: started }) => {
    set.begin(run.summary);
    stop = () => started.abort();
  });
  run.on('beforeItem', (_, { cursor: { ref, iteration }, item }) => {
    // A reporter reads them at the end.
    if (order.newman.reporters === undefined) forgetAnswers(run);
    items += 1;
    const obstacle = logins?.begin(item.id) ?? null;
    if (logins !== null) guard(logins.originsOf(item.id) ?? origins);
    if (obstacle === 'end') return stop();
    output.begin(ref);
    report({
      kind: 'item',
      ref,
      id: item.id,
      iteration,
      name: cutText(item.name),
      folders: foldersOf(item),
      startedAt: new Date(),
    });
    const most = order.login?.turns ?? mostRequests;
    if (logins === null ? items <= most : obstacle === null) return;
    stop();
    report({ kind: 'error', ref, error: tooOften(most) });
  });
  run.on('iteration', (_, { cursor }) => {
    if (cursor.iteration + 1 === order.newman.range?.end) stop();
  });
  run.on('item', (_, { cursor: { ref } }) => report({ kind: 'ended', ref }));
  run.on('beforeRequest', (_, { cursor, request }) => {
    learnFrom(request, messageOf(request));
    if (cursor.scriptId === undefined) report({ kind: 'request', ref: cursor.ref, request: toRequest(request) });
  });
  run.on('request', (error, { cursor, request, response }) => {
    learnFrom(request, messageOf(request));
    const text = response?.stream ? decodeBody(response.stream, headerIn(headersOf(response), 'content-type')) : '';
    if (response) found.addFrom({ headers: headersOf(response), body: text });
    const overdue = error && isOverdue();
    // What a script sends by itself (pm.sendRequest) is not the answer to the request that it belongs to.
    if (cursor.scriptId !== undefined) return;
    if (!response || response.code >= 400) logins?.fail();
    report({
      kind: 'answer',
      ref: cursor.ref,
      request: toRequest(request),
      response: response ? toResponse(response, text) : null,
      error: error && (overdue ? tooSlow(order.requestTimeoutMs) : toNetworkError(error, order.largestAnswer)),
      via: viaOf(request.url.toString()),
      body: response && origins !== null ? text : null,
    });
  });
  // Before the request ends, which is when it is shown.
  run.on('script', (_, { execution }) => execution && learnSet(set.ran(execution)));
  run.on('assertion', (error, { cursor, assertion, skipped }) => {
    if (error && !skipped) logins?.fail();
    output.assertion(cursor.ref, {
      name: toText(assertion),
      status: skipped ? 'skipped' : error ? 'failed' : 'passed',
      message: error && !skipped ? toText(error.message ?? '') : null,
    });
  });
  run.on('exception', (_, { cursor, error }) => {
    logins?.fail();
    output.exception(cursor.ref, error);
  });
  run.on('console', (_, { cursor, level, messages }) => {
    output.console(cursor.ref, level, messages);
    const error = level === 'warn' ? toFileError(messages.map(toText).join(' ')) : null;
    if (error !== null) report({ kind: 'error', ref: cursor.ref, error });
  });

  /** Learns what variables of a secret's name hold. */
  function learnSet(values: readonly (readonly [name: string, value: unknown])[]): void {
    for (const [name, value] of values) {
      if (!areSecret.has(name)) areSecret.set(name, isSecretName(name));
      if (areSecret.get(name) === true) found.add(String(value), name);
    }
  }
  function viaOf(url: string): string | null {
    const target = targetIn(url);
    const proxy = target && proxyOf(target, proxies);
    return proxy && describeProxy(proxy);
  }
  function learnFrom(request: Parameters<typeof messageOf>[0], message: ReturnType<typeof messageOf>): void {
    found.addFrom(message);
    if (!request.auth) return;
    for (const { value, label } of secretsInAuth(authParametersOf(request.auth.toJSON()))) found.add(value, label);
  }
  return {
    fail: (reason) => output.exception(output.current, reason),
    print: (text, level) => output.console(output.current, level, [text]),
  };
}

/** Newman keeps every answer for its reporters. Nobody reads them again. */
function forgetAnswers({ summary }: NewmanRun): void {
  for (const execution of summary.run.executions.splice(0)) delete execution.response;
}

function toNewmanOptions(order: Order): object {
  const { newman } = order;
  return {
    collection: order.collection,
    environment: {
      ...(newman.environmentName === undefined ? {} : { name: newman.environmentName }),
      values: order.variables.map(toPostmanVariable),
    },
    globals: { values: newman.globals.map(toPostmanVariable) },
    ...(order.items === null ? {} : { folder: order.items.length === 1 ? order.items[0] : [...order.items] }),
    ...(newman.reporters === undefined ? {} : reportersOf(newman.reporters)),
    iterationData: newman.data,
    iterationCount: newman.iterationCount,
    delayRequest: newman.delayMs ?? 0,
    bail: newman.bail ?? false,
    cookieJar: newman.cookieJar,
    sslClientCertList: [...newman.clientCertificates],
    color: 'off',
    // A followed redirect turns POST into GET and keeps the Authorization header for another port or scheme of the same host
    // (postman-request, lib/redirect.js).
    ignoreRedirects: order.origins !== null || newman.ignoreRedirects === true,
    insecure: order.tls.insecure,
    ...(order.tls.caFile === null ? {} : { sslExtraCaCerts: order.tls.caFile }),
    timeout: 0,
    timeoutRequest: order.requestTimeoutMs,
    // A run without bounds is ended from outside, whatever its scripts do.
    timeoutScript:
      newman.scriptTimeoutMs ?? (order.login ? LOGIN_SCRIPT_TIMEOUT_MS : order.isBounded ? SCRIPT_TIMEOUT_MS : 0),
  };
}

function toPostmanVariable({ name, value, type, isSecret }: OrderedVariable) {
  return { key: name, value, type: isSecret ? 'secret' : (type ?? 'default'), enabled: true };
}

function reportersOf(reporters: NonNullable<Order['newman']['reporters']>): object {
  return {
    reporters: reporters.map(({ name }) => name),
    reporter: Object.fromEntries(reporters.map(({ name, options }) => [name, options])),
  };
}

/** Files of certificates, which the run may read wherever they are. */
function certificateFilesOf({ tls, newman }: Order): string[] {
  const own = newman.clientCertificates.flatMap(({ cert, key }) => [cert.src, key.src]);
  return tls.caFile === null ? own : [tls.caFile, ...own];
}

function countsOf({ run: { stats, transfers } }: NewmanSummary): RunCounts {
  const count = ({ total, failed }: NewmanSummary['run']['stats']['items']) => ({ total, failed });
  return {
    iterations: count(stats.iterations),
    items: count(stats.items),
    requests: count(stats.requests),
    prerequestScripts: count(stats.prerequestScripts),
    testScripts: count(stats.testScripts),
    assertions: count(stats.assertions),
    receivedBytes: transfers.responseTotal,
  };
}

/** As Newman's `--export-…` writes them (lib/run/index.js). */
function exportsOf({ summary, runner }: NewmanRun, { newman }: Order): NonNullable<CollectionOutcome['exports']> {
  return Object.fromEntries(
    (newman.exports ?? []).map((name) => {
      if (name === 'cookie-jar') return [name, runner.cookieJar?.toJSON() ?? {}];
      const about = { _postman_variable_scope: name, _postman_exported_at: new Date().toISOString() };
      return [name, { name, ...summary[name]?.toJSON(), ...about }];
    }),
  );
}

/** Why a request is not sent after a script repeated requests too often. */
function tooOften(most: number): ExchangeError {
  return {
    kind: 'script',
    code: '',
    message: `not sent: ${most} requests have already run, and setNextRequest does not stop`,
  };
}

function tooSlow(limitMs: number): ExchangeError {
  return { kind: 'network', code: 'ETIMEDOUT', message: `no complete answer within ${limitMs / 1_000} s` };
}

function messageIn(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
