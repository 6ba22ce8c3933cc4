import { describe, expect, it } from 'vitest';
import type { KubernetesFacts, PriorValue } from '../../scripts/core/result.ts';
import { parseReportFolderName, reportFolderName } from '../../scripts/report/folder.ts';
import { renderHistory } from '../../scripts/report/history.tsx';
import { chooseOld, priorValueIn } from '../../scripts/report/keep.ts';
import { readEntry } from '../../scripts/report/past-run.ts';
import { placeOfObject } from '../../scripts/report/pods.ts';
import { renderResult } from '../../scripts/report/result-json.ts';
import { HOSTILE } from './extreme-runs.ts';
import { clusterRun, sampleCluster } from './sample-cluster.ts';
import { sampleMasker } from './sample-exchanges.ts';
import { failedMintRun, healthyRun, step } from './sample-run.ts';

const FOLDER = '2026-11-23T10-11-12-345Z-iat';
const resultOf = (run = healthyRun()) => renderResult(run, { html: null, junit: null, json: null }, sampleMasker());
const folder = (name: string, result: string | null, hasPage = true) => ({ name, result, hasPage });

describe('the folder of a run', () => {
  it('sorts by time, is legal on Windows, and can be read back', () => {
    const at = new Date('2026-11-23T10:11:12.345Z');
    expect(reportFolderName(at, 'iat')).toBe(FOLDER);
    expect(parseReportFolderName(FOLDER)).toEqual({ startedAt: at, command: 'iat' });
    expect(reportFolderName(at, 'iat') < reportFolderName(new Date(at.getTime() + 1), 'clear')).toBe(true);
    for (const command of ['iat:clear', '../../etc', 'CON ', 'a'.repeat(300), '', 'ä<>|?*"']) {
      const name = reportFolderName(at, command);
      expect(name).toMatch(/^[0-9TZ-]+-[a-z0-9-]{1,32}$/);
      expect(parseReportFolderName(name)).not.toBeNull();
    }
  });

  it.each(['sample', 'index.html', '2026-11-23T10-11-12-345Z-', '2026-99-99T10-11-12-345Z-iat', `${FOLDER}/../x`])(
    'does not know %s as its own',
    (name) => expect(parseReportFolderName(name)).toBeNull(),
  );
});

describe('an entry of the history', () => {
  it('has time, command, verdict, duration and what failed', () => {
    expect(readEntry(folder(FOLDER, resultOf(failedMintRun())))).toEqual({
      folder: FOLDER,
      link: `${FOLDER}/index.html`,
      startedAt: new Date('2026-11-23T10:11:12.345Z'),
      command: 'iat',
      collection: null,
      workload: null,
      hasToken: false,
      verdict: 'failed',
      durationMs: 1020,
      failedSteps: ['mint'],
      reason: 'The IdP refused the admin token (401 invalid_token). Nothing was changed.',
    });
    expect(readEntry(folder(FOLDER, resultOf()))).toMatchObject({ verdict: 'healthy', failedSteps: [], reason: '' });
  });

  it('of a run on compose has the file: runs of several stacks stand in one list', () => {
    const run = healthyRun();
    const entry = readEntry(folder(FOLDER, resultOf(run)));
    expect(entry?.workload).toMatch(/docker-compose-authzen4\.yml$/);
    expect(entry?.workload).toBe(run.compose?.target);
    expect(renderHistory(entry === null ? [] : [entry])).toContain(run.compose?.target ?? 'none');
  });

  it('of a run on a cluster has the workload, and where it is', () => {
    const entry = readEntry(folder(FOLDER, resultOf(clusterRun())));
    expect(entry?.workload).toBe('deployment/bff in namespace crud of context prod-eu');
    expect(renderHistory(entry === null ? [] : [entry])).toContain(
      'deployment/bff in namespace crud of context prod-eu',
    );
  });

  it.each([null, '', '{"schema":1,"ver', '[]', 'null'])('lists a run that was killed: %j', (text) => {
    expect(readEntry(folder(FOLDER, text, false))).toMatchObject({
      verdict: null,
      command: 'iat',
      link: null,
      durationMs: null,
    });
  });

  it('names the result of another version as such, and links its page', () => {
    expect(readEntry(folder(FOLDER, '{"schema":2,"verdict":"fine"}'))).toMatchObject({
      verdict: null,
      link: `${FOLDER}/index.html`,
      reason: 'Its result was written by another version of this tool.',
    });
  });

  it.each([null, '{}', '{"name":"something else"}'])('leaves a folder of other origin alone: %j', (text) => {
    expect(readEntry(folder('my-folder', text))).toBeNull();
  });

  it('lists a result under any name, and survives fields of wrong types', () => {
    expect(readEntry(folder('sample', resultOf()))).toMatchObject({ folder: 'sample', link: 'sample/index.html' });
    const odd = JSON.stringify({
      schema: 1,
      steps: [null, 'x', { status: 'failed' }],
      verdict: 7,
      startedAt: 5,
      reports: 'x',
    });
    expect(readEntry(folder(FOLDER, odd, false))).toMatchObject({
      verdict: null,
      failedSteps: [''],
      link: null,
      startedAt: expect.any(Date),
    });
  });
});

