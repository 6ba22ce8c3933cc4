import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { documentOf } from '../support/command.ts';
import { readAllFiles } from '../support/leaks.ts';
import { openStory } from '../support/story.ts';

test('from failing to healthy: registers, and changes only the lines it names', async () => {
  const story = await openStory();
  const before = await story.compose();
  const ended = await story.run('iat', '--json', '--stable-for', '1');
  expect(ended.exitCode, ended.stderr).toBe(0);
  expect(documentOf(ended)).toMatchObject({
    schema: 1,
    command: 'iat',
    verdict: 'healthy',
    exitCode: 0,
    steps: ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health'].map((name) => ({
      name,
      status: 'passed',
    })),
    token: { handle: expect.stringMatching(/^sha256:[0-9a-f]{8}$/), maxUsages: 1 },
    compose: { service: 'bff', wrote: 'compose', changed: expect.arrayContaining(['DCR_IAT']) },
    diagnosis: { code: 'registered' },
    error: null,
  });
  expect(Object.fromEntries(ended.run.facts)['Registration']).toContain('Client registered: bff-server');
  const added = (await story.compose()).split('\n').filter((line) => !before.split('\n').includes(line));
  expect(added).toEqual([expect.stringMatching(/^\s+DCR_IAT: /)]);
  expect(await story.token()).toBe(await story.written());
  const reports = join(story.home, 'reports');
  const names = Object.keys(await readAllFiles(reports)).map((path) => relative(reports, path));
  expect(names.map((name) => name.replace(/^.*(?=-iat\/)/, '')).sort()).toEqual([
    '-iat/index.html',
    '-iat/junit.xml',
    '-iat/result.json',
    'index.html',
    'latest/index.html',
    'latest/junit.xml',
    'latest/result.json',
  ]);
});

test('--dry-run changes and mints nothing, and names the commands', async () => {
  const story = await openStory();
  const before = await story.compose();
  const { run, stdout } = await story.run('iat', '--dry-run');
  expect(run).toMatchObject({ exitCode: 0, verdict: 'planned', token: null });
  expect(await story.compose()).toBe(before);
  expect(stdout).toMatch(/\+ +DCR_IAT: .*\n/);
  // Which commands compose has for it is tested with a real one.
  const restart = expect.stringMatching(/^npm run iat -- --collection \S+ --stable-for 0 --sandbox$/);
  expect(run.next).toContainEqual({ text: 'restart:', command: restart });
});

test('--no-restart stops after writing', async () => {
  const story = await openStory();
  const { run } = await story.run('iat', '--no-restart');
  expect(run).toMatchObject({ exitCode: 0, verdict: 'planned' });
  expect(await story.written()).not.toBeNull();
  expect(await story.token()).toBeUndefined();
  expect(run.steps.slice(3).map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
});
