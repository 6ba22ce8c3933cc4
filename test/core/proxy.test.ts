import { expect, test } from 'vitest';
import { describeProxy, isNear, proxyOf, proxyVariable } from '../../scripts/core/proxy.ts';
import { thrownBy } from '../support/builders.ts';

const P = 'http://proxy.test:3128';

test.for([
  ['http://idp.test/', {}, null],
  ['http://idp.test/', { HTTP_PROXY: P }, 'HTTP_PROXY (proxy.test:3128)'],
  ['https://idp.test/', { HTTP_PROXY: P }, 'HTTP_PROXY (proxy.test:3128)'],
  ['http://idp.test/', { HTTPS_PROXY: P }, null],
  ['https://idp.test/', { https_proxy: P }, 'https_proxy (proxy.test:3128)'],
  ['https://idp.test/', { HTTPS_PROXY: 'https://u:test-only@proxy.test' }, 'HTTPS_PROXY (proxy.test:443)'],
  ['https://idp.test/', { HTTPS_PROXY: 'proxy.test:3128' }, 'HTTPS_PROXY (proxy.test:3128)'],
  ['https://idp.test/', { HTTPS_PROXY: P, NO_PROXY: 'a.test, .idp.test' }, null],
  ['https://idp.test/', { HTTPS_PROXY: P, no_proxy: '*' }, null],
  ['https://idp.test/', { HTTPS_PROXY: P, NO_PROXY: 'dp.test' }, 'HTTPS_PROXY (proxy.test:3128)'],
  ['https://a.idp.test/', { HTTPS_PROXY: P, NO_PROXY: 'IDP.test:443' }, null],
  ['https://idp.test:8443/', { HTTPS_PROXY: P, NO_PROXY: 'idp.test:443' }, 'HTTPS_PROXY (proxy.test:3128)'],
  ['http://localhost:8002/', { HTTP_PROXY: P }, null],
  ['http://127.0.0.9:8002/', { HTTP_PROXY: P }, null],
  ['http://[::1]:8002/', { HTTP_PROXY: P }, null],
  ['http://idp-app:8002/', { HTTP_PROXY: P }, null],
] as const)('%s with %j goes through %s', ([url, variables, wanted]) => {
  const proxy = proxyOf(new URL(url), variables);
  expect(proxy && describeProxy(proxy)).toBe(wanted);
});

test.for(["'http://proxy.test:3128'", 'socks5://proxy.test', 'http://'])('a proxy %s is refused', (value) => {
  expect(thrownBy(() => proxyOf(new URL('http://idp.test'), { HTTP_PROXY: value }))).toMatchObject({
    code: 'bad-value',
    message: expect.stringContaining('HTTP_PROXY'),
  });
});

test('a name that only begins like loopback is far', () => {
  expect(['127.evil.test', 'localhost.evil.test', '10.0.0.1'].filter(isNear)).toEqual([]);
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

test.for([
  ['http://idp.test', 'idp.test', true],
  ['http://IDP.test.', 'Idp.Test', true],
  ['http://idp.test', 'idp.test.', true],
  ['http://a.idp.test', 'idp.test', true],
  ['http://a.idp.test', '.idp.test', true],
  ['http://idp.test', '.idp.test', true],
  ['http://a.idp.test', '*.idp.test', true],
  ['http://evilidp.test', 'idp.test', false],
  ['http://idp.test.evil', 'idp.test', false],
  ['http://idp.test', '', false],
  ['http://idp.test', ' , ', false],
  ['http://idp.test', 'a.test idp.test', true],
  ['http://idp.test', 'a.test,\tidp.test,', true],
  ['http://idp.test', '*', true],
  ['http://idp.test', 'a.test, *', true],
  ['http://idp.test', 'idp.test:80', true],
  ['https://idp.test', 'idp.test:80', false],
  ['https://idp.test', 'idp.test:443', true],
  ['https://a.idp.test:8443', '.idp.test:8443', true],
  ['http://b\u00fccher.test', 'B\u00dcCHER.test', true],
  ['http://10.1.2.3', '10.1.2.3', true],
  ['http://10.1.2.3:8080', '10.1.2.3:8080', true],
  ['http://10.1.2.3', '2.3', false],
  ['http://10.1.2.3', '10.0.0.0/8', true],
  ['http://11.1.2.3', '10.0.0.0/8', false],
  ['http://10.1.2.3', '10.1.2.0/23', true],
  ['http://10.1.4.3', '10.1.2.0/23', false],
  ['http://10.1.2.3', '0.0.0.0/0', true],
  ['http://10.1.2.3', '10.0.0.0/33', false],
  ['http://idp.test', '10.0.0.0/8', false],
  ['http://[fd00::5]', 'fd00::5', true],
  ['http://[fd00::5]', '[fd00:0::5]', true],
  ['http://[fd00::5]:8443', '[fd00::5]:8443', true],
  ['http://[fd00::5]', '[fd00::5]:8443', false],
  ['http://[fd00::5]', 'fd00::/8', true],
  ['http://[fe80::5]', 'fd00::/8', false],
  ['http://[fd00::5]', '10.0.0.0/8', false],
] as const)('%s, where NO_PROXY is %j: %s', ([url, list, isExempt]) => {
  expect(proxyOf(new URL(url), { HTTP_PROXY: P, NO_PROXY: list }) === null).toBe(isExempt);
  expect(proxyVariable(url, { ALL_PROXY: P, no_proxy: list }) === null).toBe(isExempt);
});
