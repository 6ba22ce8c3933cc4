import { describe, expect, it } from 'vitest';
import { judge, nameComponents } from '../../scripts/bff/verdict.ts';
import type { Instance, InstanceState } from '../../scripts/core/stack.ts';

const STARTED = '2026-01-01T10:00:00.000000001Z';

function container(state: Partial<InstanceState> = {}, id = 'a'.repeat(64)): Instance {
  return {
    id,
    name: 'app-bff-1',
    createdAt: '2026-01-01T09:59:59.000000001Z',
    image: 'bff:dev',
    env: {},
    persistentPaths: [],
    logUnreadable: null,
    state: {
      status: 'running',
      exitCode: 0,
      oomKilled: false,
      restartCount: 0,
      startedAt: STARTED,
      error: '',
      health: null,
      ...state,
    },
  };
}

describe('judge', () => {
  const first = container();

  it('knows the restart that was counted before the first look', () => {
    const dying = container({ status: 'restarting', restartCount: 1, exitCode: 1 });
    const again = container({ restartCount: 1, startedAt: '2026-01-01T10:00:01Z' });
    expect(judge(dying, again)).toMatchObject({ kind: 'fine' });
    expect(judge(container({ restartCount: 1 }), container({ startedAt: '2026-01-01T10:05:00Z' }))).toMatchObject({
      kind: 'replaced',
    });
  });

  it.each<[string, Partial<InstanceState>, string, RegExp]>([
    ['runs without a healthcheck', {}, 'fine', /runs/],
    ['runs and is healthy', { health: { status: 'healthy', lastOutput: '' } }, 'fine', /healthy/],
    ['waits for its healthcheck', { health: { status: 'starting', lastOutput: '' } }, 'starting', /healthcheck/],
    [
      'is unhealthy, in the words of the healthcheck',
      { health: { status: 'unhealthy', lastOutput: 'curl: (22)\nHTTP 503 from /health\n' } },
      'unhealthy',
      /HTTP 503 from \/health/,
    ],
    ['is not started yet', { status: 'created', startedAt: '0001-01-01T00:00:00Z' }, 'starting', /not started yet/],
    [
      'could not be started',
      {
        status: 'created',
        exitCode: 127,
        startedAt: '0001-01-01T00:00:00Z',
        error: 'OCI runtime create failed: exec: "/start.sh": stat /start.sh: no such file or directory: unknown',
      },
      'not-started',
      /no such file/,
    ],
    ['exits with an error', { status: 'exited', exitCode: 3 }, 'exited', /code 3/],
    ['exits with nothing to say', { status: 'exited', exitCode: 0 }, 'exited', /a service must stay up/],
    ['is killed by the kernel', { status: 'exited', exitCode: 137, oomKilled: true }, 'exited', /too much memory/],
    ['is killed by someone', { status: 'exited', exitCode: 137 }, 'exited', /137 \(killed\)/],
    ['crashes', { status: 'exited', exitCode: 139 }, 'exited', /segmentation fault/],
    ['is told to stop', { status: 'exited', exitCode: 143 }, 'exited', /told to stop/],
    ['cannot be executed', { status: 'exited', exitCode: 126 }, 'exited', /cannot be executed/],
    ['has no such command', { status: 'exited', exitCode: 127 }, 'exited', /not found/],
    [
      'loops and happens to run',
      { restartCount: 2, startedAt: '2026-01-01T10:00:02Z' },
      'crash-loop',
      /restart 2.*ended by itself/,
    ],
    [
      'loops and waits',
      { status: 'restarting', restartCount: 2, exitCode: 3, startedAt: '2026-01-01T10:00:02Z' },
      'crash-loop',
      /code 3/,
    ],
    ['died once', { status: 'restarting', restartCount: 1, exitCode: 3 }, 'starting', /code 3.*being restarted/],
    ['was restarted by hand', { startedAt: '2026-01-01T10:05:00Z' }, 'replaced', /Someone else restarted/],
    ['is paused', { status: 'paused' }, 'paused', /paused/],
    ['is being removed', { status: 'removing' }, 'gone', /being removed/],
    ['is dead', { status: 'dead', exitCode: 1 }, 'exited', /code 1/],
  ])('a container that %s', (_what, state, kind, message) => {
    const verdict = judge(first, container(state));
    expect(verdict.kind).toBe(kind);
    expect(verdict.message).toMatch(message);
    if (kind !== 'fine' && kind !== 'starting') expect(verdict.hint).not.toBe('');
  });

  it('does not take the first start of a created container for a restart by hand', () => {
    const created = container({ status: 'created', startedAt: '0001-01-01T00:00:00Z' });
    expect(judge(created, container()).kind).toBe('fine');
  });

  it('does not take a restart by the daemon for one by hand', () => {
    const verdict = judge(first, container({ restartCount: 1, startedAt: '2026-01-01T10:00:09Z' }));
    expect(verdict.kind).toBe('fine');
    expect(verdict.message).toMatch(/died once/);
  });

  it('counts restarts from the first look', () => {
    const old = container({ restartCount: 40 });
    expect(judge(old, old).kind).toBe('fine');
    expect(judge(old, container({ restartCount: 42, startedAt: '2026-01-01T11:00:00Z' })).kind).toBe('crash-loop');
  });

  it('knows another container and none at all', () => {
    expect(judge(first, container({}, 'b'.repeat(64))).kind).toBe('replaced');
    expect(judge(first, null).kind).toBe('gone');
  });

  it('keeps foreign words to one bounded line', () => {
    const noise = `${'x'.repeat(5000)}\u001b[31m`;
    const { message } = judge(first, container({ health: { status: 'unhealthy', lastOutput: noise } }));
    expect(message.length).toBeLessThan(450);
    expect(message).not.toContain('\u001b');
  });
});

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
    ['words that nobody knows', { components: { redis: 'test-only-password-0001' } }, []],
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
