import { describe, expect, test } from 'vitest';
import { describeReach, proxyVariable, reachOfCode, toAskable } from '../../scripts/core/reach.ts';

test.for([
  ['http://idp-app:8002', 'http://idp-app:8002/'],
  [' https://idp.test/api/oidc ', 'https://idp.test/api/oidc'],
  ['https://user:test-only-password@idp.test/a?key=test-only#b', 'https://idp.test/a'],
  ['idp-app:8002', null],
  ['ftp://idp.test', null],
  ['', null],
] as const)('of %j is asked %j', ([base, asked]) => {
  expect(toAskable(base)).toBe(asked);
});

test.for([
  ['http://idp-app:8002/', {}, null],
  ['http://idp-app:8002/', { HTTPS_PROXY: 'http://p' }, null],
  ['http://idp-app:8002/', { HTTP_PROXY: 'http://p' }, 'HTTP_PROXY'],
  ['https://idp.test/', { https_proxy: 'http://p' }, 'https_proxy'],
  ['https://idp.test/', { ALL_PROXY: 'http://p', HTTPS_PROXY: '' }, 'ALL_PROXY'],
  ['https://idp.test/', { HTTPS_PROXY: 'http://p', NO_PROXY: 'localhost, .test' }, null],
  ['https://idp.test/', { HTTPS_PROXY: 'http://p', no_proxy: 'p.test,*' }, null],
  ['https://idp.test/', { HTTPS_PROXY: 'http://p', NO_PROXY: 'dp.test' }, 'HTTPS_PROXY'],
] as const)('%s with %j goes through %s', ([url, env, variable]) => {
  expect(proxyVariable(url, env)).toBe(variable);
});

describe('a failed connection by its code', () => {
  test.for([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['ETIMEDOUT', 'timeout'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ECONNRESET', 'failed'],
    ['', 'failed'],
  ] as const)('%s: %s', ([code, kind]) => {
    const reach = reachOfCode(code);
    expect(reach.kind).toBe(kind);
    expect(describeReach(reach)).toMatch(/\w/);
  });

  test('a server that fails is one that answers', () => {
    expect(describeReach({ kind: 'answered', status: 502 })).toBe('answers with an error of its own (HTTP 502)');
  });
});
