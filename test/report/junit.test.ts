import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import { renderJunit } from '../../scripts/report/junit.ts';
import { collectionRun, hostileRun, interruptedRun, plannedRun } from './extreme-runs.ts';
import { clusterRun } from './sample-cluster.ts';
import { exchange, failed, notSent, passed, sampleMasker, unanswered } from './sample-exchanges.ts';
import { attempt, failedBootstrapRun, failedMintRun, healthyRun, shopFacts, step } from './sample-run.ts';

const SCHEMA = fileURLToPath(new URL('junit.xsd', import.meta.url));
const render = (run: Run) => renderJunit(run, sampleMasker());

/** What xmllint says against the schema; '' means valid. */
function complaintsOf(xml: string): string {
  const { error, status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', SCHEMA, '-'], {
    input: xml,
    encoding: 'utf8',
  });
  if (error) throw new Error('xmllint is missing: install the package libxml2-utils', { cause: error });
  return status === 0 ? '' : stderr;
}

describe('JUnit', () => {
  it.each(
    Object.entries({
      healthy: healthyRun(),
      'failed bootstrap': failedBootstrapRun(),
      'failed mint': failedMintRun(),
      interrupted: interruptedRun(),
      planned: plannedRun(),
      hostile: hostileRun(),
      'no request': collectionRun(0),
      'one request': collectionRun(1),
      'two thousand requests': collectionRun(2000, 50),
      'a date that is none': healthyRun({ startedAt: new Date(Number.NaN) }),
    }),
  )('is valid: %s', (_, run) => {
    expect(complaintsOf(render(run))).toBe('');
  });

  it('is refused by the schema when it is wrong', () => {
    expect(complaintsOf(render(healthyRun()).replace('tests="', 'tests="x'))).toContain('tests');
    expect(complaintsOf('<testsuites/>')).not.toBe('');
  });

  it('distinguishes failure, error and skipped', () => {
    const mint = render(failedMintRun());
    expect(mint).toContain('<testsuites name="iat" tests="9" failures="2" errors="1" skipped="4"');
    expect(mint).toMatch(
      /name="mint" time="0.190">\s*<error message="The IdP refused the admin token[^>]* type="idp-unauthorized">/,
    );
    expect(mint).toMatch(
      /name="201 Created" time="0.000">\s*<failure message="expected response to have status code 201 but got 401"/,
    );
    expect(mint).toMatch(/name="write" time="0.000">\s*<skipped message="There is no token."\/>/);
    expect(render(failedBootstrapRun())).toMatch(/name="bootstrap"[^>]*>\s*<failure [^>]*type="bootstrap-failed">/);
  });

  it('makes no answer an error', () => {
    const run = healthyRun({ steps: [step('health', { attempts: [attempt(0, 5, [unanswered()])] })] });
    expect(render(run)).toMatch(
      /name="request" time="0.000">\s*<error message="connect ECONNREFUSED[^>]* type="ECONNREFUSED">/,
    );
  });

  it('makes no failures of the checks that had no answer to look at', () => {
    const checks = [failed('is 200', "expected PostmanResponse{ …(5) } to have property 'code'"), passed('b')];
    const exchanges = [unanswered({ assertions: checks })];
    const xml = render(healthyRun({ steps: [step('health', { attempts: [attempt(0, 5, exchanges)] })] }));
    expect(xml).toContain('failures="0" errors="1" skipped="1"');
    expect(xml).not.toContain('PostmanResponse');
  });

  it('makes a request that a script skipped a skipped one', () => {
    const run = healthyRun({ steps: [step('health', { attempts: [attempt(0, 5, [notSent()])] })] });
    expect(render(run)).toMatch(
      /name="request" time="0.000">\s*<skipped message="a script of the collection skipped it"/,
    );
    expect(render(run)).toContain('failures="0" errors="0" skipped="1"');
  });

  it('counts the last attempt only, and says how many there were', () => {
    const xml = render(healthyRun());
    expect(xml).toMatch(/<testsuites name="iat" tests="\d+" failures="0" errors="0" skipped="0"/);
    expect(xml).toContain('<property name="attempts" value="6"/>');
  });

  it('names cases by their place in the collection, and keeps dots from tearing the name apart', () => {
    const dotted = exchange({ name: 'GET /.well-known/jwks.json', folders: ['v1.9', 'Keys'] });
    const run = healthyRun({ steps: [step('health', { attempts: [attempt(0, 5, [dotted])] })] });
    expect(render(run)).toContain('<testcase classname="v1_9.Keys.GET /_well-known/jwks_json" name="request"');
  });

  it('numbers what is there twice, so that every case can be found again', () => {
    const twice = exchange({ assertions: [passed('a'), failed('a', 'm'), passed('a (2)'), passed('request')] });
    const run = healthyRun({ steps: [step('health', { attempts: [attempt(0, 5, [twice, twice])] })] });
    const xml = render(run);
    expect(complaintsOf(xml)).toBe('');
    for (const name of ['"a"', '"a (2)"', '"a (2) (2)"', '"request (2)"', 'Health (2)"']) expect(xml).toContain(name);
  });

  it('distinguishes the iterations of a run, in which everything has the same name', () => {
    const exchanges = [0, 1].map((iteration) => exchange({ iteration }));
    const facts = shopFacts();
    const steps = [step('collection', { attempts: [attempt(0, 5, exchanges)] })];
    const xml = render(healthyRun({ command: 'collection', collection: facts, steps }));
    expect(complaintsOf(xml)).toBe('');
    for (const count of [1, 2]) {
      expect(xml).toContain(`<testsuite name="collection / iteration ${count} / BFF Health / Health" `);
      expect(xml).toContain(`<testcase classname="iteration ${count}.BFF Health.Health" name="200 OK"`);
    }
    const single = render(healthyRun({ command: 'collection', collection: { ...facts, iterations: 1 }, steps }));
    expect(single).toContain('<testsuite name="collection / BFF Health / Health" ');
  });

  it('takes four times as long for four times as many requests, also where all of them have one name', () => {
    const many = (count: number) => {
      const exchanges = Array.from({ length: count }, () => exchange({ assertions: [passed('a')] }));
      const run = healthyRun({ steps: [step('collection', { attempts: [attempt(0, 5, exchanges)] })] });
      const times = [1, 2, 3].map(() => {
        // Of the processor: what else runs on the machine does not count.
        const start = process.cpuUsage();
        render(run);
        return process.cpuUsage(start).user;
      });
      return Math.min(...times);
    };
    many(3_000);
    expect(many(12_000) / many(3_000)).toBeLessThan(9);
  });

  it('names the workload of a cluster, and the pods that are not well', () => {
    const xml = render(clusterRun());
    expect(xml).toContain('<property name="workload" value="deployment/bff in namespace crud of context prod-eu"/>');
    expect(xml).toContain(
      '2 of 3 pods are registered and healthy, 1 old pod is still there.\nbff-7d9c5b8f6d-k8k8k: waiting: CrashLoopBackOff, The IdP',
    );
    expect(xml).not.toContain('bff-7d9c5b8f6d-x2x4z');
  });

  it('shows control characters and ]]> as text', () => {
    const xml = render(hostileRun());
    expect(xml).not.toContain(']]>');
    expect(xml).toContain('nul[U+0000]');
  });
});
