import { createRequire } from 'node:module';
import manifest from 'newman/package.json' with { type: 'json' };
import { AppError } from '../core/errors.ts';
import type { ExchangeError } from '../core/exchange.ts';
import type { CollectionOutcome, CollectionRun, Collections, PostmanVariable } from '../core/ports.ts';
import { type ProxyVariables, proxyOf } from '../core/proxy.ts';
import { parseResolution } from '../core/resolve.ts';
import { Secret } from '../core/secret.ts';
import { FoundSecrets } from '../secrets/found.ts';
import type { Order, OrderedVariable } from './newman-messages.ts';
import { type Death, type NewmanWorker, startNewmanWorker } from './newman-worker.ts';
import { RecordedRun } from './recorded-run.ts';

/** Time for Newman's own work, on top of what the requests of a bounded run may take. */
const OVERHEAD_MS = 10_000;

/** Bytes of one answer, decompressed. The answer to a mint is a few hundred. */
const LARGEST_ANSWER = 64 * 1_048_576;
const LARGEST_LIMITED_ANSWER = 4 * 1_048_576;

const PROXY_VARIABLE = /^(?:https?_proxy|no_proxy)$/i;

/**
 * The team's collection through Newman 6, in a worker. Nothing else of the project sees one of Newman's objects, and whatever a
 * collection does to its worker, the run ends when it has to, with what was reported until then.
 *
 * @param register gets each secret that a request or an answer holds, before anything of them is handed on
 * @param env of the person
 * @param resolve as `--resolve` takes it
 * @param startWorker where the workers come from
 */
export function createCollections(
  register: (secret: Secret) => void,
  env: Readonly<Record<string, string | undefined>> = {},
  resolve: readonly string[] = [],
  startWorker: typeof startNewmanWorker = startNewmanWorker,
): Collections {
  const variables = (pattern: RegExp) =>
    Object.fromEntries(
      Object.entries(env).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && pattern.test(entry[0]),
      ),
    );
  const way = {
    proxies: variables(PROXY_VARIABLE),
    resolve: resolve.flatMap((each) => parseResolution(each) ?? []),
  };
  const found = new FoundSecrets(register);
  const workers = new Set<NewmanWorker>();
  /** Workers without a run. */
  let idle: NewmanWorker[] = [];
  let wanted = 0;
  let ended: Promise<unknown> = Promise.resolve();
  const start = () => {
    const worker = startWorker({});
    workers.add(worker);
    return worker;
  };
  const take = () => {
    wanted = 0;
    idle = idle.filter(({ isAlive }) => isAlive);
    return idle.pop() ?? start();
  };
  const end = (worker: NewmanWorker) => {
    ended = worker.end();
    workers.delete(worker);
  };
  return {
    engine: `Newman ${manifest.version}`,
    preload(count = 1) {
      wanted = count - idle.filter(({ isAlive }) => isAlive).length;
      // Beside one that still ends they would need more memory than they have to.
      void ended.then(() => {
        for (; wanted > 0; wanted--) idle.push(start());
      });
    },
    async run(options) {
      options.signal.throwIfAborted();
      verifyProxies(way.proxies);
      const worker = take();
      try {
        const outcome = await runIn(worker, options, found, way);
        // Nothing of the scripts of a limited run lives on when others run.
        if (options.origins === null && worker.isAlive) idle.push(worker);
        return outcome;
      } finally {
        if (!idle.includes(worker)) end(worker);
      }
    },
    close() {
      wanted = 0;
      for (const worker of workers) end(worker);
    },
  };
}

/** Whether the package of a reporter by another maker is there for Newman. */
export function isReporterInstalled(name: string): boolean {
  const [, scope = '', own = ''] = /^(@[^/]+\/)?(.*)$/.exec(name) ?? [];
  try {
    createRequire(import.meta.url).resolve(`${scope}newman-reporter-${own}`);
    return true;
  } catch {
    return false;
  }
}

