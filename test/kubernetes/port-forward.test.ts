import { describe, expect, onTestFinished, test } from 'vitest';
import { createForwards } from '../../scripts/kubernetes/port-forward.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createScriptedKubectl, Feed, type Line, settle } from '../support/scripted-kubectl.ts';

const NEVER = new AbortController().signal;

/** @param says what a forward says at first, by how many there were before it */
function forwards(
  says: (number: number) => readonly Line[] = (number) => [`Forwarding from 127.0.0.1:${4000 + number} -> 8000`],
  { ends = false } = {},
) {
  const feeds: Feed[] = [];
  const scripted = createScriptedKubectl({
    lines(_, signal) {
      const feed = new Feed();
      feed.push(...says(feeds.length));
      if (ends) feed.end();
      feeds.push(feed);
      return feed.read(signal);
    },
  });
  const clock = new FakeClock();
  const made = createForwards(scripted.kubectl, { forward: async () => null }, clock);
  onTestFinished(() => made.close());
  return { ...made, ...scripted, feeds, clock, openNow: scripted.open, open: made.open };
}

describe('a way to a pod', () => {
  test('is on the loopback, is used again, and opened again when it has died', async () => {
    const it = forwards();
    expect(await it.open('bff-1', 8000, NEVER)).toBe('http://127.0.0.1:4000');
    expect(await it.open('bff-1', 8000, NEVER)).toBe('http://127.0.0.1:4000');
    expect(it.calls).toEqual(['port-forward --address 127.0.0.1 pod/bff-1 :8000']);
    it.feeds[0]?.push({ stderr: 'error: lost connection to pod' });
    it.feeds[0]?.end();
    await settle();
    expect(await it.open('bff-1', 8000, NEVER)).toBe('http://127.0.0.1:4001');
  });

  test('is made once for two that ask at the same time', async () => {
    const it = forwards();
    const [one, two] = await Promise.all([it.open('bff-1', 8000, NEVER), it.open('bff-1', 8000, NEVER)]);
    expect(one).toBe(two);
    expect(it.calls).toHaveLength(1);
  });

  test.each([
    [
      'Error from server (Forbidden): pods "bff-1" is forbidden',
      /the cluster forbids it\./,
      /create and get pods\/portforward/,
    ],
    ['Error from server (NotFound): pods "bff-1" not found', /the pod is gone\./, /--bff-url/],
    [
      'error: unable to forward port because pod is not running. Current status=Pending',
      /the pod does not run\./,
      /--bff-url/,
    ],
    ['test-only-words', /kubectl ended\./, /--bff-url/],
  ])('cannot be: %s', async (stderr, message, hint) => {
    const it = forwards(() => [{ stderr }], { ends: true });
    await expect(it.open('bff-1', 8000, NEVER)).rejects.toMatchObject({
      code: 'port-forward-failed',
      message: expect.stringMatching(message),
      hint: {
        text: expect.stringMatching(hint),
        command: "kubectl port-forward --address 127.0.0.1 pod/bff-1 ':8000' --context test --namespace crud",
      },
    });
    await settle();
    expect(it.openNow()).toBe(0);
  });

  test('has a time limit, and the next one is tried again', async () => {
    const it = forwards((number) => (number === 0 ? [] : ['Forwarding from 127.0.0.1:4001 -> 8000']));
    await expect(it.open('bff-1', 8000, NEVER)).rejects.toMatchObject({ message: expect.stringMatching(/in time\.$/) });
    await settle();
    expect(await it.open('bff-1', 8000, NEVER)).toBe('http://127.0.0.1:4001');
  });

  test('ends the one that was not used for the longest time where there are too many', async () => {
    const it = forwards();
    const all = await Promise.all(Array.from({ length: 8 }, (_, index) => it.open(`bff-${index}`, 8000, NEVER)));
    await it.clock.sleep(3_000, NEVER);
    for (const index of [0, 2, 3, 4, 5, 6]) await it.open(`bff-${index}`, 8000, NEVER);
    it.feeds[7]?.push('Handling connection for 4007');
    await settle();
    await it.open('bff-8', 8000, NEVER);
    await settle();
    expect(it.openNow()).toBe(8);
    expect(await it.open('bff-0', 8000, NEVER)).toBe(all[0]);
    expect(await it.open('bff-7', 8000, NEVER)).toBe(all[7]);
    const before = it.clock.now();
    // The others are in use: it waits.
    expect(await it.open('bff-1', 8000, NEVER)).not.toBe(all[1]);
    expect(it.clock.now() - before).toBeGreaterThan(1_000);
    expect(it.openNow()).toBe(8);
  });

  test('gives way at once when it is in use no more', async () => {
    const it = forwards();
    const done = new AbortController();
    await it.open('bff-0', 8000, NEVER);
    for (const index of [1, 2, 3, 4, 5, 6, 7]) await it.open(`bff-${index}`, 8000, AbortSignal.any([done.signal]));
    done.abort(new Error('asked'));
    const before = it.clock.now();
    for (const index of [8, 9, 10, 11, 12, 13, 14]) await it.open(`bff-${index}`, 8000, NEVER);
    expect(it.clock.now()).toBe(before);
    await settle();
    expect(it.openNow()).toBe(8);
    await it.open('bff-0', 8000, NEVER);
    expect(it.calls).toHaveLength(15);
  });

  test('ends with all others, and nobody waits for it any more', async () => {
    const it = forwards((number) => (number === 0 ? ['Forwarding from 127.0.0.1:4000 -> 8000'] : []));
    await it.open('bff-1', 8000, NEVER);
    const waits = expect(it.open('bff-2', 8000, NEVER)).rejects.toMatchObject({ code: 'interrupted' });
    await it.close();
    await waits;
    expect(it.openNow()).toBe(0);
    await expect(it.open('bff-3', 8000, NEVER)).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('is not waited for by one who is interrupted', async () => {
    const it = forwards(() => []);
    const ending = new AbortController();
    const opening = it.open('bff-1', 8000, ending.signal);
    ending.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });
});
