import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workOf } from '../../scripts/cli/main.ts';
import { watchDoctor } from '../../scripts/cli/watch.ts';
import { startCommand } from '../support/command.ts';
import { openHere, runHere } from '../support/in-process.ts';
import { sendJson, serve } from '../support/server.ts';
import { createHome } from '../support/stand-in.ts';
import { openStory } from '../support/story.ts';

const NEVER = new AbortController().signal;

const reportsIn = async (home: string, command: string) =>
  (await readdir(join(home, 'reports'))).filter((name) => name.endsWith(`-${command}`));

const collectionOf = (url: string, names: readonly string[]) =>
  JSON.stringify({
    info: { name: 'API', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item: names.map((name) => ({ name, request: { method: 'GET', url } })),
  });

test('collection --watch runs again for each change, goes on with a broken file, and Ctrl-C ends it with 130', async () => {
  const url = await serve((_, response) => sendJson(response, 200, {}));
  const home = await createHome();
  const file = join(home, 'api.json');
  await writeFile(file, collectionOf(url, ['one']));
  const command = startCommand(['api.json', '--watch'], { command: 'collection', cwd: home });
  await command.prints(/--watch without a terminal.* → one .*Waiting for a change of api\.json\. Ctrl-C ends\./);
  await writeFile(file, '{"info": ');
  await command.prints(/api\.json has changed\. .*is not .*JSON.*Waiting/);
  await writeFile(join(home, 'new.json'), collectionOf(url, ['one', 'two']));
  await rename(join(home, 'new.json'), file);
  await command.prints(/has changed\. .*has changed\. .*→ two .*Waiting/);
  command.kill('SIGINT');
  const { exitCode, all } = await command.ended;
  expect(exitCode, all).toBe(130);
  expect(all).toMatch(/\nEnded\. The last run: passed\.\n$/);
  expect(await reportsIn(home, 'collection')).toHaveLength(3);
});

describe('doctor --watch', () => {
  test('a line for each change of the verdict, until nothing is wrong: 0, and the last look has the one report', async () => {
    const story = await openStory();
    const [bff] = await story.sandbox.stack.instances(NEVER);
    // To its end: it fails.
    for await (const _ of story.sandbox.stack.logs(bff?.id ?? '', { follow: true, signal: NEVER }));
    const { session, read, output } = await openHere(['--watch', '--collection', COLLECTION], {
      command: 'doctor',
      cwd: story.home,
      env: {},
    });
    if (read.kind === 'print') throw new Error(read.text);
    let looks = 0;
    const clock = {
      ...session.outside.clock,
      async sleep(ms: number, signal: AbortSignal) {
        if (ms !== 3_000) return session.outside.clock.sleep(ms, signal);
        looks += 1;
        // Somebody mints meanwhile; the second look finds what the first one found.
        if (looks === 2) expect((await story.run('iat')).exitCode).toBe(0);
      },
    };
    const watched = { ...session, outside: { ...session.outside, clock } };
    const exitCode = await watchDoctor(watched, { ...workOf('doctor', watched, read), sandbox: story.sandbox });
    const { all } = output();
    expect(exitCode, all).toBe(0);
    expect(looks).toBe(2);
    expect(all).toMatch(/^\d\d:\d\d:\d\d The BFF has no .+\n\n✔ settings .*\n/);
    expect(all).toMatch(/\nNothing is wrong\. /);
    expect(all.match(/Report: /g)).toHaveLength(1);
    expect(await reportsIn(story.home, 'doctor')).toHaveLength(1);
    expect(await reportsIn(story.home, 'iat')).toHaveLength(1);
  });

  test.each([
    ['--json', ['--json']],
    ['--log-file', ['--log-file', 'bff.log']],
    ['--sandbox', ['--sandbox']],
  ])('%s is for one run', async (flag, args) => {
    const { exitCode, run } = await runHere(['--watch', ...args], {
      command: 'doctor',
      cwd: await createHome(),
      env: {},
    });
    expect([exitCode, run.error?.message]).toEqual([2, `${flag} is for one run, and --watch makes many.`]);
  });
});

const COLLECTION = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;
