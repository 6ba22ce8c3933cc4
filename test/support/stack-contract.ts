import { describe, expect, test } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import type { Instance, Settings, Stack } from '../../scripts/core/stack.ts';

/** A stack whose service has `DCR_ENABLED` and no `DCR_IAT`. Nothing of it was started yet. */
export interface StackUnderTest {
  readonly stack: Stack;
  /** What the place holds in which the value would be written. */
  bytes(): Promise<string>;
  /** Takes the instance away from outside. */
  remove(instance: Instance): Promise<void>;
}

const { signal: NEVER } = new AbortController();
const LISTENER = { progress() {}, note() {}, warn() {} };
const NOTHING: Settings = { correct: {}, add: {} };
const IAT = 'test-only-initial-access-token-of-the-contract';
const token = new Secret(IAT, 'IAT');

const restart = async ({ stack }: StackUnderTest) => (await stack.restart(LISTENER, () => {}, NEVER)).instances[0];
const write = async ({ stack }: StackUnderTest, settings = NOTHING) =>
  (await stack.planWrite(settings, NEVER)).write(token, 'sha256:00000000', LISTENER, NEVER);

/**
 * What the steps rely on, whatever the stack is made of.
 *
 * @param open makes one for a test, of a BFF that writes a line with each start, ends soon, and is started again and again
 */
