import { describe, expect, test } from 'vitest';
import { diagnoseEnvironment } from '../../scripts/bff/environment-check.ts';
import { diagnoseLog, LogReader } from '../../scripts/bff/log-reader.ts';
import { findFaults, type Observations } from '../../scripts/bff/root-cause.ts';
import type { InstanceVerdict } from '../../scripts/bff/verdict.ts';
import { hintText } from '../../scripts/core/errors.ts';

function log(...lines: string[]) {
  const reader = new LogReader();
  for (const text of lines) reader.push({ at: null, stream: 'stdout', text });
  return reader.reading();
}

const container = (kind: InstanceVerdict['kind']): InstanceVerdict => ({
  kind,
  message: `It is ${kind}.`,
  hint: { text: 'Fix.' },
});
const UP = 'INFO:     Application startup complete.';
const REGISTERED = log('INFO dcr Client registered: bff-server', UP);
const REFUSED = log('ERROR dcr registration failed: 401 invalid_token, the IAT expired');
const UNREACHABLE = log('ERROR dcr bootstrap: cannot reach the IdP: Name or service not known');
const SILENT = log(UP);
const DOWN = { passed: false, failure: 'Health: 503, down: redis', down: ['redis'] };
const UNHEALTHY = { passed: false, failure: 'Health: no answer (ECONNREFUSED)', down: [] };
const ENV = { DCR_ENABLED: 'true', IDP_BASE_URL: 'http://idp-app:8002', KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092' };

/** A BFF that is registered and healthy. */
const FINE: Observations = {
  settings: [],
  container: container('fine'),
  log: REGISTERED,
  idp: { kind: 'answered', status: 404 },
  health: { passed: true, failure: '', down: [] },
  isProvenByBeingUp: true,
};

const settings = (env: Record<string, string>) => diagnoseEnvironment({ ...ENV, ...env });

describe('nothing is wrong', () => {
  test.for<[string, Partial<Observations>]>([
    ['registered and healthy', {}],
    ['from its cached credentials', { log: log('INFO dcr Using cached client credentials', UP) }],
    ['its log is cut off, and it would not be up otherwise', { log: SILENT }],
    ['it failed some times, and came up then', { container: container('crash-loop') }],
    ['the IdP cannot be asked from its network', { idp: { kind: 'unknown', why: 'no tool' } }],
    ['an IAT that is not used any more is broken', { settings: settings({ DCR_IAT: '<paste here>' }) }],
    [
      'Redis was away for a moment',
      {
        log: log(
          'INFO dcr Client registered: bff-server',
          UP,
          'ERROR redis.exceptions.ConnectionError: Error 111 connecting to redis:6379',
        ),
      },
    ],
  ])('%s', ([, found]) => {
    expect(findFaults({ ...FINE, ...found })).toEqual([]);
  });
});

describe('the root cause comes first, without what follows from it', () => {
  const ended = { container: container('exited'), health: UNHEALTHY };
  test.for<[string, Partial<Observations>, string[]]>([
    ['a stale IAT', { ...ended, log: REFUSED }, ['iat-invalid']],
    ['a stale IAT in a crash loop', { ...ended, container: container('crash-loop'), log: REFUSED }, ['iat-invalid']],
    ['the IdP is not to be reached, by the log alone', { ...ended, log: UNREACHABLE, idp: null }, ['idp-unreachable']],
    ['by the log and a probe', { ...ended, log: UNREACHABLE, idp: { kind: 'dns' } }, ['idp-unreachable']],
    [
      'a stale IAT, and the IdP is gone since',
      { ...ended, log: REFUSED, idp: { kind: 'refused' } },
      ['idp-unreachable', 'iat-invalid'],
    ],
    ['all is well but for the IdP', { idp: { kind: 'tls' } }, ['idp-unreachable']],
    ['it is switched off', { settings: settings({ DCR_ENABLED: 'false' }), log: SILENT }, ['bootstrap-skipped']],
    ['no container', { container: container('missing'), log: null, health: UNHEALTHY }, ['unknown']],
    [
      'the container was never started',
      { container: container('not-started'), log: null, health: UNHEALTHY },
      ['unknown'],
    ],
    ['it was registered, and exited', { ...ended }, ['unknown']],
    ['it is paused', { container: container('paused'), health: UNHEALTHY }, ['unknown']],
    ['it has only just started', { container: container('starting'), log: null, health: UNHEALTHY }, ['unknown']],
    ['Redis is down', { health: DOWN }, ['redis-unavailable']],
    ['its port is elsewhere', { health: UNHEALTHY }, ['unknown']],
    ['up and healthy, and may be unregistered', { log: SILENT, isProvenByBeingUp: false }, ['unknown']],
    ['up and healthy without a log, and may be unregistered', { log: null, isProvenByBeingUp: false }, ['unknown']],
    [
      'up and healthy, and the log says that it is not registered',
      { log: REFUSED, isProvenByBeingUp: false },
      ['iat-invalid'],
    ],
  ])('%s', ([, found, codes]) => {
    const faults = findFaults({ ...FINE, ...found });
    expect(faults.map(({ code }) => code)).toEqual(codes);
    for (const { cause, fix } of faults)
      expect(`${cause} ${hintText(fix)}`).toMatch(/^[A-Z].*\. [A-Z].*(\.|: npm run \w+)$/);
  });

  test('an IdP that answers again: the fault is told from the log, and what is true now as well', () => {
    const [root] = findFaults({ ...FINE, ...ended, log: UNREACHABLE });
    expect(root).toMatchObject({
      code: 'idp-unreachable',
      fix: { text: expect.stringContaining('restart the BFF') },
    });
    expect(root?.evidence.at(-1)).toBe('Now the IdP answers (HTTP 404).');
  });

  test('nothing is there, and the IdP is not either: it comes first', () => {
    const none = { container: container('missing'), log: null, health: UNHEALTHY, idp: null };
    const [root, also] = findFaults({ ...FINE, ...none, idpHere: { kind: 'refused' } });
    expect(root).toMatchObject({
      code: 'idp-unreachable',
      cause: 'The IdP cannot be reached: the connection is refused, asked from this machine.',
    });
    expect(hintText(root?.fix ?? { text: '' })).not.toContain('npm run iat');
    expect(also?.cause).toBe('It is missing.');
    expect(findFaults({ ...FINE, ...none, idpHere: { kind: 'answered', status: 404 } })).toHaveLength(1);
  });

  test('an IdP that answered with an error: what answers elsewhere is no way out', () => {
    const failed = log('ERROR dcr POST http://idp-app:8002/api/oidc/register returned 500');
    const [root] = findFaults({ ...FINE, ...ended, log: failed });
    expect(root).toMatchObject({ code: 'idp-error', fix: { text: expect.stringContaining("IdP's own log") } });
    expect(root?.evidence.at(-1)).toBe('Now the IdP answers (HTTP 404).');
  });

  test('an address that leads elsewhere: an IdP that answers changes nothing', () => {
    const found = log('ERROR dcr POST http://idp-app:8002/api/oidc/register returned 404');
    const [root] = findFaults({ ...FINE, ...ended, log: found });
    expect(root).toMatchObject({ code: 'idp-unreachable', fix: { text: expect.stringContaining('/api/oidc') } });
  });

  test('one that was registered and ended: its last errors are the evidence, not its registration', () => {
    const found = log('INFO dcr Client registered: bff-server', UP, 'MemoryError: session_gc failed');
    expect(findFaults({ ...FINE, ...ended, log: found })[0]?.evidence).toEqual(['MemoryError: session_gc failed']);
  });

  test('one that is well and dies again and again: how the start before ended is the evidence', () => {
    const found = { container: container('crash-loop'), died: ['MemoryError: session_gc failed'] };
    expect(findFaults({ ...FINE, ...found })).toMatchObject([{ code: 'unknown', evidence: found.died }]);
  });

  test('a log that says nothing lends its last words to the container', () => {
    const found = log('ERROR ValueError: something is wrong');
    expect(findFaults({ ...FINE, ...ended, log: found })[0]?.evidence).toEqual(
      diagnoseLog(['ERROR ValueError: something is wrong']).evidence,
    );
  });
});
