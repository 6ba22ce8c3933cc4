import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { renderHtml } from '../../scripts/report/html.tsx';
import { readEntry } from '../../scripts/report/past-run.ts';
import { sampleMasker } from './sample-exchanges.ts';
import { healthyRun } from './sample-run.ts';

const read = (name: string) => readFileSync(new URL(`../../reports/sample/${name}`, import.meta.url));
const [page, junit, result] = ['index.html', 'junit.xml', 'result.json'].map((name) => read(name).toString('utf8'));

/** The policy has the hashes of style and script. */
const policyOf = (html: string) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];

test('the sample is of the current renderer; if not: npm run sample', () => {
  expect(policyOf(page ?? '')).toBe(policyOf(renderHtml(healthyRun(), sampleMasker())));
});

test('the sample shows a failure, with everything that a report has', () => {
  expect(readEntry({ name: 'sample', result: result ?? '', hasPage: true })).toMatchObject({
    command: 'iat',
    verdict: 'unhealthy',
    subject: 'the sandbox',
    failures: [{ request: 'BFF Health / Health', check: '200 OK' }, { check: 'redis is not down' }],
  });
  for (const part of ['failures', 'diagnosis', 'timeline', 'log', 'changes', 'requests', 'facts']) {
    expect(page).toContain(`id="${part}"`);
  }
  expect(junit).toContain('<failure ');
});

test('the sample holds nothing of the machine that made it, and its picture is small', () => {
  for (const text of [page, junit, result]) {
    expect(text).not.toMatch(/(?<![\w.}])\/(?:tmp|var\/folders|work|root|home|Users)\/\w|[A-Z]:\\\\/);
    expect(text).not.toContain(`host ${hostname()}`);
  }
  expect(read('report.png').length).toBeLessThan(150_000);
});
