import { describe, expect, test } from 'vitest';
import { kindOfCode, kindOfCurlExit, kindOfWords, reachOfCode } from '../../scripts/idp/network-errors.ts';

test.for([
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['ESOCKETTIMEDOUT', 'timeout'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['ECONNRESET', 'failed'],
  ['', 'failed'],
] as const)('the code %s: %s', ([code, kind]) => {
  expect(kindOfCode(code)).toBe(kind);
  expect(reachOfCode(code).kind).toBe(kind);
});

test('a reason is a code, and nothing foreign', () => {
  expect(reachOfCode('ECONNRESET')).toEqual({ kind: 'failed', reason: 'ECONNRESET' });
  expect(reachOfCode('test only: a message')).toEqual({
    kind: 'failed',
    reason: expect.not.stringContaining('test only'),
  });
});

test.for([
  [6, 'dns'],
  [7, 'refused'],
  [28, 'timeout'],
  [60, 'tls'],
  [56, 'failed'],
  [3, null],
] as const)("curl's exit code %i: %s", ([code, kind]) => {
  expect(kindOfCurlExit(code)).toBe(kind);
});

describe('words', () => {
  test.for([
    ['httpx.ConnectError: [Errno -2] Name or service not known', 'dns'],
    ["wget: bad address 'idp-app:8002'", 'dns'],
    ["wget: unable to resolve host address 'idp-app'", 'dns'],
    ['curl: (6) Could not resolve host: idp-app', 'dns'],
    ['aiohttp.ClientConnectorError: Cannot connect to host idp-app:8002 ssl:default [Connect call failed]', 'refused'],
    ['ConnectionRefusedError: [Errno 111] Connection refused', 'refused'],
    ['httpx.ReadTimeout: The read operation timed out', 'timeout'],
    ['wget: download timed out', 'timeout'],
    ['ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate', 'tls'],
    ["ERROR: cannot verify 127.0.0.1's certificate, issued by 'CN=127.0.0.1'", 'tls'],
    ["ERROR: The certificate of '127.0.0.1' doesn't have a known issuer.", 'tls'],
    ['ssl_client: 127.0.0.1: certificate verification failed', 'tls'],
    ['ConnectionResetError: [Errno 104] Connection reset by peer', 'failed'],
    ['OSError: [Errno 113] No route to host', 'failed'],
    ['INFO: Application startup complete.', null],
  ] as const)('%s: %s', ([text, kind]) => {
    expect(kindOfWords(text)).toBe(kind);
  });

  test('a TLS error counts before the connection that it broke', () => {
    expect(kindOfWords('Max retries exceeded (Caused by SSLError(certificate verify failed))')).toBe('tls');
  });
});
