import { describe, expect, test } from 'vitest';
import { startSandbox } from '../../scripts/sandbox/sandbox.ts';
import { ProcessContainer } from '../../scripts/sandbox/stack/container.ts';
import { current, edit, FAILED, linesUntil, NEVER, READY, sandbox, writeToken } from './running.ts';
import { atTheEnd, call, temporaryFolder } from './support.ts';

test.concurrent('the whole story: fails, is registered, and starts from its cached credentials', async () => {
  const running = await sandbox({ restart: 'no' });
  const { stack, bffUrl } = running;
  expect(await stack.instances(NEVER)).toEqual([]);

  await stack.up(NEVER);
  const failed = await current(running);
  const all = [];
  for await (const line of stack.logs(failed.id, { follow: true, signal: NEVER })) all.push(line.text);
  expect(all.join('\n')).toContain('Get new RAT/IAT');
  expect((await stack.instance(failed.id, NEVER))?.state).toMatchObject({
    status: 'exited',
    exitCode: 3,
    restartCount: 0,
  });

  const token = await writeToken(running);
  expect((await stack.look(NEVER)).environment['DCR_IAT']).toBe(token);
  await stack.up(NEVER);
  const registered = await current(running);
  expect(registered.id).not.toBe(failed.id);
  expect(registered.env['DCR_IAT']).toBe(token);
  expect(await stack.instance(failed.id, NEVER)).toBeNull();
  const lines = await linesUntil(running, registered.id, READY);
  expect(lines.map((line) => line.text).join('\n')).toContain('Client registered: bff-server');
  expect((await call('GET', `${bffUrl}/health`, null)).status).toBe(200);

  edit(running.composeFile, (text) => text.replace(/ +DCR_IAT: .*\n/, ''));
  await stack.up(NEVER);
  const cached = await current(running);
  expect(cached.env['DCR_IAT']).toBeUndefined();
  await linesUntil(running, cached.id, 'nothing to do');
  await linesUntil(running, cached.id, READY);
  expect(cached.state).toMatchObject({ status: 'running', exitCode: 0, health: null });
});

describe.concurrent('up', () => {
  test('leaves a container with the same environment alone, and starts it when it has exited', async () => {
    const running = await sandbox({ fault: 'slow-start:60' });
    await running.stack.up(NEVER);
    const first = await current(running);
    edit(running.composeFile, (text) => `# a comment\n${text.replace('"false"  ', "'false'")}`);
    await running.stack.up(NEVER);
    expect(await current(running)).toEqual(first);
    edit(running.composeFile, (text) => text.replace('LOG_LEVEL', 'X').replace('MAX_KEYS: "3"', 'MAX_KEYS: "4"'));
    await running.stack.up(NEVER);
    expect((await current(running)).id).not.toBe(first.id);
  });

  test('starts an exited container again', async () => {
    const running = await sandbox({ restart: 'no' });
    await running.stack.up(NEVER);
    const first = await current(running);
    await linesUntil(running, first.id, FAILED);
    for await (const _line of running.stack.logs(first.id, { follow: true, signal: NEVER }));
    await running.stack.up(NEVER);
    const second = await current(running);
    expect(second.id).toBe(first.id);
    expect(second.state.status).toBe('running');
    expect(second.state.startedAt > first.state.startedAt).toBe(true);
  });

  test('knows its services', async () => {
    const { stack } = await sandbox();
    const asked = (service: string) => stack.forRun({ service, variable: 'DCR_IAT', write: 'auto' });
    await expect(asked('bbf').look(NEVER)).rejects.toMatchObject({ code: 'service-not-found' });
    const deaf = { progress() {}, note() {}, warn() {} };
    await expect(asked('kafka').restart(deaf, () => {}, NEVER)).rejects.toMatchObject({ code: 'restart-failed' });
    expect((await stack.look(NEVER)).environments).toHaveLength(4);
  });
});

