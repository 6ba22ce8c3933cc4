import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../scripts/core/result.ts';
import { Changes } from '../../scripts/kubernetes/changes.ts';
import { readPodLog } from '../../scripts/kubernetes/pod-log.ts';
import type { PodWatch } from '../../scripts/kubernetes/pod-watch.ts';
import { Turns } from '../../scripts/kubernetes/turns.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { container, pod, running, terminated, waiting } from '../support/pods.ts';
import { createScriptedKubectl, Feed, type Line, settle } from '../support/scripted-kubectl.ts';

const NAME = 'bff-7d9f-aaaaa';
const FOLLOW =
  'logs pod/bff-7d9f-aaaaa -c bff --timestamps=true --prefix=false --previous=false --follow=true --tail=-1';
const PREVIOUS = FOLLOW.replace('--previous=false --follow=true', '--previous=true --follow=false');
const ONCE = FOLLOW.replace('--follow=true', '--follow=false');
const line = (seconds: number, text: string) =>
  `2026-01-01T00:00:${String(seconds).padStart(2, '0')}.000000001Z ${text}`;

/** The container in one of its runs. */
const run = (id: number, state: ContainerState, before: number | null = null): Partial<ContainerStatus> => ({
  state: state.terminated === undefined ? state : { terminated: { ...state.terminated, containerID: `c://${id}` } },
  ...(state.waiting === undefined ? { containerID: `c://${id}` } : {}),
  ...(before === null ? {} : { lastState: { terminated: { exitCode: 3, containerID: `c://${before}` } } }),
  restartCount: id - 1,
});

function cluster(options: { readonly limit?: number; readonly always?: readonly Line[] } = {}) {
  const clock = new FakeClock();
  const changes = new Changes();
  let pods: readonly Pod[] = [];
  const feeds: { readonly args: string; readonly feed: Feed }[] = [];
  const { kubectl, calls, open } = createScriptedKubectl({
    lines(args, signal) {
      const feed = new Feed();
      feed.push(...(options.always ?? []));
      feeds.push({ args, feed });
      return feed.read(signal);
    },
  });
  const watch: PodWatch = {
    pods: () => pods,
    eventsOf: () => [],
    changed: (signal) => changes.next(signal),
    ready: Promise.resolve(),
    trouble: () => null,
    close: async () => {},
  };
  const proxy = { log: async () => null };
  const tools = { watch, clock, proxy, turns: new Turns(options.limit ?? 12, clock) };
  const ending = new AbortController();
  const read = (more: { uid?: string; container?: string; follow?: boolean; tail?: number } = {}) => {
    const lines: LogLine[] = [];
    const found = { isUnreadable: false };
    const { uid = `uid-of-${NAME}`, ...rest } = more;
    const ended = (async () => {
      const onUnreadable = () => {
        found.isUnreadable = true;
      };
      const log = { container: 'bff', follow: true, signal: ending.signal, onUnreadable, ...rest };
      for await (const each of readPodLog(kubectl, uid, log, tools)) lines.push(each);
    })();
    ended.catch(() => {});
    return { lines, ended, found, texts: () => lines.map(({ text }) => text) };
  };
  return {
    clock,
    calls,
    open,
    read,
    stop: () => ending.abort(new Error('stopped')),
    async set(...now: readonly Pod[]) {
      pods = now;
      changes.tell();
      await settle();
    },
    /** What the call of that number says; `ends`: and that is all. */
    async says(number: number, lines: readonly Line[], { ends = true } = {}) {
      while (feeds.length <= number) await settle();
      feeds[number]?.feed.push(...lines);
      if (ends) feeds[number]?.feed.end();
      await settle();
    },
  };
}

