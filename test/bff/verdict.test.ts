import { describe, expect, it } from 'vitest';
import { judge as judgeBy, judgeOnce } from '../../scripts/bff/verdict.ts';
import { AppError } from '../../scripts/core/errors.ts';
import type { ByHand, Instance, InstanceState } from '../../scripts/core/stack.ts';

const BY_HAND: ByHand = {
  check: 'stack check',
  restart: 'stack restart',
  recreate: 'stack recreate',
  follow: 'stack follow',
  log: ({ name }) => `stack log ${name}`,
  inspect: ({ name }) => `stack inspect ${name}`,
  resume: ({ name }) => `stack resume ${name}`,
};
const judge = (first: Instance, now: Instance | null) => judgeBy(first, now, BY_HAND);

const STARTED = '2026-01-01T10:00:00.000000001Z';

function container(state: Partial<InstanceState> = {}, id = 'a'.repeat(64)): Instance {
  return {
    id,
    name: 'app-bff-1',
    createdAt: '2026-01-01T09:59:59.000000001Z',
    image: 'bff:dev',
    env: {},
    persistentPaths: [],
    ports: [],
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
    const restarting = container({ status: 'restarting', restartCount: 1, exitCode: 1 });
    const again = container({ restartCount: 1, startedAt: '2026-01-01T10:00:01Z' });
    expect(judge(restarting, again)).toMatchObject({ kind: 'fine' });
    expect(judge(container({ restartCount: 1 }), container({ startedAt: '2026-01-01T10:05:00Z' }))).toMatchObject({
      kind: 'replaced',
    });
  });

  it.each<[string, Partial<InstanceState>, string, RegExp]>([
    ['runs without a healthcheck', {}, 'fine', /runs/],
    ['runs and is healthy', { health: { status: 'healthy', lastOutput: '', checkedAt: '' } }, 'fine', /healthy/],
    [
      'waits for its healthcheck',
      { health: { status: 'starting', lastOutput: '', checkedAt: '' } },
      'starting',
      /healthcheck/,
    ],
    [
      'is unhealthy, in the words of the healthcheck',
      { health: { status: 'unhealthy', lastOutput: 'curl: (22)\nHTTP 503 from /health\n', checkedAt: '' } },
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
    [
      'was killed by the kernel and runs again',
      { restartCount: 2, oomKilled: true },
      'crash-loop',
      /too much memory\.$/,
    ],
    ['is killed by someone', { status: 'exited', exitCode: 137 }, 'exited', /137 \(killed\)/],
    ['crashes', { status: 'exited', exitCode: 139 }, 'exited', /segmentation fault/],
    ['is told to stop', { status: 'exited', exitCode: 143 }, 'exited', /told to stop/],
    ['cannot be executed', { status: 'exited', exitCode: 126 }, 'exited', /cannot be executed/],
    ['has no such command', { status: 'exited', exitCode: 127 }, 'exited', /not found/],
    [
      'loops and happens to run',
      { restartCount: 2, startedAt: '2026-01-01T10:00:02Z' },
      'crash-loop',
      /restart 2.*exit code that is no longer known/,
    ],
    [
      'loops and waits',
      { status: 'restarting', restartCount: 2, exitCode: 3, startedAt: '2026-01-01T10:00:02Z' },
      'crash-loop',
      /code 3/,
    ],
    ['exited once', { status: 'restarting', restartCount: 1, exitCode: 3 }, 'starting', /code 3.*being restarted/],
    ['was restarted by hand', { startedAt: '2026-01-01T10:05:00Z' }, 'replaced', /Someone else restarted/],
    ['is paused', { status: 'paused' }, 'paused', /paused/],
    ['is being removed', { status: 'removing' }, 'gone', /being removed/],
    ['is dead', { status: 'dead', exitCode: 1 }, 'exited', /code 1/],
  ])('a container that %s', (_what, state, kind, message) => {
    const verdict = judge(first, container(state));
    expect(verdict.kind).toBe(kind);
    expect(verdict.message).toMatch(message);
    if (kind === 'fine' || kind === 'starting') expect(verdict.hint).toBeNull();
    else expect(verdict.hint?.text).toMatch(verdict.hint?.command === undefined ? /^[A-Z].*\.$/ : /^[A-Z].*:$/);
  });

  it('does not take the first start of a created container for a restart by hand', () => {
    const created = container({ status: 'created', startedAt: '0001-01-01T00:00:00Z' });
    expect(judge(created, container()).kind).toBe('fine');
  });

  it('does not take a restart by the daemon for one by hand', () => {
    const verdict = judge(first, container({ restartCount: 1, startedAt: '2026-01-01T10:00:09Z' }));
    expect(verdict.kind).toBe('fine');
    expect(verdict.message).toMatch(/exited once/);
  });

  it('counts restarts from the first look', () => {
    const old = container({ restartCount: 40 });
    expect(judge(old, old).kind).toBe('fine');
    expect(judge(old, container({ restartCount: 42, startedAt: '2026-01-01T11:00:00Z' })).kind).toBe('crash-loop');
  });

  it.each<[string, Partial<InstanceState>, string]>([
    ['is paused', { status: 'paused' }, 'stack resume app-bff-1'],
    ['exits', { status: 'exited', exitCode: 1 }, 'stack log app-bff-1'],
    ['loops', { restartCount: 2 }, 'stack log app-bff-1'],
    ['is unhealthy', { health: { status: 'unhealthy', lastOutput: '', checkedAt: '' } }, 'stack inspect app-bff-1'],
  ])('names what the stack has for a container that %s', (_what, state, command) => {
    expect(judge(first, container(state)).hint?.command).toBe(command);
  });

  it('knows another container and none at all', () => {
    expect(judge(first, container({}, 'b'.repeat(64))).kind).toBe('replaced');
    expect(judge(first, null).kind).toBe('gone');
  });

  it('keeps foreign words to one bounded line', () => {
    const noise = `${'x'.repeat(5000)}\u001b[31m`;
    const { message } = judge(first, container({ health: { status: 'unhealthy', lastOutput: noise, checkedAt: '' } }));
    expect(message.length).toBeLessThan(450);
    expect(message).not.toContain('\u001b');
  });
});

