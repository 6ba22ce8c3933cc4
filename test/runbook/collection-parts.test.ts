import { expect, test } from 'vitest';
import type { Exchange } from '../../scripts/core/exchange.ts';
import type { CollectionOutcome, CollectionRun } from '../../scripts/core/ports.ts';
import { parseCollection } from '../../scripts/postman/collection.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { planItems } from '../../scripts/postman/request-plan.ts';
import { partsOf, runParts } from '../../scripts/runbook/collection-parts.ts';
import { collectionBytes, folder, request, sourceOf } from '../support/builders.ts';
import { runOf } from '../support/collection-run.ts';
import { sendJson, serve } from '../support/server.ts';
import { startSharedWorker } from '../support/shared-worker.ts';

function partsOfItems(items: Item[], more: Partial<CollectionRun> = {}, iterations = 1) {
  const plan = planItems(sourceOf(parseCollection(collectionBytes(items), 'c.json')), []);
  const run = { ...runOf(items, items[0]?.name ?? '', more), collection: plan.collection, items: null };
  return partsOf(run as CollectionRun, plan, iterations);
}

const script = (listen: string, ...exec: string[]) => ({ listen, script: { exec } });

/** A server that answers nobody before so many are there. */
async function meeting(most: number) {
  const waiting: (() => void)[] = [];
  return serve((incoming, response) => {
    const answer = () => sendJson(response, 200, { path: incoming.url });
    if (incoming.url !== '/meet') return answer();
    waiting.push(answer);
    if (waiting.length === most) for (const each of waiting) each();
  });
}

test('folders run at the same time, each with its own variables, and are told in order', async () => {
  const url = await meeting(2);
  const inFolder = (name: string) =>
    folder(
      name,
      request(`${name}1`, `${url}/meet`, { event: [script('test', `pm.globals.set('from${name}', '${name}');`)] }),
      request(`${name}2`, `${url}/{{fromA}}{{fromB}}`),
    );
  const collections = createCollections(() => {}, {}, [], startSharedWorker);
  const parts = partsOfItems([inFolder('A'), inFolder('B')], { isBounded: false });
  const { exchanges, counts } = await runParts(parts, 2, { run: (part) => collections.run(part), onCut() {} });
  collections.close();
  expect(exchanges.map(({ name, request: { url: sent } }) => [name, sent.replace(url, '')])).toEqual([
    ['A1', '/meet'],
    ['A2', '/A%7B%7BfromB%7D%7D'],
    ['B1', '/meet'],
    ['B2', '/%7B%7BfromA%7D%7DB'],
  ]);
  expect(counts).toMatchObject({ items: { total: 4, failed: 0 } });
});

test('each iteration knows which one of all it is', async () => {
  const url = await serve((incoming, response) => sendJson(response, 200, { path: incoming.url }));
  const exec =
    "pm.environment.set('at', `${pm.info.iteration}-${pm.info.iterationCount}-${pm.iterationData.get('n')}`);";
  const item = request('R', `${url}/{{at}}`, { event: [script('prerequest', exec)] });
  const data = [{ n: 'a' }, { n: 'b' }, { n: 'c' }];
  const collections = createCollections(() => {}, {}, [], startSharedWorker);
  const parts = partsOfItems([item], { isBounded: false, newman: { data, iterationCount: 4 } }, 4);
  const { exchanges } = await runParts(parts, 2, { run: (part) => collections.run(part), onCut() {} });
  collections.close();
  expect(exchanges.map(({ iteration, request: { url: sent } }) => [iteration, sent.replace(url, '')])).toEqual([
    [0, '/0-4-a'],
    [1, '/1-4-b'],
    [2, '/2-4-c'],
    [3, '/3-4-c'],
  ]);
});

test('requests side by side outside of folders are one part; of one folder what is in it', () => {
  const items = [request('a', 'x'), request('b', 'x'), folder('F', request('c', 'x')), request('d', 'x')];
  expect(partsOfItems(items).map((part) => part.items?.length)).toEqual([2, 1, 1]);
  expect(partsOfItems([folder('All', ...items)]).map((part) => part.items?.length)).toEqual([2, 1, 1]);
});

const FAILED = { error: { kind: 'network', code: '', message: 'no' }, assertions: [] } as unknown as Exchange;
const OUTCOME: CollectionOutcome = { exchanges: [FAILED], variables: {}, lastBody: null };

test('with bail nothing more begins after a failure', async () => {
  let begun = 0;
  const parts = partsOfItems(
    ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => folder(name, request(name, 'x'))),
    {
      newman: { bail: ['failure'] },
    },
  );
  await runParts(parts, 2, {
    async run() {
      begun += 1;
      return OUTCOME;
    },
    onCut() {},
  });
  expect(begun).toBe(2);
});

test('what was answered before the end of the time is not lost', async () => {
  const told: Exchange[] = [];
  const parts = partsOfItems([folder('A', request('a', 'x')), folder('B', request('b', 'x'))]);
  const running = runParts(parts, 1, {
    async run(part) {
      if (part === parts[0] || told.length > 0) return OUTCOME;
      part.onCut?.([FAILED]);
      throw new Error('the time is up');
    },
    onCut: (exchanges) => told.push(...exchanges),
  });
  await expect(running).rejects.toThrow('the time is up');
  expect(told).toHaveLength(1);
});
