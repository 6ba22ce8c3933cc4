import { describe, expect, it } from 'vitest';
import { type Since, wouldIatHelp } from '../../scripts/bff/prospect.ts';
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
      ['the IdP answers elsewhere, as it did all the time', 'idp-error', { idp: answers }, false],
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
      ['its files have changed', 'invalid-client', { changed: 'its configuration changed' }, null],
      ['its files have changed, and an IAT is wanted', 'iat-missing', { changed: 'its configuration changed' }, true],
    ])('%s (%s): %s', (_, code, since, helps) => {
      const prospect = wouldIatHelp(diagnosis(code), { ...GOOD, ...URIS }, since);
      expect(prospect.helps).toBe(helps);
      expect(prospect.reason).toMatch(/^[A-Z].*\.$/);
      expect(prospect.reason).not.toMatch(/test-only|other\.test/);
    });
  });

  it.each<[DiagnosisCode, true | undefined]>([
    ['invalid-scope', true],
    ['invalid-redirect-uri', true],
    ['idp-error', true],
    ['redis-unavailable', true],
    ['invalid-client', undefined],
    ['rat-invalid', undefined],
    ['registered', undefined],
  ])('%s may be mended elsewhere since: %s', (code, mayBeMended) => {
    expect(wouldIatHelp(diagnosis(code), GOOD).mayBeMended).toBe(mayBeMended);
  });

  it('an IdP that cannot be reached now is no matter of an old log', () => {
    const prospect = wouldIatHelp(diagnosis('idp-unreachable'), GOOD, { idp: { kind: 'dns' } });
    expect(prospect.mayBeMended).toBeUndefined();
  });

  it('cannot tell without a log', () => {
    expect(wouldIatHelp(null, GOOD).helps).toBeNull();
    expect(wouldIatHelp(null, { DCR_ENABLED: 'false' }).helps).toBe(false);
  });
});