describe('the page over all runs', () => {
  it('is newest first, with relative links', () => {
    const older = '2026-11-22T10-11-12-345Z-iat';
    const entries = [older, FOLDER]
      .map((name) => readEntry(folder(name, null, false)))
      .filter((entry) => entry !== null);
    const withLinks = entries.map((entry) => ({ ...entry, link: `${entry.folder}/index.html` }));
    const links = [...renderHistory(withLinks).matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    expect(links).toEqual([`${FOLDER}/index.html`, `${older}/index.html`]);
  });

  it('shows no markup of others', () => {
    const hostile = healthyRun({
      command: HOSTILE.script,
      verdict: 'failed',
      diagnosis: null,
      error: { code: 'internal', message: HOSTILE.image, hint: null, where: null },
    });
    const entry = readEntry(folder('"><script>x', resultOf(hostile)));
    const page = renderHistory(entry === null ? [] : [entry]);
    expect(page).toContain('&lt;script>');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
  });

  it('says when there is no report', () => {
    expect(renderHistory([])).toContain('There is no report here yet.');
  });
});

describe('which reports are beyond those that are kept', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 10, minute));
  const run = (minute: number, name = reportFolderName(at(minute), 'iat')) =>
    folder(name, resultOf(healthyRun({ startedAt: at(minute) })));
  const nameOf = (minute: number) => reportFolderName(at(minute), 'iat');

  it('are the oldest, whatever the order they are found in', () => {
    const runs = [3, 1, 4, 0, 2].map((minute) => run(minute));
    expect(chooseOld(runs, 3)).toEqual([nameOf(1), nameOf(0)]);
    expect(chooseOld(runs, 5)).toEqual([]);
  });

  it('never are of other origin, not finished, or renamed; those do not count either', () => {
    const others = [
      folder('sample', resultOf()),
      folder('my-folder', null),
      folder(nameOf(1), null),
      folder(nameOf(2), '{"schema":1,"ver'),
      folder(nameOf(3), '{"schema":2,"command":"iat"}'),
      run(4, nameOf(5)),
      run(6, `${nameOf(6)}-before-the-change`),
    ];
    expect(chooseOld(others, 0)).toEqual([]);
    expect(chooseOld([...others, run(7), run(8)], 1)).toEqual([nameOf(7)]);
  });

  describe('is never the report from which iat:clear knows how the variable was before', () => {
    const FILE = '/project/compose.yaml';
    const write = (minute: number, before: PriorValue) => {
      const compose = {
        files: [FILE],
        service: 'bff',
        wrote: 'compose',
        target: FILE,
        changed: [],
        diff: null,
      } as const;
      return folder(nameOf(minute), resultOf(healthyRun({ startedAt: at(minute), compose: { ...compose, before } })));
    };
    const clear = (minute: number) => {
      const run = healthyRun({ startedAt: at(minute), steps: [step('clear')] });
      return folder(
        nameOf(minute),
        resultOf({ ...run, compose: run.compose && { ...run.compose, target: FILE, before: 'value' } }),
      );
    };

    it.each(['empty', 'passed-through'] as const)('%s', (before) => {
      const runs = [run(0), write(1, before), write(2, 'value'), ...[3, 4, 5, 6].map((minute) => run(minute))];
      const old = chooseOld(runs, 3);
      expect(old).toEqual([nameOf(3), nameOf(2), nameOf(0)]);
      const kept = runs.filter(({ name }) => !old.includes(name));
      expect(priorValueIn(kept, FILE)).toBe(before);
    });

    it('of an object, which comes again in each namespace and on each cluster', () => {
      const on = (minute: number, more: Partial<KubernetesFacts>) => {
        const kubernetes = sampleCluster({ target: 'secret/bff-secrets', ...more });
        return folder(nameOf(minute), resultOf(clusterRun({ startedAt: at(minute), kubernetes })));
      };
      const runs = [
        on(1, { before: 'empty' }),
        on(2, { before: 'absent', namespace: 'other' }),
        on(3, { before: 'value' }),
      ];
      const prior = (more: Partial<KubernetesFacts>) =>
        priorValueIn(runs, placeOfObject(sampleCluster(more), 'secret/bff-secrets'));
      expect(prior({})).toBe('empty');
      expect(prior({ namespace: 'other' })).toBe('absent');
      expect(prior({ cluster: 'https://other.example.test' })).toBeNull();
      expect(chooseOld([...runs, run(4), run(5)], 2)).toEqual([nameOf(3), nameOf(2)]);
    });

    it('after somebody put back an empty value by hand: what was before that is over', () => {
      expect(priorValueIn([write(1, 'absent'), write(2, 'empty')], FILE)).toBe('empty');
      expect(priorValueIn([write(1, 'absent'), write(2, 'empty'), write(3, 'value')], FILE)).toBe('empty');
    });

    it('which goes like any other once the variable was cleared, or when there is nothing to restore', () => {
      const later = [4, 5, 6].map((minute) => run(minute));
      expect(chooseOld([write(1, 'passed-through'), clear(2), ...later], 3)).toEqual([nameOf(2), nameOf(1)]);
      expect(chooseOld([write(1, 'absent'), write(2, 'value'), ...later], 3)).toEqual([nameOf(2), nameOf(1)]);
    });
  });

  it('knows the second run of one millisecond', () => {
    expect(chooseOld([run(1), run(1, `${nameOf(1)}-2`)], 1)).toEqual([nameOf(1)]);
  });
});
