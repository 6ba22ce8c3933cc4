import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { runDemo } from '../../scripts/cli/demo.ts';
import { openCaptured } from '../support/in-process.ts';
import { findLeaks, readAllFiles } from '../support/leaks.ts';

const LOOK_AGAIN_MS = 10;

test.for([
  ['the story', []],
  ['a BFF that says its token', ['--fault', 'leaks-token']],
  ['a BFF that gets worse later', ['--fault', 'flapping']],
] as const)('the demo shows no secret: %s', async ([, args]) => {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  // Where the collection is, as for `npm run`; what is written goes into a folder of its own.
  const root = new URL('../..', import.meta.url).pathname;
  const options = ['--reports', join(home, 'reports'), '--verbose', ...args];
  const { session, read, output } = await openCaptured('demo', options, {
    cwd: root,
    env: { PATH: process.env['PATH'] },
  });
  if (read.settings instanceof Error) throw read.settings;

  // The sandbox is the demo's own, and makes its secrets itself: they are noted as they come up in its files.
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
