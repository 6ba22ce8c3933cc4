import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import newman from 'newman';
import { expect, onTestFinished, test } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { renderNewmanJson } from '../../scripts/report/newman-json.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { runOf } from '../support/collection-run.ts';
import { sendJson, serve } from '../support/server.ts';
import { startSharedWorker } from '../support/shared-worker.ts';
import { hostileRun } from './extreme-runs.ts';
import { IAT, sampleMasker } from './sample-exchanges.ts';
import { attempt, healthyRun, step } from './sample-run.ts';

/** The members of Newman's document that are the same here. */
interface Summary {
  readonly collection: { readonly info: { readonly name: string } };
  readonly run: {
    readonly stats: Readonly<Record<string, object>>;
    readonly timings: Readonly<Record<string, number>>;
    readonly transfers: object;
    readonly executions: readonly {
      readonly cursor: { readonly iteration: number; readonly cycles: number };
      readonly item: { readonly name: string };
      readonly request: { readonly method: string; readonly url: Readonly<Record<string, unknown>> };
      readonly response?: { readonly status: string; readonly code: number; readonly responseSize: number };
      readonly assertions?: readonly {
        readonly assertion: string;
        readonly skipped: boolean;
        readonly error?: {
          readonly name: string;
          readonly index: number;
          readonly test: string;
          readonly message: string;
        };
      }[];
    }[];
    readonly failures: readonly {
      readonly error: { readonly name: string; readonly message: string; readonly test?: string };
      readonly at: string;
      readonly source: { readonly name: string };
      readonly parent?: { readonly name: string };
      readonly cursor: { readonly iteration: number; readonly cycles: number };
    }[];
  };
}

/** What the two documents have to agree on. */
function comparable({ collection, run }: Summary): object {
  return {
    name: collection.info.name,
    stats: run.stats,
    transfers: run.transfers,
    executions: run.executions.map(({ cursor, item, request: { method, url }, response, assertions = [] }) => ({
      at: [cursor.iteration, cursor.cycles, item.name, method],
      url: ['protocol', 'host', 'port', 'path', 'query'].map((part) => url[part]),
      response: response && [response.status, response.code, response.responseSize],
      assertions: assertions.map(({ assertion, skipped, error }) => ({
        ...{ assertion, skipped },
        error: error && [error.name, error.index, error.test, error.message],
      })),
    })),
    failures: run.failures.map(({ error, at, source, parent, cursor }) => ({
      error: [error.name, error.message, error.test],
      // Of a script that broke it is not known here which one it was.
      at: at.replace(/^(?:prerequest|test)-script.*/, 'script'),
      place: [source.name, cursor.iteration, cursor.cycles],
      // In Newman only what comes from a script has it.
      ...(at === 'request' ? {} : { parent: parent?.name }),
    })),
  };
}

const script = (listen: string, ...exec: string[]) => ({ event: [{ listen, script: { exec } }] });

test("says of a run what Newman's own json reporter says", async () => {
  const url = await serve((incoming, response) => sendJson(response, incoming.url === '/b' ? 503 : 200, { a: 1 }));
  const items: Item[] = [
    folder(
      'Orders',
      request('Get', `${url}/a/b?x=1&y=2`, script('test', "pm.test('ok', () => {}); pm.test.skip('later', () => {});")),
      folder('Inner', request('Bad', `${url}/b`, script('test', "pm.test('is 1', () => pm.expect(2).to.equal(1));"))),
      request('Broken', `${url}/c`, script('prerequest', "throw new TypeError('broken');")),
      request('Refused', 'http://127.0.0.1:1/'),
      request('Skipped', url, script('prerequest', 'pm.execution.skipRequest();')),
    ),
  ];
  const folderPath = await mkdtemp(join(tmpdir(), 'newman-json-'));
  onTestFinished(() => rm(folderPath, { recursive: true }));
  const file = join(folderPath, 'newman.json');
  const collection = JSON.parse(Buffer.from(collectionBytes(items)).toString());
  await new Promise<void>((resolve, reject) => {
    newman.run({ collection, reporters: ['json'], reporter: { json: { export: file } } }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  const real = JSON.parse(await readFile(file, 'utf8')) as Summary;

  const collections = createCollections(() => {}, {}, [], startSharedWorker);
  const { exchanges } = await collections.run(runOf(items, 'Orders'));
  collections.close();
  const { stats } = real.run as unknown as { stats: Record<string, { total: number; failed: number }> };
  const count = (name: string) => ({ total: stats[name]?.total ?? 0, failed: stats[name]?.failed ?? 0 });
  const run: Run = healthyRun({
    command: 'collection',
    collection: {
      ...{ name: 'Test', description: '', title: null, selection: [], tree: [], iterations: 1, data: [] },
      counts: {
        ...{ iterations: count('iterations'), items: count('items'), requests: count('requests') },
        ...{ prerequestScripts: count('prerequestScripts'), testScripts: count('testScripts') },
        assertions: count('assertions'),
        receivedBytes: (real.run.transfers as { responseTotal: number }).responseTotal,
      },
    },
    steps: [step('collection', { attempts: [attempt(5, 100, exchanges)] })],
  });
  const own = JSON.parse(renderNewmanJson(run, new Masker())) as Summary;
  expect(comparable(own)).toEqual(comparable(real));
  expect(own.run.timings['completed']).toBe((own.run.timings['started'] ?? 0) + 100);
  expect(own.run.timings['responseMax']).toBeGreaterThanOrEqual(own.run.timings['responseAverage'] ?? Number.NaN);
});

test('names the folder around what failed by its id, where the tree of the collection has it', () => {
  const run = healthyRun();
  const [only] = hostileRun().steps.flatMap(({ attempts }) => attempts.flatMap(({ exchanges }) => exchanges));
  if (only === undefined) throw new Error('there is none');
  const node = { id: 'r', name: 'R', description: '', items: null };
  const tree = [{ id: 'f', name: 'F', description: '', items: [node] }];
  const steps = [step('collection', { attempts: [attempt(0, 1, [{ ...only, id: 'r' }])] })];
  const facts = { name: 'C', description: '', title: null, selection: [], tree, iterations: 1, data: [], counts: null };
  const { run: shown } = JSON.parse(renderNewmanJson({ ...run, collection: facts, steps }, sampleMasker()));
  expect(shown.failures[0].parent).toEqual({ id: 'f', name: 'F' });
});

test('is masked, and nothing in it is invisible', () => {
  const text = renderNewmanJson(hostileRun(), sampleMasker());
  expect(text).not.toContain(IAT);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\ufeff]/);
  expect(JSON.parse(text).run.executions.length).toBeGreaterThan(5);
});
