import { describe, expect, it } from 'vitest';
import { diagnoseEnvironment, diagnoseLog, isTrue, type Since, wouldIatHelp } from '../../scripts/bff/diagnose.ts';
import { SIGNATURES } from '../../scripts/bff/signatures.ts';
import type { Diagnosis, DiagnosisCode } from '../../scripts/core/diagnosis.ts';

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

describe('wouldIatHelp', () => {
  const diagnosis = (code: DiagnosisCode): Diagnosis => ({
    code,
    cause: 'Cause.',
    fix: { text: 'Fix.' },
    iatHelps: false,
    evidence: [],
  });

  it.each<[DiagnosisCode, Record<string, string>, boolean | null]>([
    ['iat-missing', {}, true],
    ['iat-invalid', {}, true],
    ['rat-invalid', {}, false],
    ['rat-invalid', { DCR_FORCE_REPLACE: 'true' }, true],
    ['invalid-scope', {}, false],
    ['invalid-redirect-uri', {}, false],
    ['invalid-client-metadata', {}, false],
    ['invalid-client', {}, false],
    ['idp-unreachable', {}, false],
    ['idp-error', {}, false],
    ['redis-unavailable', {}, false],
    ['kafka-unconfigured', {}, null],
    ['registered', {}, false],
    ['credentials-cached', {}, false],
    ['credentials-cached', { DCR_FORCE_REPLACE: '1' }, true],
    ['bootstrap-skipped', {}, null],
    ['unknown', {}, null],
    ['iat-missing', { SKIP_DCR_BOOTSTRAP: 'true' }, false],
    ['iat-missing', { DCR_ENABLED: 'false' }, false],
  ])('%s with %j: %s', (code, env, helps) => {
    const prospect = wouldIatHelp(diagnosis(code), { ...GOOD, ...env });
    expect(prospect.helps).toBe(helps);
    expect(prospect.reason).toMatch(/\.$/);
  });

  describe('what has been repaired since the log was written', () => {
    const answers = { kind: 'answered', status: 404 } as const;
    const changed = { startedWith: { ...GOOD, DCR_REDIRECT_URIS: 'https://other.test/auth/callback' } };
    const URIS = { DCR_REDIRECT_URIS: 'https://a.test/auth/callback' };

    it.each<[string, DiagnosisCode, Since, boolean | null]>([
      ['the IdP answers again', 'idp-unreachable', { idp: answers }, null],
      ['the IdP answers again after errors', 'idp-error', { idp: answers }, null],
      ['the IdP still fails', 'idp-error', { idp: { kind: 'answered', status: 503 } }, false],
      ['the IdP is still away', 'idp-unreachable', { idp: { kind: 'dns' } }, false],
      ['the IdP cannot be asked', 'idp-unreachable', { idp: { kind: 'unknown', why: 'no tool' } }, false],
      ['an IAT is wanted, and the IdP is away', 'iat-missing', { idp: { kind: 'refused' } }, false],
      ['an IAT is wanted, and the IdP is there', 'iat-missing', { idp: answers }, true],
      ['what bears on it has changed', 'invalid-redirect-uri', changed, null],
      ['what bears on it has changed after a success', 'registered', changed, null],
      ['nothing has changed', 'invalid-redirect-uri', { startedWith: { ...GOOD, ...URIS } }, false],
      ['only the token has', 'registered', { startedWith: { ...GOOD, ...URIS, DCR_IAT: 'test-only-older' } }, false],
      ['an IAT is wanted in any case', 'iat-invalid', changed, true],
    ])('%s (%s): %s', (_, code, since, helps) => {
      const prospect = wouldIatHelp(diagnosis(code), { ...GOOD, ...URIS }, since);
      expect(prospect.helps).toBe(helps);
      expect(prospect.reason).toMatch(/^[A-Z].*\.$/);
      expect(prospect.reason).not.toMatch(/test-only|other\.test/);
    });
  });

  it('cannot tell without a log', () => {
    expect(wouldIatHelp(null, GOOD).helps).toBeNull();
    expect(wouldIatHelp(null, { DCR_ENABLED: 'false' }).helps).toBe(false);
  });
});

describe('the table of signatures', () => {
  it('has one row for each code that can be seen, each with its own rank', () => {
    expect(new Set(SIGNATURES.map(({ code }) => code)).size).toBe(SIGNATURES.length);
    expect(new Set(SIGNATURES.map(({ rank }) => rank)).size).toBe(SIGNATURES.length);
    expect(SIGNATURES.length).toBe(14);
  });

  it('says that an IAT helps for three codes only', () => {
    const codes = SIGNATURES.filter(({ iatHelps }) => iatHelps).map(({ code }) => code);
    expect(codes.sort()).toEqual(['iat-invalid', 'iat-missing', 'rat-invalid']);
  });

  it('speaks in whole sentences', () => {
    for (const { cause, fix, variants } of SIGNATURES) {
      for (const text of [cause, fix, ...Object.values(variants ?? {}).flatMap((words) => [words.cause, words.fix])]) {
        expect(text).toMatch(/^[A-Z].*\.$/);
      }
    }
  });
});

describe('diagnoseLog', () => {
  it('takes lines as text and as records', () => {
    const text = 'INFO dcr Client registered: bff-server';
    expect(diagnoseLog([text])).toEqual(diagnoseLog([{ at: null, stream: 'stderr', text }]));
  });
});
