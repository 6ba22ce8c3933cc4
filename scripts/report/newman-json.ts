import type { Assertion, Exchange, Header } from '../core/exchange.ts';
import type { CollectionNode, Run } from '../core/result.ts';
import { escapeJson } from '../core/visible.ts';
import type { Masker } from '../secrets/masker.ts';
import { countsOf } from './counts.ts';
import { maskRun } from './masked.ts';
import { decidingExchanges, tallyOf } from './outline.ts';
import { toWellFormed } from './text.ts';

/**
 * The run as Newman's json reporter writes it (newman lib/run/summary.js), for programs that read that: the same members with
 * the same meaning, as far as this tool knows them. It is masked, so an answer has its text as `body` and not its bytes as
 * `stream`, and no variables are in it.
 */
export function renderNewmanJson(run: Run, masker: Masker): string {
  return `${escapeJson(JSON.stringify(toSummary(maskRun(run, masker, toWellFormed)), null, 2))}\n`;
}

function toSummary(run: Run): object {
  const { collection } = run;
  const exchanges = run.steps.flatMap(decidingExchanges);
  const tree = collection?.tree ?? [];
  const cycles = collection?.iterations ?? 1;
  const parents = parentsIn(tree);
  return {
    collection: {
      info: { name: collection?.name ?? '', description: collection?.description ?? '' },
      item: tree.map(toItem),
    },
    environment: {},
    globals: {},
    run: {
      stats: statsOf(run, exchanges.length),
      timings: timingsOf(run, exchanges),
      // In Newman, too, a request that was not sent is no execution.
      executions: exchanges
        .filter(({ request }) => request.method !== '')
        .map((exchange) => toExecution(exchange, cycles)),
      transfers: { responseTotal: countsOf(run).receivedBytes ?? 0 },
      failures: exchanges.flatMap((exchange) => failuresOf(exchange, cycles, parents)),
      error: null,
    },
  };
}

function toItem({ id, name, items }: CollectionNode): object {
  return { id, name, ...(items === null ? {} : { item: items.map(toItem) }) };
}

/** By the id of an item: the folder around it. */
function parentsIn(
  nodes: readonly CollectionNode[],
  parent: CollectionNode | null = null,
): Map<string, CollectionNode> {
  const own = parent === null ? [] : nodes.map(({ id }) => [id, parent] as const);
  return new Map([...own, ...nodes.flatMap((node) => [...parentsIn(node.items ?? [], node)])]);
}

function statsOf(run: Run, items: number): object {
  const counts = countsOf(run);
  const count = ({ total, failed } = { total: 0, failed: 0 }) => ({ total, pending: 0, failed });
  const { prerequestScripts = count(), testScripts = count() } = counts;
  const executed = counts.items ?? count({ total: items, failed: 0 });
  return {
    iterations: count(counts.iterations),
    items: count(executed),
    scripts: count({
      total: prerequestScripts.total + testScripts.total,
      failed: prerequestScripts.failed + testScripts.failed,
    }),
    prerequests: count({ total: executed.total, failed: 0 }),
    requests: count(counts.requests),
    tests: count({ total: executed.total - tallyOf(run).notSent, failed: 0 }),
    assertions: count(counts.assertions),
    testScripts: count(testScripts),
    prerequestScripts: count(prerequestScripts),
  };
}

function timingsOf({ startedAt, steps, durationMs }: Run, exchanges: readonly Exchange[]): object {
  const attempt = steps.flatMap(({ attempts }) => attempts).at(-1) ?? { startMs: 0, durationMs };
  const started = startedAt.getTime() + Math.round(attempt.startMs);
  const times = exchanges.flatMap(({ response }) => response?.timeMs ?? []);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const average = mean(times);
  return {
    responseAverage: average,
    responseMin: times.reduce((least, time) => Math.min(least, time), times[0] ?? 0),
    responseMax: times.reduce((most, time) => Math.max(most, time), 0),
    responseSd: Math.sqrt(mean(times.map((time) => (time - average) ** 2))),
    started,
    completed: started + Math.round(attempt.durationMs),
  };
}

function toExecution({ id = '', iteration, name, request, response, ...exchange }: Exchange, cycles: number): object {
  const { error, assertions } = exchange;
  return {
    cursor: { iteration: iteration ?? 0, cycles },
    item: { id, name },
    request: {
      url: toUrl(request.url),
      header: request.headers.map(toHeader),
      method: request.method,
      ...(request.body === null ? {} : { body: { mode: 'raw', raw: request.body.text } }),
    },
    ...(response === null
      ? {}
      : {
          response: {
            status: response.reason,
            code: response.status,
            header: response.headers.map(toHeader),
            body: response.body?.text ?? '',
            responseTime: response.timeMs,
            responseSize: response.body?.bytes ?? 0,
          },
        }),
    id,
    ...(error?.kind === 'network' ? { requestError: { name: 'Error', code: error.code, message: error.message } } : {}),
    ...(assertions.length === 0 ? {} : { assertions: assertions.map(toAssertion) }),
  };
}

/** The parts of a URL as the collection format has them; its text is masked, and nothing of it may be escaped again. */
function toUrl(raw: string): object {
  const [, protocol, authority = '', path = '', query] =
    /^(?:([\w+.-]+):\/\/)?([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(raw) ?? [];
  const [, host = '', port] = /^(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? [];
  return {
    raw,
    ...(protocol === undefined ? {} : { protocol }),
    ...(port === undefined ? {} : { port }),
    path: path.split('/').slice(1),
    host: host.startsWith('[') ? [host] : host.split('.'),
    query: (query ?? '')
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [key = '', ...value] = pair.split('=');
        return { key, value: value.join('=') };
      }),
    variable: [],
  };
}

function toHeader({ name, value }: Header): object {
  return { key: name, value };
}

function toAssertion({ name, status, message }: Assertion, index: number): object {
  const error = status === 'failed' ? { error: toError('AssertionError', message ?? '', { index, test: name }) } : {};
  return { assertion: name, skipped: status === 'skipped', ...error };
}

function toError(name: string, message: string, more: object = {}): object {
  return { name, ...more, message, stack: `${name}: ${message}` };
}

function failuresOf(
  { id = '', iteration, name, error, assertions, folders }: Exchange,
  cycles: number,
  parents: ReadonlyMap<string, CollectionNode>,
): object[] {
  const parent = parents.get(id);
  const folder = parent === undefined ? { name: folders.at(-1) } : { id: parent.id, name: parent.name };
  const place = {
    source: { id, name },
    ...(folders.length === 0 ? {} : { parent: folder }),
    cursor: { iteration: iteration ?? 0, cycles },
  };
  const failed = assertions.flatMap(({ name: test, status, message }, index) =>
    status === 'failed'
      ? [
          {
            error: toError('AssertionError', message ?? '', { index, test }),
            at: `assertion:${index} in test-script`,
            ...place,
          },
        ]
      : [],
  );
  if (error === null) return failed;
  const at = error.kind === 'script' ? 'script' : 'request';
  const type = error.kind === 'script' && error.code !== '' ? error.code : 'Error';
  return [
    { error: toError(type, error.message, error.code === '' ? {} : { code: error.code }), at, ...place },
    ...failed,
  ];
}
