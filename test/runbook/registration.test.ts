import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LogReader } from '../../scripts/bff/log-reader.ts';
import type { Attempt } from '../../scripts/core/result.ts';
import { parseCollection } from '../../scripts/postman/collection.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { planHealth } from '../../scripts/postman/request-plan.ts';
import type { Context } from '../../scripts/runbook/job.ts';
import { proveRegistration } from '../../scripts/runbook/registration.ts';
import { sourceOf } from '../support/builders.ts';
import { sendJson, serve } from '../support/server.ts';
import { startSharedWorker } from '../support/shared-worker.ts';

const FILE = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url);

/** What the step says about a BFF whose log holds these lines and which publishes these keys. */
async function prove(kids: readonly string[], log: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const answer = { keys: kids.map((kid) => ({ kid })) };
  const bffUrl = `${await serve((_, response) => sendJson(response, 200, answer))}/bff`;
  const reader = new LogReader();
  for (const text of log) reader.push({ at: null, stream: 'stdout', text });
  const attempts: Attempt[] = [];
  const collections = createCollections(() => {}, {}, [], startSharedWorker);
  onTestFinished(() => collections.close());
  const context = {
    job: { healthFolder: 'BFF Health', bffUrl, caFile: null, insecure: false },
    tools: { collections },
    recorder: { elapsedMs: () => 0 },
    signal: new AbortController().signal,
  } as unknown as Context;
  const scope = {
    progress() {},
    note() {},
    warn() {},
    fact() {},
    exchange() {},
    collection() {},
    summary() {},
    fail() {},
    attempt: (each: Attempt) => attempts.push(each),
  };
  const source = sourceOf(parseCollection(await readFile(FILE), FILE.pathname));
  const plan = planHealth(source, context.job);
  const proof = proveRegistration(context, scope, plan, { reading: () => reader.reading(), exchanges: [], env });
  return { proof, attempts };
}

describe('what shows that a healthy BFF is registered', () => {
  test('its log, and then nothing is asked', async () => {
    const { proof, attempts } = await prove([], ['INFO Client registered: bff-server']);
    expect(await proof).toContain('Client registered: bff-server');
    expect(attempts).toEqual([]);
  });

  test('the key in its JWKS, where the log says nothing', async () => {
    const { proof, attempts } = await prove(['other', 'bff-7'], [], { BFF_KID: 'bff-7' });
    expect(await proof).toMatch(/JWKS holds the key bff-7; its log does not/);
    expect(attempts.flatMap(({ exchanges }) => exchanges.map(({ request }) => request.url))).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/bff\/\.well-known\/jwks\.json$/),
    ]);
  });

  test.for([
    ['no key', [], {}],
    ['another key', ['bff-6'], { BFF_KID: 'bff-7' }],
    [
      'a key that a failed bootstrap would leave, too',
      ['bff-7'],
      { BFF_KID: 'bff-7', ALLOW_BOOTSTRAP_FAILURE: 'True' },
    ],
    ['a key of a BFF that does without', ['bff-7'], { DCR_ENABLED: 'false' }],
  ] as const)('%s: nothing', async ([, kids, env]) => {
    await expect((await prove(kids, ['INFO started'], env)).proof).rejects.toMatchObject({ code: 'bff-unregistered' });
  });
});
