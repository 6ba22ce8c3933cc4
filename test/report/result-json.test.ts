import { describe, expect, it } from 'vitest';
import { renderResult, toResult, withoutRequests } from '../../scripts/report/result-json.ts';
import { collectionRun, hostileRun, plannedRun } from './extreme-runs.ts';
import { clusterRun } from './sample-cluster.ts';
import { ADMIN_TOKEN, exchange, failed, IAT, notSent, passed, sampleMasker, unanswered } from './sample-exchanges.ts';
import { attempt, failedBootstrapRun, failedMintRun, healthyRun, step } from './sample-run.ts';

const PATHS = { html: 'reports/x/index.html', junit: 'reports/x/junit.xml', json: null };

describe('the result document', () => {
  it('has the fields of the contract, in order, and no other', () => {
    const result = toResult(healthyRun(), PATHS);
    expect(Object.keys(result)).toEqual(
      'schema command verdict exitCode startedAt durationMs steps token compose kubernetes diagnosis error reports collection counts environment failures slowest requests'.split(
        ' ',
      ),
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

  it('says where on which cluster it was, and nothing of compose; the Role is in the page', () => {
    const run = clusterRun();
    const { compose, kubernetes } = toResult(run, PATHS);
    expect(compose).toBeNull();
    expect(Object.keys(kubernetes ?? {}).sort()).toEqual(
      'before cluster container context credentials key missingRights namespace owners pods reverted revision target usesNeeded workload wrote'.split(
        ' ',
      ),
    );
    expect(kubernetes).toMatchObject({
      namespace: 'crud',
      workload: 'deployment/bff',
      wrote: 'own-secret',
      before: 'absent',
      revision: { before: 4, after: 5 },
    });
    expect(kubernetes?.pods.slice(1, 2)).toEqual([
      {
        name: 'bff-7d9c5b8f6d-k8k8k',
        revision: 'new',
        phase: 'waiting',
        reason: 'CrashLoopBackOff',
        restarts: 3,
        exitCode: 3,
        registered: false,
        healthy: false,
        key: null,
        problem: 'The IdP refused its Initial Access Token (401 invalid_token).',
      },
    ]);
    expect(kubernetes?.pods.map(({ revision, phase, reason }) => [revision, phase, reason])).toEqual([
      ['new', 'running', null],
      ['new', 'waiting', 'CrashLoopBackOff'],
      ['new', 'running', null],
      ['old', 'waiting', 'CrashLoopBackOff'],
    ]);
  });

  it('says null for what does not apply', () => {
    expect(toResult(failedMintRun(), PATHS)).toMatchObject({
      token: null,
      compose: null,
      kubernetes: null,
      diagnosis: null,
    });
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

  it('has the requests of the last attempts, with their checks', () => {
    const { requests, counts } = toResult(healthyRun(), PATHS);
    expect(requests.map(({ step: name, name: request }) => `${name}: ${request}`)).toEqual([
      'mint: DCR IAT',
      'health: Health',
      'health: JWKS',
    ]);
    expect(requests[1]).toEqual({
      step: 'health',
      iteration: null,
      folders: ['BFF Health'],
      name: 'Health',
      method: 'GET',
      url: 'http://localhost:8000/health',
      status: 200,
      timeMs: 12,
      sizeBytes: null,
      error: null,
      checks: ['200 OK', 'redis is not down', 'idp is not down'].map((name) => ({
        name,
        status: 'passed',
        message: null,
      })),
    });
    expect(counts).toEqual({
      requests: { total: 3, failed: 0, skipped: 0 },
      checks: { total: 7, passed: 7, failed: 0, skipped: 0 },
    });
    expect(toResult(plannedRun(), PATHS)).toMatchObject({ requests: [], counts: null });
  });

  it('says what failed, what was not sent, and what Newman counts', () => {
    const count = (total: number, wrong = 0) => ({ total, failed: wrong });
    const exchanges = [
      exchange({ iteration: 0, assertions: [passed('a'), failed('b', 'm'), { ...passed('c'), status: 'skipped' }] }),
      unanswered({ iteration: 1 }),
      notSent({ iteration: 1 }),
    ];
    const collection = {
      ...{ name: 'C', description: '', title: null, selection: [], tree: [], iterations: 2, data: [] },
      counts: {
        ...{ iterations: count(2), items: count(3), requests: count(4, 1), assertions: count(3, 1) },
        ...{ prerequestScripts: count(2), testScripts: count(1, 1), receivedBytes: 1234 },
      },
    };
    const steps = [step('collection', { attempts: [attempt(0, 5, exchanges)] })];
    const result = toResult(healthyRun({ command: 'collection', collection, steps }), PATHS);
    expect(result.counts).toEqual({
      iterations: { total: 2, failed: 0 },
      requests: { total: 4, failed: 1, skipped: 1 },
      prerequestScripts: { total: 2, failed: 0 },
      testScripts: { total: 1, failed: 1 },
      checks: { total: 3, passed: 1, failed: 1, skipped: 1 },
      receivedBytes: 1234,
    });
    expect(result.requests.map(({ iteration, status, error }) => [iteration, status, error?.code])).toEqual([
      [0, 200, undefined],
      [1, null, 'ECONNREFUSED'],
      [1, null, undefined],
    ]);
  });

  it('has each request on a line of its own, masked', () => {
    const text = renderResult(collectionRun(2000, 50), PATHS, sampleMasker());
    expect(text).not.toContain(ADMIN_TOKEN);
    expect(text.split('\n').filter((line) => line.startsWith('    {"step":"collection",'))).toHaveLength(2000);
    expect(JSON.parse(text).requests).toHaveLength(2000);
    expect(JSON.parse(text)).not.toHaveProperty('requestsOmitted');
  });

  it('is read without its requests for the list of runs', () => {
    const text = renderResult(collectionRun(2000, 50), PATHS, sampleMasker());
    const { requests, ...rest } = JSON.parse(text);
    expect(withoutRequests(text).length).toBeLessThan(6_000);
    expect(JSON.parse(withoutRequests(text))).toEqual(rest);
    const none = renderResult(plannedRun(), PATHS, sampleMasker());
    expect(JSON.parse(withoutRequests(none))).toMatchObject({ schema: 1, verdict: 'planned' });
    expect(withoutRequests('{"schema":1}')).toBe('{"schema":1}');
  });

  it('stays readable for this tool: of too many requests it keeps those that failed, in order, and counts the others', () => {
    const checks = Array.from({ length: 40 }, (_, index) => passed(`\u200b check ${index} ${'x'.repeat(40)}`));
    const { steps, ...run } = collectionRun(2000, 50);
    const large = steps.map((each) => ({
      ...each,
      attempts: each.attempts.map((one) => ({
        ...one,
        exchanges: one.exchanges.map((each) => ({ ...each, assertions: [...each.assertions, ...checks] })),
      })),
    }));
    const text = renderResult({ ...run, steps: large }, PATHS, sampleMasker());
    expect(Buffer.byteLength(text)).toBeLessThan(4_000_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(2_000_000);
    const { requests, requestsOmitted } = JSON.parse(text);
    expect(requests.length + requestsOmitted).toBe(2000);
    expect(requests.filter(({ status }: { status: number }) => status === 503)).toHaveLength(40);
    const names = requests.map(({ name }: { name: string }) => Number(/\d+/.exec(name)?.[0]));
    expect(names).toEqual(names.toSorted((a: number, b: number) => a - b));
  });
});