function runIn(
  worker: NewmanWorker,
  options: CollectionRun,
  found: FoundSecrets,
  way: Pick<Order, 'proxies' | 'resolve'>,
): Promise<CollectionOutcome> {
  const { signal } = options;
  const record = new RecordedRun(options.onExchange);
  return new Promise((resolve, reject) => {
    const limitMs = options.requestTimeoutMs * Math.max(1, options.requests) + OVERHEAD_MS;
    let watchdog: NodeJS.Timeout | undefined;
    // The time begins when Newman does: to load it may take long on a busy machine.
    const begin = () => {
      if (options.isBounded) watchdog = setTimeout(() => breakOff(tooLong(record, limitMs)), limitMs);
    };
    const settle = (finish: () => void) => {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', onAbort);
      worker.rest();
      finish();
    };
    const finish = (end: Omit<CollectionOutcome, 'exchanges' | 'lastBody'>) =>
      settle(() => resolve({ exchanges: record.exchanges(), lastBody: record.lastBody, ...end }));
    const fail = (reason: unknown) => settle(() => reject(reason));
    const breakOff = (error: ExchangeError) => {
      void worker.end();
      if (record.isEmpty) return fail(newmanFailed(error.message));
      record.breakOff(error);
      finish({ variables: {} });
    };
    const cut = (reason: unknown, error: ExchangeError) => {
      void worker.end();
      record.breakOff(error);
      if (!record.isEmpty) options.onCut?.(record.exchanges());
      fail(reason);
    };
    const onAbort = () => cut(signal.reason, { kind: 'script', code: '', message: endedBy(signal.reason) });
    signal.addEventListener('abort', onAbort, { once: true });
    worker.start(toOrder(options, way), {
      report(report) {
        if (report.kind === 'secret') found.add(report.value, report.label);
        else if (report.kind === 'begun') begin();
        else if (report.kind === 'failed') fail(newmanFailed(report.message));
        else if (report.kind === 'end') {
          const { kind, ...end } = report;
          finish(end);
        } else if (report.kind === 'refused') {
          const error = hostRefused(report.address, report.origins);
          cut(error, { kind: 'script', code: '', message: error.message });
        } else record.add(report);
      },
      printed: (text, stream) => record.print({ level: stream === 'stdout' ? 'log' : 'error', text }),
      died: (death) => breakOff(describeDeath(death)),
    });
  });
}

function toOrder(options: CollectionRun, way: Pick<Order, 'proxies' | 'resolve'>): Order {
  const {
    collection,
    items,
    requests,
    tls,
    requestTimeoutMs,
    isBounded,
    origins,
    login,
    local,
    variables,
    newman = {},
  } = options;
  return {
    ...{ collection, items, requests, tls, requestTimeoutMs, isBounded, origins, local, ...way },
    ...(login === undefined ? {} : { login }),
    variables: variables.map(toOrdered),
    newman: {
      ...newman,
      globals: (newman.globals ?? []).map(toOrdered),
      clientCertificates: (newman.clientCertificates ?? []).map(({ passphrase, ...certificate }) => ({
        ...certificate,
        ...(passphrase === null ? {} : { passphrase: passphrase.reveal() }),
      })),
    },
    largestAnswer: origins === null ? LARGEST_ANSWER : LARGEST_LIMITED_ANSWER,
  };
}

/** A variable as Newman gets it. */
function toOrdered({ value, ...variable }: PostmanVariable): OrderedVariable {
  const isSecret = value instanceof Secret;
  return { ...variable, value: isSecret ? value.reveal() : value, isSecret };
}

function endedBy(reason: unknown): string {
  return reason instanceof AppError ? `the run was ended here: ${reason.message}` : 'the run was ended here';
}

function tooLong(record: RecordedRun, limitMs: number): ExchangeError {
  return record.isWaiting
    ? { kind: 'network', code: 'ETIMEDOUT', message: 'no complete answer in time' }
    : {
        kind: 'script',
        code: '',
        message: `a script did not come to an end; Newman was ended after ${limitMs / 1_000} s`,
      };
}

function describeDeath(death: Death): ExchangeError {
  switch (death.kind) {
    case 'memory': {
      const message = `the scripts or the answers need more than ${death.megabytes} MB of memory, so Newman was ended`;
      return { kind: 'script', code: '', message };
    }
    case 'exit':
      return { kind: 'script', code: '', message: `a script ended Newman: process.exit(${death.code})` };
    case 'crash': {
      const { name = '', message = '' } = Object(death.error) as { readonly name?: string; readonly message?: string };
      return { kind: 'script', code: name, message: `Newman crashed: ${message}` };
    }
  }
}

/** Before anything is sent. Throws `bad-value`. */
function verifyProxies(proxies: ProxyVariables): void {
  const free = Object.entries(proxies).filter(([name]) => !/^no_proxy$/i.test(name));
  for (const url of ['http://any.test', 'https://any.test']) proxyOf(new URL(url), Object.fromEntries(free));
}

function hostRefused(address: string, origins: readonly string[]): AppError {
  const hosts = origins.map((origin) => new URL(origin).host).join(', ');
  return new AppError('host-refused', `The collection was about to connect to ${address}; nothing was sent there.`, {
    hint: `Only ${hosts} may be asked while the admin token is in reach. Look at the scripts of the collection (pm.sendRequest), of the request and of the folders around it. If the mint does need that host: --allow-host ${address}`,
  });
}

function newmanFailed(why: string): AppError {
  return new AppError('newman-failed', 'Newman could not run the collection.', {
    hint: 'Does the collection run in Postman? Export it again as v2.1; --verbose shows what Newman said.',
    cause: new Error(why),
  });
}
