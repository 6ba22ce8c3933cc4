import process from 'node:process';
import { expect, test } from 'vitest';
import { catchInterruption } from '../../scripts/platform/signals.ts';

test.for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGBREAK', 130],
] as const)('%s aborts, and the exit code is %i', ([signal, exitCode]) => {
  const interruption = catchInterruption();
  expect(interruption.exitCode()).toBeNull();
  process.emit(signal);
  interruption.release();
  expect(interruption.signal.reason).toMatchObject({ code: 'interrupted' });
  expect(interruption.exitCode()).toBe(exitCode);
});

test('a Ctrl-C that npm passes on as well is one: the run may still write its report', () => {
  const interruption = catchInterruption();
  process.emit('SIGINT');
  process.emit('SIGINT');
  interruption.release();
  expect(interruption.exitCode()).toBe(130);
});
