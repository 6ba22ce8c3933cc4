import { execFileSync } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import type { Run } from '../../scripts/core/result.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { createFiles } from '../../scripts/platform/files.ts';
import { Masker } from '../../scripts/secrets/masker.ts';
import { type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { ENVIRONMENT, fail, REFUSED, REGISTERED, UP } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun } from '../support/fake-run.ts';
import { type FakeInstance, FakeStack } from '../support/fake-stack.ts';
import { iat, type Terms } from '../support/iat-run.ts';

interface Ran extends Attempted {
  readonly result: Run;
  readonly calls: readonly string[];
  readonly mints: number;
  readonly ms: number;
}

/** A run against a stack that does this, with the canaries as its secrets. */
async function run(terms: Terms): Promise<Ran> {
  const masker = new Masker();
  const { result, stack, events, ms } = await iat({
    mint: () => ({ status: 201, body: JSON.stringify({ token: CANARY.token }) }),
    ...terms,
    tools: {
      adminToken: async () => new Secret(CANARY.admin, 'admin token'),
      learn: (secret, how) => masker.add(secret, how),
      ...terms.tools,
    },
  });
  const mints = events.filter((each) => each === 'mint').length;
  return { result, calls: stack.calls, mints, ms, shown: masker.mask(JSON.stringify([result, events])) };
}

const SCOPE = 'ERROR - Client registration failed: 400 {"error":"invalid_scope"}';
const DNS = 'ERROR - dcr httpx.ConnectError: [Errno -2] Name or service not known';
const KEY = 'ERROR - token request failed: 401 {"error":"invalid_client"}';

function register(bff: FakeInstance): void {
  bff.write(REGISTERED, UP);
  bff.serve();
}

/** A container that failed so is there; what comes after the restart registers. */
const failedWith =
  (line: string, next: Partial<FakeStack['next']> = {}, more: Partial<FakeStack> = {}): NonNullable<Terms['prepare']> =>
  (stack) => {
    const { behave } = stack;
    stack.behave = () => {};
    fail(stack.replace(), line);
    Object.assign(stack, { behave, next: { ...stack.next, ...next }, ...more });
  };

const oldLog = (line: string, next: Partial<FakeStack['next']> = {}, more: Partial<FakeStack> = {}) =>
  run({ behave: () => register, prepare: failedWith(line, next, more) });

/** The lock of a run, by its process. */
async function locked(pid: number): Promise<Terms> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const place = join(home, 'compose.yaml');
  await writeFile(place, 'services: {}\n');
  await writeFile(`${place}.run.lock`, `${pid}@${hostname()} 00000000-0000-4000-8000-000000000000`);
  const { files } = createFakeRun(new FakeClock(), new FakeStack(new FakeClock(), {}, () => {})).context.tools;
  // The time for the run is up as soon as somebody is waited for.
  const stop = new AbortController();
  const late = () => stop.abort(new AppError('timeout', 'The run took too long.'));
  return {
    behave: () => register,
    tools: {
      files: {
        ...files,
        takeTurn: (_, onWait) =>
          createFiles().takeTurn(
            place,
            (owner) => {
              onWait(owner);
              late();
            },
            stop.signal,
          ),
      },
    },
  };
}

const healthy = ({ result }: Ran) => expect([result.exitCode, result.error]).toEqual([0, null]);
const happened = ({ result }: Ran) => expect(result.steps.length).toBeGreaterThan(1);
const minted = ({ mints }: Ran) => expect(mints).toBe(1);

