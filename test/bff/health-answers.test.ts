import { describe, expect, it } from 'vitest';
import { nameComponents } from '../../scripts/bff/health-answers.ts';

describe('nameComponents', () => {
  it.each<[string, unknown, string[]]>([
    ['words in a map', { status: 'degraded', components: { redis: 'down', idp: 'up' } }, ['redis']],
    ['entries in a map', { checks: { redis: { status: 'unhealthy' }, idp: { status: 'fail' } } }, ['redis', 'idp']],
    ['flags', { status: 'error', dependencies: { redis: false, kafka: true } }, ['redis']],
    ['words beside the status', { status: 'unhealthy', redis: 'unhealthy', idp: 'healthy' }, ['redis']],
    ['entries with flags', { checks: { redis: { healthy: false, latency_ms: 3 } } }, ['redis']],
    [
      'a list of entries',
      {
        checks: [
          { name: 'redis', status: 'DOWN' },
          { name: 'idp', status: 'UP' },
        ],
      },
      ['redis'],
    ],
    ['the health+json draft', { status: 'fail', checks: { 'redis:ping': [{ status: 'fail' }] } }, ['redis:ping']],
    ["FastAPI's detail around it", { detail: { status: 'unhealthy', components: { redis: 'down' } } }, ['redis']],
    ['components in components', { components: { db: { status: 'up', components: { redis: 'down' } } } }, ['redis']],
    ['everything up', { status: 'ok', components: { redis: 'ok', idp: 'ok' } }, []],
    ['unknown words', { components: { redis: 'test-only-password-0001' } }, []],
    ['a name that is no name', { components: { 'test only value with spaces': 'down' } }, []],
    ['no object', ['down'], []],
  ])('%s', (_what, body, names) => {
    expect(nameComponents(JSON.stringify(body))).toEqual(names);
  });

  it('finds nothing in what is not JSON', () => {
    expect(nameComponents('<html>503 Service Unavailable</html>')).toEqual([]);
    expect(nameComponents('')).toEqual([]);
  });
});
