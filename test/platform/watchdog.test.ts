import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('blocked.ts', import.meta.url));

function start(work: string, timeMs: number, { patienceMs = 300, lastWordsMs = 300 } = {}) {
  const limits = [timeMs, patienceMs, lastWordsMs].map(String);
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, work, ...limits], {
    stdio: 'pipe',
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const texts = { stdout: '', stderr: '' };
  const prints = (word: string) =>
    new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        texts.stdout += chunk;
        if (texts.stdout.includes(word)) resolve();
      });
    });
  child.stderr.on('data', (chunk) => {
    texts.stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...texts }));
  return { child, prints, ended };
}

describe('the time limit holds against', () => {
  test.each(['loop', 'expression', 'promises', 'script', 'parsing'])('%s', async (work) => {
    // A busy machine takes its time to reach the thread.
    expect(await start(work, 0, { lastWordsMs: 60_000 }).ended).toMatchObject({
      code: 3,
      signal: null,
      stderr: 'ended\n',
    });
  });

  test('what not even a debugger reaches: the process is killed', async () => {
    expect(await start('waiting', 0).ended).toMatchObject({ code: null, signal: 'SIGKILL', stderr: 'killed\n' });
  });
});

test('work that comes by is never ended', async () => {
  expect(await start('idle', 0, { patienceMs: 3_000, lastWordsMs: 3_000 }).ended).toMatchObject({
    code: 0,
    stdout: '',
    stderr: '',
  });
});

test('Ctrl-C ends blocked work, whose time is not up', async () => {
  const { child, prints, ended } = start('loop', 600_000);
  await prints('blocked');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: null, signal: 'SIGINT' });
});
