import { describe, expect, it } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import { renderHtml } from '../../scripts/report/html.tsx';
import { renderJunit } from '../../scripts/report/junit.ts';
import { maskRun } from '../../scripts/report/masked.ts';
import { renderResult } from '../../scripts/report/result-json.ts';
import { renderStepSummary } from '../../scripts/report/step-summary.ts';
import { collectionRun } from './extreme-runs.ts';
import { badPod, sampleCluster } from './sample-cluster.ts';
import { ADMIN_TOKEN, body, exchange, IAT, mintExchange, RAT, sampleMasker } from './sample-exchanges.ts';
import { healthyRun, step } from './sample-run.ts';

/** In the sample, and unknown to the masker: what keeps them out is their place. */
const UNKNOWN_SECRETS = [RAT, 'test-only-session-0001', 'test-only-redis-password', 'test-only-older'];
const NO_PATHS = { html: null, junit: null, json: null };

/** A run in which every string ends with a secret. */
function leakyRun(): Run {
  const leaky = (value: unknown): unknown => {
    if (typeof value === 'string') return VOCABULARY.has(value) ? value : `${value} ${IAT}`;
    if (Array.isArray(value)) return value.map(leaky);
    if (value instanceof Date || typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, leaky(inner)]));
  };
  const full = healthyRun({
    steps: [
      step('mint', {
        summary: 'a',
        notes: ['a'],
        attempts: [{ startMs: 0, durationMs: 5, passed: true, exchanges: [fullExchange()] }],
      }),
    ],
    error: {
      code: 'internal',
      message: 'a',
      hint: { text: 'a', command: 'a' },
      where: { file: 'a', line: 1, excerpt: 'a' },
    },
    warnings: ['a'],
    kubernetes: sampleCluster({ pods: [badPod('a', { key: 'a' })], missingRights: ['a'], role: 'a' }),
  });
  return leaky(full) as Run;
}

const fullExchange = () =>
  mintExchange({
    console: [{ level: 'log', text: 'a' }],
    error: { kind: 'script', code: 'a', message: 'a' },
    assertions: [{ name: 'a', status: 'failed', message: 'a' }],
  });

/** Strings of closed sets; they are no text. */
const VOCABULARY = new Set(
  (
    'healthy passed failed skipped mint log script compose absent plain good bad stdout registered internal ' +
    'own-secret on-sync shared'
  ).split(' '),
);

describe('maskRun', () => {
  it('masks every string of the model, and nothing else is in it', () => {
    const masked = JSON.stringify(maskRun({ ...leakyRun(), extra: IAT } as Run, sampleMasker()));
    expect(JSON.stringify(leakyRun()).split(IAT).length).toBeGreaterThan(60);
    expect(masked).not.toContain(IAT);
    expect(masked).not.toContain('extra');
  });

  it('leaves the run as it was', () => {
    const run = healthyRun();
    const before = JSON.stringify(run);
    maskRun(run, sampleMasker());
    expect(JSON.stringify(run)).toBe(before);
  });

  it('reads a body only when it is asked for', () => {
    let reads = 0;
    const counting = {
      ...body('x'),
      get text() {
        return String(++reads);
      },
    };
    const one = exchange({ request: { method: 'GET', url: '', headers: [], body: counting } });
    const run = healthyRun({
      steps: [step('health', { attempts: [{ startMs: 0, durationMs: 1, passed: true, exchanges: [one] }] })],
    });
    const masked = maskRun(run, sampleMasker());
    const [first] = masked.steps[0]?.attempts[0]?.exchanges ?? [];
    const before = reads;
    expect([first?.request.body?.text, first?.request.body?.text]).toEqual([String(before), String(before)]);
  });
});

describe('no renderer shows a secret', () => {
  const masker = sampleMasker();
  it.each([
    ['html', (run: Run) => renderHtml(run, masker)],
    ['junit', (run: Run) => renderJunit(run, masker)],
    ['result', (run: Run) => renderResult(run, { ...NO_PATHS, html: `/tmp/${IAT}.html` }, masker)],
    ['step summary', (run: Run) => renderStepSummary(run, masker)],
  ])('%s', (_, render) => {
    const found = (run: Run, secrets: readonly string[]) => secrets.filter((secret) => render(run).includes(secret));
    expect(found(leakyRun(), [IAT, ADMIN_TOKEN])).toEqual([]);
    const secrets = [IAT, ADMIN_TOKEN, ...UNKNOWN_SECRETS];
    const runs = [healthyRun(), collectionRun(3)];
    expect(secrets.filter((secret) => !JSON.stringify(runs).includes(secret))).toEqual([]);
    expect(runs.flatMap((run) => found(run, secrets))).toEqual([]);
    expect(masker.find(render(leakyRun()))).toEqual([]);
    expect(render(leakyRun())).toContain('‹IAT');
  });
});
