import { describe, expect, it } from 'vitest';
import { diagnoseEnvironment, isTrue } from '../../scripts/bff/environment-check.ts';
import type { DiagnosisCode } from '../../scripts/core/diagnosis.ts';

/** The runbook's environment, with nothing to complain about. */
const GOOD = {
  DCR_ENABLED: 'true',
  SKIP_DCR_BOOTSTRAP: 'false',
  DCR_IAT: 'test-only-initial-access-token-0001',
  IDP_BASE_URL: 'https://idp.ocg.labs.empowernow.ai/api/oidc',
  ALLOW_BOOTSTRAP_FAILURE: 'false',
  KAFKA_BOOTSTRAP_SERVERS: 'kafka:9092',
};

describe('isTrue', () => {
  it.each([
    ...['true', 'True', 'TRUE', '1', 'yes', 'on', ' true ', '"true"', 'y', 't'].map((value) => [value, true] as const),
    ...['false', 'False', '0', 'no', 'off', 'n', "'false'"].map((value) => [value, false] as const),
    ...['', ' ', 'maybe', '2', null, undefined].map((value) => [value, null] as const),
  ])('%j is %s', (value, flag) => {
    expect(isTrue(value)).toBe(flag);
  });
});

describe('diagnoseEnvironment', () => {
  it('finds nothing in a good environment', () => {
    expect(diagnoseEnvironment(GOOD)).toEqual([]);
  });

  it.each<[Record<string, string | null>, string, string, DiagnosisCode | null]>([
    [{ DCR_ENABLED: 'False' }, 'DCR_ENABLED', 'fault', 'bootstrap-skipped'],
    [{ SKIP_DCR_BOOTSTRAP: '1' }, 'SKIP_DCR_BOOTSTRAP', 'fault', 'bootstrap-skipped'],
    [{ ALLOW_BOOTSTRAP_FAILURE: 'yes' }, 'ALLOW_BOOTSTRAP_FAILURE', 'warning', null],
    [{ DCR_IAT: null }, 'DCR_IAT', 'info', null],
    [{ DCR_IAT: ' ' }, 'DCR_IAT', 'info', null],
    [{ DCR_IAT: '', DCR_FORCE_REPLACE: 'true' }, 'DCR_IAT', 'fault', 'iat-missing'],
    [{ DCR_IAT: 'Bearer test-only-initial-access-token-0001' }, 'DCR_IAT', 'fault', 'iat-invalid'],
    [{ DCR_IAT: '<paste_token_here>' }, 'DCR_IAT', 'fault', 'iat-invalid'],
    [{ DCR_FORCE_REPLACE: 'on' }, 'DCR_FORCE_REPLACE', 'warning', null],
    [{ IDP_BASE_URL: 'http://localhost:8002' }, 'IDP_BASE_URL', 'warning', 'idp-unreachable'],
    [{ IDP_BASE_URL: 'http://127.0.0.1:8002/api/oidc' }, 'IDP_BASE_URL', 'warning', 'idp-unreachable'],
    [{ IDP_BASE_URL: 'http://[::1]:8002' }, 'IDP_BASE_URL', 'warning', 'idp-unreachable'],
    [{ IDP_BASE_URL: 'idp-app:8002' }, 'IDP_BASE_URL', 'fault', 'idp-unreachable'],
    [
      { DCR_REDIRECT_URIS: 'https://a.test/cb,https://b.test/cb/' },
      'DCR_REDIRECT_URIS',
      'warning',
      'invalid-redirect-uri',
    ],
    [{ DCR_REDIRECT_URIS: 'a.test/auth/callback' }, 'DCR_REDIRECT_URIS', 'warning', 'invalid-redirect-uri'],
    [{ KAFKA_BOOTSTRAP_SERVERS: null }, 'KAFKA_BOOTSTRAP_SERVERS', 'info', 'kafka-unconfigured'],
  ])('%j', (env, variable, level, code) => {
    const findings = diagnoseEnvironment({ ...GOOD, ...env });
    expect(findings[0]).toMatchObject({ variable, level, code });
  });

  it('puts faults first', () => {
    const levels = diagnoseEnvironment({ DCR_FORCE_REPLACE: '1', DCR_ENABLED: '0' }).map(({ level }) => level);
    expect(levels).toEqual(['fault', 'fault', 'warning', 'info']);
  });

  it('accepts a list of redirect URIs with commas and spaces', () => {
    const env = { ...GOOD, DCR_REDIRECT_URIS: 'https://a.test/auth/callback, https://b.test/auth/callback' };
    expect(diagnoseEnvironment(env)).toEqual([]);
  });

  it('never quotes the token', () => {
    const env = { ...GOOD, DCR_IAT: 'Bearer test-only-initial-access-token-0001' };
    expect(JSON.stringify(diagnoseEnvironment(env))).not.toContain('test-only');
  });

  it('looks at another variable where the team uses one', () => {
    const { DCR_IAT, ...rest } = GOOD;
    expect(diagnoseEnvironment({ ...rest, MY_IAT: DCR_IAT }, 'MY_IAT')).toEqual([]);
  });
});
