// @ts-check
import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import process from 'node:process';
import { setInterval, setTimeout } from 'node:timers';
import { workerData } from 'node:worker_threads';

/**
 * The thread that watches the main one (watchdog.ts starts it): plain JavaScript, because a thread knows nothing of tsx. A
 * debugger's session reaches the main thread in the middle of its work, in a loop, a regular expression or endless promises
 * as well, and calls what it left there.
 *
 * @type {{ shared: SharedArrayBuffer, entry: string, lastWords: string, blockedMs: number, graceMs: number, lastWordsMs: number }}
 */
const { shared, entry, lastWords, blockedMs, graceMs, lastWordsMs } = workerData;

/** In milliseconds of the machine's monotonic clock: when the main thread last came by, and when its time is up. */
const [BEAT, DUE] = [0, 1];
const times = new Float64Array(shared);

const LOOK_MS = 250;

let isTold = false;
let isEnding = false;

setInterval(() => {
  const nowMs = now();
  const silentMs = nowMs - (times[BEAT] ?? nowMs);
  if (isEnding) return;
  if (silentMs > graceMs && nowMs > (times[DUE] ?? nowMs) + graceMs) {
    isEnding = true;
    setTimeout(kill, lastWordsMs);
    call('end');
  } else if (silentMs > blockedMs && !isTold) call('blocked');
  isTold = silentMs > blockedMs;
}, LOOK_MS);

function now() {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/**
 * Stops the main thread where it is, calls what it left under `entry`, and lets it go on.
 *
 * @param {'blocked' | 'end'} what
 */
function call(what) {
  try {
    const session = new Session();
    session.connectToMainThread();
    session.on('Debugger.paused', () => {
      const expression = `globalThis[Symbol.for(${JSON.stringify(entry)})](${JSON.stringify(what)})`;
      session.post('Runtime.evaluate', { expression }, () => session.disconnect());
    });
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  } catch {
    // Node without a debugger: the end comes without words of the main thread.
  }
}

/** Nothing reached the main thread. The exit code is the signal's. */
function kill() {
  writeSync(2, lastWords);
  process.kill(process.pid, 'SIGKILL');
}