export function describeStackContract(name: string, open: () => Promise<StackUnderTest>): void {
  describe(`the contract of a stack: ${name}`, () => {
    test('a value that was planned changes nothing; written, it is seen; put back, the old bytes are there', async () => {
      const it = await open();
      const before = await it.bytes();
      const looked = await it.stack.look(NEVER);
      expect(looked.environment).toMatchObject({ DCR_ENABLED: 'true' });
      expect(looked.environment).not.toHaveProperty('DCR_IAT');
      expect(looked.environments).toContainEqual(looked.environment);
      expect(looked).toMatchObject({ instance: null, instances: [], next: { changed: null, copies: 1, before: [] } });

      const plan = await it.stack.planWrite({ correct: { DCR_ENABLED: 'false' }, add: { ADDED: 'yes' } }, NEVER);
      expect(plan.preview).toMatchObject({ wrote: null, changed: expect.arrayContaining(['DCR_IAT', 'DCR_ENABLED']) });
      expect(await it.bytes()).toBe(before);

      const written = await plan.write(token, 'sha256:00000000', LISTENER, NEVER);
      expect(written).toMatchObject({ doubt: null, change: { before: 'absent', target: plan.place } });
      expect(written.summary).toContain('DCR_IAT');
      const { environment } = await it.stack.look(NEVER);
      expect(environment).toEqual({ ...looked.environment, DCR_ENABLED: 'false', ADDED: 'yes', DCR_IAT: IAT });

      await written.putBack();
      expect(await it.bytes()).toBe(before);
    });

    test('a value that was written is cleared to what was there before, and can be put back', async () => {
      const it = await open();
      const before = await it.bytes();
      const none = await it.stack.planClear(null, NEVER);
      expect(none.isSet).toBe(false);
      expect(await none.clear(LISTENER, NEVER)).toMatchObject({ change: null });
      expect(await it.bytes()).toBe(before);

      await write(it);
      const withToken = await it.bytes();
      const planned = await it.stack.planClear('absent', NEVER);
      expect(planned.isSet).toBe(true);
      expect(await it.bytes()).toBe(withToken);
      const cleared = await planned.clear(LISTENER, NEVER);
      expect(await it.bytes()).toBe(before);
      expect((await it.stack.look(NEVER)).environment).not.toHaveProperty('DCR_IAT');
      await cleared.putBack();
      expect(await it.bytes()).toBe(withToken);
    });

    test('a restart makes a new instance with the environment as it is then; where nothing changed, it says so', async () => {
      const it = await open();
      expect(await it.stack.instances(NEVER)).toEqual([]);
      const first = await restart(it);
      expect(first.env).toMatchObject({ DCR_ENABLED: 'true' });
      expect(first.env).not.toHaveProperty('DCR_IAT');
      expect((await it.stack.look(NEVER)).instance?.id).toBe(first.id);
      await expect(restart(it)).rejects.toMatchObject({ code: 'container-unchanged' });

      await write(it);
      const second = await restart(it);
      expect(second.env['DCR_IAT']).toBe(IAT);
      expect(second.id).not.toBe(first.id);
      expect(second.createdAt > first.createdAt).toBe(true);
      expect((await it.stack.instances(NEVER)).map(({ id }) => id)).toEqual([second.id]);
      expect((await it.stack.instance(second.id, NEVER))?.id).toBe(second.id);
      expect(await it.stack.instance(first.id, NEVER)).toBeNull();
    });

    test('an instance that was removed is gone, and its log ends', async () => {
      const it = await open();
      const instance = await restart(it);
      const lines = it.stack.logs(instance.id, { follow: true, signal: NEVER })[Symbol.asyncIterator]();
      expect((await lines.next()).done).toBe(false);
      await it.remove(instance);
      for (let next = await lines.next(); next.done !== true; next = await lines.next());
      expect(await it.stack.instance(instance.id, NEVER)).toBeNull();
      expect(await it.stack.instances(NEVER)).toEqual([]);
    });

    test('a log is read from its first line on, followed over restarts, without gaps or repeats', async () => {
      const it = await open();
      const instance = await restart(it);
      const end = new AbortController();
      const followed: string[] = [];
      for await (const { text } of it.stack.logs(instance.id, { follow: true, signal: end.signal })) {
        followed.push(text);
        const starts = followed.filter((each) => withoutNumbers(each) === withoutNumbers(followed[0] ?? '')).length;
        if (starts === 3) end.abort(new Error('enough'));
      }
      expect((await it.stack.instance(instance.id, NEVER))?.state.restartCount).toBeGreaterThanOrEqual(2);
      const read: string[] = [];
      for await (const { text } of it.stack.logs(instance.id, { follow: false, signal: NEVER })) read.push(text);
      expect(read.slice(0, followed.length)).toEqual(followed);
    });

    test('every method ends with the reason of a signal that has aborted', async () => {
      const it = await open();
      const { stack } = it;
      const instance = await restart(it);
      await stack.look(NEVER);
      const plan = await stack.planWrite(NOTHING, NEVER);
      const before = await it.bytes();
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      let isStarted = false;
      const onStart = () => {
        isStarted = true;
      };
      const calls: Record<string, () => Promise<unknown>> = {
        look: () => stack.look(aborted),
        planWrite: () => stack.planWrite(NOTHING, aborted),
        planClear: () => stack.planClear(null, aborted),
        write: () => plan.write(token, 'sha256:00000000', LISTENER, aborted),
        prepare: () => stack.prepare(LISTENER, aborted),
        restart: () => stack.restart(LISTENER, onStart, aborted),
        instances: () => stack.instances(aborted),
        instance: () => stack.instance(instance.id, aborted),
        logs: async () => stack.logs(instance.id, { follow: true, signal: aborted })[Symbol.asyncIterator]().next(),
        reachFrom: () => stack.reachFrom(instance.id, 'http://127.0.0.1:1/', aborted),
      };
      const ends = Object.entries(calls).map(async ([method, call]) => {
        return [
          method,
          await call().then(
            () => 'resolved',
            (error: unknown) => error,
          ),
        ];
      });
      expect(Object.fromEntries(await Promise.all(ends))).toEqual(
        Object.fromEntries(Object.keys(calls).map((method) => [method, reason])),
      );
      expect(await it.bytes()).toBe(before);
      expect(isStarted).toBe(false);
    });
  });
}

/** A line as each start writes it: times and process ids differ. */
function withoutNumbers(line: string): string {
  return line.replace(/\d+/g, '#');
}