describe.concurrent('the restart policy', () => {
  test('starts a BFF that fails again and again, with longer and longer pauses, in one log without gaps', async () => {
    const running = await sandbox({ startBff: true });
    const { id } = await current(running);
    const pids: string[] = [];
    const pauses: number[] = [];
    let failedAt = 0;
    for await (const line of running.stack.logs(id, { follow: true, signal: NEVER })) {
      if (line.text.includes('Started server process')) {
        pids.push(line.text);
        const { startedAt } = (await current(running)).state;
        if (failedAt > 0) pauses.push(Date.parse(startedAt) - failedAt);
      }
      if (line.text.includes(FAILED)) failedAt = Number(line.at);
      if (pauses.length === 3) break;
    }
    expect(new Set(pids).size).toBe(4);
    // It is gone some milliseconds after its last line, so the pauses look a little longer than they are.
    expect(pauses.map((pause, index) => pause >= 100 * 2 ** index)).toEqual([true, true, true]);
    const { state } = await current(running);
    expect(state.restartCount).toBeGreaterThanOrEqual(3);
    expect(['running', 'restarting']).toContain(state.status);
  });

  test('keeps a container stopped that was stopped between two starts', async () => {
    const create = () => {
      const service = { image: '', environment: {}, restart: 'always', port: null } as const;
      const technical = { SANDBOX_BFF_FAULT: 'exits-at-once:1' };
      const container = new ProcessContainer({
        name: 'test',
        service,
        technical,
        folder: temporaryFolder(),
        fault: null,
      });
      atTheEnd(() => container.stop());
      container.start();
      return container;
    };
    const stopped = create();
    await expect.poll(() => stopped.describe().state.status, { timeout: 60_000, interval: 5 }).toBe('restarting');
    await stopped.stop();
    const before = stopped.describe();
    // By the time in which another one has come back twice, this one would have come back once.
    const other = create();
    await expect.poll(() => other.describe().state.restartCount, { timeout: 60_000 }).toBe(2);
    expect(stopped.describe()).toEqual(before);
    expect(before.state).toMatchObject({ status: 'exited', exitCode: 1 });
  });

  test('does not restart a container that was stopped or exited with 0', async () => {
    const running = await sandbox({ fault: 'exits-at-once:0', restart: 'on-failure' });
    await running.stack.up(NEVER);
    const { id } = await current(running);
    for await (const _line of running.stack.logs(id, { follow: true, signal: NEVER }));
    expect((await running.stack.instance(id, NEVER))?.state).toMatchObject({
      status: 'exited',
      exitCode: 0,
      restartCount: 0,
    });
  });
});

describe.concurrent('the log', () => {
  test('is whole for a late reader, and ends for a follower when its container is replaced', async () => {
    const running = await sandbox({ fault: 'log-flood:3' });
    await running.stack.up(NEVER);
    const { id } = await current(running);
    const early = await linesUntil(running, id, FAILED);
    const late = [];
    for await (const line of running.stack.logs(id, { follow: false, signal: NEVER })) late.push(line);
    expect(early.length).toBeGreaterThan(20_000);
    expect(late.slice(0, early.length)).toEqual(early);

    const following = expect(linesUntil(running, id, 'what never comes')).rejects.toThrow('the log ended');
    edit(running.composeFile, (text) => text.replace('MAX_KEYS: "3"', 'MAX_KEYS: "4"'));
    await running.stack.up(NEVER);
    await following;
  });

  test('lets a follower go when its signal aborts', async () => {
    const running = await sandbox({ fault: 'silent-hang', startBff: true });
    const { id } = await current(running);
    const leaving = new AbortController();
    const reading = running.stack.logs(id, { follow: true, signal: leaving.signal })[Symbol.asyncIterator]().next();
    leaving.abort();
    expect(await reading).toEqual({ done: true, value: undefined });
  });
});

test.concurrent('starts with a stale token, as a JSON log, where that is asked for', async () => {
  const running = await sandbox({ staleIat: true, startBff: true, log: 'json' });
  const lines = await linesUntil(running, (await current(running)).id, FAILED);
  const events: string[] = lines.map(({ text }) => JSON.parse(text).event);
  expect(events).toContainEqual(expect.stringMatching(/^Client registration failed: 401 .*invalid_token/));
});

test.concurrent('the IdP that does not start is an error, and leaves nothing behind', async () => {
  const options = { dir: temporaryFolder(), signal: AbortSignal.abort(new Error('too late')) };
  await expect(startSandbox(options)).rejects.toThrow('too late');
  await expect(sandbox({ fault: 'mint-50' })).rejects.toMatchObject({ code: 'bad-value' });
});
