import { describe, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { Job } from '../../scripts/runbook/job.ts';
import { ENVIRONMENT, wellBehaved } from '../support/fake-bffs.ts';
import { IAT, waitingFiles } from '../support/fake-run.ts';
import { iat } from '../support/iat-run.ts';

describe('what has to be done before the mint', () => {
  const starting = { changed: null, copies: 1, sharedPaths: ['/'], before: ['start idp'] };

  test('an IdP that gets a new container is brought up first, and has to answer', async () => {
    let isUp = false;
    const asked: string[] = [];
    const { result, events, stack, ms } = await iat({
      prepare(stack, _, clock) {
        stack.next = starting;
        stack.onPrepare = async () => {
          void clock.sleep(7_000, new AbortController().signal).then(() => {
            isUp = true;
          });
        };
      },
      mint: () => (isUp ? { status: 201, body: JSON.stringify({ token: IAT }) } : { status: 502 }),
      tools: {
        async reach(url) {
          asked.push(url);
          return isUp ? { kind: 'answered', status: 404 } : { kind: 'refused' };
        },
      },
    });
    expect(result.exitCode).toBe(0);
    expect(stack.calls).toEqual(['prepare', 'write', 'restart']);
    expect(events).toEqual(['mint']);
    expect(new Set(asked)).toEqual(new Set(['https://idp.test/']));
    expect(ms).toBeGreaterThan(7_000);
  });

  test('one that never answers is waited for as long as a BFF would be, and the mint says why', async () => {
    const { result, ms } = await iat({
      prepare: (stack) => Object.assign(stack, { next: starting }),
      mint: () => null,
      tools: { reach: async () => ({ kind: 'refused' }) },
      job: { healthTimeoutMs: 20_000 },
    });
    expect(result.error?.code).toBe('idp-unreachable');
    expect(ms).toBeGreaterThan(20_000);
    expect(ms).toBeLessThan(30_000);
  });

  test('a dry run says it, and does nothing', async () => {
    const { result, stack } = await iat({
      prepare: (stack) => Object.assign(stack, { next: starting }),
      job: { dryRun: true },
    });
    expect(result.next[0]).toEqual({ text: 'first: start idp' });
    expect(stack.calls).toEqual([]);
  });

  test('what fails there ends the run before anything is minted', async () => {
    const { result, events, stack } = await iat({
      prepare(stack) {
        stack.next = starting;
        stack.onPrepare = () => Promise.reject(new AppError('restart-failed', 'The image is not there.'));
      },
    });
    expect(result.error?.code).toBe('restart-failed');
    expect([events, stack.calls]).toEqual([[], ['prepare']]);
  });
});

describe('two runs at once', () => {
  test('the second waits for the first, says for whom, and looks again before it mints', async () => {
    let looks = 0;
    const { result, events, stack } = await iat({
      prepare(stack) {
        const { look } = stack;
        stack.look = (signal) => {
          looks += 1;
          return look.call(stack, signal);
        };
      },
      tools: { files: waitingFiles(['process 4711 on ci']) },
    });
    expect(result.exitCode).toBe(0);
    expect(looks).toBe(2);
    expect(events[0]).toBe(
      'warning: Another run (process 4711 on ci) is at work on /fake/environment. This one waits until that has ended.',
    );
    expect(events[1]).toBe('mint');
    expect(result.steps[1]?.notes[0]).toMatch(/^Waited \d+ s for another run \(process 4711 on ci\)/);
    expect(stack.calls).toEqual(['write', 'restart']);
  });

  test('of a workload, the turn is that of the workload, and the run says so', async () => {
    const asked: string[] = [];
    const turn = 'deployment/bff in namespace crud of https://10.0.0.1:6443';
    const { result, events } = await iat({
      prepare: (stack) => Object.assign(stack, { turn, place: 'secret/bff-secrets' }),
      tools: {
        turnFile: async (subject) => `/fake/${asked.push(subject)}`,
        files: waitingFiles(['process 4711 on ci']),
      },
    });
    expect([result.exitCode, asked]).toEqual([0, [turn]]);
    expect(events[0]).toContain(`Another run (process 4711 on ci) is at work on ${turn}.`);
  });

  test('where there can be no turn, the run goes on and says it', async () => {
    const { result } = await iat({
      prepare: (stack) => Object.assign(stack, { turn: 'deployment/bff' }),
      tools: { turnFile: async () => null, files: waitingFiles([], new Error('There is no file.')) },
    });
    expect([result.exitCode, result.steps[1]?.notes[0]]).toEqual([
      0,
      'There is no folder for locks, so another run at work on deployment/bff would not be noticed.',
    ]);
  });

  test('the time for the whole run bounds the wait, and nothing was minted then', async () => {
    const timeout = new AppError('timeout', 'The run took too long.');
    const { result, events } = await iat({ tools: { files: waitingFiles(['process 4711 on ci'], timeout) } });
    expect(result.error).toMatchObject({
      code: 'file-busy',
      message: expect.stringMatching(/process 4711 on ci.*has not ended/),
      hint: { text: expect.stringContaining('--timeout') },
    });
    expect(events).not.toContain('mint');
  });

  test.for([
    ['succeeds', {}],
    ['fails', { mint: () => ({ status: 403 }) }],
  ] as const)('the turn is over when a run %s', async ([, terms]) => {
    const released: string[] = [];
    await iat({ ...terms, tools: { files: waitingFiles([], null, () => released.push('over')) } });
    expect(released).toEqual(['over']);
  });
});

describe('several containers', () => {
  const two = { changed: null, copies: 2, before: [] };
  const uses = async (sharedPaths: readonly string[], job: Partial<Job> = {}) => {
    const bodies: unknown[] = [];
    const { result } = await iat({
      environment: { ...ENVIRONMENT, BFF_CLIENT_CRED_PATH: '/app/keys/bff_client.json' },
      prepare: (stack) => Object.assign(stack, { next: { ...two, sharedPaths } }),
      job,
      onMint: (variables) => bodies.push(variables['iat_max_usages'] ?? 'as the collection says'),
    });
    return { uses: bodies[0], warnings: result.warnings, exitCode: result.exitCode };
  };

  test('that keep their credentials apart get a token of as many uses, and the run says so', async () => {
    const { uses: asked, warnings, exitCode } = await uses(['/app/logs']);
    expect([asked, exitCode]).toEqual(['2', 0]);
    expect(warnings).toContainEqual(expect.stringMatching(/2 containers of bff keep their credentials apart.*2 uses/));
  });

  test('that share them need one use', async () => {
    expect(await uses(['/app/keys'])).toMatchObject({ uses: 'as the collection says', warnings: [] });
  });

  test('--max-usages beats it, with a warning where it is too few', async () => {
    expect(await uses([], { maxUsages: 5 })).toMatchObject({ uses: '5', warnings: [] });
    expect((await uses([], { maxUsages: 1 })).warnings).toContainEqual(expect.stringContaining('too few'));
  });
});

describe('taking the token out is not recommended where that is refused', () => {
  test.for([
    ['DCR_FORCE_REPLACE is on', { DCR_FORCE_REPLACE: 'true' }, ['/'], /every start registers again/],
    [
      'no volume',
      { BFF_CLIENT_CRED_PATH: '/app/keys/bff_client.json' },
      [],
      /which does not outlive its container: a new one/,
    ],
  ] as const)('%s', async ([, more, persistentPaths, words]) => {
    const { result } = await iat({
      environment: { ...ENVIRONMENT, ...more },
      behave: (clock) => (bff, signal) => {
        bff.persistentPaths = persistentPaths;
        return wellBehaved(clock)(bff, signal);
      },
    });
    expect(result.exitCode).toBe(0);
    expect(result.next.map(({ command }) => command)).toEqual([undefined]);
    expect(result.next[0]?.text).toMatch(words);
  });
});

test.for([
  ['http://localhost:8000', 'refused', [28000, 29000], 1],
  ['http://localhost:8000', 'refused', [8000, 29000], 0],
  // A proxy of another container may be there, or the BFF is in the network of its host.
  ['http://localhost:8000', 'answered', [28000, 29000], 0],
  ['http://localhost:8000', 'refused', [], 0],
  ['https://bff.test', 'refused', [28000, 29000], 0],
] as const)(
  'an address of the BFF that nobody serves is a warning: %s, %s, published %j',
  async ([bffUrl, kind, published, warned]) => {
    const { result } = await iat({
      job: { bffUrl },
      tools: { reach: async () => (kind === 'refused' ? { kind } : { kind, status: 404 }) },
      prepare(stack) {
        stack.replace().ports = published.map((each) => ({ inside: each, address: '', published: each }));
      },
    });
    expect(result.warnings.filter((each) => each.includes('--bff-url'))).toHaveLength(warned);
  },
);
