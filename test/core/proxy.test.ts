import { expect, test } from 'vitest';
import { describeProxy, isNear, proxyOf } from '../../scripts/core/proxy.ts';
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
