import type { Event, Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { watchPods } from '../../scripts/kubernetes/pod-watch.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { event, pod, running } from '../support/pods.ts';
import { createScriptedKubectl, Feed, type Said, settle } from '../support/scripted-kubectl.ts';

const NEVER = new AbortController().signal;

const told = (type: string, object: object) => JSON.stringify({ type, object });
const FORBIDDEN = { exitCode: 1, stderr: 'Error from server (Forbidden): pods is forbidden' };
const A = pod({ name: 'bff-7d9f-a' });
const B = pod({ name: 'bff-7d9f-b' });

/** @param lists what each list answers, the last one from then on */
function watch({ lists = [[]] }: { lists?: readonly (readonly Pod[] | Said)[] } = {}) {
  const feeds = { pods: [] as Feed[], events: [] as Feed[] };
  let asked = 0;
  const { kubectl, calls, open } = createScriptedKubectl({
    run() {
      const list = lists[Math.min(asked, lists.length - 1)] ?? '';
      asked += 1;
      return Array.isArray(list) ? JSON.stringify({ kind: 'List', items: list }) : (list as Said);
    },
    lines(args, signal) {
      const feed = new Feed();
      feeds[args.startsWith('get pods') ? 'pods' : 'events'].push(feed);
      return feed.read(signal);
    },
  });
  const watched = watchPods(kubectl, { selector: 'app=bff', name: 'bff', clock: new FakeClock() }, NEVER);
  onTestFinished(() => watched.close());
  const names = () => watched.pods().map(({ metadata }) => metadata?.name);
  const begun = async (count: number) => {
    while (feeds.pods.length < count) await settle();
    return feeds.pods[count - 1] ?? new Feed();
  };
  return { watched, feeds, calls, open, names, begun };
}

describe('a watch', () => {
  test('knows the pods that there are, and follows what becomes of them, by one stream', async () => {
    const { watched, names, begun, calls } = watch({ lists: [[A, B]] });
    const feed = await begun(1);
    feed.push(told('ADDED', A), told('ADDED', B));
    await watched.ready;
    expect(names()).toEqual(['bff-7d9f-a', 'bff-7d9f-b']);

    const changed = watched.changed(NEVER);
    feed.push(
      told('MODIFIED', pod({ name: 'bff-7d9f-a', bff: { state: running() } })),
      told('BOOKMARK', { metadata: {} }),
    );
    await changed;
    await settle();
    expect(watched.pods()[0]?.status?.containerStatuses?.[0]?.state).toEqual(running());
    feed.push(told('DELETED', A));
    await settle();
    expect(names()).toEqual(['bff-7d9f-b']);
    expect(calls.filter((call) => call.startsWith('get pods'))).toEqual([
      'get pods -l app=bff --watch=false -o json',
      'get pods -l app=bff --watch=true --watch-only=false --output-watch-events=true -o json',
    ]);
  });

  test('does not keep who wrote which field', async () => {
    const { watched } = watch({ lists: [[{ ...A, metadata: { ...A.metadata, managedFields: [{ manager: 'x' }] } }]] });
    await watched.ready;
    expect(JSON.stringify(watched.pods())).not.toContain('managedFields');
  });

  test('knows that there are none', async () => {
    const { watched } = watch();
    await watched.ready;
    expect(watched.pods()).toEqual([]);
  });

  test('says what keeps the first look from an answer', async () => {
    const { watched } = watch({ lists: [FORBIDDEN] });
    await expect(watched.ready).rejects.toMatchObject({ code: 'rights-missing' });
    expect(watched.trouble()).toMatchObject({ code: 'rights-missing' });
  });

  test('begins again when a stream ends, and drops what is gone meanwhile', async () => {
    const { watched, names, begun } = watch({ lists: [[A, B], FORBIDDEN, [B]] });
    const first = await begun(1);
    first.push(told('ADDED', A), told('ADDED', B));
    await watched.ready;
    first.end();
    const second = await begun(2);
    expect(names()).toEqual(['bff-7d9f-a', 'bff-7d9f-b']);
    await settle();
    expect(watched.trouble()).toMatchObject({ code: 'rights-missing' });
    // Its version is too old.
    second.push(told('ERROR', { kind: 'Status', code: 410 }));
    (await begun(3)).push(told('ADDED', B));
    await settle();
    expect(names()).toEqual(['bff-7d9f-b']);
    expect(watched.trouble()).toBeNull();
  });

  test('drops a pod that was deleted between the list and the beginning of the stream', async () => {
    const { watched, names, begun } = watch({ lists: [[A, B]] });
    (await begun(1)).push(told('ADDED', B));
    await watched.ready;
    while (names().length > 1) await watched.changed(NEVER);
    expect(names()).toEqual(['bff-7d9f-b']);
  });

  test('ends its processes, and every wait for a change', async () => {
    const { watched, open } = watch({ lists: [[A]] });
    await watched.ready;
    expect(open()).toBe(2);
    const waits = expect(watched.changed(NEVER)).rejects.toMatchObject({ code: 'interrupted' });
    await watched.close();
    await waits;
    expect(open()).toBe(0);
  });
});

describe('events', () => {
  const about = (name: string, message: string, more: Partial<Event> = {}) =>
    told('ADDED', { ...event('FailedMount', message, { name }), ...more });

  test('are those of the workload, its ReplicaSets and its pods, the last few of each', async () => {
    const { watched, feeds } = watch({ lists: [[A]] });
    await watched.ready;
    const [feed] = feeds.events;
    const many = Array.from({ length: 12 }, (_, index) =>
      about('bff', `${index}`, { metadata: { name: `${index}`, uid: `${index}` } }),
    );
    feed?.push(
      about('bff-7d9f-a', 'a'),
      about('bff-7d9f', 'set'),
      about('other', 'no'),
      about('bffs-1', 'no'),
      ...many,
    );
    await settle();
    const messages = (name: string) => watched.eventsOf(name).map(({ message }) => message);
    expect(messages('bff-7d9f-a')).toEqual(['a']);
    expect(messages('bff-7d9f')).toEqual(['set']);
    expect(messages('bff')).toEqual(['2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
    expect([...messages('other'), ...messages('bffs-1')]).toEqual([]);
    feed?.push(about('bff-7d9f-a', 'again'));
    await settle();
    expect(messages('bff-7d9f-a')).toEqual(['again']);
  });

  test('of an older pod with the same name are none of this one', async () => {
    const { watched, feeds } = watch({ lists: [[A]] });
    await watched.ready;
    feeds.events[0]?.push(about('bff-7d9f-a', 'old', { involvedObject: { name: 'bff-7d9f-a', uid: 'older' } }));
    await settle();
    expect(watched.eventsOf('bff-7d9f-a')).toEqual([]);
  });

  test('that may not be read are none, and are not asked for for ever', async () => {
    const { watched, feeds, names } = watch({ lists: [[A]] });
    for (let count = 0; count < 3; count += 1) {
      while (feeds.events.length <= count) await settle();
      feeds.events[count]?.end();
    }
    await settle();
    await settle();
    expect(feeds.events).toHaveLength(3);
    expect(names()).toEqual(['bff-7d9f-a']);
    expect(watched.eventsOf('bff')).toEqual([]);
  });
});
