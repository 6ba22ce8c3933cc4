import { describe, expect, it } from 'vitest';
import { parseReportFolderName, reportFolderName } from '../../scripts/report/folder.ts';
import { renderHistory } from '../../scripts/report/history.tsx';
import { readEntry } from '../../scripts/report/history-entry.ts';
import { renderResult } from '../../scripts/report/result.ts';
import { HOSTILE } from './extreme-runs.ts';
import { sampleMasker } from './sample-exchanges.ts';
import { failedMintRun, healthyRun } from './sample-run.ts';

const FOLDER = '2026-11-23T10-11-12-345Z-iat';
const resultOf = (run = healthyRun(), html: string | null = 'index.html') =>
  renderResult(run, { html, junit: null, json: null }, sampleMasker());

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
  it('tells when, command, verdict, duration and what failed', () => {
    expect(readEntry(FOLDER, resultOf(failedMintRun()))).toEqual({
      folder: FOLDER,
      link: `${FOLDER}/index.html`,
      startedAt: new Date('2026-11-23T10:11:12.345Z'),
      command: 'iat',
      verdict: 'failed',
      durationMs: 1020,
      failures: ['mint'],
      reason: 'The IdP refused the admin token (401 invalid_token). Nothing was changed.',
    });
    expect(readEntry(FOLDER, resultOf())).toMatchObject({ verdict: 'healthy', failures: [], reason: '' });
  });

  it.each([null, '', '{"schema":1,"ver', '[]', '{"schema":2}', 'null'])('lists a run that died: %j', (text) => {
    expect(readEntry(FOLDER, text)).toMatchObject({ verdict: null, command: 'iat', link: null, durationMs: null });
  });

  it.each([null, '{}', '{"name":"somebody else"}'])("leaves somebody else's folder alone: %j", (text) => {
    expect(readEntry('my-folder', text)).toBeNull();
  });

  it('lists a result under any name, and survives fields of wrong types', () => {
    expect(readEntry('sample', resultOf())).toMatchObject({ folder: 'sample', link: 'sample/index.html' });
    const odd = JSON.stringify({
      schema: 1,
      steps: [null, 'x', { status: 'failed' }],
      verdict: 7,
      startedAt: 5,
      reports: 'x',
    });
    expect(readEntry(FOLDER, odd)).toMatchObject({
      verdict: null,
      failures: [''],
      link: null,
      startedAt: expect.any(Date),
    });
  });
});

describe('the page over all runs', () => {
  it('is newest first, with relative links', () => {
    const older = '2026-11-22T10-11-12-345Z-iat';
    const entries = [older, FOLDER].map((name) => readEntry(name, null)).filter((entry) => entry !== null);
    const withLinks = entries.map((entry) => ({ ...entry, link: `${entry.folder}/index.html` }));
    const links = [...renderHistory(withLinks).matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    expect(links).toEqual([`${FOLDER}/index.html`, `${older}/index.html`]);
  });

  it('shows no markup of others', () => {
    const entry = readEntry(
      '"><script>x',
      resultOf(
        healthyRun({
          command: HOSTILE.script,
          verdict: 'failed',
          diagnosis: null,
          error: { code: 'internal', message: HOSTILE.image, hint: null, where: null },
        }),
      ),
    );
    const page = renderHistory(entry === null ? [] : [entry]);
    expect(page).toContain('&lt;script>');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
  });

  it('says so when there is nothing', () => {
    expect(renderHistory([])).toContain('There is no report here yet.');
  });
});
