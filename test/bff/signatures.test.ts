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

describe('what is found before a line is read', () => {
  it.each(SIGNATURES.map(({ code, matcher }) => [code, matcher] as const))(
    'the words of %s stand by themselves, since the alternatives of all rows become one expression',
    (_, { words, wordsOfErrors }) => {
      for (const word of [words, wordsOfErrors].flatMap((each) => each?.source.split('|') ?? []))
        expect(() => new RegExp(word)).not.toThrow();
    },
  );
});

describe('a reason that has nothing to do with the registration', () => {
  it.each<[string, RegExp, boolean | null]>([
    ["ERROR dcr: POST http://idp-app/register answered 403 Policy 'Trusted Hosts' rejected request", /policy/, null],
    ['ERROR dcr: registration failed: 403 insufficient_scope', /lacks a right/, null],
    ['ERROR dcr: registration failed: 429 Too Many Requests', /limits/, null],
    ['ERROR dcr: registration failed: 409 Conflict, it exists', /already has a client/, null],
    ['jwt.exceptions.ImmatureSignatureError: The token is not yet valid (iat)', /clocks/, null],
    ['ERROR: [Errno 98] address already in use', /cannot listen/, false],
    ["ModuleNotFoundError: No module named 'orjson'", /cannot be loaded/, false],
    ["PermissionError: [Errno 13] Permission denied: '/app/keys/bff_client.json'", /keys/, false],
    ["OSError: [Errno 28] No space left on device: '/app/keys/x'", /disk is full/, false],
    ['bff-1 exited with code 137', /killed/, false],
    ["FileNotFoundError: [Errno 2] No such file or directory: '/app/keys/bff-sig-001.pem'", /signing key/, false],
    ['pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings', /settings/, false],
  ])('"%s"', (line, cause, iatHelps) => {
    const reader = new LogReader();
    const { diagnosis } = reader.push({ at: null, stream: 'stdout', text: line });
    expect(diagnosis).toMatchObject({ code: 'unknown', cause: expect.stringMatching(cause), iatHelps });
    expect(diagnosis.evidence).toContain(line);
    expect(`${diagnosis.cause} ${diagnosis.fix.text}`).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
  });
});

describe('a port that is an address, and credentials that cannot be saved', () => {
  it.each([
    'INFO connected to tcp://10.96.12.7:6379, port 6379',
    'ERROR Cannot reach tcp://broker:9092',
    "OSError: [Errno 30] Read-only file system: '/var/log/access.log'",
  ])('are not meant by "%s"', (text) => {
    const { code } = new LogReader().push({ at: null, stream: 'stdout', text }).diagnosis;
    expect(code).toBe('unknown');
  });
});
