import { describe, expect, it } from 'vitest';
import { renderResult, toResult } from '../../scripts/report/result-json.ts';
import { hostileRun, plannedRun } from './extreme-runs.ts';
import { IAT, sampleMasker } from './sample-exchanges.ts';
import { failedBootstrapRun, failedMintRun, healthyRun } from './sample-run.ts';

const PATHS = { html: 'reports/x/index.html', junit: 'reports/x/junit.xml', json: null };

describe('the result document', () => {
  it('has the fields of the contract, in order, and no other', () => {
    const result = toResult(healthyRun(), PATHS);
    expect(Object.keys(result)).toEqual(
      'schema command verdict exitCode startedAt durationMs steps token compose diagnosis error reports'.split(' '),
    );
    expect(result).toMatchObject({
      schema: 1,
      command: 'iat',
      verdict: 'healthy',
      exitCode: 0,
      startedAt: '2026-11-23T10:11:12.345Z',
      durationMs: 24_900,
      token: {
        handle: expect.stringMatching(/^sha256:[0-9a-f]{8}$/),
        expiresAt: '2026-11-23T11:11:12.345Z',
        maxUsages: 1,
      },
      error: null,
      reports: PATHS,
    });
    expect(result.steps[1]).toEqual({
      name: 'mint',
      status: 'passed',
      durationMs: 340,
      summary: 'The IdP gave a token that is good for 1 use and expires in 60 min.',
    });
    expect(result.compose).toEqual({
      files: ['/srv/CRUDService/docker-compose-authzen4.yml'],
      service: 'bff',
      wrote: 'compose',
      // How iat:clear knows what to bring back.
      target: '/srv/CRUDService/docker-compose-authzen4.yml',
      before: 'absent',
      changed: ['DCR_IAT', 'SKIP_DCR_BOOTSTRAP'],
    });
    expect(Object.keys(result.diagnosis ?? {})).toEqual(['code', 'cause', 'fix', 'iatHelps', 'evidence']);
  });

  it('says null for what does not apply', () => {
    expect(toResult(failedMintRun(), PATHS)).toMatchObject({ token: null, compose: null, diagnosis: null });
    expect(toResult(plannedRun(), PATHS)).toMatchObject({ verdict: 'planned', token: null });
    const run = healthyRun({ token: { handle: 'sha256:00000000', expiresAt: null, maxUsages: null } });
    expect(toResult(run, PATHS).token).toEqual({ handle: 'sha256:00000000', expiresAt: null, maxUsages: null });
  });

  it('names the place of an error in its message', () => {
    const where = { file: 'compose.yml', line: 12, column: 3 };
    const run = failedBootstrapRun({ error: { code: 'yaml-syntax', message: 'A tab.', hint: null, where } });
    expect(toResult(run, PATHS).error).toEqual({
      code: 'yaml-syntax',
      message: 'A tab. (compose.yml:12:3)',
      hint: null,
    });
  });

  it('is JSON with a newline at its end, without secrets and without halves of characters', () => {
    const text = renderResult(hostileRun(), { ...PATHS, json: `/${IAT}/result.json` }, sampleMasker());
    expect(text).toMatch(/\}\n$/);
    expect(text).not.toContain(IAT);
    expect(text).not.toMatch(/\\ud[89a-f]/i);
    expect(JSON.parse(text)).toMatchObject({ schema: 1, verdict: 'unhealthy', exitCode: 1 });
  });

  it('survives dates that are none', () => {
    const run = healthyRun({
      startedAt: new Date(Number.NaN),
      token: { handle: 'h', expiresAt: new Date(Number.NaN), maxUsages: 1 },
    });
    expect(toResult(run, PATHS)).toMatchObject({ startedAt: null, token: { expiresAt: null } });
  });
});
