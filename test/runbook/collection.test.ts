import { describe, expect, onTestFinished, test } from 'vitest';
import type { StepRecord } from '../../scripts/core/result.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { createCollections } from '../../scripts/postman/newman.ts';
import { runCollection } from '../../scripts/runbook/collection.ts';
import type { CollectionJob } from '../../scripts/runbook/collection-job.ts';
import { runHealth } from '../../scripts/runbook/health.ts';
import type { Context } from '../../scripts/runbook/job.ts';
import { Recorder } from '../../scripts/runbook/recorder.ts';
import { collectionBytes, folder, request } from '../support/builders.ts';
import { sendJson, serve } from '../support/server.ts';
import { startSharedWorker } from '../support/shared-worker.ts';

/** A folder of three requests, of which the first one has a test script. */
async function folderWith(...exec: string[]): Promise<Item> {
  const url = await serve((_, response) => sendJson(response, 200, {}));
  const first = request('A', url, { event: [{ listen: 'test', script: { exec } }] });
  return folder('F', first, request('B', url), request('C', url));
}

/** What a command says and does with the folder. */
async function run(item: Item, command: (context: Context) => Promise<unknown>) {
  const steps: StepRecord[] = [];
  const warnings: string[] = [];
  const clock = { now: () => 0, date: () => new Date(0), sleep: async () => {} };
  const recorder = new Recorder(clock, (event) => {
    if (event.type === 'step-ended') steps.push(event.step);
    if (event.type === 'warning') warnings.push(event.text);
  });
  const collections = createCollections(() => {}, {}, [], startSharedWorker);
  onTestFinished(() => collections.close());
  const context = {
    job: {
      ...{
        collection: '/nowhere/c.json',
        environment: null,
        envVars: [],
        healthFolder: 'F',
        bffUrl: null,
        caFile: null,
      },
      ...{ workingDir: null, typedFrom: '/nowhere', composeFiles: null, reports: '/nowhere/reports', insecure: false },
    },
    tools: {
      files: { read: async () => collectionBytes([item]) },
      collections,
      learn: () => {},
      adminTokenFrom: 'variable',
      verifyReports: async () => {},
    },
    recorder,
    signal: new AbortController().signal,
  } as unknown as Context;
  const error: unknown = await command(context).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { error, step: steps.at(-1), warnings };
}

/** A command line that says no more than the folder. */
const OPTIONS = {
  ...{ names: ['F'], folders: null, globals: null, globalVars: [], iterationData: null, iterationCount: null },
  ...{ delayRequestMs: null, timeoutRequestMs: null, timeoutScriptMs: null, bail: null, ignoreRedirects: false },
  ...{ insecureFileRead: true, sslClientCert: null, sslClientKey: null, sslClientPassphrase: null },
  ...{ sslClientCertList: null, cookieJar: null, exportEnvironment: null, exportGlobals: null, exportCollection: null },
  ...{ exportCookieJar: null, parallel: 1, title: null, reporters: null, reporterOptions: {} },
};

const END = 'pm.execution.setNextRequest(null);';

