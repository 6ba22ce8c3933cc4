import { readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { PRIVATE_FILE } from '../../scripts/core/ports.ts';
import { openPrivateText } from '../../scripts/platform/private-text.ts';
import { createProcesses } from '../../scripts/platform/processes.ts';
import { isPosix, testOnPosix } from '../support/posix.ts';
import { serve } from '../support/server.ts';

const processes = createProcesses({ PATH: process.env['PATH'] });
const node = (script: string) => ({ file: process.execPath, args: ['-e', script] });

/** Tells the test that it runs, goes on until it is told, and then says what it did. */
const CHILD = `
  process.on('SIGTERM', () => { fetch(process.argv[1] + '/told').finally(() => process.exit(1)); });
  fetch(process.argv[1] + '/runs').then((answer) => answer.text()).then(() => process.exit(0));
`;

describe('an aborted child', () => {
  test('without time to finish is told at once', async () => {
    const { paths, ran } = await runAborted({});
    await expect(ran).rejects.toThrow('enough');
    expect(paths).toEqual(['/runs', '/told']);
  });

  test('with time to finish is left alone, and the caller still learns of the abort', async () => {
    const { paths, ran, release } = await runAborted({ finishMs: 60_000 });
    release();
    await expect(ran).rejects.toThrow('enough');
    expect(paths).toEqual(['/runs']);
  });

  test('that does not finish in its time is told then', async () => {
    const { paths, ran } = await runAborted({ finishMs: 50 });
    await expect(ran).rejects.toThrow('enough');
    expect(paths).toEqual(['/runs', '/told']);
  });
});

test('a program that a killed child has started, and that holds its output open, is not waited for', async () => {
  const ending = new AbortController();
  let release = () => {};
  const url = await serve((_, response) => {
    release = () => response.end();
    ending.abort(new Error('enough'));
  });
  const holder = JSON.stringify(`fetch('${url}').then(() => process.exit(0), () => process.exit(1))`);
  const parent = node(`
    require('node:child_process').spawn(process.execPath, ['-e', ${holder}], { stdio: 'inherit' });
    setInterval(() => {}, 1000);
  `);
  await expect(processes.run(parent, { signal: ending.signal })).rejects.toThrow('enough');
  release();
});

test('a program that is not there is a fact, not an exception', async () => {
  const { signal } = new AbortController();
  await expect(processes.run({ file: 'no-such-program-anywhere', args: [] }, { signal })).resolves.toMatchObject({
    exitCode: null,
    startError: 'ENOENT',
  });
});

describe('where the system has a way of its own', () => {
  const system = {
    locate: ({ file }: { file: string }) => file,
    merge: (...all: object[]) => Object.assign({}, ...all),
  };
  const { signal } = new AbortController();

  test('a program that it does not find is not started', async () => {
    const none = createProcesses({}, { ...system, locate: () => null, endTree: null });
    await expect(none.run(node('process.exit(0)'), { signal })).resolves.toMatchObject({
      exitCode: null,
      startError: 'ENOENT',
    });
    for await (const line of none.lines(node('console.log(1)'), { signal })) throw new Error(line.text);
  });

  test.each([
    ['an aborted child', {}, 'rejects'],
    ['a child that took too long', { timeoutMs: 50 }, 'resolves'],
  ] as const)('%s is ended with all that it has started, and that comes first', async (_, limits, how) => {
    const ending = new AbortController();
    const ended: boolean[] = [];
    const own = createProcesses(process.env, {
      ...system,
      endTree: async (pid) => void ended.push(process.kill(pid, 0)),
    });
    const ran = own.run(node('setInterval(() => {}, 1000)'), { signal: ending.signal, ...limits });
    if (how === 'rejects') ending.abort(new Error('enough'));
    if (how === 'rejects') await expect(ran).rejects.toThrow('enough');
    else await expect(ran).resolves.toMatchObject({ timedOut: true });
    expect(ended).toEqual([true]);
  });

  test('a child that nobody listens to any more is ended in that way, too', async () => {
    let pids = 0;
    const own = createProcesses(process.env, { ...system, endTree: async () => void pids++ });
    for await (const { text } of own.lines(node("console.log('first'); setInterval(() => {}, 1000)"), { signal })) {
      expect(text).toBe('first');
      break;
    }
    expect(pids).toBe(1);
  });
});

/** A child that was aborted while it ran. */
async function runAborted(options: { readonly finishMs?: number }) {
  const abort = new AbortController();
  const paths: string[] = [];
  let release = () => {};
  const url = await serve((request, response) => {
    paths.push(request.url ?? '');
    if (request.url === '/told') response.end();
    else release = () => response.end();
    if (request.url === '/runs') abort.abort(new Error('enough'));
  });
  const { file, args } = node(CHILD);
  const ran = processes.run({ file, args: [...args, url] }, { signal: abort.signal, ...options });
  ran.catch(() => {});
  if (!abort.signal.aborted) await new Promise((resolve) => abort.signal.addEventListener('abort', resolve));
  return { paths, ran, release: () => release() };
}

describe('a private text', () => {
  const read = `
    const { readFileSync, fstatSync } = require('node:fs');
    process.stdout.write(JSON.stringify({ text: readFileSync(process.argv[1], 'utf8'), mode: fstatSync(0).mode & 0o777, names: fstatSync(0).nlink }));
  `;

  testOnPosix('is read from a file without a name, which only its owner may read', async () => {
    const { signal } = new AbortController();
    const { file, args } = node(read);
    const { stdout } = await processes.run(
      { file, args: [...args, PRIVATE_FILE] },
      { signal, privateText: 'test-only-secret-ü' },
    );
    expect(JSON.parse(stdout)).toEqual({ text: 'test-only-secret-ü', mode: 0o600, names: 0 });
  });

  test('has a name on Windows, and is gone when it is removed', async () => {
    const { path, stdin, remove } = await openPrivateText('test-only-secret', 'win32');
    expect({ stdin, text: await readFile(path, 'utf8'), mode: (await stat(path)).mode & 0o777 }).toEqual({
      stdin: null,
      text: 'test-only-secret',
      mode: isPosix ? 0o600 : 0o666,
    });
    await remove();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
