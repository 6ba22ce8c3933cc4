import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readAllFiles } from '../support/leaks.ts';
import { openStory } from '../support/story.ts';

const stepsOf = ({ steps }: { steps: readonly { name: string; status: string }[] }) =>
  steps.filter(({ status }) => status !== 'skipped').map(({ name, status }) => `${name} ${status}`);

describe('npm run iat:clear', () => {
  test('takes the token out again: the same bytes as before, and a BFF from its cached credentials', async () => {
    const story = await openStory();
    const before = await story.compose();
    expect((await story.run('iat')).run.exitCode).toBe(0);
    const token = (await story.token()) ?? '';
    expect(await story.compose()).toContain(token);

    const plan = await story.run('clear', '--dry-run');
    expect(plan.run).toMatchObject({ exitCode: 0, verdict: 'planned' });
    expect(plan.all).toMatch(/-\s+DCR_IAT: ‹/);
    expect(await story.token()).toBe(token);

    const cleared = await story.run('clear');
    expect(cleared.run, cleared.all).toMatchObject({
      command: 'clear',
      exitCode: 0,
      verdict: 'healthy',
      diagnosis: { code: 'credentials-cached' },
      compose: { wrote: 'compose', changed: ['DCR_IAT'] },
    });
    expect(stepsOf(cleared.run)).toEqual(
      ['preflight', 'clear', 'restart', 'bootstrap', 'health'].map((step) => `${step} passed`),
    );
    expect(await story.compose()).toBe(before);
    expect(await story.token()).toBeUndefined();

    const again = await story.run('clear');
    expect(again.run, again.all).toMatchObject({ exitCode: 0, verdict: 'healthy' });
    expect(stepsOf(again.run)).toEqual(['preflight passed', 'health passed']);
    // Neither in what was printed, nor in a report.
    const reports = Object.entries(await readAllFiles(join(story.home, 'reports')));
    expect(reports.length).toBeGreaterThan(10);
    const shown = [...reports.map(([, text]) => text), plan.all, cleared.all, again.all];
    expect(shown.filter((text) => text.includes(token))).toEqual([]);
  });

  test.for([
    ['an empty text', 'DCR_IAT: ""'],
    ['no value', 'DCR_IAT: # comes from the shell'],
  ] as const)('what stood there before comes back: %s', async ([, line]) => {
    const open = async () => {
      const story = await openStory();
      const before = (await story.compose()).replace(/^( +)DCR_ENABLED/m, `$1${line}\n$&`);
      await writeFile(story.sandbox.composeFile, before);
      return { ...story, before };
    };
    const one = await open();
    expect((await one.run('iat', '--clear')).run).toMatchObject({ exitCode: 0, compose: { changed: [], diff: null } });
    expect(await one.compose()).toBe(one.before);
    // And over several commands, by the report of the first.
    const several = await open();
    for (const args of [['iat'], ['iat', '--no-restart'], ['clear']] as const) {
      const [command, ...more] = args;
      const told = await several.run(command, ...more);
      expect(told.run.exitCode, told.all).toBe(0);
    }
    expect(await several.compose()).toBe(several.before);
  });

  test('--clear does it at the end of the same run', async () => {
    const story = await openStory({ staleIat: true });
    const run = await story.run('iat', '--clear');
    expect(run.run, run.all).toMatchObject({
      exitCode: 0,
      verdict: 'healthy',
      compose: { changed: ['DCR_IAT'], diff: expect.stringMatching(/^- +DCR_IAT: ‹value before›$/m) },
    });
    expect(stepsOf(run.run)).toEqual(
      ['preflight', 'mint', 'write', 'restart', 'bootstrap', 'health', 'clear', 'restart', 'bootstrap', 'health'].map(
        (step) => `${step} passed`,
      ),
    );
    expect(await story.compose()).not.toContain('DCR_IAT');
    expect(await story.token()).toBeUndefined();
  });

  test('credentials that are gone: everything is put back, and it says why', async () => {
    const story = await openStory();
    expect((await story.run('iat')).run.exitCode).toBe(0);
    const written = await story.compose();
    const token = await story.token();
    const volumes = join(dirname(story.sandbox.composeFile), 'volumes');
    for (const path of Object.keys(await readAllFiles(volumes))) if (path.endsWith('bff_client.json')) await rm(path);
    const run = await story.run('clear');
    expect(run.run, run.all).toMatchObject({
      exitCode: 1,
      verdict: 'unhealthy',
      error: { code: 'bootstrap-failed' },
    });
    expect(run.run.error?.message).toMatch(/^Without DCR_IAT the BFF is not well, so everything was put back/);
    expect(run.run.error?.hint?.text).toMatch(/volume/);
    expect(stepsOf(run.run).slice(-2)).toEqual(['bootstrap failed', 'restore passed']);
    expect(await story.compose()).toBe(written);
    expect(await story.token()).toBe(token);
  });

  test('where the next start would need a token, nothing is changed', async () => {
    const story = await openStory();
    const refused = await story.run('clear');
    expect(refused.run, refused.all).toMatchObject({ exitCode: 1, error: { code: 'bff-unhealthy' } });
    expect((await story.run('iat')).run.exitCode).toBe(0);
    const file = story.sandbox.composeFile;
    const written = (await readFile(file, 'utf8')).replace('DCR_FORCE_REPLACE: "false"', 'DCR_FORCE_REPLACE: "true"');
    await writeFile(file, written);
    const run = await story.run('clear');
    expect(run.run, run.all).toMatchObject({ exitCode: 2, error: { code: 'token-needed' } });
    expect(await story.compose()).toBe(written);
  });
});
