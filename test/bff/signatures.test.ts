import { describe, expect, it } from 'vitest';
import { connectionOf } from '../../scripts/bff/connection.ts';
import { LogReader } from '../../scripts/bff/log-reader.ts';
import { UNREACHABLE } from '../../scripts/bff/matchers.ts';
import { SIGNATURES, type Signature, signatureOf } from '../../scripts/bff/signatures.ts';
import { toHint } from '../../scripts/core/errors.ts';

describe('the table of signatures', () => {
  it('has one row for each code, each with its own rank, the root causes first', () => {
    expect(new Set(SIGNATURES.map(({ code }) => code)).size).toBe(SIGNATURES.length);
    const ranks = SIGNATURES.map(({ rank }) => rank);
    expect(new Set(ranks).size).toBe(SIGNATURES.length);
    expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
  });

  it('says that an IAT helps for three codes only', () => {
    const codes = SIGNATURES.filter(({ iatHelps }) => iatHelps).map(({ code }) => code);
    expect(codes.sort()).toEqual(['iat-invalid', 'iat-missing', 'rat-invalid']);
  });

  it('speaks in whole sentences, leaves it to its own column whether a token helps, and names no tool that runs the BFF', () => {
    for (const { cause, fix, variants } of SIGNATURES) {
      for (const words of [{ cause, fix }, ...Object.values(variants ?? {})]) {
        expect(words.cause).toMatch(/^[A-Z].*\.$/);
        const fix = toHint(words.fix);
        expect(fix.text).toMatch(fix.command === undefined ? /^[A-Z].*\.$/ : /^[A-Z].*:$/);
        expect(fix.text).not.toMatch(/does not help|docker|compose/i);
      }
    }
  });
});

describe('a new row', () => {
  const CLOCK_SKEW: Signature = {
    ...signatureOf('idp-error'),
    matcher: { words: /clock skew/i, says: /clock skew of \d+ s/i },
  };

  it.each(['CRITICAL ms_bff Clock skew of 300 s', 'ms_bff clock skew of 300 s'])('is asked about "%s"', (text) => {
    const diagnose = (signatures: readonly Signature[]) =>
      new LogReader({}, signatures).push({ at: null, stream: 'stdout', text }).diagnosis.code;
    expect(diagnose(SIGNATURES)).toBe('unknown');
    expect(diagnose([CLOCK_SKEW, ...SIGNATURES])).toBe('idp-error');
  });
});

describe('a status of 5xx', () => {
  const codeOf = (text: string) => {
    const reader = new LogReader({ env: { IDP_BASE_URL: 'https://sts.example.test' } });
    return reader.push({ at: null, stream: 'stdout', text }).diagnosis.code;
  };

  it.each([
    'ms_bff GET https://sts.example.test/me -> 502',
    'ms_bff POST /oauth2/token -> 502',
    'ms_bff the identity provider responded with 503',
    'ms_bff OIDC keys: status=500',
    'ms_bff DCR answered 500',
  ])('of the IdP is read in a line without another telling word: "%s"', (text) => {
    expect(codeOf(text)).toBe('idp-error');
  });

  it.each(['ms_bff GET https://crud.example.test/me -> 502', 'ms_bff crud responded with 503'])(
    'of anything else is none of the IdP: "%s"',
    (text) => expect(codeOf(text)).toBe('unknown'),
  );
});

describe('the words of a failed connection', () => {
  it.each([
    'ssl.SSLError: TLSV1_ALERT_UNKNOWN_CA',
    'self-signed issuer: unable to get local issuer',
    "hostname doesn't match 'idp-app'",
    '[SSL: WRONG_VERSION_NUMBER]',
    'TLS handshake failure',
    'Temporary failure in name resolution',
    'nodename nor servname provided',
    'socket.gaierror: [Errno -5]',
    'No address associated with hostname',
    'getaddrinfo ENOTFOUND idp-app',
    'getaddrinfo EAI_AGAIN idp-app',
    'DNS lookup failed',
    'ECONNREFUSED',
    'WinError 10061',
    'No route to host',
    'Network is unreachable',
    'ECONNRESET',
    'EHOSTUNREACH',
    'httpx.RemoteProtocolError',
    'httpx.ReadError',
    'httpx.WriteError',
    'Server disconnected without sending a response',
    'Max retries exceeded',
    'the IdP is not reachable',
    'httpx.PoolTimeout',
    'request timed out',
    'ETIMEDOUT',
  ])('let "%s" through', (text) => {
    const around = { idpHosts: new Set<string>(), frames: '', dcr: true, idp: false, elsewhere: false };
    expect(connectionOf(text, around)).not.toBeNull();
    expect(UNREACHABLE.words.test(text)).toBe(true);
  });
});
