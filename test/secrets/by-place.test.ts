import { describe, expect, it } from 'vitest';
import { maskBody, maskEnvironmentLines, maskHeader, maskText } from '../../scripts/secrets/by-place.ts';

describe('headers', () => {
  it.each([
    ['Authorization', 'Bearer test-only-rat-0001', 'Bearer ‹masked›'],
    ['authorization', 'Basic dGVzdC1vbmx5OnBhc3M=', 'Basic ‹masked›'],
    ['Authorization', 'Digest username="a", response="test-only"', 'Digest ‹masked›'],
    ['Authorization', 'test-only-without-scheme', '‹masked›'],
    ['Proxy-Authorization', 'Basic dGVzdA==', 'Basic ‹masked›'],
    ['Authorization', 'Bearer ‹admin token›', 'Bearer ‹admin token›'],
    ['Cookie', 'session=test-only; theme=dark', 'session=‹masked›; theme=‹masked›'],
    ['Set-Cookie', 'sid=test-only-0001; Path=/; HttpOnly', 'sid=‹masked›; Path=/; HttpOnly'],
    ['X-Api-Key', 'short', '‹masked›'],
    ['X-Auth-Token', 'short', '‹masked›'],
    ['x-csrf-token', 'short', '‹masked›'],
    ['Content-Type', 'application/json', 'application/json'],
    ['WWW-Authenticate', 'Bearer error="invalid_token"', 'Bearer error="invalid_token"'],
    ['Location', 'https://a.test/cb?code=test-only&state=1', 'https://a.test/cb?code=‹masked›&state=1'],
  ])('%s: %s', (name, value, masked) => {
    expect(maskHeader(name, value)).toBe(masked);
  });
});

describe('bodies', () => {
  it.each([
    ['{"access_token":"a","token_type":"Bearer"}', '{"access_token":"‹masked›","token_type":"Bearer"}'],
    ['{ "refresh_token" : "a\\"b" }', '{ "refresh_token" : "‹masked›" }'],
    ['{"Client-Secret":"a","clientAssertion":"b"}', '{"Client-Secret":"‹masked›","clientAssertion":"‹masked›"}'],
    ['{"to\\u006ben":"a"}', '{"to\\u006ben":"‹masked›"}'],
    ['{"password":12345,"id":12345678901234567890}', '{"password":"‹masked›","id":12345678901234567890}'],
    [
      '{"token":{"value":"a","list":["b",1]},"x":"c"}',
      '{"token":{"value":"‹masked›","list":["‹masked›","‹masked›"]},"x":"c"}',
    ],
    ['{"tokens":["a"],"token":null,"secret":true}', '{"tokens":["a"],"token":null,"secret":true}'],
    ['{"token":"‹IAT sha256:1a2b3c4d›"}', '{"token":"‹IAT sha256:1a2b3c4d›"}'],
    ['{"a":1,"id_token":"cut in the mid', '{"a":1,"id_token":"‹masked›"'],
    ['[{"token":"a"},{"name":"b"}]', '[{"token":"‹masked›"},{"name":"b"}]'],
    ['{"error":{"code":"invalid_token"}}', '{"error":{"code":"invalid_token"}}'],
  ])('JSON %s', (text, masked) => {
    expect(maskBody(text, 'application/json')).toBe(masked);
    expect(maskBody(text, ''), 'known by its look').toBe(masked);
  });

  it('masks form fields, the first one too', () => {
    const form = 'client_secret=a&grant_type=client_credentials&client_assertion=b.c.d&scope=x';
    expect(maskBody(form, 'application/x-www-form-urlencoded')).toBe(
      'client_secret=‹masked›&grant_type=client_credentials&client_assertion=‹masked›&scope=x',
    );
  });
});

describe('any text', () => {
  it.each([
    [
      'GET https://a.test/x?access_token=abc&page=2#id_token=z',
      'GET https://a.test/x?access_token=‹masked›&page=2#id_token=‹masked›',
    ],
    ['?token=‹admin token›&page=2', '?token=‹admin token›&page=2'],
    ['redis://:test-only@shared_redis:6379/0', 'redis://:‹masked›@shared_redis:6379/0'],
    ['sent Authorization: Bearer test-only-rat-0001 to it', 'sent Authorization: Bearer ‹masked› to it'],
    ['Bearer authentication_is_required here', 'Bearer authentication_is_required here'],
    ['got eyJ0ZXN0IjoxfQ.eyJvbmx5IjoxfQ.c2lnbmF0dXJl.', 'got ‹masked›.'],
    ['DCR_IAT=test-only BFF_KID=bff-sig-001', 'DCR_IAT=‹masked› BFF_KID=bff-sig-001'],
    ['Get new RAT/IAT and update DCR_IAT: nothing cached', 'Get new RAT/IAT and update DCR_IAT: nothing cached'],
    ['a mail to qa@example.test', 'a mail to qa@example.test'],
  ])('%s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it('leaves ordinary text alone', () => {
    expect(maskText('no secret at all, 1 = 1')).toBe('no secret at all, 1 = 1');
  });
});

describe('lines of an environment', () => {
  it.each([
    ['+      DCR_IAT: "test-only"', '+      DCR_IAT: ‹masked›'],
    ['-      - DCR_IAT=test-only', '-      - DCR_IAT=‹masked›'],
    ['       - "BOOTSTRAP_ADMIN_TOKEN=test-only"', '       - "BOOTSTRAP_ADMIN_TOKEN=‹masked›'],
    ['       DCR_IAT: ${DCR_IAT:-}', '       DCR_IAT: ${DCR_IAT:-}'],
    ['       DCR_SIGNING_KEY: /app/keys/bff-sig-001.pem', '       DCR_SIGNING_KEY: /app/keys/bff-sig-001.pem'],
    ['+      DCR_IAT: "‹IAT sha256:1a2b3c4d›"', '+      DCR_IAT: "‹IAT sha256:1a2b3c4d›"'],
    ['       MS_BFF_TOKEN_AUTH_METHOD: private_key_jwt', '       MS_BFF_TOKEN_AUTH_METHOD: private_key_jwt'],
    ['       POSTGRES_PASSWORD: 1', '       POSTGRES_PASSWORD: ‹masked›'],
  ])('%s', (line, masked) => {
    expect(maskEnvironmentLines(`before\n${line}\nafter`)).toBe(`before\n${masked}\nafter`);
  });
});
