import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeReportsNow } from '../../scripts/cli/reports-now.ts';
import { AppError } from '../../scripts/core/errors.ts';
import { reportFiles } from '../../scripts/platform/report-folder.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import type { ResultDocument } from '../../scripts/report/result-json.ts';
import { Recorder } from '../../scripts/runbook/recorder.ts';
import { ADMIN_TOKEN, sampleMasker } from '../report/sample-exchanges.ts';
import { CANARY } from '../support/attacks.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A run whose step `health` never comes to its end, after foreign words in the steps before. */
async function cutShort() {
  const recorder = new Recorder(new FakeClock(), () => {});
  await recorder.step('mint', async (scope) => {
    scope.summary(`foreign words ${CANARY.token}`);
    scope.note(CANARY.token);
    scope.fact('BFF', CANARY.token);
  });
  void recorder.step('health', () => new Promise(() => {}));
  const late = (during: string | null) =>
    new AppError('timeout', `never came to its end: ${during}`, { hint: 'More.' });
  return recorder.cutShort(late, { command: 'iat', version: '0.1.0' });
}

test('the time in which a person was asked is none of the run', async () => {
  const clock = new FakeClock();
  const recorder = new Recorder(clock, () => {});
  const { signal } = new AbortController();
  await recorder.step('preflight', async () => {
    await clock.sleep(100, signal);
    await recorder.ask(() => clock.sleep(60_000, signal));
  });
  await recorder.step('mint', () => clock.sleep(50, signal));
  const { steps, durationMs } = recorder.finish(
    { verdict: 'passed' },
    { command: 'iat', version: '0', planned: [], signalExitCode: null },
  );
  expect(steps.map((each) => [each.startMs, each.durationMs])).toEqual([
    [0, 100],
    [100, 50],
  ]);
  expect(durationMs).toBe(150);
});

test('a run that is cut short is written at once, without a foreign word', async () => {
  const { path, remove } = await makeTemporaryFolder();
  onTestFinished(remove);
  const { document, folder } = writeReportsNow(await cutShort(), sampleMasker(), reportFiles, join(path, 'reports'));
  expect(await readdir(folder ?? '')).toEqual(expect.arrayContaining(['junit.xml', 'result.json']));
  const texts = await Promise.all(
    ['junit.xml', 'result.json'].map((name) => readFile(join(folder ?? '', name), 'utf8')),
  );
  expect(texts.join()).not.toContain(CANARY.token);
  expect(texts[1]).toBe(document);
  expect(JSON.parse(document) as ResultDocument).toMatchObject({
    verdict: 'failed',
    exitCode: 3,
    steps: [
      { name: 'mint', status: 'passed', summary: '' },
      { name: 'health', status: 'failed' },
    ],
    error: { code: 'timeout', message: 'never came to its end: health' },
    reports: { junit: join(folder ?? '', 'junit.xml'), json: join(folder ?? '', 'result.json') },
  });
});

test('where no report can be written there is the document alone, and with a secret in it nothing', async () => {
  const run = await cutShort();
  expect(writeReportsNow(run, sampleMasker(), reportFiles, '/dev/null/reports')).toMatchObject({
    folder: null,
    document: expect.stringContaining('"exitCode": 3'),
  });
  const { document, folder } = writeReportsNow(
    { ...run, command: ADMIN_TOKEN },
    sampleMasker(),
    reportFiles,
    '/dev/null',
  );
  expect([document.includes(ADMIN_TOKEN), folder]).toEqual([false, null]);
});
