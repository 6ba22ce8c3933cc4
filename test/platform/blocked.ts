import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { runInNewContext } from 'node:vm';
import { catchInterruption } from '../../scripts/platform/signals.ts';
import { startWatchdog, writeNow } from '../../scripts/platform/watchdog.ts';

/** A program for the tests of the watchdog: work that never lets go of its thread. Arguments: which, its time, how patient the watchdog is, and with the last words, in ms. */
const WORK: Readonly<Record<string, () => unknown>> = {
  loop() {
    for (;;);
  },
  expression: () => /^(?:b+)+c$/.exec('b'.repeat(60)),
  promises: async () => {
    for (;;) await null;
  },
  script: () => runInNewContext('for (;;);'),
  parsing() {
    for (;;) JSON.parse('[1,2,3]');
  },
  waiting: () => execFileSync('sleep', ['5']),
};

const [, , work = '', timeMs = '0', limitMs = '300', lastWordsMs = limitMs] = process.argv;
const ms = Number(limitMs);
const interruption = catchInterruption();
startWatchdog({
  leftMs: () => Number(timeMs),
  onBlocked() {
    interruption.release();
    writeNow('stdout', 'blocked\n');
  },
  onBack: interruption.take,
  onEnd: () => writeNow('stderr', 'ended\n'),
  exitCode: 3,
  lastWords: 'killed\n',
  limits: { blockedMs: ms, graceMs: ms, lastWordsMs: Number(lastWordsMs) },
});
if (work === 'idle') setTimeout(() => process.exit(0), 4_500);
else setTimeout(() => WORK[work]?.());
