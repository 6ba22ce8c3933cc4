import { describe, expect, it } from 'vitest';
import { renderStepSummary } from '../../scripts/report/step-summary.ts';
import { collectionRun, hostileRun } from './extreme-runs.ts';
import { clusterRun, manyPods, sampleCluster } from './sample-cluster.ts';
import { sampleMasker } from './sample-exchanges.ts';
import { failedBootstrapRun, failedMintRun, healthyRun, shopFacts } from './sample-run.ts';

const masker = sampleMasker();

describe('the step summary', () => {
  it('starts with the verdict and the sentence', () => {
    expect(renderStepSummary(healthyRun(), masker)).toMatch(
      /^## ✅ Healthy: iat\n\nThe BFF is registered and healthy.\n/,
    );
    expect(renderStepSummary(failedMintRun(), masker)).toMatch(/^## ❌ Failed: iat\n\nThe IdP refused the admin token/);
  });

  it('of a collection has its name, the counts, and the iteration of each failure', () => {
    const { steps, ...run } = collectionRun(4, 4);
    const inIteration = steps.map((each) => ({
      ...each,
      notes: ['A script ended the run early.'],
      attempts: each.attempts.map((one) => ({ ...one, exchanges: one.exchanges.map((x) => ({ ...x, iteration: 1 })) })),
    }));
    const facts = shopFacts();
    const text = renderStepSummary({ ...run, steps: inIteration, collection: facts }, masker);
    expect(text).toMatch(/^## ❌ Failed: Shop\n/);
    expect(text).toContain(
      '| | executed | failed |\n| --- | ---: | ---: |\n| requests | 4 | 0 |\n| checks | 12 | 2 |\n',
    );
    expect(text).toContain('\n- response time: median 12 ms, 95% within 31 ms, slowest 31 ms\n');
    expect(text).toContain('\n\n- A script ended the run early.\n');
    expect(text).toContain('- **Orders / Region 4 / Read order 4, iteration 2**: ');
  });

  it('says which request failed and why, and what the diagnosis is', () => {
    expect(renderStepSummary(failedMintRun(), masker)).toContain(
      '  - 201 Created: expected response to have status code 201 but got 401',
    );
    expect(renderStepSummary(failedBootstrapRun(), masker)).toContain('### Diagnosis: invalid-scope');
  });

  it('of a run on a cluster says where it was, and which pods are not well', () => {
    const text = renderStepSummary(clusterRun(), masker);
    expect(text).toContain('\n\ndeployment/bff in namespace crud of context prod-eu.\n');
    expect(text).toContain(
      '\n2 of 3 pods are registered and healthy, 1 old pod is still there.\n\n- **bff-7d9c5b8f6d-k8k8k**: ',
    );
    const many = sampleCluster({ pods: manyPods(50, 25) });
    expect(renderStepSummary(clusterRun({ kubernetes: many }), masker)).toContain('\n- and 5 more pods\n');
  });

  it('lets nothing of others become markup', () => {
    const text = renderStepSummary(hostileRun(), masker);
    const outsideCode = text.split('\n').filter((line) => !line.startsWith('    '));
    expect(outsideCode.join('\n')).not.toMatch(/<(?!\/?$)[a-z/!]/i);
    expect(text.length).toBeLessThan(100_000);
  });

  it('stays small: the runner takes 1 MiB', () => {
    expect(renderStepSummary(collectionRun(2000, 2), masker).length).toBeLessThan(50_000);
  });
});