describe('npm run collection', () => {
  const command = (context: Context) => runCollection(context, { ...context.job, ...OPTIONS } as CollectionJob);

  test('does not hand on IAT_ADMIN_TOKEN, and says so where a request has no token', async () => {
    const item = await folderWith();
    const auth = { type: 'bearer', bearer: [{ key: 'token', value: '{{admin_token}}' }] };
    const { warnings } = await run({ ...item, auth }, command);
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /^"F\/A" gets no token: \{\{admin_token\}\} has no value\. IAT_ADMIN_TOKEN is for npm run iat/,
      ),
    );
    expect((await run(item, command)).warnings).toEqual([]);
  });

  test('a file that may not be sent fails its request, and is named', async () => {
    const item = await folderWith();
    const body = { mode: 'file', file: { src: '/etc/hosts' } };
    const [first] = item.item ?? [];
    const { error } = await run(
      folder('F', { ...first, request: { ...first?.request, method: 'POST', body } }),
      command,
    );
    expect(error).toMatchObject({
      code: 'assertion-failed',
      message: expect.stringMatching(/A: a file was not sent: "\/etc\/hosts", it is not below .*--working-dir/),
    });
  });

  test('an error that no check looks at passes, as in Newman, and is noted', async () => {
    const url = await serve((_, response) => sendJson(response, 404, {}));
    const looks = { event: [{ listen: 'test', script: { exec: ["pm.test('404', () => {});"] } }] };
    const { error, step } = await run(folder('F', request('A', url), request('B', url, looks)), command);
    expect(error).toBeNull();
    expect(step?.notes).toEqual(['Answered with an error that no check looks at, which counts as passed: "A" (404).']);
  });

  test('certificates that the collection does not check are a warning', async () => {
    const item = { ...(await folderWith()), protocolProfileBehavior: { strictSSL: false } };
    const { warnings } = await run(item, command);
    expect(warnings).toEqual([
      expect.stringMatching(/switches off the check of certificates \(strictSSL\) for "F\/A"/),
    ]);
  });

  test('a whole folder', async () => {
    const { error, step } = await run(await folderWith(), command);
    expect(error).toBeNull();
    expect(step).toMatchObject({ summary: '3 of 3 requests pass', notes: [] });
  });

  test('a run that a script ends early passes, and says how much ran', async () => {
    const { error, step } = await run(await folderWith(END), command);
    expect(error).toBeNull();
    expect(step).toMatchObject({
      status: 'passed',
      summary: '1 of 3 requests ran; a script ended the run after "A"',
      notes: ['1 of 3 requests ran; a script ended the run after "A".'],
    });
  });

  test('a failure says how much ran, too', async () => {
    const { error, step } = await run(await folderWith("pm.test('t', () => pm.expect(1).to.equal(2));", END), command);
    expect(error).toMatchObject({
      code: 'assertion-failed',
      message: expect.stringMatching(/^1 of 1 requests failed\. A: /),
    });
    expect(step?.notes).toEqual(['1 of 3 requests ran; a script ended the run after "A".']);
  });
});

describe('requests that their scripts skip', () => {
  const skipping = async (...names: string[]) => {
    const { item = [], ...rest } = await folderWith();
    const event = [{ listen: 'prerequest', script: { exec: ['pm.execution.skipRequest();'] } }];
    return { ...rest, item: item.map((each) => (names.includes(each.name ?? '') ? { ...each, event } : each)) };
  };
  const collection = (context: Context) => runCollection(context, { ...context.job, ...OPTIONS } as CollectionJob);

  test.for([
    ['collection', collection],
    ['health', runHealth],
  ] as const)('npm run %s: one of them does not fail the run', async ([, command]) => {
    const { error, step } = await run(await skipping('B'), command);
    expect(error).toBeNull();
    expect(step).toMatchObject({ status: 'passed', summary: '2 of 3 requests pass; scripts skipped "B"' });
  });

  test('none sent is no failure, as in Newman, and a warning says it', async () => {
    const { error, warnings } = await run(await skipping('A', 'B', 'C'), collection);
    expect(error).toBeNull();
    expect(warnings).toEqual(['No request was sent: scripts skipped "A", "B", "C".']);
  });

  test('a health folder of which none is sent is not healthy', async () => {
    const { error, step } = await run(await skipping('A', 'B', 'C'), runHealth);
    expect(error).toMatchObject({
      code: 'bff-unhealthy',
      message: 'Nothing was checked: scripts skipped "A", "B", "C".',
    });
    expect(step?.attempts).toMatchObject([{ passed: false }]);
  });
});

test('a health folder that a script ends early is a failure that names the request', async () => {
  const { error, step } = await run(await folderWith(END), runHealth);
  expect(error).toMatchObject({
    code: 'bff-unhealthy',
    message: 'The health folder did not run to its end. 1 of 3 requests ran; a script ended the run after "A".',
  });
  expect(step?.attempts).toMatchObject([{ passed: false, exchanges: [{ name: 'A' }] }]);
});