describe('the log of a pod', () => {
  test('comes from its first line on, with the time of each line apart', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, running()) }));
    const log = it.read();
    await it.says(0, [line(2, 'one'), '2026-01-01T02:00:03.5+02:00 two\r', line(4, '')], { ends: false });
    expect(log.lines).toEqual([
      { at: new Date('2026-01-01T00:00:02.000Z'), stream: 'stdout', text: 'one' },
      { at: new Date('2026-01-01T00:00:03.500Z'), stream: 'stdout', text: 'two' },
      { at: new Date('2026-01-01T00:00:04.000Z'), stream: 'stdout', text: '' },
    ]);
    expect(it.calls).toEqual([FOLLOW]);
    it.stop();
    await expect(log.ended).rejects.toThrow('stopped');
    expect(it.open()).toBe(0);
  });

  test('begins with the run before, where there was one, and goes on with each further run', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(2, running(), 1) }));
    const log = it.read();
    await it.says(0, [line(2, 'first')]);
    await it.says(1, [line(12, 'second')], { ends: false });
    expect(it.calls).toEqual([PREVIOUS, `${FOLLOW} --since-time=2026-01-01T00:00:02Z`]);
    await it.set(pod({ bff: run(2, terminated(3), 1) }));
    await it.says(1, []);
    await it.set(pod({ bff: run(2, waiting('CrashLoopBackOff'), 2) }));
    expect(it.calls).toHaveLength(2);
    await it.set(pod({ bff: run(3, running(), 2) }));
    await it.says(2, [line(32, 'third')], { ends: false });
    expect(log.texts()).toEqual(['first', 'second', 'third']);
    expect(it.calls[2]).toBe(`${FOLLOW} --since-time=2026-01-01T00:00:12Z`);
    // A run that came and went meanwhile.
    await it.set(pod({ bff: run(5, running(), 4) }));
    await it.says(2, []);
    await it.says(3, [line(42, 'fourth')]);
    await it.says(4, [line(52, 'fifth')]);
    expect(log.texts()).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
    await it.set();
    await log.ended;
  });

  test('of a container that has not started yet is waited for, not asked for', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, waiting('ContainerCreating')) }));
    const log = it.read();
    await it.set(pod({ bff: run(1, waiting('ImagePullBackOff')) }));
    expect(it.calls).toEqual([]);
    await it.set(pod({ bff: run(1, running()) }));
    await it.says(0, [line(2, 'one')]);
    expect(log.texts()).toEqual(['one']);
    await it.set();
    await log.ended;
  });

  test('of a container in its back-off is that of its last run', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, waiting('CrashLoopBackOff'), 1) }));
    const log = it.read();
    await it.says(0, [line(2, 'one')]);
    expect(it.calls).toEqual([ONCE]);
    await it.set(pod({ bff: run(2, running(), 1) }));
    await it.says(1, [line(12, 'two')], { ends: false });
    expect(log.texts()).toEqual(['one', 'two']);
    it.stop();
  });

  test('has no line twice and misses none where the connection was lost', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, running()) }));
    const log = it.read();
    await it.says(0, [line(1, 'zero'), line(2, 'one'), line(2, 'two')]);
    await it.says(1, [line(1, 'zero'), line(2, 'one'), line(2, 'two'), line(2, 'three'), line(3, 'four')], {
      ends: false,
    });
    expect(it.calls[1]).toBe(`${FOLLOW} --since-time=2026-01-01T00:00:02Z`);
    expect(it.clock.now()).toBeGreaterThanOrEqual(3_000);
    expect(log.texts()).toEqual(['zero', 'one', 'two', 'three', 'four']);
    it.stop();
  });

  test('has no line that the kubelet says itself', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(2, terminated(3), 1) }));
    const log = it.read({ follow: false });
    await it.says(0, ['unable to retrieve container logs for containerd://0123']);
    const long = 'x'.repeat(1_000_001);
    await it.says(1, [
      line(2, long),
      'rest',
      line(3, 'last'),
      'failed to create fsnotify watcher: too many open files',
    ]);
    await log.ended;
    expect(it.calls).toEqual([PREVIOUS, ONCE]);
    expect(log.texts()).toEqual([long, 'rest', 'last']);
  });

  test('has no times inside of a long line of an older kubelet', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, terminated(3)) }));
    const log = it.read({ follow: false, tail: 5 });
    const half = 'x'.repeat(4_096);
    await it.says(0, [line(2, half + line(2, half))]);
    await log.ended;
    expect(log.texts()).toEqual([half + half]);
    expect(it.calls).toEqual([ONCE.replace('--tail=-1', '--tail=5')]);
  });

  test('that may not be read says so', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, running()) }));
    const log = it.read();
    await it.says(0, [{ stderr: 'Error from server (Forbidden): pods "x" is forbidden' }]);
    await log.ended;
    expect(log.found.isUnreadable).toBe(true);
    expect(log.lines).toEqual([]);
  });

  test('may be that of an init container', async () => {
    const it = cluster();
    const init = container('migrate', run(1, terminated(0)));
    await it.set(pod({ inits: [init], bff: run(1, running()) }));
    const log = it.read({ container: 'migrate', follow: false });
    await it.says(0, [line(2, 'one')]);
    await log.ended;
    expect(log.texts()).toEqual(['one']);
    expect(it.calls).toEqual([ONCE.replace('-c bff', '-c migrate')]);
  });

  test('of one pod waits for its turn where too many are followed, and has all of its lines then', async () => {
    const it = cluster({ limit: 2, always: [line(2, 'one'), line(2, 'two'), line(3, 'three')] });
    const names = ['bff-7d9f-a', 'bff-7d9f-b', 'bff-7d9f-c'];
    await it.set(...names.map((name) => pod({ name, bff: run(1, running()) })));
    const logs = names.map((name) => it.read({ uid: `uid-of-${name}` }));
    // Those that say nothing give way, and go on later where they were.
    while (!it.calls.some((call) => call.startsWith('logs pod/bff-7d9f-b ') && call.endsWith('00:00:03Z'))) {
      expect(it.open()).toBeLessThanOrEqual(2);
      await settle();
    }
    for (const log of logs) expect(log.texts()).toEqual(['one', 'two', 'three']);
    expect(it.clock.now()).toBeGreaterThanOrEqual(15_000);
    it.stop();
    await settle();
    expect(it.open()).toBe(0);
  });

  test('ends with the pod, also where kubectl does not', async () => {
    const it = cluster();
    await it.set(pod({ bff: run(1, running()) }));
    const log = it.read();
    await it.says(0, [line(2, 'one')], { ends: false });
    await it.set();
    await log.ended;
    expect(it.open()).toBe(0);
  });
});