attacks('stacks that somebody else runs', [
  {
    name: 'an old log tells of a scope that the IdP allows by now',
    attempt: () => oldLog(SCOPE),
    happened: ({ result }) => expect(result.warnings.join()).toContain('invalid_scope'),
    outcome: healthy,
  },
  {
    name: 'an old container is in a network that the compose file does not name any more',
    attempt: () => oldLog(DNS, { changed: 'its configuration changed' }, { reach: { kind: 'dns' } }),
    happened: ({ result }) => expect(result.steps[0]?.notes.join()).toContain('its configuration changed'),
    outcome: healthy,
  },
  {
    name: 'the same container would run again with a key that the IdP does not know',
    attempt: () => oldLog(KEY),
    happened: ({ result }) => expect(result.error?.message).toContain('will not help'),
    outcome: ({ mints, calls }) => expect([mints, calls]).toEqual([0, []]),
  },
  {
    name: 'an IdP that cannot be reached now, in a network that stays',
    attempt: () => oldLog(DNS, {}, { reach: { kind: 'refused' } }),
    happened: ({ result }) => expect(result.error?.message).toContain('connection is refused'),
    outcome: ({ mints, calls }) => expect([mints, calls]).toEqual([0, []]),
  },
  {
    name: 'a healthcheck that gives the BFF less time than it needs',
    attempt: () =>
      run({
        behave: (clock) => async (bff, signal) => {
          bff.change({ health: { status: 'unhealthy', lastOutput: 'refused', checkedAt: '1' } });
          await clock.sleep(20_000, signal);
          register(bff);
          bff.change({ health: { status: 'healthy', lastOutput: '', checkedAt: '2' } });
        },
      }),
    happened: ({ ms }) => expect(ms).toBeGreaterThan(20_000),
    outcome: healthy,
  },
  {
    name: 'a healthcheck that asks a wrong port for ever',
    attempt: () =>
      run({
        behave: (clock) => async (bff, signal) => {
          register(bff);
          for (let check = 0; ; check++) {
            bff.change({ health: { status: 'unhealthy', lastOutput: 'port 9999', checkedAt: String(check) } });
            await clock.sleep(3_000, signal);
          }
        },
      }),
    happened: minted,
    outcome: ({ result, ms }) => {
      expect(result.error?.message).toMatch(/only the healthcheck of the container is wrong/);
      expect(ms).toBeLessThan(30_000);
    },
  },
  {
    name: 'an IdP that gets a new container forgets the tokens that it gave',
    attempt: () => {
      let generation = 0;
      let mintedIn = -1;
      return run({
        prepare(stack) {
          stack.next = { ...stack.next, before: ['start idp'] };
          stack.onPrepare = async () => void generation++;
        },
        mint() {
          mintedIn = generation;
          return { status: 201, body: JSON.stringify({ token: CANARY.token }) };
        },
        behave: () => (bff) => (mintedIn === 1 ? register(bff) : fail(bff, REFUSED)),
      });
    },
    happened: ({ calls }) => expect(calls).toEqual(['prepare', 'write', 'restart']),
    outcome: healthy,
  },
  {
    name: 'two containers without a common volume, and an IdP that counts uses',
    attempt: () => {
      let left = 1;
      return run({
        prepare: (stack) => Object.assign(stack, { next: { ...stack.next, copies: 2, sharedPaths: [] } }),
        onMint({ iat_max_usages: uses = '1' }) {
          left = Number(uses);
        },
        behave: () => (bff) => (left-- > 0 ? register(bff) : fail(bff, REFUSED)),
      });
    },
    happened: ({ result }) => expect(result.warnings.join()).toContain('2 containers'),
    outcome: healthy,
  },
  {
    name: 'a second container that dies while the first one answers',
    attempt: () =>
      run({
        prepare: (stack) => Object.assign(stack, { next: { ...stack.next, copies: 2 } }),
        behave: (clock) => async (bff, signal) => {
          register(bff);
          await clock.sleep(4_000, signal);
          if (bff.copy === 2) bff.exit(1);
        },
      }),
    happened: minted,
    outcome: ({ result }) => expect(result.error?.message).toContain('fake-bff-2 exited with code 1'),
  },
  {
    name: 'a BFF that prints the token that is refused',
    attempt: () => run({ behave: () => (bff) => fail(bff, `${REFUSED} token=${bff.env['DCR_IAT']}`) }),
    happened: minted,
    outcome: ({ result }) => {
      expect(result.error?.message).toContain('minted for this start a moment ago');
      expect([result.error?.hint?.command, ...result.next.map(({ command }) => command)]).toEqual([
        undefined,
        undefined,
      ]);
    },
  },
  {
    name: 'a BFF that is published at another port than the collection says',
    attempt: () =>
      run({
        job: { bffUrl: null },
        behave: () => (bff) => {
          bff.ports = [{ inside: 8000, address: '0.0.0.0', published: 28000 }];
          register(bff);
        },
      }),
    happened: ({ result }) => expect(result.steps.at(-1)?.attempts.length).toBeGreaterThan(0),
    outcome: ({ result }) => expect(Object.fromEntries(result.facts)['BFF']).toMatch(/^http:\/\/localhost:28000, /),
  },
  {
    name: 'a BFF that registers at every start: to take the token out is not recommended',
    attempt: () => run({ environment: { ...ENVIRONMENT, DCR_FORCE_REPLACE: 'true' } }),
    happened: minted,
    outcome: ({ result }) => expect(JSON.stringify(result.next)).not.toContain('npm run iat:clear'),
  },
  {
    name: 'the lock of a run that was killed',
    attempt: async () => run(await locked(Number(execFileSync(process.execPath, ['-p', 'process.pid'])))),
    happened,
    outcome: healthy,
  },
  {
    name: 'the lock of a run that never ends',
    attempt: async () => run(await locked(process.pid)),
    happened: ({ result }) => expect(result.warnings.join()).toContain(`process ${process.pid}`),
    outcome: ({ result, mints }) => expect([result.error?.code, mints]).toEqual(['file-busy', 0]),
  },
]);
