import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../core/ports.ts';

/** What has happened to a file: it holds something else, it is gone, or it was not there before. */
export interface FileChange {
  readonly path: string;
  readonly kind: 'changed' | 'gone' | 'new';
}

export interface FileWatch {
  /**
   * The first change since the watch was opened, once the files have come to rest.
   *
   * @throws the signal's reason
   */
  change(signal: AbortSignal): Promise<FileChange>;
  close(): void;
}

/** How often files are looked at: network drives, and folders of this machine in a virtual one, do not report changes. */
const LOOK_MS = 1_000;

/** An editor that saves empties and writes, or removes and renames: so long nothing may happen. */
const REST_MS = 150;

/** A file that is gone has this time to come back. */
const GONE_MS = 1_500;

/** What is written without a pause, such as a log, is no reason to wait for ever. */
const LONGEST_REST_MS = 5_000;

/** Tells when something in a folder may have changed; throws where the system cannot. */
type WatchFolder = (folder: string, onEvent: () => void) => { close(): void };

/**
 * Watches files, by their paths: one may be missing, or be replaced by another of its name. What the system reports of their
 * folders only ends a pause; what counts is how the files look.
 */
export function openFileWatch(
  paths: readonly string[],
  clock: Clock,
  watchFolder: WatchFolder = watchWithNode,
): FileWatch {
  let hasEvent = false;
  let wake = () => {};
  const onEvent = () => {
    hasEvent = true;
    wake();
  };
  const watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap((folder) => {
    try {
      return [watchFolder(folder, onEvent)];
    } catch {
      return [];
    }
  });
  const opened = stampsOf(paths);

  /** Until an event, or for so long. */
  async function pause(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    wake = () => woken.abort();
    if (!hasEvent) await clock.sleep(LOOK_MS, AbortSignal.any([signal, woken.signal])).catch(() => {});
    hasEvent = false;
    signal.throwIfAborted();
  }

  /** How the files look when that has stayed the same for a moment. */
  async function atRest(signal: AbortSignal): Promise<Stamps> {
    const startMs = clock.now();
    let before = await stampsOf(paths);
    let sinceMs = startMs;
    for (;;) {
      await clock.sleep(REST_MS, signal);
      const now = await stampsOf(paths);
      const nowMs = clock.now();
      if (paths.some((path) => now.get(path) !== before.get(path))) sinceMs = nowMs;
      before = now;
      const isGone = (await opened).size > now.size;
      if (nowMs - sinceMs >= (isGone ? GONE_MS : REST_MS) || nowMs - startMs >= LONGEST_REST_MS) return now;
    }
  }

  return {
    async change(signal) {
      const before = await opened;
      for (;;) {
        if (firstChange(paths, before, await stampsOf(paths)) !== null) {
          // It may be as before then.
          const change = firstChange(paths, before, await atRest(signal));
          if (change !== null) return change;
        }
        await pause(signal);
      }
    },
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** By path, of the files that are there: the same for as long as a file is the same. */
type Stamps = ReadonlyMap<string, string>;

async function stampsOf(paths: readonly string[]): Promise<Stamps> {
  const stamps = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path).catch(() => null);
      return stats?.isFile() ? ([path, `${stats.ino} ${stats.size} ${stats.mtimeMs}`] as const) : null;
    }),
  );
  return new Map(stamps.filter((each) => each !== null));
}

function firstChange(paths: readonly string[], before: Stamps, now: Stamps): FileChange | null {
  const path = paths.find((each) => now.get(each) !== before.get(each));
  if (path === undefined) return null;
  return { path, kind: !now.has(path) ? 'gone' : before.has(path) ? 'changed' : 'new' };
}

function watchWithNode(folder: string, onEvent: () => void) {
  const watcher = watch(folder, { persistent: false }, onEvent);
  // The folder itself may go.
  watcher.on('error', () => {});
  return watcher;
}