describe('what the stack itself names', () => {
  const obstacle = new AppError('image-pull', 'The image cannot be pulled.', { hint: 'Check its name.' });

  it('an obstacle is the verdict, with its code and way out, whatever else the state says', () => {
    const now = container({ status: 'restarting', restartCount: 9, obstacle });
    expect(judge(container(), now)).toEqual({
      kind: 'obstacle',
      code: 'image-pull',
      message: 'The image cannot be pulled.',
      hint: { text: 'Check its name.' },
    });
  });

  it('an instance is called what people call it', () => {
    const pod = { ...container({ status: 'exited', exitCode: 3 }), noun: 'pod' as const };
    expect(judge({ ...container(), noun: 'pod' }, pod).message).toBe('The pod app-bff-1 exited with code 3.');
  });
});

describe('judgeOnce', () => {
  const NOW = new Date('2026-01-01T10:00:05Z');

  it('says how to start a service that has no container', () => {
    const { kind, hint } = judgeOnce(null, NOW, BY_HAND);
    expect(kind).toBe('missing');
    expect(hint?.command).toBe('stack restart');
  });

  it('believes the healthcheck: what is healthy has settled', () => {
    const healthy = container({ restartCount: 4, health: { status: 'healthy', lastOutput: '', checkedAt: '' } });
    expect(judgeOnce(healthy, NOW, BY_HAND).kind).toBe('fine');
  });

  it('does not believe it where the start before was well and died', () => {
    const again = container({ restartCount: 4, health: { status: 'healthy', lastOutput: '', checkedAt: '' } });
    expect(judgeOnce(again, NOW, BY_HAND, null, true).kind).toBe('crash-loop');
    expect(judgeOnce(again, new Date('2026-01-01T10:01:00Z'), BY_HAND, null, true).kind).toBe('fine');
  });

  it('takes restarts for a crash loop until the container has settled', () => {
    const restarted = container({ restartCount: 3 });
    expect(judgeOnce(restarted, NOW, BY_HAND).kind).toBe('crash-loop');
    expect(judgeOnce(restarted, new Date('2026-01-01T10:01:00Z'), BY_HAND).kind).toBe('fine');
  });
});
