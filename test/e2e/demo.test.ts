import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { runDemo } from '../../scripts/cli/demo.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { openHere } from '../support/in-process.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';

const LOOK_AGAIN_MS = 10;

test.for([
  ['the story', []],
  ['a BFF that writes its token into the log', ['--fault', 'leaks-token']],
] as const)('the demo shows no secret: %s', async ([, args]) => {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  // The folder with the collection, as for `npm run`; what is written goes into a folder of its own.
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const options = ['--reports', join(home, 'reports'), '--verbose', ...args];
  const env = { PATH: process.env['PATH'] ?? '' };
  const { session, read, output } = await openHere(options, { command: 'demo', cwd: root, env });
  if (read.kind === 'print' || read.settings instanceof Error) throw new Error('The options are wrong.');

  // The sandbox is the demo's own, and makes its secrets itself: they are collected as they appear in its files.
  const secrets = new Map<string, string>();
  const openSandbox = async (fault?: string) => {
    const sandbox = await session.outside.openSandbox(fault);
    secrets.set(sandbox.adminToken.reveal(), 'admin token');
    const look = async () => {
      const compose = await readFile(sandbox.composeFile, 'utf8').catch(() => '');
      const [, iat] = /^ *DCR_IAT: *"?([^"\s]+)"?$/m.exec(compose) ?? [];
      if (iat !== undefined) secrets.set(iat, 'IAT');
    };
    const timer = setInterval(look, LOOK_AGAIN_MS);
    const close = async () => {
      clearInterval(timer);
      await look();
      for (const text of Object.values(await readAllFiles(dirname(sandbox.composeFile)))) {
        const [, rat] = /"registration_access_token": *"([^"]+)"/.exec(text) ?? [];
        if (rat !== undefined) secrets.set(rat, 'registration access token');
      }
      await sandbox.close();
    };
    return { ...sandbox, close };
  };

  expect(await runDemo({ ...session, outside: { ...session.outside, openSandbox } }, read.settings)).toBe(0);
  expect([...new Set(secrets.values())]).toEqual(['admin token', 'IAT', 'registration access token']);
  const texts = { ...output(), ...(await readAllFiles(home)) };
  expect(texts.stdout).toContain('npm run iat');
  expect(Object.keys(texts).some((path) => path.endsWith('index.html'))).toBe(true);
  const traces = [...secrets].flatMap(([secret, name]) => findLeaks(secret, texts).map((trace) => `${name}: ${trace}`));
  expect(traces).toEqual([]);
});

const inProject = { command: 'demo', cwd: fileURLToPath(new URL('../..', import.meta.url)) } as const;

test('demo --fault tells the story, with the exit code of the real thing', async () => {
  const story = await runCommand(['--fault', 'register-invalid-scope'], inProject);
  expect(story.all).toMatch(
    /The fault register-invalid-scope: the DCR policy lacks a scope[\s\S]*bff \| [\s\S]*invalid_scope/,
  );
  expect(story.all).toContain('npm run iat ends with exit code 1 here');
  expect(story.exitCode).toBe(0);
});

test('demo --fault without a name, or with a wrong one, lists them', async () => {
  const [list, wrong] = await Promise.all([
    runCommand(['--fault'], inProject),
    runCommand(['--fault', 'redis-dwn'], inProject),
  ]);
  expect([list.exitCode, wrong.exitCode]).toEqual([0, 2]);
  expect(wrong.all).toContain('Did you mean redis-down?');
  expect(wrong.all).toContain(list.stdout);
  expect(list.stdout).toContain('\n  redis-down ');
  for (const line of list.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('a flood of log is read to the line that decides, in memory that stays flat', async () => {
  const peaks: number[] = [];
  for (const megabytes of [5, 50]) {
    const running = startCommand(['--fault', `log-flood:${megabytes}`], inProject);
    const peak = await peakMemory(running.pid);
    const { all } = await running.ended;
    expect(all.replace(/\s+/g, ' ')).toContain('The BFF has no cached credentials and no IAT in DCR_IAT.');
    peaks.push(peak);
  }
  const [little = 0, much = 0] = peaks;
  expect(little).toBeGreaterThan(50);
  expect(much / little, peaks.join()).toBeLessThan(1.4);
});

/** The largest resident set of a process until it ends, in megabytes: the kernel keeps it as the high-water mark. */
async function peakMemory(pid: number): Promise<number> {
  for (let peak = 0; ; await sleep(50)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    if (kilobytes === undefined) return peak;
    peak = Number(kilobytes) / 1024;
  }
}
