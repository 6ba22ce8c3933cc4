import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

  test('what was there before the first of several runs comes back, as the reports tell: a name without a value', async () => {
    const story = await openStory();
    const before = (await story.compose()).replace(/^( +)DCR_ENABLED/m, '$1DCR_IAT: # comes from the shell\n$&');
    await writeFile(story.sandbox.composeFile, before);
    for (const [command, ...args] of [['iat'], ['iat', '--no-restart'], ['clear']] as const) {
      const told = await story.run(command, ...args);
      expect(told.exitCode, told.all).toBe(0);
    }
    expect(await story.compose()).toBe(before);
  });
});
